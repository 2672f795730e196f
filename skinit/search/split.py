"""One split of a search: all candidates fitted, as stacks, and scored."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

from sklearn.base import clone
from sklearn.compose import TransformedTargetRegressor
from sklearn.pipeline import Pipeline

from skinit._blas import all_on_one_thread
from skinit._random import draw_seed
from skinit._registry import Registry
from skinit._sklearn import (
    MultimetricScorer,
    score_estimator,
    split_params,
    take_rows,
)
from skinit.activations import ACTIVATIONS
from skinit.comparison.networks import ScoredNetwork, ScoredPipeline
from skinit.comparison.plan import find_network
from skinit.comparison.prepared import prepare_rows
from skinit.comparison.stacks import Training, answer, have_equal_parameters, train_stacks
from skinit.estimators.base import BaseInitMLP, describe_divergence
from skinit.estimators.pipelines import in_target_unit, network_prefix, requests, take_apart
from skinit.initializers.table import INITIALIZERS
from skinit.search.tasks import evaluating


@dataclass(frozen=True)
class SearchPlan:
    """What all splits of a search have in common.

    Parameters
    ----------
    estimator : estimator
        As given to `InitMLPSearchCV`.
    candidates : sequence of mapping
        The parameters of each candidate.
    scorers : callable ``(estimator, X, y) -> float``
        Or one that returns several scores by name.
    fit_params, score_params : mapping
        What goes to ``fit`` and to the scorers.
    error_score : float or "raise"
        As in `InitMLPSearchCV`.
    return_train_score : bool
        As in `InitMLPSearchCV`.
    named : mapping of str to mapping
        Rows of the tables that candidates name, as of `take_named`.
    caller : InitMLPSearchCV
        The search, for callbacks.
    engine : str or None
        One of `skinit.engine.compiled.ENGINES` for all trainings; None leaves it to the networks.
    """

    estimator: Any
    candidates: Sequence[Mapping[str, Any]]
    scorers: Callable
    fit_params: Mapping[str, Any]
    score_params: Mapping[str, Any]
    error_score: float | str
    return_train_score: bool
    named: Mapping[str, Mapping[str, Any]]
    caller: Any
    engine: str | None


# Names mean something in the process that registered them: a worker is told what.
_TABLES: dict[str, Registry] = {"init": INITIALIZERS, "activation": ACTIVATIONS}


def take_named(estimator, candidates) -> dict[str, dict[str, Any]]:
    """Return the rows of the tables that candidates name, by table and name."""
    values = [*estimator.get_params().values(), *(v for each in candidates for v in each.values())]
    names = {name for value in values for name in _texts(value)}
    return {kind: table.take(sorted(names)) for kind, table in _TABLES.items()}


def _texts(value) -> list[str]:
    """Return the texts that a parameter is, or that it has an entry of."""
    entries = value if isinstance(value, (list, tuple)) else [value]
    return [entry for entry in entries if isinstance(entry, str)]


def make_candidate(estimator, params, seed):
    """Return an unfitted copy of the estimator with some parameters."""
    candidate = clone(estimator).set_params(**clone(params, safe=False))
    _, network = find_network(candidate)
    if seed is not None:
        network.set_params(random_state=seed)
    return candidate


def run_split(plan: SearchPlan, X, y, train, test, seed, contexts) -> list[dict]:
    """Fit and score all candidates on one split; BLAS on one thread, as in a comparison."""
    for kind, rows in plan.named.items():
        _TABLES[kind].adopt(rows)
    with all_on_one_thread:
        return _SplitSearch(plan, X, y, train, test, seed, contexts).run()


class _SplitSearch:
    """All candidates on one split."""

    def __init__(self, plan: SearchPlan, X, y, train, test, seed, contexts):
        self.plan = plan
        self.contexts = contexts
        self.X, self.y, self.train_rows, self.test_rows = X, y, train, test
        self.seed = seed
        self.shared_seed: int | None = None
        self.train = take_rows(X, train), take_rows(y, train)
        self.test = take_rows(X, test), take_rows(y, test)
        self.fit_params = split_params(X, plan.fit_params, indices=train)
        self.results: dict[int, dict] = {}

    def run(self) -> list[dict]:
        """Return the results in the order of the candidates."""
        candidates: dict[int, Any] = {}
        for i, params in enumerate(self.plan.candidates):
            candidates[i] = make_candidate(self.plan.estimator, params, self.seed)
            self._settle(take_apart(candidates[i])[1])
        for places in self._share_preprocessing():
            self._run_group({i: candidates[i] for i in places})
        return [self.results[i] for i in range(len(candidates))]

    def _settle(self, network) -> None:
        """Give a network a seed that is a number: one for all that have none of their own."""
        if not isinstance(network.random_state, Integral):
            if self.shared_seed is None:
                self.shared_seed = draw_seed(network.random_state)
            network.set_params(random_state=self.shared_seed)

    def _share_preprocessing(self) -> list[list[int]]:
        """Return the candidates in groups that differ in parameters of the network alone."""
        prefix = network_prefix(self.plan.estimator)
        groups: list[tuple[dict, list[int]]] = []
        for i, params in enumerate(self.plan.candidates):
            of_steps = {
                name: value
                for name, value in params.items()
                if not (name.startswith(prefix) or isinstance(value, BaseInitMLP))
            }
            for other, places in groups:
                if have_equal_parameters(of_steps, other):
                    places.append(i)
                    break
            else:
                groups.append((of_steps, [i]))
        return [places for _, places in groups]

    def _run_group(self, candidates: dict[int, Any]) -> None:
        """Fit the preprocessing once, train the networks in stacks, and score."""
        first = next(iter(candidates.values()))
        parts, _ = take_apart(first)
        of_steps, of_network = _divide_params(first, self.plan.fit_params)
        started = time.time()
        try:
            rows = prepare_rows(parts, of_steps, self.X, self.y, self.train_rows, self.test_rows)
        except Exception as error:
            self._fail(candidates, error, time.time() - started)
            return
        seconds = (time.time() - started) / len(candidates)
        networks = {i: take_apart(candidate)[1] for i, candidate in candidates.items()}
        valid = [i for i in networks if self._is_valid(i, networks[i], seconds)]
        of_network = split_params(self.X, of_network, indices=self.train_rows)
        members = [networks[i] for i in valid]
        contexts = {id(networks[i]): self.contexts[i] for i in valid if self.contexts}
        with evaluating(self.plan.caller, members, contexts, *self.train):
            trainings = (
                train_stacks(members, *rows.fit, engine=self.plan.engine, **of_network)
                if members
                else []
            )
        scored = answer(members, trainings, *self._rows_to_score(rows))
        for place, (i, training) in enumerate(zip(valid, trainings, strict=True)):
            time_of_fit = seconds + training.seconds
            if place in scored:
                # Scorers get rows of this split; the network's own were validated copies of them.
                known = scored[place].with_rows([self.test[0], self.train[0]])
                fitted = _assemble(candidates[i], list(rows.parts), known)
                self.results[i] = self._score(fitted, time_of_fit)
            else:
                self._fail([i], _error_of(networks[i], training), time_of_fit)

    def _is_valid(self, i, network, seconds) -> bool:
        """Whether the network's parameters are; a result says what is wrong with them."""
        try:
            network._validate_params()
        except Exception as error:
            self._fail([i], error, seconds)
            return False
        return True

    def _rows_to_score(self, rows) -> list:
        sides = [rows.test[0]]
        return [*sides, rows.train[0]] if self.plan.return_train_score else sides

    def _score(self, fitted, time_of_fit) -> dict:
        started = time.time()
        plan = self.plan
        result = {"fit_error": None, "fit_time": time_of_fit, "n_test_samples": len(self.test_rows)}
        for side, rows, places in (
            ("test_scores", self.test, self.test_rows),
            ("train_scores", self.train, self.train_rows),
        ):
            if side == "test_scores" or plan.return_train_score:
                params = split_params(self.X, plan.score_params, indices=places)
                result[side] = score_estimator(
                    fitted, *rows, plan.scorers, params, plan.error_score
                )
            result.setdefault("score_time", time.time() - started)
        return result

    def _fail(self, candidates, error: Exception, seconds) -> None:
        """Give candidates the score of an error, or raise it."""
        plan = self.plan
        if plan.error_score == "raise":
            raise error
        scores: Any = plan.error_score
        if isinstance(plan.scorers, MultimetricScorer):
            scores = dict.fromkeys(plan.scorers._scorers, plan.error_score)
        for i in candidates:
            self.results[i] = {
                "fit_error": "".join(traceback.format_exception(error)),
                "fit_time": seconds,
                "score_time": 0.0,
                "n_test_samples": len(self.test_rows),
                "test_scores": scores,
                **({"train_scores": scores} if plan.return_train_score else {}),
            }


