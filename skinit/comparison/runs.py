"""The runs on one split: every candidate with every seed.

Preprocessing is fitted on the training part, once for all candidates; then, for each seed, the
candidates that can are trained together as one stack. Where something is tuned, what each
candidate gets is chosen before, on the training part alone.
"""

from __future__ import annotations

import math
from typing import Any

import joblib
import numpy as np
from sklearn import config_context

from skinit._blas import all_on_one_thread
from skinit.comparison.metrics import allow_infinite
from skinit.comparison.networks import ScoredNetwork, make_network
from skinit.comparison.plan import Plan
from skinit.comparison.prepared import PreparedSplit, prepare_rows
from skinit.comparison.schema import SIDES, Divergence, Run, Scores, SplitRecord
from skinit.comparison.stacks import answer, train_stacks
from skinit.comparison.trials import choose_points, run_trials
from skinit.statistics import first_epoch, same_answer


def prepare_split(plan: Plan, j, X, y) -> PreparedSplit:
    """Take the rows of split ``j``, and fit the preprocessing on its training part alone."""
    split = plan.splits[j]
    return prepare_rows(plan.parts, plan.params, X, y, split.train, split.test)


def run_split(plan: Plan, j, X, y, prepared: PreparedSplit | None = None) -> SplitRecord:
    """Train and score every candidate on split ``j``; BLAS on one thread.

    One thread, so that the table does not depend on how many splits run in parallel.
    """
    with all_on_one_thread:
        trials = () if plan.tuning is None else run_trials(plan, j, X, y)
        points = choose_points(plan, trials)
        return _SplitRun(plan, prepared or prepare_split(plan, j, X, y)).record(j, points, trials)


