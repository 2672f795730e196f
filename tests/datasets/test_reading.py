"""The same table in every way that people write it: kinds x separators x locales x containers."""

from __future__ import annotations

from itertools import product

import numpy as np
import pandas as pd
import pytest

from skinit.datasets import load_table
from tests.datasets.table_files import (
    CONTAINERS,
    COUNT,
    GAPS,
    LABEL,
    LOCALES,
    PRICE,
    SINCE,
    TOWN,
    write_rows,
)

PRICES = np.where(GAPS, np.nan, PRICE)


def check(table, names=("price", "count", "town", "since")):
    """Compare what was read with what was written."""
    X, y = table
    assert list(X) == list(names)
    price, count, town, since = (X[name] for name in names)
    np.testing.assert_allclose(price, PRICES, rtol=1e-12)
    np.testing.assert_array_equal(count, COUNT)
    assert town.tolist() == TOWN.tolist()
    assert since.tolist() == [pd.Timestamp(day) for day in SINCE]
    assert y.tolist() == LABEL.tolist()
    assert table.account.numbers == tuple(names[:2])
    assert table.account.dates == (names[3],)
    assert table.account.categories == (names[2],)
    assert table.account.classes == {name: int((name == LABEL).sum()) for name in ("no", "yes")}


@pytest.fixture
def save(tmp_path):
    def save(text, container="utf-8", name="t.csv"):
        path = tmp_path / name
        path.write_bytes(CONTAINERS[container](text) if isinstance(text, str) else text)
        return path

    return save


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("locale", LOCALES)
def test_numbers_of_every_country_under_every_separator(locale, separator, save):
    check(load_table(save(write_rows(LOCALES[locale], separator))))


@pytest.mark.parametrize(("container", "separator"), [*product(CONTAINERS, [",", ";"])])
def test_containers_and_encodings(container, separator, save):
    text = write_rows(LOCALES["plain-comma"], separator)
    table = load_table(save(text, container))
    check(table)
    assert ("cp1252" in str(table.account)) == (container == "cp1252")


@pytest.mark.parametrize("gap", ["", "?", "NA", "n/a", "null", "NaN", "-", "#N/A", " ", "."])
@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_words_for_missing_values(gap, separator, save):
    table = load_table(save(write_rows(LOCALES["german"], separator, gap)))
    check(table)
    assert table.account.missing == ({gap: int(GAPS.sum())} if gap.strip() else {})


@pytest.mark.parametrize("locale", ["computer", "plain-comma", "german"])
def test_columns_separated_by_blanks(locale, save):
    check(load_table(save(write_rows(LOCALES[locale], " ", "?"))))


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("locale", ["computer", "plain-comma"])
def test_a_file_without_names_keeps_its_first_row(locale, separator, save):
    path = save(write_rows(LOCALES[locale], separator, header=False))
    with pytest.raises(
        ValueError, match=r"Which column holds the labels .*--target.* column5 [(]yes[)]"
    ):
        load_table(path)
    names = ["column1", "column2", "column3", "column4"]
    for target in ("column5", "5", -1):
        table = load_table(path, target)
        check(table, names)
        assert not table.account.header


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("blank", ["", " "])
def test_rows_in_which_nothing_stands(blank, separator, save):
    """As spreadsheets write them below a table, and now and then between its rows."""
    lines = write_rows(separator=separator).splitlines()
    empty = separator.join([blank] * 5)
    table = load_table(save("\n".join([*lines[:9], empty, *lines[9:], empty, empty])))
    check(table)
    assert "3 empty rows left out" in table.account.notes


@pytest.mark.parametrize("label", ["y", "class", "Target"])
@pytest.mark.parametrize("separator", [",", "\t", " "])
def test_a_first_label_that_is_a_usual_name_is_no_header(label, separator, save):
    lines = [f"{i / 7:.3f}{separator}{[label, 'other'][i % 2]}" for i in range(20)]
    table = load_table(save("\n".join(lines)), -1)
    assert len(table.y) == 20
    assert not table.account.header


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_blanks_around_values(separator, save):
    check(load_table(save(write_rows(separator=separator, gap="?", blank=" "))))


@pytest.mark.parametrize(
    "dates", ["%d.%m.%Y", "%m/%d/%Y", "%d/%m/%Y", "%Y/%m/%d", "%d-%b-%Y", "%d.%m.%y"]
)
@pytest.mark.parametrize("separator", [",", ";"])
def test_dates(dates, separator, save):
    check(load_table(save(write_rows(separator=separator, dates=dates))))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("names", [True, False], ids=["header ends too", "header does not"])
def test_a_separator_at_the_end_of_each_line(names, separator, save):
    lines = write_rows(separator=separator).splitlines()
    lines = [line + separator * (names or i > 0) for i, line in enumerate(lines)]
    check(load_table(save("\n".join(lines))))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_line_that_spreadsheets_read(separator, save):
    check(load_table(save(f"sep={separator}\n" + write_rows(separator=separator))))


@pytest.mark.parametrize("sign", ["#", "%", "//"])
def test_comments(sign, save):
    lines = write_rows().splitlines()
    lines.insert(10, f"{sign} one, in, the, middle")
    check(load_table(save(f"{sign} made, in 2020; by me\n{sign}\n" + "\n".join(lines))))


