"""The runs of a comparison: the same rows, seeds and preprocessing for all candidates."""

from __future__ import annotations

import subprocess
import sys
import warnings

import joblib
import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csc_array, csr_array, csr_matrix
from sklearn import config_context
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import log_loss
from sklearn.model_selection import RepeatedStratifiedKFold, StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skinit import InitMLPClassifier
from skinit.initializers import VarianceScaling
from tests.comparison.comparison_tools import NETWORK, SCALED, TIMES, X, compare, y


def test_frame_has_a_row_per_run_with_columns_in_order(comparison):
    frame = comparison.to_frame()
    assert list(frame) == [
        "label", "init", "activation", "formula", "split", "seed", "test_accuracy",
        "train_accuracy", "test_log_loss", "train_log_loss", "n_iter", "init_time", "fit_time",
        "stopped", "diverged", "epochs_to_target",
    ]  # fmt: skip
    assert len(frame) == 3 * 3 * 2
    assert set(frame["formula"]) == {"0", "N(0, 2/fan_in)"}


def test_seeds_are_shared_by_candidates_and_differ_between_splits(comparison):
    seeds = comparison.to_frame().groupby("label")["seed"].apply(list)
    assert seeds["zeros"] == seeds["he"] == seeds["again"]
    assert len(set(seeds["he"])) == 3 * 2


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
@pytest.mark.filterwarnings("ignore::skinit.InitializationWarning")
def test_a_row_is_repeated_by_its_seed_alone():
    candidates = {"xavier": "xavier", "scaled": VarianceScaling(scale=3.0), "zeros": "zeros"}
    cv = list(RepeatedStratifiedKFold(n_splits=3, n_repeats=1, random_state=1).split(X, y))
    comparison = compare(init=candidates, cv=cv, activation=["tanh", "relu"])
    for row in comparison.to_frame().itertuples():
        train, test = cv[row.split]
        alone = clone(SCALED).set_params(
            initmlpclassifier__init=candidates[row.label],
            initmlpclassifier__activation=row.activation,
            initmlpclassifier__random_state=row.seed,
        )
        alone.fit(X[train], y[train])
        assert alone.score(X[test], y[test]) == pytest.approx(row.test_accuracy, abs=1e-12)
        loss = log_loss(y[test], alone.predict_proba(X[test]))
        assert loss == pytest.approx(row.test_log_loss, rel=1e-9)
        assert alone[-1].n_iter_ == row.n_iter


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing", "sequential"])
def test_the_table_does_not_depend_on_jobs_or_backend(backend):
    kwargs = {"init": ["he", "random"], "cv": 3}
    expected = compare(**kwargs).to_frame().drop(columns=TIMES)
    with joblib.parallel_config(backend, n_jobs=2 if backend != "sequential" else 1):
        found = compare(**kwargs).to_frame().drop(columns=TIMES)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_baseline_is_scikit_learns_prior():
    cv = list(RepeatedStratifiedKFold(n_splits=3, n_repeats=1, random_state=1).split(X, y))
    comparison = compare(init=["he"], cv=cv)
    for j, (train, test) in enumerate(cv):
        prior = DummyClassifier(strategy="prior").fit(X[train], y[train])
        row = comparison.baseline.loc[j]
        assert row["test_accuracy"] == prior.score(X[test], y[test])
        assert row["test_log_loss"] == log_loss(y[test], prior.predict_proba(X[test]))


def test_curves_end_where_the_scores_are_measured(comparison):
    curves = comparison.curves()
    last = curves.groupby(["label", "seed"])["test_loss"].last()
    frame = comparison.to_frame().set_index(["label", "seed"])
    np.testing.assert_allclose(last, frame["test_log_loss"].loc[last.index], rtol=1e-6)
    n_epochs = curves.groupby(["label", "seed"])["epoch"].max()
    assert (n_epochs == frame["n_iter"].loc[n_epochs.index]).all()


def test_curves_are_watched_and_never_used():
    with_curves = compare(init=["he"], cv=3).to_frame().drop(columns=TIMES)
    without = compare(init=["he"], cv=3, curves=False)
    pd.testing.assert_frame_equal(with_curves, without.to_frame().drop(columns=TIMES))
    with pytest.raises(ValueError, match="curves=False"):
        without.curves()


def test_preprocessing_sees_the_training_part_only():
    seen = []

    class Spy(StandardScaler):
        def fit(self, X, y=None, sample_weight=None):
            seen.append(len(X))
            return super().fit(X, y)

    compare(make_pipeline(Spy(), NETWORK), init=["he", "zeros"], cv=3, n_seeds=2)
    assert seen == [100, 100, 100]


