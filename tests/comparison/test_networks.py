"""Networks that know their outputs, as scorers see them."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from sklearn.base import clone, is_classifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import check_scoring, get_scorer, log_loss, make_scorer, roc_auc_score
from sklearn.utils.validation import check_is_fitted

from skinit import InitMLPClassifier
from skinit.comparison.networks import ScoredNetwork
from skinit.estimators.base import stack_outputs
from tests.comparison.comparison_tools import X, compare, y

METHODS = ["predict", "predict_proba", "predict_log_proba"]
BINARY = y[:100]


@pytest.fixture(params=["binary", "words", "multiclass"], scope="module")
def pair(request):
    """Return a fitted network, the same one with known outputs, and its rows."""
    rows, labels = {
        "binary": (X[:100], BINARY),
        "words": (X[:100], np.where(BINARY == 0, "a", "b")),
        "multiclass": (X, y),
    }[request.param]
    network = InitMLPClassifier((6,), "tanh", solver="lbfgs", max_iter=9, random_state=0)
    with pytest.warns(ConvergenceWarning):
        network.fit(rows, labels)
    (scored,) = ScoredNetwork.of_stack([network], rows)
    return network, scored, rows, labels


@pytest.mark.parametrize("method", METHODS)
def test_known_outputs_are_answered_like_the_network_to_the_last_bit(pair, method, monkeypatch):
    network, scored, rows, _ = pair
    expected = getattr(network, method)(rows)
    monkeypatch.setattr(InitMLPClassifier, "_raw_outputs", None)
    for _ in range(2):  # the first answer does not spoil the second
        np.testing.assert_array_equal(getattr(scored, method)(rows), expected)


@pytest.mark.parametrize("method", METHODS)
def test_other_rows_are_asked_of_the_network(pair, method):
    network, scored, rows, _ = pair
    for others in (rows[:7], rows.copy(), rows[::-1]):
        np.testing.assert_array_equal(
            getattr(scored, method)(others), getattr(network, method)(others)
        )
    with pytest.raises(ValueError, match="expecting 4 features as input"):
        getattr(scored, method)(rows[:, :2])


def test_a_scorer_sees_the_network(pair):
    network, scored, rows, labels = pair
    assert isinstance(scored, InitMLPClassifier)
    assert is_classifier(scored)
    check_is_fitted(scored)
    assert scored.coefs_ is network.coefs_
    assert scored.get_params() == network.get_params()
    assert repr(scored) == repr(network)
    assert scored.score(rows, labels) == network.score(rows, labels)
    assert type(clone(scored)) is InitMLPClassifier
    for twin in (copy.copy(scored), pickle.loads(pickle.dumps(scored))):
        assert type(twin) is InitMLPClassifier
        np.testing.assert_array_equal(twin.predict(rows), network.predict(rows))


SCORERS = {
    "f1": get_scorer("f1_macro"),
    "log loss": get_scorer("neg_log_loss"),
    "brier": make_scorer(lambda y, p: p.mean(), response_method="predict_proba"),
    "any": make_scorer(
        lambda y, p: np.mean(p), response_method=("decision_function", "predict_proba")
    ),
    "passthrough": check_scoring(InitMLPClassifier()),
    "callable": lambda estimator, X, y: -log_loss(y, estimator.predict_proba(X)),
    "rows": lambda estimator, X, y: float(estimator.predict_proba(X[::2]).mean()),
    "score": lambda estimator, X, y: estimator.score(X, y),
}


@pytest.mark.parametrize("name", SCORERS)
def test_scorers_give_what_they_give_for_the_network(pair, name):
    network, scored, rows, labels = pair
    assert SCORERS[name](scored, rows, labels) == SCORERS[name](network, rows, labels)


def test_scorers_of_two_classes_give_what_they_give_for_the_network(pair):
    network, scored, rows, labels = pair
    if len(network.classes_) == 2:
        for scorer in (
            get_scorer("roc_auc"),
            make_scorer(roc_auc_score, response_method="predict_proba"),
        ):
            assert scorer(scored, rows, labels) == scorer(network, rows, labels)


def test_a_stack_is_answered_member_by_member():
    networks = [
        InitMLPClassifier((6,), init=init, max_iter=3, random_state=0) for init in ("he", "xavier")
    ]
    for network in networks:
        with pytest.warns(ConvergenceWarning):
            network.fit(X, y)
    expected = stack_outputs(networks, X)[0]
    for scored, raw in zip(ScoredNetwork.of_stack(networks, X[:9], X), expected, strict=True):
        np.testing.assert_allclose(np.log(scored.predict_proba(X)), scored.predict_log_proba(X))
        np.testing.assert_array_equal(scored.predict(X), raw.argmax(axis=1))


def test_errors_name_what_the_user_knows():
    scoring = {
        "accuracy": "accuracy",
        "margin": make_scorer(lambda y, d: 0.0, response_method="decision_function"),
    }
    failure = compare(init=["he"], cv=2, scoring=scoring).failures["he"]
    assert "InitMLPClassifier has none of the following attributes: decision_function" in failure
    bad = X.copy()
    bad[3, 2] = np.nan
    with pytest.raises(ValueError, match="NaN") as caught:
        compare(InitMLPClassifier((4,)), bad, y, init=["he", "zeros"])
    assert "InitMLPClassifier does not accept missing values" in str(caught.value)
    assert "Answered" not in str(caught.value) and "Scored" not in str(caught.value)
