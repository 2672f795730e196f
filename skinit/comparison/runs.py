"""The runs of a comparison: every candidate on every split with every seed.

Each split is one job: preprocessing is fitted on its training part, once for all candidates;
then, for each seed and activation, the candidates are trained together as one stack. What comes
out of a split is a plain record of numbers and texts, which a checkpoint can keep.
"""

from __future__ import annotations

import json
import math
import sys
import time
from contextlib import contextmanager

import joblib
import numpy as np
from sklearn import config_context
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _check_method_params

from skinit._blas import all_on_one_thread
from skinit.classifier import InitMLPClassifier, raw_outputs
from skinit.comparison.checkpoint import Checkpoint, to_json
from skinit.comparison.plan import Candidate, Plan
from skinit.diagnosis import diagnose
from skinit.fitting import fit_stack
from skinit.statistics import first_epoch, same_answer


def run_split(plan: Plan, j: int, X, y) -> dict:
    """Train and score every candidate on split ``j``; BLAS on one thread.

    One thread, so that the same table comes out however many splits run side by side.
    """
    with all_on_one_thread:
        return _SplitRun(plan, plan.splits[j], X, y).record(j)


class _Answered(InitMLPClassifier):
    """An InitMLPClassifier that knows its raw outputs for the rows of its split.

    Every scorer asks for them again, and always for the same two arrays, which live as long as
    the split.
    """

    @staticmethod
    def answer(estimators, *arrays):
        """Compute the raw outputs of a whole stack of them at once."""
        for X, outputs in zip(arrays, raw_outputs(estimators, *arrays), strict=True):
            for estimator, raw in zip(estimators, outputs, strict=True):
                estimator.__dict__.setdefault("_answers", {})[id(X)] = raw

    def _raw_outputs(self, X):
        answers = self.__dict__.get("_answers", {})
        return answers[id(X)].copy() if id(X) in answers else super()._raw_outputs(X)


class _SplitRun:
    """The rows of one split after preprocessing, and what is done with them."""

    def __init__(self, plan, split, X, y):
        self.plan, self.split = plan, split
        self.network = plan.network.get_params(deep=False)
        self.y_train, self.y_test = y[split.train], y[split.test]
        params = _check_method_params(X, plan.params, indices=split.train)
        X_train, X_test = (_safe_indexing(X, rows) for rows in (split.train, split.test))
        if plan.steps is not None:
            steps = clone(plan.steps)
            own = {name: params.pop(name) for name in list(params) if "__" in name}
            X_train = steps.fit_transform(X_train, self.y_train, **own)
            X_test = steps.transform(X_test)
        self.sides = {"test": (X_test, self.y_test), "train": (X_train, self.y_train)}
        self.params = params

    def record(self, j) -> dict:
        prior = DummyClassifier(strategy="prior").fit(*self.sides["train"])
        self.baseline, _ = self._scores(prior)
        groups: dict[str, list[Candidate]] = {}
        for candidate in self.plan.candidates:
            groups.setdefault(candidate.activation_name, []).append(candidate)
        runs = [
            run
            for seed in self.split.seeds
            for group in groups.values()
            for run in self._train_group(group, seed)
        ]
        _refuse_general_failure(runs, j, next(iter(self.plan.scorers)))
        # One look is enough: verdicts are about a law, and every split starts by the same laws.
        diagnoses = [self._diagnose(candidate) for candidate in self.plan.candidates if j == 0]
        return {
            "split": j,
            "diagnoses": diagnoses,
            "n_train": len(self.split.train),
            "n_test": len(self.split.test),
            "baseline": self.baseline,
            "runs": runs,
        }

    def _diagnose(self, candidate):
        """Return the first verdict about a candidate's start, code and sentence; or None."""
        estimator = self._make(candidate, self.split.seeds[0], InitMLPClassifier)
        try:
            verdicts = diagnose(estimator, *self.sides["train"], random_state=0).verdicts
        except Exception:  # it cannot be started at all, which its runs tell
            return None
        return [verdicts[0].code, str(verdicts[0])] if verdicts else None

    def _make(self, candidate, seed, cls):
        """Return the network of a candidate, to be fitted."""
        changes = {
            "init": candidate.init, "activation": candidate.activation, "random_state": seed
        }  # fmt: skip
        return cls(**(self.network | changes))

    def _train_group(self, group, seed):
        """Train candidates as one stack; where that raises, one by one to find out who it is."""
        try:
            return self._train(group, seed)
        except Exception as error:
            if len(group) == 1:
                return [self._failure(group[0], seed, error)]
            return [run for candidate in group for run in self._train_group([candidate], seed)]

    def _train(self, group, seed):
        estimators = [self._make(candidate, seed, _Answered) for candidate in group]
        started = time.perf_counter()
        watched = self.sides["test"] if self.plan.curves else None
        histories = fit_stack(estimators, *self.sides["train"], **self.params, watched=watched)
        fit_time = (time.perf_counter() - started) / len(group)
        finished = [
            estimator
            for estimator, history in zip(estimators, histories, strict=True)
            if history.divergence is None
        ]
        if finished:
            # Watched rows were checked with the training rows; wide ones take long to check again.
            with config_context(assume_finite=self.plan.curves):
                _Answered.answer(finished, *(X for X, _ in self.sides.values()))
        return [
            self._result(candidate, seed, estimator, history, fit_time)
            for candidate, estimator, history in zip(group, estimators, histories, strict=True)
        ]

    def _result(self, candidate, seed, estimator, history, fit_time):
        diverged = history.divergence
        if diverged is None:
            scores, errors = self._scores(estimator)
            same = same_answer(estimator.predict_proba(self.sides["test"][0]))
        else:
            scores, errors, same = self.baseline, [], False
        run = self._run(candidate, seed) | scores
        run |= {
            "n_iter": history.n_iter,
            "fit_time": fit_time,
            "diverged": diverged is not None,
            "same_answer": same,
            "error": "; ".join(errors) or None,
        }
        if diverged is not None:
            run["divergence"] = [diverged.iteration, diverged.layer + 1]
        if self.plan.target is not None:
            run["epochs_to_target"] = first_epoch(history.data_loss_curve, self.plan.target)
        if self.plan.curves:
            run["train_loss"] = history.data_loss_curve
            run["test_loss"] = history.watched_loss_curve
        return run

    def _failure(self, candidate, seed, error):
        missing = dict.fromkeys(self.baseline, float("nan"))
        state = {"n_iter": 0, "fit_time": 0.0, "diverged": False, "same_answer": False}
        text = f"{type(error).__name__}: {error}"
        return self._run(candidate, seed) | missing | state | {"error": text}

    def _run(self, candidate, seed):
        return {
            "label": candidate.label, "activation": candidate.activation_name, "seed": seed
        }  # fmt: skip

    def _scores(self, estimator) -> tuple[dict[str, float], list[str]]:
        """Return test and train scores of every scorer and log loss, and what failed."""
        scores, errors = {}, []
        for name, scorer in self.plan.scorers.items():
            for side, (X, y) in self.sides.items():
                try:
                    scores[f"{side}_{name}"] = float(scorer(estimator, X, y))
                except Exception as error:
                    scores[f"{side}_{name}"] = float("nan")
                    errors.append(f"scorer {name!r} ({side}): {type(error).__name__}: {error}")
        for side, (X, y) in self.sides.items():
            of_class = np.searchsorted(estimator.classes_, y)[:, None]
            log_probability = np.take_along_axis(estimator.predict_log_proba(X), of_class, axis=1)
            scores[f"{side}_log_loss"] = -float(log_probability.mean())
        return scores, errors


