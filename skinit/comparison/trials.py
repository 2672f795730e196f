"""The trials on one split: every candidate with every value, on a part of the training rows.

Preprocessing is fitted on the rows that are trained on; those that decide only pass through it,
as held-out rows do.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from skinit.comparison.candidates import ResolvedCandidate
from skinit.comparison.metrics import LOSSES, allow_infinite
from skinit.comparison.networks import make_network
from skinit.comparison.plan import Plan
from skinit.comparison.prepared import PreparedSplit, prepare_rows
from skinit.comparison.schema import Candidate, Trial
from skinit.comparison.stacks import answer, train_stacks
from skinit.comparison.tuning import Race, choose_point, quarter


class Member(NamedTuple):
    """A candidate with one of the points that are tried."""

    resolved: ResolvedCandidate
    point: int


def run_trials(plan: Plan, j, X, y) -> list[Trial]:
    """Try every point with every candidate on split ``j``, once for each seed.

    In a race the first seed finds the finalists, and the other seeds train nobody else.
    """
    assert plan.tuning is not None
    split = plan.splits[j]
    trials: list[Trial] = []
    members = [
        Member(resolved, point)
        for resolved in plan.candidates
        for point in range(len(plan.tuning.points))
    ]
    for i, (inner, seed) in enumerate(zip(split.inner, split.seeds, strict=True)):
        rows = prepare_rows(plan.parts, plan.params, X, y, inner.train, inner.test)
        found = _try_members(plan, rows, members, seed, racing=plan.tuning.racing and i == 0)
        members = [
            member for member, trial in zip(members, found, strict=True) if not trial.eliminated
        ]
        trials += found
    return trials


def _try_members(plan, rows: PreparedSplit, members, seed, racing) -> list[Trial]:
    """Train all members on the inner training rows, and score them on the others."""
    networks = [
        make_network(plan.network, member.resolved, seed, plan.values_of(member.point))
        for member in members
    ]
    trainings = train_stacks(
        networks,
        *rows.fit,
        **rows.params,
        watched=rows.watched if racing else None,
        watched_after=quarter(plan.network.max_iter) if racing else None,
        owners=[id(member.resolved) for member in members],
        on_epoch_of=(lambda places: _make_race(plan, members, places)) if racing else None,
        n_outputs=plan.kind.count_outputs(rows.fit[1]),
        engine=plan.engine,
        tally=plan.tally,
    )
    losses = _measure(plan, rows, networks, trainings)
    baseline = plan.kind.make_baseline().fit(*rows.train)
    baseline_loss = LOSSES[plan.tuning.loss](baseline, *rows.test)
    return [
        _trial(member, seed, training, losses.get(place, math.nan), baseline_loss)
        for place, (member, training) in enumerate(zip(members, trainings, strict=True))
    ]


@allow_infinite
def _measure(plan, rows: PreparedSplit, networks, trainings) -> dict[int, float]:
    """Return the losses of the networks that were trained, by their places."""
    scored = answer(networks, trainings, rows.test[0])
    measure = LOSSES[plan.tuning.loss]
    return {place: measure(rows.in_target_unit(one), *rows.test) for place, one in scored.items()}


def _make_race(plan, members, places) -> Race:
    return Race([id(members[place].resolved) for place in places], plan.network.max_iter)


def _trial(member: Member, seed, training, loss, baseline_loss) -> Trial:
    candidate, history = member.resolved.candidate, training.history
    named = (candidate.label, candidate.activation, member.point, seed)
    if history is None:
        error = training.error
        return Trial(*named, math.nan, error=f"{type(error).__name__}: {error}")
    return Trial(
        *named,
        loss if math.isfinite(loss) else baseline_loss,
        n_iter=history.n_iter,
        fit_time=training.seconds,
        diverged=not math.isfinite(loss),
        eliminated=history.stopped == "on_epoch",
    )


def choose_points(plan: Plan, trials: Sequence[Trial]) -> list[int | None]:
    """Return the point that each candidate gets, in their order; None where nothing is tuned."""
    if plan.tuning is None:
        return [None for _ in plan.candidates]
    n_points = len(plan.tuning.points)
    return [
        choose_point(trials_of(resolved.candidate, trials), n_points)
        for resolved in plan.candidates
    ]


def trials_of(candidate: Candidate, trials: Sequence[Trial]) -> list[Trial]:
    """Return the trials of one candidate."""
    pair = (candidate.label, candidate.activation)
    return [trial for trial in trials if (trial.label, trial.activation) == pair]
