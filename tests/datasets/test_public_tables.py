"""Tables of the shapes of public ones; their values are made up."""

from __future__ import annotations

import numpy as np
import pytest

from skinit.datasets import load_table

N = 60
RNG = np.random.default_rng(0)
A, B, C = RNG.normal(5, 2, size=(3, N)).round(2)


def lines(write, head=None) -> str:
    return "".join(f"{line}\n" for line in [*([head] if head else []), *map(write, range(N))])


@pytest.fixture
def load(tmp_path):
    def load(text, *args, **options):
        path = tmp_path / "table.data"
        path.write_text(text, encoding="utf-8")
        return load_table(path, *args, **options)

    return load


def test_adult(load):
    """No header, blanks behind commas, " ?" for what is missing, labels with signs."""
    jobs = ["Private", "?", "Self-emp-not-inc"]
    text = lines(
        lambda i: f"{20 + i % 50}, {jobs[i % 3]}, {B[i] * 1e4:.0f}, {['<=50K', '>50K'][i % 2]}"
    )
    table = load(text, -1)
    assert table.account.classes == {"<=50K": 30, ">50K": 30}
    assert table.account.numbers == ("column1", "column3")
    assert table.account.missing == {"?": 20}
    assert table.X["column2"].isna().sum() == 20
    assert len(table.X) == N


def test_titanic(load):
    """Names with commas in quotes, gaps, and a copy of the label in words."""
    text = lines(
        lambda i: (
            f'{i},{i % 2},{1 + i % 3},"Doe, Mr. J{i}",{"" if i % 5 == 0 else A[i]},'
            f"{['no', 'yes'][i % 2]}"
        ),
        "PassengerId,survived,pclass,name,age,alive",
    )
    table = load(text, "survived")
    doubts = " ".join(table.account.doubts)
    assert "Each value of alive has one label only" in doubts
    assert "PassengerId" in doubts
    assert "--drop" in doubts
    assert table.X["age"].isna().sum() == 12
    assert "alive" not in " ".join(load(text, "survived", drop=["alive"]).account.doubts)


def test_glass(load):
    """An Id in the order of the classes."""
    text = lines(lambda i: f"{i + 1},{A[i]},{B[i]},{1 + i // 20}", "Id,RI,Na,Type")
    table = load(text, "Type")
    assert "Id" in " ".join(table.account.doubts)
    assert table.account.classes == {"1": 20, "2": 20, "3": 20}


def test_iris(load):
    """No header, words as labels, an empty line at the end."""
    text = lines(lambda i: f"{A[i]:.1f},{B[i]:.1f},Iris-{['setosa', 'virginica'][i // 30]}") + "\n"
    table = load(text, -1)
    assert (len(table.y), table.account.header) == (N, False)
    assert table.X["column1"].tolist() == [float(f"{value:.1f}") for value in A]


def test_winequality(load):
    """Semicolons, quoted names with blanks, decimal points, grades."""
    text = lines(
        lambda i: f"{A[i]};{B[i]};{1 + i % 3 / 1000:.3f};{4 + i % 3}",
        '"fixed acidity";"volatile acidity";"density";"quality"',
    )
    table = load(text, "quality")
    assert list(table.X) == ["fixed acidity", "volatile acidity", "density"]
    np.testing.assert_array_equal(table.X["fixed acidity"], A)
    assert table.account.classes == {"4": 20, "5": 20, "6": 20}


def test_ecoli(load):
    """White space of any width, no header, a name in front."""
    text = lines(lambda i: f"AAT{i}_ECOLI   {A[i]:5.2f}  {B[i]:5.2f}   {['cp', 'im'][i % 2]}")
    table = load(text, -1)
    assert table.account.numbers == ("column2", "column3")
    assert "column1" in " ".join(table.account.doubts)
    assert (len(table.y), table.account.header) == (N, False)


def test_mushroom(load):
    """Letters only: whether the first line is a header follows from what comes again below."""
    row = lambda i: f"{'ep'[i % 2]},{'bcx'[i % 3]},{'fgy'[i % 7 % 3]},{'?s'[i % 5 % 2]}"  # noqa: E731
    table = load(lines(row, "class,cap-shape,cap-surface,stalk-root"))
    assert table.account.target == "class"
    assert table.account.classes == {"e": 30, "p": 30}
    assert table.account.categories == ("cap-shape", "cap-surface", "stalk-root")
    assert "?" in table.account.missing
    bare = load(lines(row), "1")
    assert (len(bare.y), bare.account.header) == (N, False)
