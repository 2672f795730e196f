from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from scipy.special import expit
from sklearn.base import clone
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedKFold

from skinit import tutorial
from skinit.propagation import InitializationWarning
from skinit.tutorial import STARTS, first_weights, network

BY_NAME = {start.name: start for start in STARTS}
each_start = pytest.mark.parametrize("start", STARTS, ids=lambda start: start.name)


def as_long_as_asked(test):
    """Let a test train to the last step, and start from zeros, without a word."""
    for warning in ("sklearn.exceptions.ConvergenceWarning", "skinit.InitializationWarning"):
        test = pytest.mark.filterwarnings(f"ignore::{warning}")(test)
    return test


def plain_gradient_descent(weights, X, y, steps):
    """Return the costs before each step, by the formulas of the textbook."""
    weights, biases = [W.copy() for W in weights], [np.zeros(W.shape[1]) for W in weights]
    costs = []
    for _ in range(steps):
        outputs = [X]
        for W, b in zip(weights[:-1], biases[:-1], strict=True):
            outputs.append(np.tanh(outputs[-1] @ W + b))
        p = expit(outputs[-1] @ weights[-1] + biases[-1])[:, 0]
        costs.append(-np.mean(y * np.log(p) + (1 - y) * np.log(1 - p)))
        delta = ((p - y) / len(y))[:, None]
        for i in reversed(range(len(weights))):
            gradient, bias_gradient = outputs[i].T @ delta, delta.sum(axis=0)
            delta = (delta @ weights[i].T) * (1 - outputs[i] ** 2)
            weights[i] -= 0.01 * gradient
            biases[i] -= 0.01 * bias_gradient
    return costs


@each_start
def test_costs_are_those_of_plain_gradient_descent_before_each_step(start, pictures, runs):
    expected = plain_gradient_descent(first_weights(start, 48), pictures.X, pictures.y, 200)
    run = next(run for run in runs if run.start is start)
    np.testing.assert_allclose(run.costs, expected, rtol=0, atol=1e-12)
    assert {step: ours for step, (_, ours) in run.at_prints.items()} == {
        100: run.costs[99],
        200: run.costs[199],
    }


@as_long_as_asked
def test_accuracy_is_cross_validated_by_fresh_networks(pictures, runs):
    run, X, y = runs[2], pictures.X, pictures.y
    fresh = network(run.start, 48, steps=200)
    assert run.accuracy == clone(fresh).fit(X, y).score(X, y)
    split = StratifiedKFold(3, shuffle=True, random_state=0).split(X, y)
    expected = [clone(fresh).fit(X[a], y[a]).score(X[b], y[b]) for a, b in split]
    assert run.fold_accuracies == pytest.approx(expected)
    assert len(set(expected)) > 1


def test_runs_are_repeated_with_other_roundings(pictures, monkeypatch):
    nudges = []

    def recorded(*args, nudge=0, **options):
        nudges.append(nudge)
        # Large enough to be seen in the cost of so short a run.
        return network(*args, nudge=nudge * 1_000_000, **options)

    monkeypatch.setattr("skinit.tutorial.runs.network", recorded)
    run = tutorial.run(BY_NAME["he"], pictures, folds=2, steps=20)
    assert sorted(nudges) == [0, 0, 1, 2, 3, 4, 5]
    assert len({run.costs[-1], *run.repeated_costs}) == 1 + tutorial.REPEATS
    assert run.repeated_costs == pytest.approx([run.costs[-1]] * tutorial.REPEATS, abs=1e-6)


def test_training_never_stops_early(pictures):
    with (
        pytest.warns(ConvergenceWarning, match="Maximum iterations"),
        pytest.warns(InitializationWarning, match="INIT01"),
    ):
        fitted = network(BY_NAME["zeros"], 48, steps=60).fit(pictures.X[:25], pictures.y[:25])
    assert fitted.n_iter_ == len(fitted.loss_curve_) == 60


def test_guessing_one_class_is_right_for_the_larger_one(pictures):
    assert pictures.majority == 0.6
    assert dataclasses.replace(pictures, y=1 - pictures.y).majority == 0.6


def test_more_folds_than_pictures_of_a_class_are_refused(pictures):
    with pytest.raises(ValueError, match=r"13 folds need .* only 12 of 'dog' \(made up\)"):
        tutorial.run(STARTS[0], pictures, folds=13)
