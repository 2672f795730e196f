"""ONNX models, run by onnxruntime, which we did not write."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from sklearn.datasets import load_iris, make_multilabel_classification
from sklearn.exceptions import NotFittedError

from skinit import InitMLPClassifier, InitMLPRegressor
from skinit.activations import ACTIVATIONS
from tests.estimators.estimator_cases import make_square

pytest.importorskip("onnx", reason="writes the models")
onnxruntime = pytest.importorskip("onnxruntime", reason="runs the models")

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::skinit.InitializationWarning"),
]

X, y = load_iris(return_X_y=True)
X = (X - X.mean(0)) / X.std(0)
Y = X @ np.random.default_rng(0).standard_normal((4, 2))


def run(estimator, X):
    """Return the outputs of the model, by name."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(
        estimator.to_onnx().SerializeToString(), options, providers=["CPUExecutionProvider"]
    )
    names = [output.name for output in session.get_outputs()]
    return dict(zip(names, session.run(names, {"X": X.astype(np.float32)}), strict=True))


def fit_classifier(y, X=X, **params):
    network = InitMLPClassifier((8, 6), solver="lbfgs", max_iter=30, random_state=0)
    return network.set_params(**params).fit(X, y)


@pytest.mark.parametrize("activation", ACTIVATIONS.names())
def test_every_activation(activation):
    wide = np.concatenate([X, 30 * X])  # on the plateaus, too
    classifier = fit_classifier(y, activation=activation)
    found = run(classifier, wide)
    np.testing.assert_allclose(found["probabilities"], classifier.predict_proba(wide), atol=1e-5)
    np.testing.assert_array_equal(found["label"], classifier.predict(wide))

    regressor = InitMLPRegressor(
        hidden_layer_sizes=(8, 6), activation=activation, solver="lbfgs", max_iter=30
    )
    regressor.fit(X, Y)
    np.testing.assert_allclose(
        run(regressor, X)["prediction"], regressor.predict(X), atol=1e-5, rtol=1e-5
    )


LABELS = {
    "two words": np.array(["no", "yes"])[(y > 0) * 1],
    "words": np.array(["a", "b", "c"])[y],
    "words as objects": np.array(["a", "b", "ç"], object)[y],
    "small numbers": y.astype(np.int8) - 5,
    "floats": y * 2.0,
    "booleans": y > 0,
    "one class": np.full(len(y), "only"),
}


@pytest.mark.parametrize("labels", LABELS.values(), ids=LABELS)
def test_labels(labels):
    classifier = fit_classifier(labels)
    found = run(classifier, X)
    np.testing.assert_array_equal(found["label"], classifier.predict(X))
    if len(classifier.classes_) > 1:
        np.testing.assert_allclose(found["probabilities"], classifier.predict_proba(X), atol=1e-5)


def test_label_matrices():
    X, Y = make_multilabel_classification(100, 5, n_classes=3, random_state=0)
    classifier = fit_classifier(Y, X)
    found = run(classifier, X)
    np.testing.assert_array_equal(found["label"], classifier.predict(X))
    np.testing.assert_allclose(found["probabilities"], classifier.predict_proba(X), atol=1e-5)


@pytest.mark.parametrize("loss", ["squared_error", "poisson"])
@pytest.mark.parametrize("y", [np.abs(Y[:, 0]), np.abs(Y)])
def test_numbers(y, loss):
    regressor = InitMLPRegressor(loss, (5,), solver="lbfgs", max_iter=30).fit(X, y)
    found, expected = run(regressor, X)["prediction"], regressor.predict(X)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_without_hidden_layers_and_in_single_precision():
    classifier = fit_classifier(y, X.astype(np.float32), hidden_layer_sizes=())
    np.testing.assert_allclose(
        run(classifier, X)["probabilities"], classifier.predict_proba(X), atol=1e-5
    )


@pytest.mark.parametrize("name", ["square", "relu"])
def test_an_activation_of_the_user_is_refused_whatever_its_name(name):
    classifier = fit_classifier(y, activation=make_square(name))
    with pytest.raises(ValueError, match=f"no operator for the activation '{name}', only for"):
        classifier.to_onnx()


def test_labels_that_onnx_lacks():
    classifier = fit_classifier(np.array(["2026-01-01", "2026-02-01", "2026-03-01"], "M8[D]")[y])
    with pytest.raises(ValueError, match="ONNX has no labels of the type datetime64"):
        classifier.to_onnx()


def test_not_fitted():
    with pytest.raises(NotFittedError):
        InitMLPClassifier().to_onnx()


def test_without_onnx(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install \"skinit\[onnx\]\""):
        fit_classifier(y).to_onnx()
