"""A summary in words."""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import TYPE_CHECKING

from skinit._wording import (
    SEVERAL,
    join_words,
    name_label,
    name_labels,
    name_some,
    write_count,
    write_number,
    write_p,
    write_percent,
)
from skinit.statistics.outcomes import relate
from skinit.statistics.rates import rate_interval
from skinit.statistics.thresholds import FEW_SPLITS, MIN_SPLITS, are_equal, is_sure

if TYPE_CHECKING:
    import pandas as pd


def sentences(
    summary: pd.DataFrame,
    *,
    metric: str,
    rope: float,
    n_splits: int,
    n_runs: int,
    control: Hashable = None,
    honest: float = math.nan,
    greater_is_better: bool = True,
    baseline: str = "class prior",
) -> list[str]:
    """Say in words what a summary allows to say, one sentence per group of candidates.

    Parameters
    ----------
    summary : DataFrame
        What `summarize` returned, plus the columns ``beats_prior`` (of `beats_prior`) and
        ``diverged_rate``, the share of runs that diverged.
    metric : str
        Name to print.
    rope : float
        Half width of the region of practical equivalence.
    n_splits, n_runs : int
        Splits, and runs (splits times seeds), of each candidate.
    control : label, default=None
        The candidate named in advance; every comparison is then with it.
    honest : float, default=nan
        What `honest_best` returned; NaN is left out.
    greater_is_better : bool, default=True
        False for a loss, whose best mean is the lowest.
    baseline : str, default="class prior"
        Name of the predictor that looks at no feature.

    Returns
    -------
    list of str
        In the order best, tie, better, worse, undecided, class prior, diverged, too few splits.
        Sentences about no candidate are left out. Nobody is called best while another candidate
        is undecided, whoever else was compared.
    """
    reference = summary.index[0] if control is None else control
    others = summary.drop(index=[reference])
    relations = relate(others)
    extreme = "highest" if greater_is_better else "lowest"
    several = are_equal(others["mean"], summary.loc[reference, "mean"]).any()
    if control is not None:
        first = [
            f"{name_label(control)} is the control: {metric} {_say_mean(summary.loc[control])}.",
            *_say_equal(others, summary.loc[control]),
        ]
    else:
        first = [
            *_say_open(others[relations == "undecided"], reference, n_splits),
            _say_highest(summary, extreme, metric, honest),
        ]
    texts = [
        *first,
        *_say_ties(others[relations == "tied"], rope, name_label(reference) if several else "it"),
        *_say_sure(others[relations == "better"], "better"),
        *_say_sure(others[relations == "worse"], "worse"),
        *_say_undecided(others[relations == "undecided"], reference, not greater_is_better),
        *_say_nearly(others[relations == "undecided"]),
        *_say_prior(summary["beats_prior"], baseline),
        *_say_diverged(summary["diverged_rate"], n_runs, baseline),
    ]
    if n_splits < FEW_SPLITS:
        texts.append(
            f"Too few splits to rely on a test: {write_count(n_splits, 'split')}, "
            f"{FEW_SPLITS} or more are needed."
        )
    return texts


def _say_mean(row: pd.Series, honest: float = math.nan) -> str:
    details = []
    if not math.isnan(row["ci_low"]):
        low, high = write_number(row["ci_low"]), write_number(row["ci_high"])
        details.append(f"95% interval {low} to {high}")
    if not math.isnan(honest):
        details.append(f"{write_number(honest)} after correcting for picking the winner")
    return write_number(row["mean"]) + (f" ({'; '.join(details)})" if details else "")


def _say_open(undecided: pd.DataFrame, reference: Hashable, n_splits: int) -> list[str]:
    """Say that nobody can be called best, where another candidate may be better."""
    if undecided.empty:
        return []
    verb = "is" if len(undecided) == 1 else "are"
    return [
        f"No candidate can be called best: {name_some(undecided.index)} {verb} not separated "
        f"from {name_label(reference)} by {write_count(n_splits, 'split')}."
    ]


def _say_highest(summary: pd.DataFrame, extreme: str, metric: str, honest: float) -> str:
    """Name the best mean; equal ones are all named, since their order says nothing."""
    if len(summary) == 1:
        label, only = name_label(summary.index[0]), _say_mean(summary.iloc[0])
        return f"{label} is the only candidate with a score: {metric} {only}."
    top = summary[are_equal(summary["mean"], summary["mean"].iloc[0])]
    if len(top) < 2:  # none is equal to a mean that is missing
        best = _say_mean(summary.iloc[0], honest)
        return f"{name_label(summary.index[0])} has the {extreme} {metric}: {best}."
    mean = _write_mean(top, honest)
    return f"{name_labels(top.index)} have the same mean, the {extreme} {metric}: {mean}."


def _say_equal(others: pd.DataFrame, control: pd.Series) -> list[str]:
    """Name the candidates whose mean is that of the control."""
    equal = others.index[are_equal(others["mean"], control["mean"])]
    verb = "has" if len(equal) == 1 else "have"
    return [f"{name_labels(equal)} {verb} the same mean."] if len(equal) else []


def _write_mean(top: pd.DataFrame, honest: float) -> str:
    mean = write_number(top["mean"].iloc[0])
    if math.isnan(honest):
        return mean
    return f"{mean} ({write_number(honest)} after correcting for picking the winner)"


