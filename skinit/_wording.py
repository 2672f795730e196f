"""How skinit writes: numbers, p-values, percentages, missing values, labels and hints.

Every table, sentence, plot, page and error message takes its words from here, so that one number
reads the same wherever it is printed. Only plain text is made: what escapes HTML, Markdown or
LaTeX belongs to those who write them.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Sequence
from datetime import date
from difflib import get_close_matches
from numbers import Real
from typing import Any
from unicodedata import category

MISSING = "–"
MINUS = "−"


def is_missing(value: object) -> bool:
    """Whether a value is None or NaN.

    Examples
    --------
    >>> is_missing(None), is_missing(float("nan")), is_missing(0.0), is_missing("")
    (True, True, False, False)
    """
    return value is None or (isinstance(value, float) and value != value)


def is_number(value: object) -> bool:
    """Whether a value is a number that a float can hold; True and False are none.

    Examples
    --------
    >>> is_number(0.1), is_number(3), is_number(True), is_number("3"), is_number(10**400)
    (True, True, False, False, False)
    """
    if isinstance(value, bool) or not isinstance(value, Real):
        return False
    try:
        float(value)
    except OverflowError:
        return False
    return True


def write_number(value: Any, sign: str = "", minus: str = "-", decimals: int = 3) -> str:
    """Write a score or a difference with a few decimals, never as a negative zero.

    Parameters
    ----------
    value : float or None
        None and NaN read "–".
    sign : {"", "+"}, default=""
        "+" puts a sign before positive numbers too.
    minus : {"-", "−"}, default="-"
        The minus sign; plots and pages have the longer one.
    decimals : int, default=3
        Digits after the point; from 1,000 on, three significant digits are written instead.

    Examples
    --------
    >>> write_number(0.98765), write_number(-0.0001), write_number(0.0123, "+"), write_number(2e9)
    ('0.988', '0.000', '+0.012', '2e+09')
    """
    if is_missing(value):
        return MISSING
    text = format(value, f"{sign}z.{decimals}f" if abs(value) < 1000 else f"{sign}.3g")
    return text.replace("-", minus)


def write_setting(value: Any) -> str:
    """Write the value of a parameter, small numbers with all the digits that matter.

    Examples
    --------
    >>> write_setting(0.0003), write_setting("sgd"), write_setting((8, 4)), write_setting(None)
    ('0.0003', 'sgd', '(8, 4)', 'None')
    """
    return f"{value:g}" if is_number(value) else str(value)


def write_p(p: Any, relation: bool = True) -> str:
    """Write a p-value, with its relation sign where it stands in a sentence.

    Parameters
    ----------
    p : float or None
        None and NaN read "–".
    relation : bool, default=True
        Whether to write "= .012" instead of ".012"; "< .001" keeps its sign in any case.

    Examples
    --------
    >>> write_p(0.0123), write_p(0.0123, relation=False), write_p(0.00001), write_p(1)
    ('= .012', '.012', '< .001', '= 1.000')
    """
    if is_missing(p):
        return MISSING
    if p < 0.001:
        return "< .001"
    text = f"{p:.3f}"
    return ("= " if relation else "") + (text.removeprefix("0") if p < 1 else text)


def write_percent(probability: Any) -> str:
    """Write a probability as a percentage that never claims certainty.

    Examples
    --------
    >>> write_percent(0.123), write_percent(0.9999), write_percent(0.0001)
    ('12%', '> 99%', '< 1%')
    """
    if is_missing(probability):
        return MISSING
    if probability > 0.99:
        return "> 99%"
    return "< 1%" if probability < 0.01 else f"{100 * probability:.0f}%"


def write_share(share: Any) -> str:
    """Write an observed share as a percentage; 0% and 100% are kept for none and all.

    Examples
    --------
    >>> write_share(0.123), write_share(0), write_share(0.004), write_share(0.999), write_share(1)
    ('12%', '0%', '< 1%', '> 99%', '100%')
    """
    if is_missing(share):
        return MISSING
    if 0 < share < 0.01:
        return "< 1%"
    return "> 99%" if 0.99 < share < 1 else f"{100 * share:.0f}%"


def write_seconds(seconds: Any) -> str:
    """Write a duration with its unit, to two digits.

    Examples
    --------
    >>> write_seconds(0.00035), write_seconds(0.012), write_seconds(2.34), write_seconds(95)
    ('0.35 ms', '12 ms', '2.3 s', '95 s')
    """
    if is_missing(seconds):
        return MISSING
    if seconds < 0.9995:
        return f"{_two_digits(1000 * seconds)} ms"
    return f"{_two_digits(seconds)} s"


def _two_digits(value: float) -> str:
    return f"{value:.0f}" if value >= 9.95 else f"{value:.2g}"


# Not those of the locale: everything else is English, too.
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September",
    "October", "November", "December",
)  # fmt: skip


def write_date(day: date) -> str:
    """Write a date.

    Examples
    --------
    >>> write_date(date(2026, 1, 31))
    '31 January 2026'
    """
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def ask_to_install(library: str, extra: str) -> str:
    """Say that a library is missing, and which command brings it.

    Examples
    --------
    >>> print(ask_to_install("onnx", "onnx"))
    onnx, which is not installed: python -m pip install "skinit[onnx]" (in a checkout: python -m
    pip install ".[onnx]").
    """
    return (
        f'{library}, which is not installed: python -m pip install "skinit[{extra}]" (in a '
        f'checkout: python -m pip install ".[{extra}]").'
    )


def write_count(n: int, thing: str) -> str:
    """Write a number of things, in the singular for one of them.

    Examples
    --------
    >>> write_count(1, "split"), write_count(25, "split")
    ('1 split', '25 splits')
    """
    return f"{n} {thing}" if n == 1 else f"{n} {thing}s"


def join_words(words: Iterable[str], conjunction: str = "and") -> str:
    """Join words as English does.

    Examples
    --------
    >>> join_words(["a", "b", "c"]), join_words(["a"]), join_words("ab", "or")
    ('a, b and c', 'a', 'a or b')
    """
    *most, last = words
    return f"{', '.join(most)} {conjunction} {last}" if most else last


# Control characters, signs that turn the direction of reading, lone surrogates, line separators.
_UNPRINTABLE = {"Cc", "Cf", "Cs", "Zl", "Zp"}
_JOINERS = "\u200c\u200d"  # words of Persian and Hindi, and some emoji, are spelled with them


def printable(text: str, keep: str = "") -> str:
    r"""Escape what a terminal obeys, what turns or breaks a line, and what UTF-8 cannot write.

    Parameters
    ----------
    text : str
        Perhaps from somebody's file.
    keep : str, default=""
        Characters that stay, such as line breaks of our own.

    Examples
    --------
    >>> print(printable("caf\udce9"), printable("\x1b[31mred"), printable("Köln, 日本"))
    caf\udce9 \x1b[31mred Köln, 日本
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(letter, keep) for letter in text)


