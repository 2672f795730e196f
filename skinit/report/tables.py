"""Tables of a comparison as text: for pages, Markdown and LaTeX."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from skinit._wording import (
    MINUS,
    MISSING,
    is_missing,
    name_label,
    name_labels,
    printable,
    write_number,
    write_p,
    write_percent,
    write_setting,
    write_share,
)
from skinit.displays.base import name_metric, word_metric

if TYPE_CHECKING:
    import pandas as pd

GAP = "\N{NO-BREAK SPACE}"  # an interval is not torn apart where a cell is narrow


def _number(value, sign: str = "") -> str:
    return write_number(value, sign, MINUS)


def _estimate(mean, low, high, sign: str = "") -> str:
    if is_missing(low):
        return _number(mean, sign)
    return f"{_number(mean, sign)} ({_number(low, sign)}{GAP}to{GAP}{_number(high, sign)})"


def _difference(mean, low, high) -> str:
    return _estimate(mean, low, high, "+")


def _p(value) -> str:
    return write_p(value, relation=False).replace(" ", GAP)


def _percents(*probabilities) -> str:
    if any(map(is_missing, probabilities)):
        return MISSING
    return f"{GAP}/ ".join(write_percent(p).replace(" ", GAP) for p in probabilities)


def _rate(value) -> str:
    return write_share(value).replace(" ", GAP)


def _rank(value) -> str:
    return write_number(value, decimals=1)


def _count(value) -> str:
    return write_number(value, decimals=0)


def _labels(labels) -> str:
    return MISSING if is_missing(labels) or not labels else name_labels(labels)


def _outcome(word, note) -> str:
    return "; ".join(part for part in (word, note) if not is_missing(part) and part) or MISSING


_AGAINST_PRIOR = {
    "beats": "beats it",
    "predicts like": "predicts like it",
    "not shown": "not shown to beat it",
    "worse": "worse than it",
}


def _prior(word) -> str:
    return MISSING if is_missing(word) else _AGAINST_PRIOR.get(word, MISSING)


def _epochs(text) -> str:
    """Write how many runs reached the target, and when; each of the two stays on one line."""
    if is_missing(text):
        return MISSING
    count, _, quartiles = text.partition(", ")
    return f"{count.replace(' ', GAP)}, {quartiles.replace(' ', GAP)}"


def _any(value) -> str:
    if is_missing(value):
        return MISSING
    return _number(value) if isinstance(value, float) else str(value)


def _setting(value) -> str:
    return MISSING if is_missing(value) else write_setting(value)


class _Column(NamedTuple):
    """One printed column: its heading, the columns of the summary it needs, how it is written."""

    heading: str
    takes: tuple[str, ...]
    write: Callable[..., str]


_OUTCOME = _Column("Outcome", ("outcome", "note"), _outcome)
_HELD_OUT = _Column(
    "Held-out {metric}{lower} (95% interval)", ("mean", "ci_low", "ci_high"), _estimate
)
_DIFFERENCE = _Column(
    "Difference from {reference}{positive} (95% interval)",
    ("difference", "difference_low", "difference_high"),
    _difference,
)
_P = _Column("Adjusted p", ("p_holm",), _p)
_FIRST = [
    _Column("Weights", ("formula",), _any),
    _OUTCOME,
    _HELD_OUT,
    _Column("Training {metric}", ("train_mean",), _number),
    _DIFFERENCE,
    _P,
]
_PROBABILITIES = _Column(
    "Worse / equivalent / better", ("p_worse", "p_equivalent", "p_better"), _percents
)
_DIAGNOSIS = _Column("Diagnosis", ("diagnosis",), lambda code: _any(code) or MISSING)
_TUNED = [
    _Column("Learning rate", ("learning_rate_init",), _setting),
    _Column("L2 penalty", ("alpha",), _setting),
]
_FURTHER = [
    *_TUNED,
    _Column("At the edge of the grid", ("edge_rate",), _rate),
    _Column("Ties with", ("ties_with",), _labels),
    _Column("Needs more", ("needs",), lambda need: _any(need) or MISSING),
    _Column("{baseline}", ("beats_prior",), _prior),
    _Column("Epochs", ("epochs",), _count),
    _Column("Ended at max_iter", ("unconverged_rate",), _rate),
    _Column("Diverged", ("diverged_rate",), _rate),
    _Column("Epochs to target", ("epochs_to_target",), _epochs),
    _Column("SD over splits", ("sd_splits",), _number),
    _Column("SD over seeds", ("sd_seeds",), _number),
    _Column("Mean rank", ("mean_rank",), _rank),
]
_PAIRS = [
    _Column("Candidate", ("a",), name_label),
    _Column("Compared with", ("b",), name_label),
    _Column("Difference (95% interval)", ("difference", "low", "high"), _difference),
    _Column("p", ("p",), _p),
    _Column("Adjusted p", ("p_holm",), _p),
    _PROBABILITIES,
]


def _write(frame: pd.DataFrame, columns: list[_Column], **names: str) -> pd.DataFrame:
    """Write the columns for which the frame has what they need."""
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
    greater_is_better: bool = True,
    columns: str = "all",
) -> pd.DataFrame:
    """Write a summary as a table of text: rounded, each estimate with its interval.

    Parameters
    ----------
    summary : DataFrame
        Indexed by label, or by label and activation. Columns as of `statistics.summarize`, and
        ``formula, train_mean, beats_prior, diverged_rate``; missing ones are left out, and columns
        with other names follow at the end.
    metric : str, default="score"
        Name of the score.
    reference : label, default=None
        The candidate that the differences are taken to; None is the first row.
    greater_is_better : bool, default=True
        False for an error, whose best mean is the lowest.
    columns : {"all", "first", "rest", "print"}, default="all"
        Which columns: all; the seven that a page shows first; the others; or those that fit the
        width of a printed page.

    Returns
    -------
    DataFrame of str
        The first column is "Candidate"; missing values read "–".
    """
    reference = summary.index[0] if reference is None else reference
    if "note" not in summary.columns:
        summary = summary.assign(note="")
    further = [*_FURTHER, *_unknown_columns(summary)]
    chosen = {
        "all": [*_FIRST, _PROBABILITIES, _DIAGNOSIS, *further],
        "first": [*_FIRST, _DIAGNOSIS],
        "rest": [_PROBABILITIES, *further],
        "print": [_OUTCOME, _HELD_OUT, _DIFFERENCE, _P, *_TUNED],
    }[columns]
    table = _write(
        summary,
        chosen,
        metric=word_metric(metric),
        reference=name_label(reference),
        lower="" if greater_is_better else ", lower is better",
        positive="" if greater_is_better else ", positive is better",
        baseline=_name_baseline(summary),
    )
    table.insert(0, "Candidate", [name_label(label) for label in summary.index])
    return table.reset_index(drop=True)


def _name_baseline(summary: pd.DataFrame) -> str:
    """Return the name of the row that is no candidate, as a heading."""
    outcomes = summary["outcome"] if "outcome" in summary.columns else ()
    others = [label for label, word in zip(summary.index, outcomes, strict=False)
              if is_missing(word)]  # fmt: skip
    return name_label(others[0]).capitalize() if others else "Class prior"


def _unknown_columns(summary: pd.DataFrame) -> list[_Column]:
    """Return a column for each one of the summary that no other column takes."""
    known = {name for column in [*_FIRST, _PROBABILITIES, _DIAGNOSIS, *_FURTHER]
             for name in column.takes} | {"p", "scale", "failed_runs", "n_runs"}  # fmt: skip
    others = [name for name in summary.columns if name not in known]
    return [_Column(name.replace("_", " "), (name,), _any) for name in others]


def format_estimates(
    labels: Sequence[Hashable], tables: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """Write the means of several metrics side by side, each with its interval and outcome.

    Parameters
    ----------
    labels : sequence of labels
        The candidates, in the order of the rows.
    tables : mapping of metric to DataFrame
        Of each metric a row per candidate, with the columns ``mean, ci_low, ci_high, outcome``.

    Returns
    -------
    DataFrame of str
        The first column is "Candidate".
    """
    import pandas as pd

    cells: dict[str, list[str]] = {"Candidate": [name_label(label) for label in labels]}
    for metric, table in tables.items():
        shown = table.loc[list(labels)]
        means = zip(shown["mean"], shown["ci_low"], shown["ci_high"], strict=True)
        cells[f"{name_metric(metric)} (95% interval)"] = [_estimate(*values) for values in means]
        cells[f"Outcome by {word_metric(metric)}"] = list(shown["outcome"])
    return pd.DataFrame(cells, dtype=object)


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
    summary: pd.DataFrame,
    *,
    metric: str = "score",
    reference: Hashable | None = None,
    greater_is_better: bool = True,
) -> str:
    r"""Return a summary as a Markdown table.

    Parameters
    ----------
    summary : DataFrame
        As for `format_summary`.
    metric : str, default="score"
        Name of the score.
    reference : label, default=None
        The candidate that the differences are taken to; None is the first row.
    greater_is_better : bool, default=True
        False for an error, whose best mean is the lowest.

    Returns
    -------
    str

    Examples
    --------
    >>> import pandas as pd
    >>> print(summary_to_markdown(pd.DataFrame({"outcome": ["best"]}, index=["he_2"])))
    | Candidate | Outcome |
    | --- | --- |
    | he\_2 | best |
    """
    table = format_summary(
        summary,
        metric=metric,
        reference=reference,
        greater_is_better=greater_is_better,
    )
    rows = [table.columns, ["---"] * table.shape[1], *table.to_numpy()]
    return "\n".join(f"| {' | '.join(map(_escape_markdown, row))} |" for row in rows)


def _escape_markdown(text: str) -> str:
    if text == "---":
        return text
    return re.sub(r"([\\`*_\[\]<>|~$&])", r"\\\1", printable(" ".join(text.split())))


def summary_to_latex(
    summary: pd.DataFrame,
    *,
    metric: str = "score",
    reference: Hashable | None = None,
    greater_is_better: bool = True,
    caption: str | None = None,
    label: str | None = None,
) -> str:
    """Return a summary as a LaTeX table, with the columns that fit a page.

    It needs the LaTeX package booktabs.

    Parameters
    ----------
    summary : DataFrame
        As for `format_summary`.
    metric : str, default="score"
        Name of the score.
    reference : label, default=None
        The candidate that the differences are taken to; None is the first row.
    greater_is_better : bool, default=True
        False for an error, whose best mean is the lowest.
    caption, label : str, default=None
        With either of them the table floats, with this caption, in LaTeX, and this label.

    Returns
    -------
    str
    """
    table = format_summary(
        summary,
        metric=metric,
        reference=reference,
        greater_is_better=greater_is_better,
        columns="print",
    )
    head, *rows = (
        " & ".join(printable(cell, keep="\n").translate(_LATEX) for cell in row) + r" \\"
        for row in [table.columns, *table.to_numpy()]
    )
    begin = rf"\begin{{tabular}}{{{'l' * table.shape[1]}}}"
    lines = [begin, r"\toprule", head, r"\midrule", *rows, r"\bottomrule", r"\end{tabular}"]
    if caption or label:
        above = [rf"\caption{{{caption}}}"] * bool(caption) + [rf"\label{{{label}}}"] * bool(label)
        lines = [r"\begin{table}", r"\centering", *above, *lines, r"\end{table}"]
    return "\n".join(lines)


# Characters that LaTeX reads as commands, and signs that its default fonts lack.
_LATEX = str.maketrans(
    {sign: rf"\{sign}" for sign in "&%$#_{}"}
    | {
        sign: f"{{{sign}}}" for sign in "[*"
    }  # at the start of a row, LaTeX reads them as options of the line break
    | {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}
    | {"<": "$<$", ">": "$>$", "|": "$|$", "−": "$-$", "±": r"$\pm$", "²": "$^2$"}
    | {"–": "--", GAP: "~", "\n": " "}
)
