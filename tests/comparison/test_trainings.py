"""How trainings ended and what they took."""

from __future__ import annotations

import time

import numpy as np
import pandas as pd
import pytest

from skinit import InitMLPClassifier
from skinit.comparison.trainings import convergence_sentences
from skinit.initializers import Initializer
from tests.comparison.comparison_tools import SCALED, compare


class Slow(Initializer):
    """Takes its time to draw the first weights."""

    formula = "0.1"
    data_dependent = False

    def sample(self, fan_in, fan_out, rng, context=None):
        time.sleep(0.05)
        return rng.normal(scale=0.1, size=(fan_in, fan_out)), np.zeros(fan_out)


@pytest.fixture(scope="module")
def slow():
    return compare(init={"slow": Slow(), "he": "he", "zeros": "zeros"}, cv=3)


def test_the_time_of_an_initializer_is_its_own(slow):
    table = slow.trainings()
    assert table.loc["slow", "init_time"] >= 0.1  # two layers
    assert table.loc["he", "init_time"] < 0.05
    # They train together: no candidate pays for what another one does before it.
    assert table.loc["slow", "train_time"] == pytest.approx(table.loc["he", "train_time"])


def test_fit_time_holds_the_initialization(slow):
    runs = slow.to_frame()
    assert (runs["fit_time"] > runs["init_time"]).all()
    assert (runs["init_time"] > 0).all()


def test_the_share_that_did_not_converge_is_scikit_learns_warning():
    import warnings

    from sklearn.datasets import load_iris
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import StratifiedKFold

    X, y = load_iris(return_X_y=True)
    cv = StratifiedKFold(3, shuffle=True, random_state=0)
    network = InitMLPClassifier((4,), "tanh", max_iter=40, tol=0.02)
    comparison = compare(network, init=["he", "zeros"], cv=cv)
    for row in comparison.to_frame().itertuples():
        train, _ = list(cv.split(X, y))[row.split]
        again = InitMLPClassifier(
            (4,), "tanh", max_iter=40, tol=0.02, init=row.label, random_state=row.seed
        )
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            again.fit(X[train], y[train])
        warned = any(issubclass(warning.category, ConvergenceWarning) for warning in caught)
        assert (row.stopped == "max_iter") == warned
        assert row.n_iter == again.n_iter_


def make_table(rates, n_runs=10):
    return pd.DataFrame({"n_runs": n_runs, "unconverged_rate": rates}, index=list("abc"))


@pytest.mark.parametrize(
    ("rates", "who"),
    [
        ([0, 0, 0], None),
        ([1, 1, 1], "All runs ended at max_iter, after 15 epochs,"),
        ([1, 0, 1], "All runs of a and c ended at max_iter, after 15 epochs,"),
        ([0.3, 0, 1], "Some runs (3 of 10 of a and 10 of 10 of c) ended at max_iter,"),
    ],
)
def test_unconverged_runs_are_said_once(comparison, rates, who):
    texts = convergence_sentences(make_table(rates), comparison.settings)
    assert len(texts) == (who is not None)
    if who:
        assert texts[0].startswith(who)
        assert texts[0].endswith("Raise max_iter to compare them fully trained.")


def test_iterations_of_lbfgs_are_not_epochs():
    lbfgs = SCALED.set_params(initmlpclassifier__solver="lbfgs")
    try:
        settings = compare(lbfgs, init=["he", "zeros"], cv=2).settings
    finally:
        SCALED.set_params(initmlpclassifier__solver="adam")
    (text,) = convergence_sentences(make_table([1, 1, 1]), settings)
    assert "after 15 iterations" in text
