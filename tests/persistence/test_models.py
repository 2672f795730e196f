"""Models on their way through files: pickle, joblib, skops."""

from __future__ import annotations

import io
import pickle
import re
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skinit import InitMLPClassifier, InitMLPRegressor

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::skinit.InitializationWarning"),
]
X, y = load_iris(return_X_y=True)
MODELS = {
    "adam": {},
    "sgd, early stopping": {"solver": "sgd", "early_stopping": True},
    "sgd, adaptive": {"solver": "sgd", "learning_rate": "adaptive"},
    "lbfgs": {"solver": "lbfgs"},
    "gelu, orthogonal": {"activation": "gelu", "init": "orthogonal"},
    "a law for each layer": {"init": ["he", "zeros"]},
    "weights of the data": {"init": "lsuv"},
    "biases": {"init": "torch"},
}
TARGETS = {
    "classes": y,
    "two": y > 0,
    "words": np.array(["ä", "b", "c"])[y],
    "labels": np.eye(3)[y],
}
NUMBERS = {
    "number": ("squared_error", X[:, 0]),
    "numbers": ("squared_error", X[:, :2]),
    "counts": ("poisson", y + 1),
}
PAGE = Path(__file__).parents[2] / "docs" / "reliability.md"


def through_pickle(model):
    return pickle.loads(pickle.dumps(model))


def through_joblib(model):
    file = io.BytesIO()
    joblib.dump(model, file)
    file.seek(0)
    return joblib.load(file)


def trusted_types() -> list[str]:
    """Return the list of the documentation."""
    text = PAGE.read_text(encoding="utf-8")
    block = text.split("TRUSTED = [")[1].split("]")[0]
    return re.findall(r'"(skinit[\w.]+)"', block)


def through_skops(model):
    skops_io = pytest.importorskip("skops.io")
    return skops_io.loads(skops_io.dumps(model), trusted=trusted_types())


WAYS = [through_pickle, through_joblib, through_skops]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("name", MODELS)
def test_a_model_predicts_and_learns_on_as_before(name, target, way):
    if target == "labels" and "early" in name:
        pytest.skip("labels cannot be stratified")
    network = InitMLPClassifier((4,), max_iter=5, random_state=0, **MODELS[name])
    model = make_pipeline(StandardScaler(), network).fit(X, TARGETS[target])
    again = way(model)
    np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    assert again[-1].initializers_[0].formula == model[-1].initializers_[0].formula
    if network.solver != "lbfgs" and not network.early_stopping:
        for one in (model, again):
            one[-1].partial_fit(X, TARGETS[target])
        np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("target", NUMBERS)
@pytest.mark.parametrize("name", MODELS)
def test_a_regressor_predicts_and_learns_on_as_before(name, target, way):
    loss, numbers = NUMBERS[target]
    network = InitMLPRegressor(loss, (4,), max_iter=5, random_state=0, **MODELS[name])
    model = make_pipeline(StandardScaler(), network).fit(X, numbers)
    again = way(model)
    np.testing.assert_array_equal(again.predict(X), model.predict(X))
    if network.solver != "lbfgs" and not network.early_stopping:
        for one in (model, again):
            one[-1].partial_fit(X, numbers)
        np.testing.assert_array_equal(again.predict(X), model.predict(X))


@pytest.mark.parametrize("way", WAYS)
def test_an_unfitted_model_trains_as_before(way):
    network = InitMLPClassifier((4,), max_iter=5, random_state=0)
    np.testing.assert_array_equal(
        way(network).fit(X, y).predict_proba(X), network.fit(X, y).predict_proba(X)
    )


def test_the_list_of_trusted_types_names_all_initializers_and_nothing_that_is_not_there():
    from importlib import import_module

    from skinit.initializers import get_initializer, list_initializers

    listed = trusted_types()
    for path in listed:
        module, _, name = path.rpartition(".")
        assert hasattr(import_module(module), name), path
    kinds = {type(get_initializer(name)) for name in list_initializers()["name"]}
    names = {f"{kind.__module__}.{kind.__qualname__}" for kind in kinds}
    ours = {name for name in names if name.startswith("skinit.")}  # other tests register theirs
    assert len(ours) > 20
    assert ours <= set(listed)
