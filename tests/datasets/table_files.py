"""Small tables with the right answer, written in every way that people write tables."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import zipfile
from collections.abc import Callable
from datetime import date, timedelta

import numpy as np

N = 30
PRICE = np.round(np.linspace(3.25, 45678.5, N) + np.arange(N) % 3 / 4, 2)
COUNT = (np.arange(N) * 37) % 11
TOWN = np.array(["Bonn", "Köln", "Trier"])[np.arange(N) % 3]
SINCE = [date(2020, 1, 27) + timedelta(days=9 * i) for i in range(N)]
LABEL = np.array(["yes", "no"])[(np.arange(N) * 7) % 5 % 2]
GAPS = np.arange(N) % 10 == 4  # rows without a price


def group(digits: str, mark: str) -> str:
    """Write the digits of a whole number in threes."""
    return f"{int(digits):,}".replace(",", mark)


def writer(decimal: str, thousands: str = "", before: str = "", after: str = "") -> Callable:
    """Return a function that writes a number as a country does."""

    def write(value: float) -> str:
        whole, fraction = f"{value:.2f}".split(".")
        whole = group(whole, thousands) if thousands else whole
        return f"{before}{whole}{decimal}{fraction}{after}"

    return write


LOCALES = {
    "computer": writer("."),
    "us": writer(".", ","),
    "us-dollar": writer(".", ",", before="$"),
    "german": writer(",", "."),
    "german-euro": writer(",", ".", after=" €"),
    "plain-comma": writer(","),
    "french": writer(",", "\u202f"),
    "swiss": writer(".", "'", before="CHF "),
    "nordic": writer(",", " ", after=" kr"),
}


def write_rows(
    write: Callable = LOCALES["computer"],
    separator: str = ",",
    gap: str = "",
    header: bool = True,
    dates: str = "%Y-%m-%d",
    blank: str = "",
    end: str = "\n",
) -> str:
    """Return the table as text; fields that contain the separator are quoted."""
    rows = [["price", "count", "town", "since", "label"]] if header else []
    for i in range(N):
        price = gap if GAPS[i] else write(PRICE[i])
        rows.append([price, str(COUNT[i]), TOWN[i], SINCE[i].strftime(dates), LABEL[i]])
    if separator == " ":
        width = max(len(field) for row in rows for field in row)
        lines = ("  ".join(field.rjust(width) for field in row) for row in rows)
        return end.join(lines) + end
    return "".join(
        separator.join(quote(blank + field, separator) for field in row) + end for row in rows
    )


def quote(field: str, separator: str) -> str:
    return f'"{field}"' if separator in field or '"' in field else field


def zipped(data: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("inside.csv", data)
    return file.getvalue()


CONTAINERS: dict[str, Callable[[str], bytes]] = {
    "utf-8": lambda text: text.encode(),
    "bom": lambda text: text.encode("utf-8-sig"),
    "utf-16": lambda text: text.encode("utf-16"),
    "utf-16-be": lambda text: b"\xfe\xff" + text.encode("utf-16-be"),
    "gzip": lambda text: gzip.compress(text.encode()),
    "bzip2": lambda text: bz2.compress(text.encode()),
    "xz": lambda text: lzma.compress(text.encode()),
    "zip": lambda text: zipped(text.encode()),
    "crlf": lambda text: text.replace("\n", "\r\n").encode(),
    "cr": lambda text: text.replace("\n", "\r").encode(),
    "no last newline": lambda text: text.rstrip("\n").encode(),
    "cp1252": lambda text: text.replace("\u202f", "\xa0").encode("cp1252"),
    "gzip utf-16": lambda text: gzip.compress(text.encode("utf-16")),
}
