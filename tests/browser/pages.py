"""The pages that a browser looks at: small comparisons of every kind."""

from __future__ import annotations

from sklearn.datasets import load_diabetes, load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skinit import InitMLPClassifier, InitMLPRegressor, compare_initializers, diagnose, tutorial
from skinit.diagnosis.page import write_page

X, y = load_iris(return_X_y=True)
LONG = "my_own_initializer_with_a_label_that_has_no_place_to_break_version_2026"
TWELVE = {
    name: name
    for name in (
        "zeros", "random", "he", "xavier", "orthogonal", "torch", "keras", "normal", "uniform",
        "lsuv", "sparse",
    )
} | {LONG: "sklearn"}  # fmt: skip


def _compare(path, max_iter=15, **options):
    network = InitMLPClassifier((8,), "tanh", max_iter=max_iter, learning_rate_init=0.01)
    arguments = {"cv": 5, "random_state": 0, "progress": False, **options}
    comparison = compare_initializers(make_pipeline(StandardScaler(), network), X, y, **arguments)
    comparison.data_name = "iris"
    comparison.about_data = [("Table", "iris.csv: 150 rows, 5 columns")]
    comparison.to_html(path)


def _broken(fan_in, fan_out, rng):
    if rng.random() < 0.5:
        raise RuntimeError("no eigenvalues converged in_a_name_without_any_place_to_break" * 2)
    return rng.normal(size=(fan_in, fan_out))


def _compare_numbers(path):
    network = InitMLPRegressor(
        hidden_layer_sizes=(8,), activation="tanh", max_iter=15, learning_rate_init=0.01
    )
    X, y = load_diabetes(return_X_y=True)
    compare_initializers(network, X, y, cv=5, random_state=0, progress=False).to_html(path)


def _reproduce(path):
    pictures = tutorial.load_pictures(None, 16, 0)
    runs = [tutorial.run(start, pictures, folds=2, seed=0) for start in tutorial.STARTS]
    tutorial.write_page(pictures, runs, path, seed=0, repeat="skinit reproduce")


def _diagnose(path):
    starts = {name: name for name in ("zeros", "random", "he", "lsuv")} | {LONG: "sklearn"}
    network = InitMLPClassifier((8,) * 12, "tanh", random_state=0)
    diagnoses = {
        label: diagnose(network.set_params(init=init), X, y) for label, init in starts.items()
    }
    write_page(diagnoses, path, data_name="iris", repeat="skinit diagnose iris " + "--x 1 " * 40)


PAGES = {
    "four": lambda path: _compare(path, max_iter=60),
    "twelve x 3": lambda path: _compare(
        path, max_iter=5, init=TWELVE, activation=["tanh", "relu", "logistic"], cv=3
    ),
    "failing": lambda path: _compare(
        path, init={"he": "he", "broken": _broken}, scoring=["accuracy", "roc_auc_ovr", "f1_macro"]
    ),
    "tuned": lambda path: _compare(path, tune={"learning_rate_init": [0.001, 0.01, 0.1]}),
    "control": lambda path: _compare(path, init=["he", "xavier", "zeros"], control="he"),
    "numbers": _compare_numbers,
    "diagnosis": _diagnose,
    "reproduce": _reproduce,
}