def test_titles_above_the_table(save):
    table = load_table(save("Prices of 2020\n\n" + write_rows(separator=";")))
    check(table)
    assert "1 line of titles above the table left out" in str(table.account)


@pytest.mark.parametrize("ends", ["\r\n", "\r", "\n\r\n"])
@pytest.mark.parametrize("place", [1, 12, 31])
@pytest.mark.parametrize("above", ["", "# a comment\n", "Prices of 2020\n\n"])
def test_lines_that_end_in_different_ways(ends, place, above, save):
    lines = write_rows().splitlines()
    text = "\n".join(lines[:place]) + ends + "\n".join(lines[place:]) + "\n"
    check(load_table(save(above + text)))


@pytest.mark.parametrize("locale", ["plain-comma", "german"])
@pytest.mark.parametrize("names", [True, False])
@pytest.mark.parametrize("quoted", [True, False])
def test_decimal_commas_between_single_blanks(locale, names, quoted, save):
    """Split at commas, such rows have the same number of fields as well."""
    mark = '"' if quoted else ""
    lines = ["low high kind label"] * names
    for i in range(20):
        fields = [
            LOCALES[locale](i * 1234.5),
            LOCALES[locale](-1 - i / 7),
            "ab"[i % 2],
            "xy"[i // 2 % 2],
        ]
        lines.append(" ".join(f"{mark}{field}{mark}" for field in fields))
    table = load_table(save("\n".join(lines)), "label" if names else -1)
    np.testing.assert_allclose(table.X.iloc[:, 0], [round(i * 1234.5, 2) for i in range(20)])
    np.testing.assert_allclose(table.X.iloc[:, 1], [round(-1 - i / 7, 2) for i in range(20)])
    assert table.y.tolist() == ["xy"[i // 2 % 2] for i in range(20)]
    assert "white space, decimal commas" in table.account.dialect


@pytest.mark.parametrize("separator", [";", "\t", "|"])
def test_one_column_of_decimal_commas_with_a_blank_in_its_name(separator, save):
    lines = [f"col 1{separator}label", *(f"{i},5 kr{separator}{'ab'[i % 2]}" for i in range(20))]
    table = load_table(save("\n".join(lines)))
    assert table.X["col 1"].tolist() == [i + 0.5 for i in range(20)]


def test_commas_with_tabs_behind_them(save):
    check(load_table(save(write_rows().replace(",", ",\t"))))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_the_last_column_is_before_a_separator_that_ends_each_line(separator, save):
    lines = write_rows(separator=separator, header=False).splitlines()
    table = load_table(save("\n".join(line + separator for line in lines)), -1)
    assert table.y.tolist() == LABEL.tolist()


@pytest.mark.parametrize("time", ["T%H:%M:%S", " %H:%M:%S"])
def test_times_below_words_are_a_table_with_names(time, save):
    days = [pd.Timestamp(day) + pd.Timedelta(hours=13, seconds=7) for day in SINCE]
    lines = [f"{day:%Y-%m-%d{time}},{label}" for day, label in zip(days, LABEL, strict=True)]
    table = load_table(save("\n".join(["since,label", *lines])))
    assert table.X["since"].tolist() == days
    assert not load_table(save("\n".join(lines)), -1).account.header


def test_rs_row_names(save):
    """A header that is one field short: write.table."""
    head, *lines = write_rows(separator="\t").splitlines()
    text = "\n".join([head, *(f'"{i + 1}"\t{line}' for i, line in enumerate(lines))])
    table = load_table(save(text))
    check(table)
    assert table.account.left_out == {"row names": "row numbers; --keep keeps them"}
    kept = load_table(save(text), keep=["row names"])
    assert kept.X["row names"].tolist() == list(range(1, 31))


def test_pandas_row_numbers(save):
    head, *lines = write_rows().splitlines()
    for name in ("", "Unnamed: 0"):
        text = "\n".join([f"{name},{head}", *(f"{i},{line}" for i, line in enumerate(lines))])
        table = load_table(save(text))
        check(table)
        assert list(table.account.left_out.values()) == ["row numbers; --keep keeps them"]


def test_names_with_separators_and_newlines(save):
    text = write_rows().replace("price", '"price, in\nEuro"', 1).replace("count", '"n;m"', 1)
    check(load_table(save(text)), ("price, in\nEuro", "n;m", "town", "since"))


def test_parquet(tmp_path):
    import duckdb

    path = tmp_path / "t.parquet"
    frame = pd.DataFrame({"price": PRICES, "count": COUNT, "town": TOWN, "label": LABEL})
    connection = duckdb.connect()
    connection.register("frame", frame.astype({"town": object, "label": object}))
    days = ", ".join(f"DATE '{day}'" for day in SINCE)
    connection.execute(
        "COPY (SELECT CASE WHEN isnan(price) THEN NULL ELSE price::DECIMAL(12, 2) END AS price, "
        f"count, town, [{days}][row_number() OVER ()] AS since, label FROM frame) TO '{path}'"
    )
    check(load_table(path))
