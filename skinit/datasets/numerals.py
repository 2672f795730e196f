"""How people write numbers: decimal commas, thousands, currencies, percent.

A *convention* is the decimal mark, "." or ",". Many values are a number under both ("12"), some
under one ("1,5"; "1.234,56"), and some under both with two meanings ("1,234").
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

CONVENTIONS = (".", ",")
NA_WORDS = (
    "", "?", "NA", "N/A", "n/a", "na", "#N/A", "#NA", "<NA>", "NaN", "nan", "NAN", "-nan", "-NaN",
    "NULL", "null", "Null", "None", "none", "missing", "Missing", "MISSING", ".", "-", "--", "n.a.",
    "N.A.", "k.A.", "#DIV/0!", "#VALUE!", "#REF!", "#NUM!", "#NAME?", "#NULL!", "\\N", "NaT", "nil",
    "inf", "-inf", "+inf", "Inf", "-Inf", "INF", "-INF", "Infinity", "-Infinity",
)  # fmt: skip
"""What stands for a missing value, unless the caller has other words; infinity among them."""

BLANKS = " \t\r\n\u00a0\u202f\u2007\u2009\ufeff"
CURRENCY = r"(?:[$€£¥₹₽₩₺₫฿₴]|US\$|R\$|A\$|C\$|USD|EUR|GBP|CHF|JPY|Fr\.|kr\.?|zł|Kč|Ft)"
_GAP = "[ \u00a0\u202f\u2007\u2009]"
_DIGITS = "[0-9]"


@cache
def number_pattern(convention: str) -> str:
    """Return a regular expression, for Python and RE2, of a trimmed number in a convention.

    Its groups are sign, whole part, fraction, exponent and percent sign.
    """
    mark = re.escape(convention)
    other = re.escape("," if convention == "." else ".")
    grouped = "|".join(
        [
            rf"[1-9]{_DIGITS}{{0,2}}(?:{separate}{_DIGITS}{{3}})+"
            for separate in (other, _GAP, "['’]")
        ]
        # As in India: 12,34,567.
        + [rf"[1-9]{_DIGITS}?(?:,{_DIGITS}{{2}})+,{_DIGITS}{{3}}"] * (convention == ".")
    )
    return (
        rf"^({CURRENCY}?{_GAP}*[-+−]|\({CURRENCY}?|{CURRENCY})?{_GAP}*{CURRENCY}?{_GAP}*"
        rf"({grouped}|{_DIGITS}*)(?:{mark}({_DIGITS}*))?"
        rf"(?:[eE]([-+]?{_DIGITS}+))?{_GAP}*(%|{CURRENCY})?(\))?$"
    )


def read_number(text: str, convention: str) -> float | None:
    """Return a number as it is written in a convention, or None.

    Examples
    --------
    >>> read_number("1.234,56", ","), read_number("1,234", "."), read_number("1,234", ",")
    (1234.56, 1234.0, 1.234)
    >>> read_number("$ 1,200.50", "."), read_number("12,5 %", ","), read_number("(300)", ".")
    (1200.5, 0.125, -300.0)
    >>> read_number("1.5", ","), read_number("5 km", "."), read_number("1,2,3", ".")
    (None, None, None)
    """
    match = re.match(number_pattern(convention), text.strip(BLANKS))
    if match is None or not (match[2] or match[3]):
        return None
    sign, whole, fraction, exponent, unit, close = match.groups()
    is_bracketed = (sign or "").startswith("(")
    if is_bracketed != (close is not None):
        return None
    digits = re.sub(r"[^0-9]", "", whole)
    value = float(f"{digits or 0}.{fraction or 0}e{exponent or 0}")
    if is_bracketed or set(sign or "") & {"-", "−"}:
        value = -value
    return value / 100 if unit == "%" else value


@lru_cache(maxsize=4096)
def conventions_of(text: str) -> frozenset[str]:
    """Return the conventions under which a text is a number.

    Examples
    --------
    >>> sorted(conventions_of("1,5")), sorted(conventions_of("12")), sorted(conventions_of("a"))
    ([','], [',', '.'], [])
    """
    return frozenset(mark for mark in CONVENTIONS if read_number(text, mark) is not None)


def is_ambiguous(text: str) -> bool:
    """Whether a text is a number under both conventions, but not the same one.

    Examples
    --------
    >>> is_ambiguous("1,234"), is_ambiguous("1.234"), is_ambiguous("0,234"), is_ambiguous("12")
    (True, True, False, False)
    """
    values = {read_number(text, mark) for mark in CONVENTIONS}
    return None not in values and len(values) == 2


def currency_of(text: str) -> str:
    """Return the currency of an amount, "" for none.

    Examples
    --------
    >>> currency_of("€ 5"), currency_of("-5 USD"), currency_of("5")
    ('€', 'USD', '')
    """
    found = re.search(CURRENCY, text)
    return found[0] if found else ""


def number_sql(value: str, convention: str) -> str:
    """Return the SQL expression of `read_number` for a trimmed column of texts.

    The texts are known to be numbers in the convention, or become NULL.
    """
    pattern = number_pattern(convention).replace("'", "''")
    part = [f"regexp_extract({value}, '{pattern}', {group})" for group in range(7)]
    digits = f"regexp_replace({part[2]}, '[^0-9]', '', 'g')"
    text = (
        f"concat('0', {digits}, '.', {part[3]}, '0e', "
        f"CASE WHEN {part[4]} = '' THEN '0' ELSE {part[4]} END)"
    )
    sign = f"CASE WHEN regexp_matches({part[1]}, '[-(−]') THEN -1.0 ELSE 1.0 END"
    number = f"CAST({text} AS DOUBLE) * {sign} / CASE WHEN {part[5]} = '%' THEN 100.0 ELSE 1.0 END"
    return f"CASE WHEN {part[2]} <> '' OR {part[3]} <> '' THEN {number} END"
