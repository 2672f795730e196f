"""What fails: divergence, errors in an initializer or a scorer, rows that nobody can train on."""

from __future__ import annotations

import json
from itertools import cycle

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import log_loss
from sklearn.model_selection import KFold

from skinit import InitComparison, InitMLPClassifier, InitMLPRegressor
from tests.comparison.comparison_tools import NETWORK, X, compare, y


def test_divergence_is_a_result():
    network = InitMLPClassifier(
        (8, 8), "identity", solver="sgd", learning_rate_init=2.0, max_iter=60, tol=0
    )
    comparison = compare(network, X * 100, y, init=["zeros", "random"], cv=3)
    frame = comparison.to_frame().set_index(["label", "split"])
    assert frame.loc["random", "diverged"].all()
    np.testing.assert_array_equal(
        frame.loc["random", "test_accuracy"], comparison.baseline["test_accuracy"]
    )
    assert comparison.summary().loc["random", "diverged_rate"] == 1
    assert "random diverged in 3 of 3 runs" in comparison.sentence()
    assert "diverged in 3 of 3 runs" in comparison.failures["random"]


OVERFLOWS = {  # weights stay finite, outputs do not
    "classes": (InitMLPClassifier((4, 4), "identity", solver="sgd", max_iter=1), 1e150, y),
    "numbers": (InitMLPRegressor("squared_error", (4, 4), "identity", max_iter=1), 1e150, y + 0.0),
}


@pytest.mark.parametrize("name", OVERFLOWS)
@pytest.mark.parametrize("tuned", [False, True])
def test_outputs_that_overflow_are_a_divergence(name, tuned):
    network, rate, target = OVERFLOWS[name]
    network.set_params(learning_rate_init=rate)
    tune = {"learning_rate_init": [rate, 2 * rate]} if tuned else None
    cv = KFold(3, shuffle=True, random_state=0)
    found = compare(network, X * 100, target, init=["he", "xavier"], cv=cv, tune=tune)
    frame, metric = found.to_frame(), found.metrics[0]
    assert frame["diverged"].all()
    assert set(frame["stopped"]) == {"diverged"}
    for split, scores in frame.groupby("split")[f"test_{metric}"]:
        assert set(scores) == {found.baseline.loc[split, f"test_{metric}"]}
    assert "he diverged in 3 of 3 runs" in found.sentence()
    if tuned:
        assert found.tuning()["diverged"].any()


def test_a_rate_that_poisson_does_not_survive_is_not_chosen():
    """Its expected values are 0 or infinite, which the deviance is not defined for."""
    network = InitMLPRegressor("poisson", (4,), solver="sgd", momentum=0.0, max_iter=3)
    rates = [0.001, 1.0, 1e3, 1e5]
    tune = {"learning_rate_init": rates}
    found = compare(network, X * 100, y + 0.0, init=["he"], cv=5, tune=tune)
    trials = found.tuning()
    assert trials.loc[trials["learning_rate_init"] == 1e5, "diverged"].all()
    assert set(found.to_frame()["learning_rate_init"]) == {0.001}


def test_scores_whose_squares_overflow_are_compared_in_silence():
    def scorer(estimator, X, y):
        return 1e200 * estimator.score(X, y)

    found = compare(init=["zeros", "he"], cv=3, scoring={"large": scorer})
    assert found.summary().loc[["he", "zeros"], "outcome"].tolist() == ["undecided"] * 2
    assert found.honest_best > 0
    assert "No candidate can be called best" in found.sentence()
    assert found.to_html()


def test_expected_values_that_overflow_on_held_out_rows_alone_are_a_divergence():
    network = InitMLPRegressor("poisson", (4,), "identity", max_iter=1, learning_rate_init=1e-9)
    train, test = np.arange(150) % 3 > 0, np.arange(150) % 3 == 0
    far = np.where(test[:, None], 1e4 * X, X)
    init = {"large": "ones", "small": "zeros"}
    found = compare(network, far, y + 0.0, init=init, cv=[(train, test)])
    frame = found.to_frame().set_index("label")
    assert frame["diverged"].to_dict() == {"large": True, "small": False}
    assert frame.loc["large", "test_r2"] == found.baseline["test_r2"].item()


def test_rows_of_any_size_are_described_in_silence():
    network = InitMLPClassifier((4,), max_iter=1)
    assert compare(network, 1e300 * X, init=["zeros"], cv=3).settings.data.n_samples == 150


def test_a_candidate_or_scorer_that_raises_is_reported_beside_its_name():
    def broken(fan_in, fan_out, rng):
        raise RuntimeError("my own law is broken")

    def scorer(estimator, X, y):
        raise RuntimeError("no such score")

    comparison = compare(
        init={"he": "he", "broken": broken}, cv=3, scoring={"accuracy": "accuracy", "odd": scorer}
    )
    assert "my own law is broken" in comparison.failures["broken"]
    assert "no such score" in comparison.failures["he"]
    summary = comparison.summary()
    assert summary.loc["he", "mean"] > 0.5
    assert np.isnan(summary.loc["broken", "mean"])
    assert pd.isna(summary.loc["broken", "beats_prior"])
    assert "broken" in comparison.sentence()


def test_data_that_nobody_can_train_on_raise():
    bad = X.copy()
    bad[3, 2] = np.nan
    with pytest.raises(ValueError, match="NaN"):
        compare(NETWORK, bad, y, init=["he", "zeros"])