def _escape(letter: str, keep: str) -> str:
    if category(letter) not in _UNPRINTABLE or letter in keep or letter in _JOINERS:
        return letter
    return letter.encode("unicode_escape").decode()


def _one_line(part: object) -> str:
    return printable(" ".join(re.split(r"[\t\n\r]+", str(part))))


def name_label(label: Hashable) -> str:
    """Write the label of a candidate; one of several parts reads "he (tanh)".

    Examples
    --------
    >>> name_label("he"), name_label(("he", "tanh")), name_label(("class prior", ""))
    ('he', 'he (tanh)', 'class prior')
    """
    if not isinstance(label, tuple):
        return _one_line(label)
    first, *rest = (_one_line(part) for part in label if part != "")
    return f"{first} ({', '.join(rest)})" if rest else first


def name_labels(labels: Iterable[Hashable]) -> str:
    """Write several labels, as in "he, xavier and zeros"."""
    return join_words([name_label(label) for label in labels])


SEVERAL = 6  # candidates that a sentence names; more are counted


def name_some(labels: Sequence[Hashable]) -> str:
    """Name a few candidates; many are counted, because a table has them all.

    Examples
    --------
    >>> name_some(["he", "xavier"]), name_some("abcdefgh")
    ('he and xavier', '8 candidates')
    """
    return name_labels(labels) if len(labels) <= SEVERAL else f"{len(labels)} candidates"


def write_name(name: object, most: int = 60) -> str:
    r"""Write a name from somebody's file: what a terminal could obey is escaped, and it is bounded.

    Parameters
    ----------
    name : object
        A column, a class, a value or a file.
    most : int, default=60
        Characters at most; a longer name ends in "…".

    Examples
    --------
    >>> write_name("petal length"), write_name("a" + chr(27)), write_name("a" * 9, most=5)
    ('petal length', 'a\\x1b', 'aaaa…')
    """
    text = "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape").decode()
        for letter in str(name)
    )
    return text if len(text) <= most else f"{text[: most - 1]}…"


def list_names(names: Iterable[object], most: int = 8) -> str:
    """List the first few of many names.

    Examples
    --------
    >>> list_names("abc"), list_names("abcdef", most=4), list_names([])
    ('a, b, c', 'a, b, c, d and 2 more', 'none')
    """
    names = list(names)
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(map(write_name, names[:most])) + more if names else "none"


def suggest(name: object, known: Iterable[str], n: int = 1) -> str:
    """Return " Did you mean 'he'?" for a name that is close to a known one, else nothing.

    Parameters
    ----------
    name : object
        What was asked for; case does not matter.
    known : iterable of str
        The names that exist.
    n : int, default=1
        Suggestions at most.

    Examples
    --------
    >>> suggest("Xavir", ["he", "xavier"])
    " Did you mean 'xavier'?"
    >>> suggest("adam", ["he", "xavier"])
    ''
    """
    folded = {candidate.lower(): candidate for candidate in known}
    close = get_close_matches(str(name).lower(), folded, n=n)
    return offer([folded[key] for key in close])


def offer(names: Iterable[str]) -> str:
    """Ask whether one of some names was meant; nothing for none.

    Examples
    --------
    >>> offer(["lecun_normal", "lecun_uniform"]), offer([])
    (" Did you mean 'lecun_normal' or 'lecun_uniform'?", '')
    """
    quoted = [repr(name) for name in names]
    return f" Did you mean {join_words(quoted, 'or')}?" if quoted else ""


def name_layers(layers: Sequence[int]) -> str:
    """Write the numbers of layers, neighbours as a range.

    Parameters
    ----------
    layers : sequence of int
        In ascending order, from 1.

    Examples
    --------
    >>> name_layers([3]), name_layers([1, 2, 3, 4, 5]), name_layers([1, 2, 4])
    ('Layer 3', 'Layers 1-5', 'Layers 1, 2 and 4')
    """
    numbers = [str(layer) for layer in layers]
    if len(layers) > 2 and layers[-1] - layers[0] == len(layers) - 1:
        numbers = [f"{layers[0]}-{layers[-1]}"]
    return f"Layer{'s' if len(layers) > 1 else ''} {join_words(numbers)}"
