"""What the runs show: which published numbers were reproduced, and why others cannot be."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from skinit._wording import join_words, write_count, write_number, write_share
from skinit.tutorial.pictures import Pictures
from skinit.tutorial.published import SOURCE
from skinit.tutorial.runs import REPEATS, Run

LEAST_ACCURACY, MOST_COST = 0.98, 0.35  # the range in which he and xavier usually end

OTHER_PICTURES = (
    f"* These are not the pictures of {SOURCE}. The published numbers belong to its 100 "
    "photographs and are shown for orientation only. Nothing here should match them, except that "
    "zeros stays at ln 2 = 0.6931471805599453 wherever half of the pictures are cats."
)

WHY_NOT = (
    f"On the pictures of {SOURCE}, the costs of zeros and random can be reproduced to ten digits "
    "or more. Those of he and xavier cannot, by any program: a step of gradient descent is stable "
    "only while learning rate times curvature stays below 2. For these starts this product begins "
    "at 1.47 and 0.77, and grows. After six or seven steps the cost rises for the first time; "
    "later it jumps, and each jump amplifies every rounding error. What can be reproduced, in most "
    f"runs, is a range: accuracy of at least {write_share(LEAST_ACCURACY)}, final cost of at most "
    f"{MOST_COST}."
)


def conclude(pictures: Pictures, runs: Sequence[Run]) -> list[str]:
    """Say in two lines which starts learned, and what that is worth on held-out pictures."""
    learned = [run.start.name for run in runs if run.accuracy >= LEAST_ACCURACY]
    stuck = [run.start.name for run in runs if run.accuracy < LEAST_ACCURACY]
    held_out = [
        f"{write_share(float(np.mean(run.fold_accuracies)))} from {run.start.name}" for run in runs
    ]
    reached = f"{write_share(LEAST_ACCURACY)} accuracy or more on the training pictures"
    if not learned:
        first = f"No start reached {reached}."
    elif not stuck:
        first = f"All starts reached {reached}."
    else:
        first = f"{join_words(learned)} reached {reached}; {join_words(stuck)} did not."
    return [
        first,
        f"On held-out pictures the accuracy is {join_words(held_out)}; always guessing one class "
        f"gives {write_share(pictures.majority)}.",
    ]


def explain(pictures: Pictures, runs: Sequence[Run]) -> list[str]:
    """Say in a few paragraphs which published costs were reproduced, and why others cannot be."""
    if not pictures.are_published:
        return [OTHER_PICTURES, WHY_NOT, _compare_roundings(runs)]
    costs, ranges = [], []
    for run in runs:
        tolerance = run.start.published.tolerance
        if tolerance is None:
            ranges.append(_compare_range(run))
        else:
            costs.append(_compare_costs(run, tolerance))
    return [
        " ".join(costs),
        " ".join([WHY_NOT, *ranges]),
        _compare_roundings(runs),
    ]


def _compare_costs(run: Run, tolerance: float) -> str:
    """Say whether the published costs of a start that can be reproduced were reproduced."""
    name, difference = run.start.name, run.largest_difference
    if difference <= tolerance:
        largest = f"; the largest difference is {difference:.0e}" if difference else " exactly"
        return f"{name} reproduces its {len(run.at_prints)} published costs{largest}."
    return (
        f"{name} does NOT reproduce its published costs within {tolerance:.0e}, as it should; the "
        f"largest difference is {difference:.0e}. Were the pictures saved again, or decoded by "
        "another JPEG library?"
    )


def _compare_range(run: Run) -> str:
    """Say whether a start that cannot be reproduced ended in the usual range."""
    inside = run.accuracy >= LEAST_ACCURACY and run.costs[-1] <= MOST_COST
    return (
        f"{run.start.name} ended {'inside' if inside else 'OUTSIDE'} this range, at "
        f"{write_share(run.accuracy)} and {write_number(run.costs[-1])}."
    )


def _compare_roundings(runs: Sequence[Run]) -> str:
    """Give the range of final costs over runs that differ by rounding only."""
    ends = ", ".join(f"{run.start.name} {_final_costs(run)}" for run in runs)
    return (
        f"To show this, each start was trained {write_count(REPEATS, 'more time')}, with first "
        "weights that differ only in their 16th digit. The final costs of all "
        f"{write_count(1 + REPEATS, 'run')}: {ends}."
    )


def _final_costs(run: Run) -> str:
    costs = [run.costs[-1], *run.repeated_costs]
    low, high = write_number(min(costs)), write_number(max(costs))
    return low if low == high else f"{low} to {high}"