def test_sample_weights_are_split_and_routed():
    weight = np.random.default_rng(0).integers(0, 3, len(y)).astype(float)
    cv = list(RepeatedStratifiedKFold(n_splits=3, n_repeats=1, random_state=1).split(X, y))
    params = {"sample_weight": weight, "standardscaler__sample_weight": weight}
    for row in compare(init=["he"], cv=cv, params=params).to_frame().itertuples():
        train, test = cv[row.split]
        alone = clone(SCALED).set_params(
            initmlpclassifier__init="he", initmlpclassifier__random_state=row.seed
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            alone.fit(
                X[train],
                y[train],
                standardscaler__sample_weight=weight[train],
                initmlpclassifier__sample_weight=weight[train],
            )
        loss = log_loss(y[test], alone.predict_proba(X[test]))
        assert loss == pytest.approx(row.test_log_loss, rel=1e-9)


@pytest.mark.parametrize("layout", [csr_array, csc_array, csr_matrix])
def test_sparse_rows_are_known_by_what_they_hold(layout):
    blank = X * (X > 1)
    dense = compare(NETWORK, blank, y, init=["he"], cv=3)
    sparse = compare(NETWORK, layout(blank), y, init=["he"], cv=3)
    expected, found = (c.to_frame()["test_log_loss"] for c in (dense, sparse))
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    again = csr_matrix(blank)
    again.indices, again.data = again.indices.copy(), again.data.copy()
    same = compare(NETWORK, again, y, init=["he"], cv=3)
    assert same.settings.data == sparse.settings.data


def test_layers_may_have_laws_of_their_own():
    comparison = compare(init=[["he", "zeros"], "he", ["he", VarianceScaling(scale=3.0)]], cv=3)
    labels = list(comparison.to_frame()["label"].unique())
    assert labels == ["['he', 'zeros']", "he", "['he', VarianceScaling(scale=3.0)]"]


@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_curves_begin_with_the_loss_of_the_start(solver):
    """Epoch 0 is the network as it is drawn: hardly moved by a step of length 1e-300."""
    cv = list(RepeatedStratifiedKFold(n_splits=2, n_repeats=1, random_state=1).split(X, y))
    network = InitMLPClassifier((8,), "tanh", solver=solver, max_iter=4)
    curves = compare(network, init=["he", "zeros"], cv=cv).curves()
    starts = curves[curves["epoch"] == 0]
    assert len(starts) == 4
    for row in starts.itertuples():
        train, test = cv[row.split]
        start = InitMLPClassifier(
            (8,), "tanh", init=row.label, solver="sgd", learning_rate_init=1e-300, max_iter=1,
            batch_size="full", random_state=row.seed,
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            start.fit(X[train], y[train])
        for rows, loss in ((train, row.train_loss), (test, row.test_loss)):
            assert log_loss(y[rows], start.predict_proba(X[rows])) == pytest.approx(loss, rel=1e-9)


def test_a_run_that_stops_at_its_start_has_a_point():
    """On classes of equal size zeros are a minimum, and L-BFGS takes no step from it."""
    network = InitMLPClassifier((8,), "tanh", solver="lbfgs", max_iter=9)
    comparison = compare(network, init=["zeros"], cv=StratifiedKFold(2))
    assert set(comparison.to_frame()["n_iter"]) == {0}
    curves = comparison.curves()
    assert list(curves["epoch"]) == [0, 0]
    np.testing.assert_allclose(curves[["train_loss", "test_loss"]], np.log(3))
    assert "Loss curves" in comparison.to_html()


@pytest.mark.parametrize("backend", ["loky", "threading", "multiprocessing"])
def test_workers_have_the_configuration_of_the_caller(backend):
    by_name = ColumnTransformer([("kept", "passthrough", ["x0", "x2"])])  # needs a frame
    pipeline = make_pipeline(StandardScaler(), by_name, NETWORK)
    kwargs = {"estimator": pipeline, "init": ["he"], "cv": 3, "curves": False}
    with config_context(transform_output="pandas"):
        expected = compare(**kwargs).to_frame().drop(columns=TIMES)
        with joblib.parallel_config(backend, n_jobs=2):
            found = compare(**kwargs).to_frame().drop(columns=TIMES)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)
    with pytest.raises(ValueError, match="only supported for dataframes"):
        compare(**kwargs)


REGISTERS = """
import sys
import numpy as np
from skinit import InitMLPClassifier, compare_initializers
from skinit.activations import Activation
from skinit.initializers import VarianceScaling, register_initializer

register_initializer("mine", VarianceScaling(scale=1.7))
mine = Activation("mine", np.tanh, lambda z, a, out: np.subtract(1, a * a, out), "mine")
rng = np.random.default_rng(0)
X, y = rng.normal(size=(60, 3)), np.arange(60) % 2
network = InitMLPClassifier((4,), mine, solver="lbfgs", max_iter=5)
losses = [
    compare_initializers(
        network, X, y, init=["auto", "mine", ["mine", "auto"], "he"], cv=2, n_jobs=n_jobs,
        random_state=0, progress=False,
    ).to_frame()["test_log_loss"]
    for n_jobs in (1, 2)
]
assert losses[0].notna().all() and losses[0].equals(losses[1]), losses
"""


def test_names_that_were_registered_mean_the_same_to_workers():
    subprocess.run([sys.executable, "-c", REGISTERS], check=True)


@pytest.mark.parametrize("is_routed", [False, True])
def test_parameters_reach_their_steps_with_and_without_metadata_routing(is_routed):
    weight = np.random.default_rng(0).integers(1, 9, len(y)).astype(float)
    kwargs = {"init": ["he"], "cv": 3, "curves": False}
    expected = compare(params={"standardscaler__sample_weight": weight}, **kwargs).to_frame()
    plain = compare(**kwargs).to_frame()
    assert (expected["test_log_loss"] != plain["test_log_loss"]).any()
    with config_context(enable_metadata_routing=is_routed):
        found = compare(params={"standardscaler__sample_weight": weight}, **kwargs).to_frame()
    pd.testing.assert_series_equal(found["test_log_loss"], expected["test_log_loss"])


def test_a_name_alone_reaches_the_steps_that_request_it():
    weight = np.random.default_rng(0).integers(1, 9, len(y)).astype(float)
    kwargs = {"init": ["he"], "cv": 3, "curves": False}
    both = {"standardscaler__sample_weight": weight, "sample_weight": weight}
    expected = compare(params=both, **kwargs).to_frame()
    with config_context(enable_metadata_routing=True):
        scaler = StandardScaler().set_fit_request(sample_weight=True)
        pipeline = make_pipeline(scaler, NETWORK)
        found = compare(pipeline, params={"sample_weight": weight}, **kwargs).to_frame()
    pd.testing.assert_series_equal(found["test_log_loss"], expected["test_log_loss"])