def _assemble(candidate, parts: list, scored: ScoredNetwork):
    """Return what scorers see: the candidate with its fitted parts, and known answers."""
    if isinstance(candidate, Pipeline):
        *steps, (last_name, last) = candidate.steps
        left = list(parts.pop(0)) if steps else []
        fitted = [
            (name, left.pop(0) if step not in (None, "passthrough") else step)
            for name, step in steps
        ]
        answers = _assemble(last, parts, scored)
        last = last if isinstance(last, BaseInitMLP) else answers
        candidate.steps = [*fitted, (last_name, last)]
        return ScoredPipeline(candidate, scored.rows, answers)
    if isinstance(candidate, TransformedTargetRegressor):
        part = parts.pop(0)
        return in_target_unit([part], _assemble(candidate.regressor, parts, scored))
    return scored


def _error_of(network, training: Training) -> Exception:
    """Return what a ``fit`` would have raised in place of this training."""
    if training.history is None or training.history.divergence is None:
        return training.error or RuntimeError("It was not trained.")
    target = network._state.target
    return ValueError(describe_divergence(training.history.divergence, network.coefs_, target))


def _divide_params(estimator, params) -> tuple[dict, dict]:
    """Return parameters of ``fit`` for the steps before the network, and those for the network."""
    if isinstance(estimator, TransformedTargetRegressor):
        return _divide_params(estimator.regressor, params)
    if not isinstance(estimator, Pipeline):
        return {}, dict(params)
    prefix = f"{estimator.steps[-1][0]}__"
    of_steps = {k: v for k, v in params.items() if not k.startswith(prefix)}
    of_last = {
        name.removeprefix(prefix): value
        for name, value in params.items()
        if name.startswith(prefix) or requests(estimator[-1], name)
    }
    of_inner_steps, of_network = _divide_params(estimator[-1], of_last)
    return of_steps | of_inner_steps, of_network
