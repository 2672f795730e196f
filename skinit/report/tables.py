"""Turn the numbers of a comparison into cells that a reader takes in: text, Markdown, LaTeX."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from typing import TYPE_CHECKING, NamedTuple

from skinit.displays import name_metric, write_percent
from skinit.statistics import format_p, format_score, name_label, name_labels

if TYPE_CHECKING:
    import pandas as pd

MISSING = "–"
GAP = "\N{NO-BREAK SPACE}"  # an interval is not torn apart where a cell is narrow


def _candidate(label) -> str:
    """Name a candidate; the class prior has no activation to put beside it."""
    return name_label(label).removesuffix(" ()")


def _missing(value) -> bool:
    return value is None or value != value


def _number(value, sign: str = "") -> str:
    if _missing(value):
        return MISSING
    return format_score(value, sign).replace("-", "−")


def _estimate(mean, low, high, sign: str = "") -> str:
    if _missing(low):
        return _number(mean, sign)
    return f"{_number(mean, sign)} ({_number(low, sign)}{GAP}to{GAP}{_number(high, sign)})"


def _difference(mean, low, high) -> str:
    return _estimate(mean, low, high, "+")


def _p(value) -> str:
    return MISSING if _missing(value) else format_p(value).removeprefix("= ").replace(" ", GAP)


def _percents(*probabilities) -> str:
    if any(map(_missing, probabilities)):
        return MISSING
    return f"{GAP}/ ".join(write_percent(p).replace(" ", GAP) for p in probabilities)


def _rate(value) -> str:
    if _missing(value):
        return MISSING
    return f"<{GAP}1%" if 0 < value < 0.01 else f"{100 * value:.0f}%"


def _rank(value) -> str:
    return MISSING if _missing(value) else f"{value:.1f}"


def _labels(labels) -> str:
    return MISSING if _missing(labels) or not labels else name_labels(labels)


def _prior(word) -> str:
    words = {
        "beats": "beats it",
        "predicts like": "predicts like it",
        "not shown": "not shown to beat it",
        "worse": "worse than it",
    }
    return words.get(word, MISSING)


def _epochs(text) -> str:
    """Write how many runs reached the target, and when; each of the two stays on one line."""
    if _missing(text):
        return MISSING
    count, _, quartiles = text.partition(", ")
    return f"{count.replace(' ', GAP)}, {quartiles.replace(' ', GAP)}"


def _any(value) -> str:
    if _missing(value):
        return MISSING
    return _number(value) if isinstance(value, float) else str(value)


class _Column(NamedTuple):
    """One printed column: its heading, the columns of the summary it takes, how it is written."""

    heading: str
    takes: tuple[str, ...]
    write: Callable[..., str]


_IN_PRINT = [
    _Column("Law", ("formula",), _any),
    _Column("Verdict", ("verdict",), _any),
    _Column("Held-out {metric} (95% interval)", ("mean", "ci_low", "ci_high"), _estimate),
    _Column("On training rows", ("train_mean",), _number),
    _Column(
        "Difference to {reference} (95% interval)",
        ("difference", "difference_low", "difference_high"),
        _difference,
    ),
    _Column("Adjusted p", ("p_holm",), _p),
    _Column("Worse / equivalent / better", ("p_worse", "p_equivalent", "p_better"), _percents),
]
_FURTHER = [
    _Column("Diagnosis", ("diagnosis",), lambda code: _any(code) or MISSING),
    _Column("Ties with", ("ties_with",), _labels),
    _Column("Class prior", ("beats_prior",), _prior),
    _Column("Diverged", ("diverged_rate",), _rate),
    _Column("Epochs to target", ("epochs_to_target",), _epochs),
    _Column("SD over splits", ("sd_splits",), _number),
    _Column("SD over seeds", ("sd_seeds",), _number),
    _Column("Mean rank", ("mean_rank",), _rank),
]
_PAIRS = [
    _Column("Candidate", ("a",), _candidate),
    _Column("against", ("b",), _candidate),
    _Column("Difference (95% interval)", ("difference", "low", "high"), _difference),
    _Column("p", ("p",), _p),
    _Column("Adjusted p", ("p_holm",), _p),
    _Column("Worse / equivalent / better", ("p_worse", "p_equivalent", "p_better"), _percents),
]


def _write(frame: pd.DataFrame, columns: list[_Column], **names: str) -> pd.DataFrame:
    """Write those columns for which the frame has what they take."""
    import pandas as pd

    present = [column for column in columns if set(column.takes) <= set(frame.columns)]
    cells = {
        heading.format(**names): [
            write(*values) for values in zip(*(frame[name] for name in takes), strict=True)
        ]
        for heading, takes, write in present
    }
    return pd.DataFrame(cells, index=frame.index, dtype=object)


def format_summary(
    summary: pd.DataFrame,
    *,
    metric: str = "score",
    reference: Hashable | None = None,
    in_print: bool = False,
) -> pd.DataFrame:
    """Write a summary as a table of text: rounded, each estimate with its interval.

    Parameters
    ----------
    summary : DataFrame
        Indexed by label, or by label and activation. Columns as of `statistics.summarize`, and
        ``formula, train_mean, beats_prior, diverged_rate``; those that are missing are left out,
        and columns of other names follow at the end.
    metric : str, default="score"
        Name of the score.
    reference : label, default=None
        What the differences are differences to; None is the first row.
    in_print : bool, default=False
        Whether to keep only the columns that fit the width of a paper.

    Returns
    -------
    DataFrame of str
        The first column is "Candidate"; what is missing reads "–".
    """
    reference = summary.index[0] if reference is None else reference
    known = {name for column in _IN_PRINT + _FURTHER for name in column.takes} | {"p"}
    others = [name for name in summary.columns if name not in known]
    others = [_Column(name.replace("_", " "), (name,), _any) for name in others]
    columns = _IN_PRINT if in_print else _IN_PRINT + _FURTHER + others
    table = _write(summary, columns, metric=name_metric(metric), reference=_candidate(reference))
    table.insert(0, "Candidate", [_candidate(label) for label in summary.index])
    return table.reset_index(drop=True)


def format_pairwise(pairs: pd.DataFrame) -> pd.DataFrame:
    """Write the table of all pairs as text, as `format_summary` does.

    Parameters
    ----------
    pairs : DataFrame
        Columns ``a, b, difference, low, high, p, p_holm, p_worse, p_equivalent, p_better``.

    Returns
    -------
    DataFrame of str
    """
    return _write(pairs, _PAIRS)


def summary_to_markdown(
    summary: pd.DataFrame, *, metric: str = "score", reference: Hashable | None = None
) -> str:
    r"""Return a summary as a Markdown table.

    Parameters
    ----------
    summary : DataFrame
        As for `format_summary`.
    metric : str, default="score"
        Name of the score.
    reference : label, default=None
        What the differences are differences to; None is the first row.

    Returns
    -------
    str

    Examples
    --------
    >>> import pandas as pd
    >>> print(summary_to_markdown(pd.DataFrame({"verdict": ["best"]}, index=["he_2"])))
    | Candidate | Verdict |
    | --- | --- |
    | he\_2 | best |
    """
    table = format_summary(summary, metric=metric, reference=reference)
    rows = [table.columns, ["---"] * table.shape[1], *table.to_numpy()]
    return "\n".join(f"| {' | '.join(map(_escape_markdown, row))} |" for row in rows)


def _escape_markdown(text: str) -> str:
    if text == "---":
        return text
    return re.sub(r"([\\`*_\[\]<>|~$&])", r"\\\1", " ".join(text.split()))


def summary_to_latex(
    summary: pd.DataFrame, *, metric: str = "score", reference: Hashable | None = None
) -> str:
    """Return a summary as a LaTeX table, with the columns that fit a page.

    It needs the package booktabs.

    Parameters
    ----------
    summary : DataFrame
        As for `format_summary`.
    metric : str, default="score"
        Name of the score.
    reference : label, default=None
        What the differences are differences to; None is the first row.

    Returns
    -------
    str
    """
    table = format_summary(summary, metric=metric, reference=reference, in_print=True)
    head, *rows = (
        " & ".join(cell.translate(_LATEX) for cell in row) + r" \\"
        for row in [table.columns, *table.to_numpy()]
    )
    begin = rf"\begin{{tabular}}{{{'l' * table.shape[1]}}}"
    lines = [begin, r"\toprule", head, r"\midrule", *rows, r"\bottomrule", r"\end{tabular}"]
    return "\n".join(lines)


# What LaTeX would take for a command, and signs that the fonts it starts with do not have.
_LATEX = str.maketrans(
    {sign: rf"\{sign}" for sign in "&%$#_{}"}
    | {sign: f"{{{sign}}}" for sign in "[*"}  # after a line's end they would be its options
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    | {"<": "$<$", ">": "$>$", "|": "$|$", "−": "$-$", "±": r"$\pm$", "²": "$^2$"}
    | {"–": "--", GAP: "~", "\n": " "}
)