def _refuse_general_failure(runs, j, metric):
    """Raise when not one candidate could be trained, or scored by the primary metric."""
    errors = [run["error"] for run in runs if run["error"] and not run["n_iter"]]
    if len(errors) == len(runs):
        reasons = "; ".join(dict.fromkeys(errors))
        raise ValueError(f"No candidate can be trained on split {j}: {reasons}")
    if all(math.isnan(run[f"test_{metric}"]) for run in runs):
        reason = next((run["error"] for run in runs if run["error"]), f"{metric!r} is NaN")
        raise ValueError(f"No candidate can be scored on split {j}: {reason}. Use another scorer.")


def run_all(plan: Plan, settings, X, y, n_jobs, checkpoint, progress) -> list[dict]:
    """Run what a checkpoint does not hold yet, and return all records in the splits' order."""
    kept = None if checkpoint is None else Checkpoint(checkpoint, settings)
    records = {} if kept is None else {record["split"]: record for record in kept.records}
    if kept is not None and records:
        found = f"{len(records)} of {len(plan.splits)} splits"
        print(f"Checkpoint {kept.path}: found {found}.", file=sys.stderr)
    todo = [j for j in range(len(plan.splits)) if j not in records]
    parallel = joblib.Parallel(n_jobs=n_jobs, return_as="generator_unordered")
    with _progress_bar(progress, len(plan.splits), len(records)) as advance:
        for record in parallel(joblib.delayed(run_split)(plan, j, X, y) for j in todo):
            if kept is not None:
                kept.append(record)
            # Through JSON, so that a table is the same whether it was ever saved or not.
            records[record["split"]] = json.loads(to_json(record))
            advance()
    return [records[j] for j in sorted(records)]


@contextmanager
def _progress_bar(progress, total, done):
    """Yield a function to call after each split; show a bar on a terminal."""
    if not (sys.stderr.isatty() if progress == "auto" else progress):
        yield lambda: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = TextColumn("splits"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("splits", total=total, completed=done)
        yield lambda: bar.advance(task)
