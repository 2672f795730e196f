"""What a table does not tell is asked for, what may be wrong is said, no table is refused."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from skinit.cli import app
from skinit.datasets import load_table, make_preprocessor

N = 40
XY = ["x" if i % 2 else "y" for i in range(N)]


def rows(head: str, write) -> str:
    """Return a header and a line for each row."""
    return "".join(f"{line}\n" for line in [head, *(write(i) for i in range(N))])


@pytest.fixture
def load(tmp_path):
    def load(content, target=None, name="t.csv", **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return load_table(path, target, **options)

    return load


# --- Questions, each with the option that answers it --------------------------------------------


def test_words_only_may_have_a_header_or_not(load):
    text = "".join(f"n{i},p{i},{XY[i]}{i}\n" for i in range(N))
    with pytest.raises(ValueError, match=r"first line .* hold the names .*--header or --no-header"):
        load(text)
    text = "".join(f"n{i},p{i},{XY[i]}\n" for i in range(N))
    assert len(load(text, "column3", header=False).y) == N
    assert len(load(text, "y", header=True).y) == N - 1


@pytest.mark.parametrize("word", ["2e308", "-1e999", "1" + 400 * "0"])
def test_a_number_that_is_too_large_is_named(word, load):
    text = rows("a,b,label", lambda i: f"{i}.5,{word if i == 6 else i},{XY[i]}")
    with pytest.raises(ValueError, match=r"Column 'b' of '.*' holds .* \(row 7\), .* --na "):
        load(text, "label")
    assert np.isnan(load(text, "label", na=[word]).X["b"][6])
    with pytest.raises(ValueError, match=r"row 7.* beyond the largest number"):
        load(text, "b", task="regression", drop=["label"])
    with pytest.raises(ValueError, match=r"holds 2,5e400 \(row 7\)"):
        load(rows("a;b;label", lambda i: f"{i},5;{'2,5e400' if i == 6 else i};{XY[i]}"), "label")


def test_infinity_is_missing_and_said(load, tmp_path):
    duckdb = pytest.importorskip("duckdb")
    text = rows("a,b,label", lambda i: f"{i}.5,{'-inf' if i == 6 else i},{XY[i]}")
    read = load(text, "label")
    assert np.isnan(read.X["b"][6]) and read.account.missing == {"-inf": 1}
    frame = pd.DataFrame({"b": np.where(np.arange(N) == 6, np.inf, np.arange(N)), "label": XY})
    duckdb.from_df(frame).write_parquet(str(tmp_path / "t.parquet"))
    read = load_table(tmp_path / "t.parquet", "label")
    assert np.isnan(read.X["b"][6]) and read.account.missing == {"inf": 1}


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_times_with_an_offset_are_in_utc_wherever_they_are_read(zone, load, monkeypatch):
    monkeypatch.setenv("TZ", zone)
    times = ["2024-01-02T10:00:00+02:00", "2024-01-02T03:00:00-0500", "2024-01-02 08:00:00Z"]
    text = rows("when,a,label", lambda i: f"{times[i % 2]},{i}.5,{XY[i]}")
    read = load(text, "label")
    assert set(read.X["when"]) == {pd.Timestamp("2024-01-02 08:00:00")}
    assert "when: times with an offset are converted to UTC" in read.account.notes
    mixed = rows("when,a,label", lambda i: f"{times[i % 3].removesuffix('Z')},{i}.5,{XY[i]}")
    read = load(mixed, "label")
    assert set(read.X["when"]) == {pd.Timestamp("2024-01-02 08:00:00")}
    assert any("without one taken as UTC" in note for note in read.account.notes)


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_times_with_a_zone_in_parquet_are_in_utc_wherever_they_are_read(
    zone, tmp_path, monkeypatch
):
    duckdb = pytest.importorskip("duckdb")
    monkeypatch.setenv("TZ", zone)
    times = pd.date_range("2024-01-02 10:00", periods=N, freq="h", tz="Europe/Berlin")
    frame = pd.DataFrame({"when": times, "plain": times.tz_localize(None), "label": XY})
    duckdb.from_df(frame).write_parquet(str(tmp_path / "t.parquet"))
    read = load_table(tmp_path / "t.parquet", "label")
    assert read.X["when"][0] == pd.Timestamp("2024-01-02 09:00")
    assert read.X["plain"][0] == pd.Timestamp("2024-01-02 10:00")
    assert read.account.notes == ("when: times with a zone are converted to UTC",)


@pytest.mark.parametrize(
    ("separator", "value", "readings"),
    [
        (";", "1,{:03d}", {",": 1.007, ".": 1007}),
        ("\t", "1,{:03d}", {",": 1.007, ".": 1007}),
        (";", "1.{:03d}", {",": 1007, ".": 1.007}),
    ],
)
def test_three_digits_behind_a_mark_are_asked_for(separator, value, readings, load):
    text = rows(f"a{separator}label", lambda i: f"{value.format(i)}{separator}{XY[i]}")
    with pytest.raises(
        ValueError, match=r"above a thousand, or one with three decimals\? Say --dec"
    ):
        load(text)
    for mark, expected in readings.items():
        assert load(text, decimal=mark).X["a"][7] == pytest.approx(expected)


@pytest.mark.parametrize("sign", [":", "^", "~", "/"])
def test_an_unusual_separator_is_asked_for(sign, load):
    text = rows(f"a{sign}label", lambda i: f"{i / 7:.3f}{sign}{XY[i]}")
    with pytest.raises(ValueError, match=r"separated by .*\? Say --sep"):
        load(text)
    assert load(text, sep=sign).account.numbers == ("a",)


def test_other_columns_answer_that_question(load):
    text = rows("a;b;label", lambda i: f"1.{100 + i};{i},5;{XY[i]}")
    X, _ = load(text)
    assert X["a"].tolist() == [1100 + i for i in range(N)]
    assert X["b"].tolist() == [i + 0.5 for i in range(N)]


def test_as_many_commas_as_points_are_asked_for(load):
    text = rows("a;b;label", lambda i: f"{i}.5;{i},5;{XY[i]}")
    with pytest.raises(ValueError, match=r"decimal commas and as many .*--decimal"):
        load(text)
    assert load(text, decimal=",").account.categories == ("a",)


def test_a_column_that_is_nearly_numeric_is_named_with_the_value_that_does_not_fit(load):
    text = rows("a,label", lambda i: f"{'unknown' if i == 7 else i / 4},{XY[i]}")
    table = load(text)
    assert table.account.categories == ("a",)
    assert "a is read as categories because of 'unknown' (row 8)" in str(table.account)
    table = load(text, na=["unknown"])
    assert table.account.numbers == ("a",)
    assert np.flatnonzero(table.X["a"].isna()).tolist() == [7]


@pytest.mark.parametrize(
    "write",
    ["{} cm", "0x{:x}", "{}/7", '="{}"', "'{}", "{}k", "{:02d}:30", "10.0.{}.1", "{}.5D+01"],
)
def test_words_that_may_be_numbers_are_pointed_at(write, load):
    table = load(rows("a,label", lambda i: f"{write.format(i)},{XY[i]}"))
    assert table.account.categories == ("a",)
    assert "a is read as categories, of which there are 40, such as" in str(table.account)


@pytest.mark.parametrize("write", ["{}th", "{}-9", "n{}"])
def test_a_few_categories_with_digits_are_no_doubt(write, load):
    table = load(rows("a,x,label", lambda i: f"{write.format(i % 4)},{i / 7},{XY[i]}"))
    assert "read as categories" not in str(table.account)


def test_percent_and_bare_numbers_are_not_mixed(load):
    table = load(rows("a,x,label", lambda i: f"{i}{'%' * (i % 3 > 0)},{i / 7},{XY[i]}"))
    assert table.account.categories == ("a",)
    assert "a holds numbers with a percent sign and without one, such as 3" in str(table.account)
    table = load(rows("a,x,label", lambda i: f"{f'{i}%' if i else 0},{i / 7},{XY[i]}"))
    assert table.X["a"].tolist() == [i / 100 for i in range(N)]


def test_points_and_commas_in_one_column_are_told(load):
    text = rows("a;b;label", lambda i: f"{i}{',.'[i % 2]}5;{i};{XY[i]}")
    told = str(load(text).account)
    assert "a is read as categories because of '0,5' (row 1), which is not a number" in told
    assert "with decimal points" in told
    text = rows("a;b;label", lambda i: f"{i}.5;{i},5;{XY[i]}")
    assert "because of '0.5' (row 1), which is not a number" in str(load(text, decimal=",").account)


def test_the_labels_are_no_groups(load):
    text = rows("a,label", lambda i: f"{i / 7},{XY[i]}")
    with pytest.raises(ValueError, match=r"'label' of .* cannot say as well which rows belong"):
        load(text, groups="label")


def test_times_with_seconds_are_no_file_of_libsvm(load):
    text = "".join(f"2020-01-{i % 28 + 1:02d} 10:{i:02d}:00;{i},5;{XY[i]}\n" for i in range(N))
    assert load(text, -1).account.dates == ("column1",)


@pytest.mark.parametrize("encoding", ["rot13", "hex", "idna", "base64", "unicode_escape", "nope"])
def test_a_codec_that_is_no_encoding(encoding, load):
    with pytest.raises(ValueError, match="There is no encoding"):
        load(rows("a,label", lambda i: f"{i / 7},{XY[i]}"), encoding=encoding)


def test_a_number_may_stand_for_a_missing_value(load):
    table = load(rows("a,label", lambda i: f"{-999 if i == 7 else i / 4},{XY[i]}"), na=["-999"])
    assert np.flatnonzero(table.X["a"].isna()).tolist() == [7]


def test_what_a_value_means_does_not_depend_on_its_row(load):
    """Only the last of many rows is a word: who guesses by chunk makes 0 and 01 of the others."""
    n = 200_000
    text = "a,label\n" + "0,0\n01,1\n" * (n // 2) + "z,z\n"
    table = load(text, rare="drop")
    assert table.account.categories == ("a",)
    assert table.account.classes == {"0": n // 2, "1": n // 2}


# --- Labels -------------------------------------------------------------------------------------


def test_labels_never_become_missing_by_a_word(load):
    words = ["None", "NA", "?", "nan"]
    table = load(rows("a,label", lambda i: f"{i / 7:.3f},{words[i % 4]}"), na=["?"])
    assert table.y.tolist() == [words[i % 4] for i in range(N)]


def test_two_spellings_of_a_number_are_one_class(load):
    table = load(rows("a,label", lambda i: f"{i / 7:.3f},{['0', '00', '1', '1.0'][i % 4]}"))
    assert table.account.classes == {"0": 20, "1": 20}
    assert "are one class" in str(table.account)


def test_many_whole_numbers_are_asked_for(load):
    text = rows("a,label", lambda i: f"{i % 3},{i}")
    with pytest.raises(
        ValueError,
        match=r"'label' of .*t.csv' has 40 distinct whole numbers: if they are measurements, say "
        r"--task regression \(in Python task=\); if they are classes, --task classification",
    ):
        load(text)
    numbers, classes = load(text, task="regression"), load(text, task="classification")
    assert numbers.account.task == "regression" and numbers.y.dtype == float
    assert len(classes.account.classes) == 40 and classes.y.dtype.kind == "i"
    np.testing.assert_array_equal(numbers.y, classes.y)


def test_more_than_ten_whole_numbers_are_classes_with_a_doubt(load):
    table = load(rows("a,label", lambda i: f"{i / 7:.3f},{i % 12}"))
    assert len(table.account.classes) == 12
    assert "label has 12 distinct whole numbers, which were taken for classes" in str(table.account)
    assert "say --task regression" in str(table.account)
    few = load(rows("a,label", lambda i: f"{i / 7:.3f},{i % 3}"))
    assert "--task" not in str(few.account)


def test_several_names_would_do(load):
    table = load(rows("class,a,target", lambda i: f"{XY[i]},{i / 7:.3f},{XY[i]}"))
    assert table.account.target == "target"
    assert "target, class may all be the labels: target was taken" in str(table.account)
    assert load(rows("class,a,target", lambda i: f"{XY[i]},{i},{XY[i]}"), drop=["target"]).account


def test_rare_classes(load):
    text = rows("a,label", lambda i: f"{i / 7:.3f},{'z' if i in (3, 9) else XY[i]}")
    assert "z has fewer rows than there are folds (5): say --rare drop" in str(load(text).account)
    assert len(load(text, rare="drop").X) == N - 2
    assert load(text, rare="merge").account.classes["other"] == 2
    assert "--rare" not in str(load(text, folds=2).account)


def test_the_positive_class(load):
    text = rows("a,label", lambda i: f"{i / 7:.3f},{XY[i]}")
    assert load(text, pos_label="y").y.tolist() == [int(label == "y") for label in XY]
    with pytest.raises(ValueError, match=r"no class 'Y'\. Did you mean 'y'\?"):
        load(text, pos_label="Y")


# --- Doubts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("column", "told"),
    [
        (lambda i: i + 100, "different in every row"),
        (lambda i: -3 * i, "different in every row"),
        (lambda i: f"name{i}", "different in every row"),
        (lambda i: {"x": "b", "y": "a"}[XY[i]], "one label only"),
        (lambda i: {"x": i % 3, "y": 10 + i % 5}[XY[i]], "one label only"),
        (lambda i: {"x": 1.5, "y": 2.5}[XY[i]] + i / 1000, "one label only"),
        (lambda i: (i * 7919 % 101) / 3, ""),
        (lambda i: i % 7, ""),
        (lambda i: "abc"[i % 3], ""),
    ],
)
def test_leaks(column, told, load):
    table = load(rows("a,noise,label", lambda i: f"{column(i)},{(i * 37 % 41) / 7:.4f},{XY[i]}"))
    leaks = [doubt for doubt in table.account.doubts if "--drop a" in doubt]
    assert [told in doubt for doubt in leaks] == [True] * bool(told)


def test_python_is_told_how_to_write_an_option(load):
    said = load(rows("id,a,label", lambda i: f"{i},{(i * 37 % 41) / 7:.4f},{XY[i]}")).account
    hint = 'In Python: options are arguments of load_table: --drop a,b is drop=["a", "b"]'
    assert str(said).splitlines()[-1] == hint
    assert "drop=[" in said._repr_html_() and "drop=[" not in said.to_html()
    sure = load(rows("b,a,label", lambda i: f"{i % 7},{(i * 37 % 41) / 7:.4f},{XY[i]}")).account
    assert "In Python" not in str(sure)


def test_copies_are_counted(load):
    table = load(rows("a,b,label", lambda i: f"{i // 2 / 7:.3f},{'pq'[i // 2 % 2]},{XY[i]}"))
    (doubt,) = [doubt for doubt in table.account.doubts if "exact copy" in doubt]
    # Of a pair, one is held out while the other is trained on with probability 4/5.
    assert doubt.startswith(
        "40 of 40 rows have an exact copy, such as rows 1 and 2; 40 of them have other labels"
    )
    assert "about 32 of them are held out" in doubt


def test_groups_are_offered_and_taken(load):
    text = rows("patient,a,label", lambda i: f"p{i // 4},{(i * 37 % 41) / 7:.4f},{XY[i]}")
    assert "say --groups patient" in str(load(text).account)
    table = load(text, groups="patient")
    assert list(table.X) == ["a"]
    assert len(np.unique(table.groups)) == 10
    assert (np.diff(table.groups.reshape(10, 4)) == 0).all()


def test_duplicate_names(load):
    table = load(rows("a,a,label", lambda i: f"{i / 7:.3f},{i % 3},{XY[i]}"))
    assert list(table.X) == ["a", "a_2"]
    assert "Several columns are called a" in str(table.account)


def wide_table(write) -> str:
    """Return a table of 10,000 columns and 12 rows."""
    head = ",".join(f"g{j}" for j in range(10_000)) + ",label"
    lines = (",".join(write(i, j) for j in range(10_000)) + f",{XY[i]}" for i in range(12))
    return "\n".join([head, *lines])


def test_ten_thousand_columns_are_told_in_a_few_lines(load):
    X, y = table = load(wide_table(lambda i, j: f"{(i * j) % 97 / 8}"))
    assert len(table.account.numbers) == 10_000
    assert len(str(table.account)) < 1000
    np.testing.assert_array_equal(X, np.outer(range(12), range(10_000)) % 97 / 8)
    assert y.tolist() == XY[:12]


# --- Refusals -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    ["http://a.example/t.csv", "https://a.example/t.parquet", "s3://b/t.csv", "hf://datasets/a/b"]
    + ["file:///etc/passwd", "ftp://a.example/t.csv"],
)
def test_addresses_are_refused(name):
    with pytest.raises(ValueError, match="only local files are read"):
        load_table(name)


def test_a_pattern_is_the_name_of_one_file(load, tmp_path):
    (tmp_path / "a.csv").write_text(rows("a,label", lambda i: f"{i},{XY[i]}"))
    for pattern in ("*.csv", "?.csv", "[a].csv"):
        with pytest.raises(ValueError, match="There is no file"):
            load_table(tmp_path / pattern)
        table = load(rows("b,label", lambda i: f"{i},{XY[i]}"), name=pattern)
        assert list(table.X) == ["b"]


@pytest.mark.parametrize("name", ["it's.csv", "two words.csv", 'a"b.csv', "$x;y.csv", "käse.csv"])
def test_hostile_names_of_files(name, load):
    assert len(load(rows("a,label", lambda i: f"{i},{XY[i]}"), name=name).y) == N


@pytest.mark.parametrize("name", ["it's", 'a"b', "a;DROP TABLE t", "a\x1b[31m", "<script>", "{a}"])
def test_hostile_names_of_columns(name, load):
    field = '"' + name.replace('"', '""') + '"'
    table = load(rows(f"{field},label", lambda i: f"{i % 7},{XY[i]}"))
    assert list(table.X) == [name]
    assert "\x1b" not in str(table.account)
    assert "<script>" not in table.account.to_html()
    with pytest.raises(ValueError, match="no column 'b'") as error:
        load(rows(f"{field},label", lambda i: f"{i % 7},{XY[i]}"), "b")
    assert "\x1b" not in str(error.value)


def test_devices_and_pipes_are_refused(tmp_path):
    os.mkfifo(tmp_path / "t.csv")
    for name in (tmp_path / "t.csv", "/dev/zero"):
        with pytest.raises(ValueError, match="is a pipe or a device, not a file"):
            load_table(name)
    with pytest.raises(ValueError, match="is a folder, not a table"):
        load_table(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("t.xlsx", b"PK\x03\x04", "an Excel workbook. .* save the sheet as CSV"),
        ("t.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Excel workbook"),
        ("t.arff", b"@relation a", "an ARFF file. Read it in Python with scipy"),
        ("t.csv", b"% about\n", "Cannot read|Which column"),
        ("t.json", b"[]", "a JSON file. Read it in Python with pandas.read_json"),
        ("t.csv", b'{"a": 1}\n', "a JSON file"),
        ("t.pkl", b"\x80\x04", "a pickle, which can run code"),
        ("t.csv", b"%PDF-1.4", "a PDF"),
        ("t.csv", b"<!DOCTYPE html>", "a web page"),
        ("t.csv", b"SQLite format 3\0", "a database"),
        ("t.csv", b"\x89HDF\r\n\x1a\n", "an HDF5 file"),
        ("t.csv", b"1 1:0.5 2:0.25\n0 1:0.5\n", "a file of libsvm"),
        ("t.csv", bytes(range(256)) * 9, "not text in UTF-8, UTF-16 or cp1252"),
        ("t.csv.gz", b"\x1f\x8b\x08nonsense", "Cannot unpack"),
        ("t.parquet", b"PAR1 and no more", "Cannot read"),
        ("t.parquet", b"a,label\n1,x\n", "is not a Parquet file"),
        ("t.csv", b"a,b,label\n1,2,x\n1,2\n1,3,y\n1,4,x\n", "line 3 has 2 fields where 3"),
        ("t.csv", b'a,label\n1,"x\n2,y\n', "a quote that does not end"),
        ("t.csv", b"\n\n", "it is empty"),
    ],
)
def test_what_is_no_table(name, content, told, load):
    with pytest.raises(ValueError, match=told) as error:
        load(content, name=name)
    assert "\n" not in str(error.value)


def test_a_bomb_is_not_unpacked(load):
    import gzip

    with pytest.raises(ValueError, match=r"unpacks to more than 4 MiB and was not read"):
        load(gzip.compress(b"0" * 2**22), name="t.csv.gz")


@pytest.mark.parametrize("option", [{"drop": ["b"]}, {"keep": ["b"]}, {"groups": "b"}])
def test_options_that_name_no_column(option, load):
    with pytest.raises(ValueError, match=r"names no column of .*'b'.*Its columns are: a, label"):
        load(rows("a,label", lambda i: f"{i},{XY[i]}"), **option)


@pytest.mark.parametrize(
    ("content", "options", "argument"),
    [
        ("a,label\nä,x\nb,y\n", {"encoding": "ascii"}, "encoding="),
        (b"a,label\n\x81\x8d,x\nb,y\n", {}, "encoding="),
        ("a,b,label\n1,2,x\n1,2\n1,3,y\n1,4,x\n", {}, "sep="),
        ("a,label\n1,1.5\n2,2.5\n", {"pos_label": "1.5"}, "task="),
        ("a,label\n1,1.5\n2,2.5\n", {"rare": "drop"}, "task="),
        ("a,label\n1,x\n2,y\n", {"task": "regression"}, "task="),
    ],
)
def test_an_error_names_the_argument_beside_the_option(content, options, argument, load):
    with pytest.raises(ValueError, match=rf"--{argument[:-1]}.*\(in Python {argument}"):
        load(content, **options)


def test_another_encoding(load):
    text = rows("a,town,label", lambda i: f"{i % 7},{['Тула', 'Омск'][i % 2]},{XY[i]}")
    assert load(text.encode("cp1251"), encoding="cp1251").X["town"][0] == "Тула"
    assert "read as cp1252" in str(load(text.encode("cp1251")).account)
    with pytest.raises(ValueError, match="is not written in ascii"):
        load(text, encoding="ascii")
    with pytest.raises(ValueError, match="There is no encoding 'cp1'"):
        load(text, encoding="cp1")


# --- Preprocessing ------------------------------------------------------------------------------


def test_columns_that_are_empty_in_one_training_part(load):
    """A column of words, one of dates and one of numbers, of which the first half is missing."""
    late = [
        ["", "", ""] if i < N // 2 else ["pq"[i % 2], f"2020-01-{i - 10}", str(i)] for i in range(N)
    ]
    X, _ = load(rows("a,word,day,n,label", lambda i: ",".join([str(i % 7), *late[i], XY[i]])))
    fitted = make_preprocessor(X).fit(X[: N // 2])
    assert np.isfinite(fitted.transform(X)).all()
    assert fitted.transform(X).shape == (N, 1)  # of a column that was empty nothing was learned


def test_large_numbers_keep_their_digits(load):
    """Seconds since 1970 differ in the tenth digit, which single precision does not have."""
    X, _ = load(rows("a,label", lambda i: f"{1_600_000_000 + i * i},{XY[i]}"))
    Z = make_preprocessor(X).fit_transform(X)[:, 0]
    squares = np.arange(N) ** 2.0
    np.testing.assert_allclose(Z, (squares - squares.mean()) / squares.std(), atol=1e-7)


# --- The same everywhere ------------------------------------------------------------------------

CODE = """
import sys
sys.modules[sys.argv[1]] = None
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == sys.argv[1] else find(name, *rest)
from skinit.cli import app
app(["compare", "t.csv"])
"""


@pytest.mark.parametrize("library", ["duckdb", "skrub"])
def test_without_the_extra_one_sentence_says_what_to_install(library, tmp_path):
    (tmp_path / "t.csv").write_text(rows("a,label", lambda i: f"{i % 7},{XY[i]}"))
    done = subprocess.run(
        [sys.executable, "-c", CODE, library],
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(p for p in sys.path if p)},
    )
    assert done.returncode == 2
    assert re.search(
        rf"^skinit: Tables need {library}, .*pip install \"skinit\[tables\]\"", done.stderr
    )
    assert done.stderr.count("\n") == 1


def test_the_command_line_says_the_same_in_terminal_report_and_json(tmp_path, monkeypatch):
    import json

    monkeypatch.chdir(tmp_path)
    text = rows("patient;a;town;label", lambda i: f"p{i // 4};{i % 9},5;{'pq'[i % 3 % 2]};{XY[i]}")
    (tmp_path / "t.csv").write_text(text)
    options = "--groups patient --drop town --cv 2 --repeats 1 --hidden 3 --max-iter 3 --jobs 1"
    words = ["compare", "t.csv", *options.split(), "--init", "he,zeros", "--json", "n.json"]
    result = CliRunner().invoke(app, words)
    assert result.exit_code == 0, result.output
    output = " ".join(result.output.split())
    page = (tmp_path / "skinit-t.html").read_text(encoding="utf-8")
    entries = dict(json.loads((tmp_path / "n.json").read_text())["about_data"])
    assert entries["groups"] == "patient, kept together in every split"
    assert entries["left out"] == "town (as you said)"
    for heading, told in entries.items():
        assert f"{heading}: {told}" in output
        assert f"<dd>{told}</dd>" in page
    result = CliRunner().invoke(app, ["diagnose", "t.csv", "--init", "he", "--drop", "town"])
    assert result.exit_code == 0, result.output
    assert "numbers: 1: a" in " ".join(result.output.split())


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--sep", "ab"], "--sep takes one character, tab or space, got 'ab'"),
        (["--decimal", ";"], "--decimal takes . or a comma, got ';'"),
        (["--rare", "keep"], "--rare takes drop or merge, got 'keep'"),
        (["--size", "8"], "--size is for pictures"),
        (["--drop", "b"], "drop names no column of 't.csv': 'b'"),
    ],
)
def test_bad_options_are_one_sentence(words, told, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "t.csv").write_text(rows("a,label", lambda i: f"{i % 7},{XY[i]}"))
    result = CliRunner().invoke(app, ["compare", "t.csv", *words])
    assert result.exit_code == 2
    assert told in result.output


def test_options_for_files_are_refused_for_other_data():
    result = CliRunner().invoke(app, ["compare", "iris", "--drop", "a"])
    assert result.exit_code == 2
    assert "--drop says how to read a file, but 'iris' is not a file" in result.output


def test_a_frame_with_a_new_word_is_transformed():
    X = pd.DataFrame({"town": pd.Categorical(["a", "b", "a", "c"])})
    fitted = make_preprocessor().fit(X[:3])
    assert fitted.transform(X).shape[0] == 4