class _SplitRun:
    """Training and scoring on the prepared rows of one split."""

    def __init__(self, plan: Plan, prepared: PreparedSplit):
        self.plan, self.rows = plan, prepared
        self.unit = plan.kind.unit_of_answers(prepared.train[1])
        self.curve_factor = plan.kind.curve_factor(plan.network, prepared.parts)

    def record(self, j, points, trials) -> SplitRecord:
        baseline = self.plan.kind.make_baseline().fit(*self.rows.train)
        self.baseline, _ = self._scores(baseline)
        runs = [run for seed in self.plan.splits[j].seeds for run in self._train(points, seed)]
        refuse_general_failure(runs, j, self.plan, self.rows.train[1])
        n_train, n_test = (len(y) for _, y in (self.rows.train, self.rows.test))
        return SplitRecord(j, n_train, n_test, self.baseline, tuple(runs), tuple(trials))

    def _train(self, points, seed) -> list[Run]:
        """Train every candidate, each at its point."""
        members = list(zip(self.plan.candidates, points, strict=True))
        networks = [
            make_network(self.plan.network, resolved, seed, self.plan.values_of(point))
            for resolved, point in members
        ]
        n_outputs = self.plan.kind.count_outputs(self.rows.fit[1])
        watched = self.rows.watched if self.plan.curves else None
        trainings = train_stacks(
            networks,
            *self.rows.fit,
            **self.rows.params,
            watched=watched,
            n_outputs=n_outputs,
            engine=self.plan.engine,
            tally=self.plan.tally,
        )
        scored = self._answer(networks, trainings)
        return [
            self._run(resolved, seed, point, scored.get(place), training)
            for place, ((resolved, point), training) in enumerate(
                zip(members, trainings, strict=True)
            )
        ]

    @allow_infinite
    def _answer(self, networks, trainings) -> dict[int, ScoredNetwork]:
        """Return the networks that are to be scored, by their places."""
        # Watched rows were checked with the training rows; wide ones take long to check again.
        with config_context(assume_finite=self.plan.curves):
            return answer(networks, trainings, self.rows.test[0], self.rows.train[0])

    @allow_infinite
    def _run(self, resolved, seed, point, scored, training) -> Run:
        if training.error is not None:
            return self._failed_run(resolved, seed, point, training.error)
        history = training.history
        stopped, divergence = history.stopped, _where(history.divergence)
        scores, errors, predictions = self.baseline, [], None
        if scored is not None:
            in_unit = self.rows.in_target_unit(scored)
            predictions = self.plan.kind.answers(in_unit, self.rows.test[0])
            if scored.is_finite and np.isfinite(predictions).all():
                scores, errors = self._scores(in_unit)
            else:
                stopped, divergence = "diverged", Divergence(history.n_iter, len(scored.coefs_))
                predictions = None
        return Run(
            label=resolved.candidate.label,
            activation=resolved.candidate.activation,
            seed=seed,
            scores=scores,
            n_iter=history.n_iter,
            fit_time=training.seconds,
            init_time=training.start_seconds,
            stopped=stopped,
            divergence=divergence,
            same_answer=predictions is not None and same_answer(predictions / self.unit),
            predictions=None if predictions is None else joblib.hash(predictions)[:12],
            error="; ".join(errors) or None,
            point=point,
            **self._read_curves(history),
        )

    def _read_curves(self, history) -> dict:
        """Return what a run keeps of the loss at its start and after each epoch."""
        kept: dict[str, Any] = {}
        target = self.plan.target
        factor = self.curve_factor
        train_loss = [factor * float(loss) for loss in history.data_loss_curve]
        if target is not None:
            kept["epochs_to_target"] = first_epoch(train_loss, target)
        if self.plan.curves:
            watched = [factor * float(loss) for loss in history.watched_loss_curve]
            kept["train_loss"] = (factor * history.start_loss, *train_loss)
            kept["test_loss"] = (factor * history.start_watched_loss, *watched)
        return kept

    def _failed_run(self, resolved, seed, point, error) -> Run:
        missing = dict.fromkeys(self.baseline.test, math.nan)
        return Run(
            label=resolved.candidate.label,
            activation=resolved.candidate.activation,
            seed=seed,
            scores=Scores(missing, missing),
            error=f"{type(error).__name__}: {error}",
            epochs_to_target=None if self.plan.target is None else math.nan,
            point=point,
        )

    def _scores(self, estimator) -> tuple[Scores, list[str]]:
        """Return the scores of every scorer and the loss, and what failed."""
        scores, errors = Scores({}, {}), []  # filled below, frozen from then on
        loss = self.plan.kind.loss.name
        for name, scorer in self.plan.scorers.items():
            for side in SIDES if name != loss else ():  # the loss is measured below
                try:
                    score = float(scorer(estimator, *getattr(self.rows, side)))
                except Exception as error:
                    score = math.nan
                    errors.append(f"scorer {name!r} ({side}): {type(error).__name__}: {error}")
                getattr(scores, side)[name] = score
        for side in SIDES:
            value = self.plan.kind.measure_loss(estimator, *getattr(self.rows, side))
            getattr(scores, side)[loss] = value
        return scores, errors


def _where(divergence) -> Divergence | None:
    """Return where a network diverged, with layers counted from 1."""
    if divergence is None:
        return None
    return Divergence(int(divergence.iteration), int(divergence.layer) + 1)


def refuse_general_failure(runs, j, plan, y):
    """Raise when not one candidate could be trained, or scored by the primary metric."""
    metric = next(iter(plan.scorers))
    errors = [run.error for run in runs if run.error and not run.n_iter]
    if len(errors) == len(runs):
        reasons = "; ".join(dict.fromkeys(errors))
        raise ValueError(f"No candidate can be trained on split {j}: {reasons}")
    if all(math.isnan(run.scores.test[metric]) for run in runs):
        reason = next((run.error for run in runs if run.error), f"{metric!r} is NaN")
        hint = plan.kind.suggest_scorer(metric, y)
        raise ValueError(f"No candidate can be scored on split {j}: {reason.rstrip('.')}. {hint}")
