"""What there is to say of a candidate beside its outcome."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from typing import TYPE_CHECKING

from skinit._wording import is_missing

if TYPE_CHECKING:
    import pandas as pd


def notes(
    table: pd.DataFrame,
    relations: pd.Series,
    top: Collection[Hashable],
    control: Hashable = None,
    extreme: str = "highest",
) -> list[str]:
    """Return a note for each candidate, "" where its outcome says it all.

    Parameters
    ----------
    table : DataFrame
        A row per candidate, with ``outcome`` and, against the reference, ``p_worse, p_equivalent,
        p_better``.
    relations : Series
        How each candidate stands to the reference, as of `skinit.statistics.outcomes.relate`.
    top : collection of labels
        Those whose mean is the best.
    control : label, default=None
        The candidate named in advance.
    extreme : {"highest", "lowest"}, default="highest"
        What the best mean is.

    Returns
    -------
    list of str
        In the order of the table: "control"; "better than the control", of one that is not the
        best; "highest mean (not separated)" of one that is undecided; "equal highest mean", where
        there are several; "the only one with a score"; "by less than you care about", where a
        difference is sure and yet probably inside the rope.
    """
    found = []
    is_alone = (table["outcome"] != "failed").sum() == 1
    for label, row in table.iterrows():
        said = []
        if control is not None and label == control:
            said.append("control")
        elif control is not None and relations[label] == "better" and row["outcome"] != "best":
            said.append("better than the control")
        if label in top:
            said += _highest(row["outcome"], extreme, len(top) > 1, is_alone)
        if relations[label] in ("worse", "better") and _is_probably_equivalent(row):
            said.append("by less than you care about")
        found.append(", ".join(said))
    return found


def _highest(outcome: str, extreme: str, are_several: bool, is_alone: bool) -> list[str]:
    """Say of a best mean what the word "best" would hide, or what denies it that word."""
    if is_alone and outcome != "failed":
        return ["the only one with a score"]
    is_open = outcome == "undecided"
    if not (is_open or are_several):
        return []
    equal = "equal " if are_several else ""
    return [f"{equal}{extreme} mean{' (not separated)' if is_open else ''}"]


def _is_probably_equivalent(row: pd.Series) -> bool:
    sides = row[["p_worse", "p_equivalent", "p_better"]]
    return not any(map(is_missing, sides)) and max(sides) == row["p_equivalent"]
