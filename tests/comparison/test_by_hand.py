"""Random plans against every candidate fitted alone, by hand, with scikit-learn's own tools."""

from __future__ import annotations

import joblib
import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris, load_wine
from sklearn.metrics import get_scorer
from sklearn.model_selection import StratifiedKFold, StratifiedShuffleSplit
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from skinit import InitMLPClassifier, compare_initializers
from tests.comparison.comparison_tools import TIMES, compare

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::skinit.InitializationWarning"),
]
LAWS = [
    "zeros", "he", "xavier", "random", "orthogonal", "sklearn", "torch", "lecun_normal", "identity",
]  # fmt: skip
SCORERS = ["accuracy", "balanced_accuracy", "f1_macro", "neg_log_loss", "roc_auc_ovr"]


def make_plan(seed):
    """Return the arguments of a random comparison."""
    rng = np.random.default_rng(seed)
    X, y = [load_iris, load_wine][rng.integers(2)](return_X_y=True)
    if rng.random() < 0.3:
        y = np.array(["ä", "b", "c"])[y]
    network = InitMLPClassifier(
        [(5,), (8, 8), (3, 4, 5)][rng.integers(3)],
        solver=str(rng.choice(["adam", "sgd", "lbfgs"])),
        max_iter=int(rng.integers(2, 12)),
        learning_rate_init=float(10 ** rng.uniform(-3, -1)),
        alpha=float(10 ** rng.uniform(-5, 0)),
        batch_size=[10, 64, "auto", "full"][rng.integers(4)],
        shuffle=bool(rng.random() < 0.8),
    )
    if network.solver != "lbfgs" and rng.random() < 0.3:
        network.set_params(early_stopping=True, validation_fraction=0.2)
    scaler = [StandardScaler(), MinMaxScaler(), None][rng.integers(3)]
    cv = [
        StratifiedKFold(3, shuffle=True, random_state=seed),
        StratifiedShuffleSplit(2, test_size=0.3, random_state=seed),
    ][rng.integers(2)]
    return {
        "estimator": network if scaler is None else make_pipeline(scaler, network),
        "X": X,
        "y": y,
        "init": [str(law) for law in rng.choice(LAWS, rng.integers(1, 5), replace=False)],
        "activation": [["tanh"], ["relu", "tanh"], ["logistic"]][rng.integers(3)],
        "cv": cv,
        "n_seeds": int(rng.integers(1, 3)),
        "scoring": [str(name) for name in rng.choice(SCORERS, 2, replace=False)],
        "params": {"sample_weight": rng.uniform(0.5, 2, len(y))} if rng.random() < 0.3 else None,
        "curves": bool(rng.random() < 0.5),
        "random_state": seed,
    }


def score_by_hand(plan, row):
    """Fit one candidate on one split and score it, knowing nothing of comparisons."""
    train, test = [*plan["cv"].split(plan["X"], plan["y"])][row.split]
    X, y = plan["X"], plan["y"]
    estimator = clone(plan["estimator"])
    steps = getattr(estimator, "steps", [("network", estimator)])
    *before, network = [step for _, step in steps]
    network.set_params(init=row.label, activation=row.activation, random_state=int(row.seed))
    X_train, X_test = X[train], X[test]
    for step in before:
        X_train = step.fit_transform(X_train)
        X_test = step.transform(X_test)
    weights = {}
    if plan["params"] is not None:
        weights = {"sample_weight": plan["params"]["sample_weight"][train]}
    network.fit(X_train, y[train], **weights)
    scores = {
        f"{side}_{name}": get_scorer(name)(network, rows, labels)
        for name in plan["scoring"]
        for side, rows, labels in (("train", X_train, y[train]), ("test", X_test, y[test]))
    }
    # scikit-learn's log_loss would take a probability of 1e-20 for one of 2e-16.
    true_class = np.searchsorted(network.classes_, y[test])
    log_probability = network.predict_log_proba(X_test)
    scores["test_log_loss"] = -log_probability[np.arange(len(test)), true_class].mean()
    return scores, network.n_iter_


@pytest.mark.parametrize("seed", range(16))
def test_a_random_plan_equals_each_candidate_fitted_alone(seed):
    plan = make_plan(seed)
    runs = compare_initializers(**plan).to_frame()
    n_splits = plan["cv"].get_n_splits()
    assert len(runs) == len(plan["init"]) * len(plan["activation"]) * n_splits * plan["n_seeds"]
    for row in runs.itertuples():
        scores, n_iter = score_by_hand(plan, row)
        assert row.n_iter == n_iter
        for name, score in scores.items():
            assert getattr(row, name) == pytest.approx(score, rel=1e-9, abs=1e-12), (row, name)


@pytest.fixture(scope="module")
def one_job():
    return compare(init=["zeros", "he", "xavier"], cv=3, n_seeds=2).to_frame()


@pytest.mark.parametrize("n_jobs", [1, 2, -1])
@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_the_bits_depend_on_neither_jobs_nor_backend(backend, n_jobs, one_job):
    with joblib.parallel_config(backend):
        runs = compare(init=["zeros", "he", "xavier"], cv=3, n_seeds=2, n_jobs=n_jobs).to_frame()
    assert runs.drop(columns=TIMES).equals(one_job.drop(columns=TIMES))