def _say_nearly(undecided: pd.DataFrame) -> list[str]:
    """Say why a candidate is undecided although it is very probably worse, or better."""
    texts = []
    for word in ("worse", "better"):
        rows = undecided[is_sure(undecided[f"p_{word}"])]
        least, p = rows[f"p_{word}"].min(), rows["p_holm"].min()
        if len(rows) == 1:
            texts.append(
                f"{name_label(rows.index[0])} is probably {word} ({write_percent(least)}) and yet "
                f"undecided: its adjusted p {write_p(p)} is not below .05."
            )
        elif len(rows):
            texts.append(
                f"{name_some(rows.index)} are probably {word} ({write_percent(least)} or more) "
                f"and yet undecided: no adjusted p is below .05, the smallest is "
                f"{write_p(p, relation=False)}."
            )
    return texts


def _say_ties(rows: pd.DataFrame, rope: float, whom: str) -> list[str]:
    if rows.empty:
        return []
    # Each with the reference: equivalence is not transitive. Rounded down, "at least" stays true.
    verb = f"{'ties' if len(rows) == 1 else 'each tie'} with {whom}"
    least = rows["p_equivalent"].min()
    if least == 1:
        return [f"{name_some(rows.index)} {verb}: the predictions are the same, row by row."]
    sure = min(0.99, math.floor(100 * least + 1e-6) / 100)
    return [
        f"{name_some(rows.index)} {verb}: the difference is within ±{rope:g} with "
        f"probability ≥ {sure:.2f}."
    ]


def _say_sure(rows: pd.DataFrame, word: str) -> list[str]:
    """Say who is worse, or better, and by how much; sizes are printed without their sign."""
    if rows.empty:
        return []
    if len(rows) > SEVERAL:
        ends = [f"{write_number(abs(rows['difference'].iloc[i]))} for {name_label(rows.index[i])}"
                for i in (0, -1)]  # fmt: skip
        largest = write_p(rows["p_holm"].max())
        return [
            f"{len(rows)} candidates are {word}, by {ends[0]} to {ends[1]} (the largest adjusted "
            f"p {largest})."
        ]
    clauses: list[str] = []
    for label, row in rows.iterrows():
        low, high = sorted([abs(row["difference_low"]), abs(row["difference_high"])])
        size = write_number(abs(row["difference"]))
        size += f" ({write_number(low)} to {write_number(high)}; "
        size += f"adjusted p {write_p(row['p_holm'])})"
        clauses.append(f"{name_label(label)} {'' if clauses else f'is {word} '}by {size}")
    return ["; ".join(clauses) + "."]


def _say_undecided(rows: pd.DataFrame, reference: Hashable, is_loss: bool) -> list[str]:
    if rows.empty:
        return []
    text = f"{name_some(rows.index)} {'is' if len(rows) == 1 else 'are'} undecided"
    tested = rows.dropna(subset=["difference_low", "difference_high"])
    if tested.empty:
        return [text + "."]
    shown = tested if len(tested) <= SEVERAL else tested.iloc[:1]
    several = len(rows) > 1
    spans = [
        f"between {write_number(row['difference_low'], '+')} and "
        + write_number(row["difference_high"], "+")
        + (f" for {name_label(label)}" if several else "")
        for label, row in shown.iterrows()
    ]
    if len(shown) < len(tested):
        spans[0] += ", the closest of them"
    return [
        f"{text}: the difference from {name_label(reference)}"
        f"{' (positive is better)' if is_loss else ''} may lie anywhere {join_words(spans)}; "
        f"{_say_needs(tested['needs'])}."
    ]


# What could decide, and what alone cannot.
NEEDS = {
    "seeds": ("more seeds", ""),
    "repeats": ("more repeats", ""),
    "seeds and repeats": ("more seeds and more repeats", ""),
    "data": ("more data", " (more repeats or seeds are not enough)"),
    "seeds or data": ("more seeds or data", " (more repeats are not enough)"),
    "splits": (f"{MIN_SPLITS} splits or more", ""),
}


def _say_needs(needs: pd.Series) -> str:
    """Say what could decide, once for all that need the same."""
    clauses = []
    for need in needs.unique():
        (what, limit), verb = NEEDS[need], "" if clauses else " are needed"
        whom = f" for {name_some(needs.index[needs == need])}" if needs.nunique() > 1 else ""
        clauses.append(f"{what}{verb}{whom}{limit}")
    return "; ".join(clauses)


PRIOR_CLAUSES = {
    "predicts like": ("predicts like", "predict like"),
    "not shown": ("was not shown to beat", "were not shown to beat"),
    "worse": ("is worse than", "are worse than"),
}


def _say_prior(words: pd.Series, baseline: str) -> list[str]:
    texts = []
    for word, (one, several) in PRIOR_CLAUSES.items():
        labels = list(words.index[words == word])
        if labels:
            verb = one if len(labels) == 1 else several
            texts.append(f"{name_some(labels)} {verb} the {baseline}.")
    return texts


def _say_diverged(rates: pd.Series, n_runs: int, baseline: str) -> list[str]:
    clauses: list[str] = []
    for label, rate in rates[rates > 0].items():
        count = round(rate * n_runs)
        low, high = rate_interval(count, n_runs)
        verb = "" if clauses else "diverged "
        limits = f"{100 * low:.0f}-{100 * high:.0f}%"
        clauses.append(
            f"{name_label(label)} {verb}in {count} of {write_count(n_runs, 'run')} ({limits})"
        )
    return [f"{join_words(clauses)}; those runs are scored as the {baseline}."] if clauses else []