@pytest.mark.parametrize("curves", [True, False])
def test_bad_rows_are_found_whether_they_are_watched_or_not(curves):
    """Every row is a test row once, and a training row else."""
    bad = X.copy()
    bad[3, 2] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        compare(NETWORK, bad, y, init=["he", "zeros"], curves=curves)


def test_candidates_that_all_fail_each_in_its_own_way_raise():
    def one(fan_in, fan_out, rng):
        raise RuntimeError("one reason")

    def other(fan_in, fan_out, rng):
        raise RuntimeError("another reason")

    with pytest.raises(ValueError, match=r"on split 0: .*one reason; .*another reason"):
        compare(init=[one, other], cv=3)


def test_a_control_that_fails_leaves_the_best_in_its_place(tmp_path):
    def broken(fan_in, fan_out, rng):
        raise RuntimeError("my own law is broken")

    inits = {"he": "he", "zeros": "zeros", "broken": broken}
    comparison = compare(init=inits, cv=3, control="broken")
    free = compare(init=inits, cv=3)
    said = [text for text in comparison.sentences() if "control" not in text]
    assert said == free.sentences()
    assert "The control broken has no score to compare with" in comparison.sentence()
    assert "broken failed in 3 of 3 runs and has no score" in comparison.sentence()
    pd.testing.assert_frame_equal(comparison.pairwise(), free.pairwise())
    page = comparison.to_html(tmp_path / "report.html")
    assert "for all 3 pairs" in page and "my own law is broken" in page


def test_a_score_that_is_no_number_for_anybody_is_refused():
    with pytest.raises(ValueError, match=r"scored on split 0: 'odd' is NaN\. Use another scorer"):
        compare(init=["he"], cv=3, scoring={"odd": lambda estimator, X, y: np.nan})


@pytest.mark.parametrize("n_infinite", [1, 5])
def test_an_infinite_score_is_a_score(tmp_path, n_infinite):
    """A likelihood of zero is a result: it is kept, written, read, shown and said."""
    seen = []

    def log_likelihood(estimator, X, y):
        if len(getattr(estimator, "coefs_", [])) and not estimator.coefs_[0].any():
            seen.append(estimator)
            if len(seen) <= 2 * n_infinite:  # it is asked twice a split
                return -np.inf
        return -log_loss(y, estimator.predict_proba(X))

    network = InitMLPClassifier((8,), "tanh", solver="lbfgs", max_iter=5)
    comparison = compare(
        network, init=["zeros", "he", "xavier"], cv=5, scoring={"likelihood": log_likelihood}
    )
    scores = comparison.to_frame().groupby("label")["test_likelihood"]
    assert scores.min()["zeros"] == -np.inf
    assert np.isneginf(scores.get_group("zeros")).sum() == n_infinite
    assert comparison.failures == {"zeros": f"likelihood is infinite in {n_infinite} of 5 runs"}
    summary = comparison.candidates()
    assert summary.index[-1] == "zeros" and summary.loc["zeros", "mean"] == -np.inf
    assert "zeros has an infinite likelihood" in comparison.sentence()
    page = comparison.to_html()
    assert f"likelihood is infinite in {n_infinite} of 5 runs" in page
    comparison.save(tmp_path / "saved.json")
    json.loads((tmp_path / "saved.json").read_text(), parse_constant=pytest.fail)
    loaded = InitComparison.load(tmp_path / "saved.json")
    pd.testing.assert_frame_equal(loaded.to_frame(), comparison.to_frame())
    pd.testing.assert_frame_equal(loaded.summary(), comparison.summary())


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of products that overflow
def test_a_start_that_overflows_has_diverged_before_the_first_epoch():
    def huge(fan_in, fan_out, rng):
        return 1e160 * rng.normal(size=(fan_in, fan_out))

    network = InitMLPClassifier((8,), "relu", solver="lbfgs", max_iter=3)
    (failure,) = compare(network, init=["he", huge], cv=2).failures.values()
    assert failure.startswith("diverged in 2 of 2 runs, the first time at iteration 0 in layer 2")


def test_a_score_that_is_no_number_is_said():
    def odd(estimator, X, y):
        return 0.5 if len(np.unique(estimator.predict(X))) == 1 else np.nan

    network = InitMLPClassifier((8,), "tanh", solver="lbfgs", max_iter=20)
    scoring = {"accuracy": "accuracy", "odd": odd}
    comparison = compare(network, init=["zeros", "he"], cv=2, scoring=scoring)
    assert comparison.failures == {"he": "odd is not a number in 2 of 2 runs"}


@pytest.mark.parametrize("values", [[-np.inf], [np.inf], [np.inf, -np.inf]])
def test_scores_may_all_be_infinite(tmp_path, values):
    scores = cycle(values)
    comparison = compare(init=["he", "xavier"], cv=3, scoring={"u": lambda *_: next(scores)})
    assert "has an infinite u" in comparison.sentence()
    for text in (comparison.to_html(), comparison.to_markdown(), comparison.to_latex()):
        assert "he" in text
    comparison.save(tmp_path / "saved.json")
    loaded = InitComparison.load(tmp_path / "saved.json")
    pd.testing.assert_frame_equal(loaded.summary(), comparison.summary())
