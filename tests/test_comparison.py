"""compare_initializers: fairness, statistics from the table, resuming, bad input."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import textwrap
import time
import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csc_array, csr_array, csr_matrix
from sklearn.base import clone
from sklearn.datasets import load_iris, make_classification
from sklearn.dummy import DummyClassifier
from sklearn.exceptions import ConvergenceWarning
from sklearn.metrics import balanced_accuracy_score, get_scorer, log_loss
from sklearn.model_selection import (
    GroupKFold,
    KFold,
    RepeatedStratifiedKFold,
    ShuffleSplit,
    StratifiedKFold,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from benchmarks.calibration import aa_scores, false_positive_rates
from skinit import InitComparison, InitMLPClassifier, compare_initializers
from skinit.comparison import scorers
from skinit.comparison.calls import describe, write_call
from skinit.comparison.result import BASELINE
from skinit.initializers import VarianceScaling

X, y = load_iris(return_X_y=True)
NETWORK = InitMLPClassifier((8,), "tanh", max_iter=15, learning_rate_init=0.01)
SCALED = make_pipeline(StandardScaler(), NETWORK)
TIMES = ["fit_time"]


def compare(estimator=SCALED, X=X, y=y, **kwargs):
    return compare_initializers(estimator, X, y, **{"random_state": 0, **kwargs})


@pytest.fixture(scope="module")
def comparison():
    return compare(init={"zeros": "zeros", "he": "he", "again": "he"}, n_seeds=2, target=0.6, cv=3)


def test_frame_has_a_row_per_run_with_columns_in_order(comparison):
    frame = comparison.to_frame()
    assert list(frame) == [
        "label", "init", "activation", "formula", "split", "seed", "test_accuracy",
        "train_accuracy", "test_log_loss", "train_log_loss", "n_iter", "fit_time", "diverged",
        "epochs_to_target",
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


@pytest.mark.parametrize("backend", ["loky", "threading", "sequential"])
def test_the_table_does_not_depend_on_jobs_or_backend(backend):
    import joblib

    kwargs = {"init": ["he", "random"], "cv": 3}
    expected = compare(**kwargs).to_frame().drop(columns=TIMES)
    with joblib.parallel_config(backend, n_jobs=2 if backend != "sequential" else 1):
        found = compare(**kwargs).to_frame().drop(columns=TIMES)
    pd.testing.assert_frame_equal(found, expected, check_exact=True)


def test_every_candidate_carries_its_diagnosis(comparison):
    assert comparison.summary().loc["zeros", "diagnosis"] == "INIT01"
    assert comparison.summary().loc["he", "diagnosis"] == ""
    assert list(comparison.diagnoses) == ["zeros"]
    assert "only the output bias can move" in comparison.to_html()


def test_equal_candidates_tie_exactly(comparison):
    pairs = comparison.pairwise().set_index(["a", "b"])
    assert pairs.loc[("he", "again"), "p"] == 1
    assert pairs.loc[("he", "again"), "difference"] == 0
    summary = comparison.summary()
    assert "again" in summary.loc["he", "ties_with"] and "he" in summary.loc["again", "ties_with"]
    assert set(summary["verdict"].dropna()) <= {"best", "tie", "worse", "undecided"}


def test_summary_p_holm_is_that_of_the_pair(comparison):
    summary, pairs = comparison.summary(), comparison.pairwise()
    best = summary.index[0]
    for label in summary.index[1:-1]:
        pair = pairs[pairs["a"].isin([best, label]) & pairs["b"].isin([best, label])]
        assert summary.loc[label, "p_holm"] == pair["p_holm"].item()
    assert BASELINE not in set(pairs["a"]) | set(pairs["b"])
    assert BASELINE not in set(comparison.to_frame()["label"])
    assert summary.index[-1] == BASELINE


def test_summary_means_average_seeds_inside_splits(comparison):
    frame = comparison.to_frame()
    means = frame.groupby(["label", "split"])["test_accuracy"].mean().unstack()
    summary = comparison.summary().drop(index=BASELINE)
    np.testing.assert_allclose(summary["mean"], means.mean(axis=1)[summary.index])
    np.testing.assert_allclose(summary["sd_splits"], means.std(axis=1)[summary.index])


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


def test_zeros_on_imbalanced_data_predict_like_the_prior():
    X, y = make_classification(300, weights=[0.8], flip_y=0, class_sep=2, random_state=0)
    network = InitMLPClassifier((8,), "tanh", max_iter=60, learning_rate_init=0.05)
    comparison = compare(network, X, y, init=["zeros", "xavier"])
    summary = comparison.summary()
    assert summary.loc["zeros", "mean"] == pytest.approx(0.8, abs=0.02)
    assert summary.loc["zeros", "beats_prior"] == "predicts like"
    assert "zeros predicts like the class prior" in comparison.sentence()
    assert "balanced_accuracy" in comparison.metrics


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


@pytest.mark.parametrize("name", scorers.OWN)
@pytest.mark.parametrize("classes", [[0, 1], ["a", "b", "c"]], ids=["numbers", "words"])
def test_own_scorers_equal_scikit_learns_to_the_last_bit(name, classes):
    rng = np.random.default_rng(0)
    for n in (3, 10, 101):
        y, predicted = rng.choice(classes, size=(2, n))
        y[: len(classes)] = classes
        dummy = SimpleNamespace(predict=lambda X, predicted=predicted: predicted)
        expected = get_scorer(name)._score_func(y, predicted)
        assert scorers.OWN[name](dummy, None, y) == expected


def test_a_class_without_test_rows_has_no_share_in_balanced_accuracy():
    y, predicted = np.array([0, 0, 1]), np.array([0, 2, 1])
    dummy = SimpleNamespace(predict=lambda X: predicted)
    with pytest.warns(UserWarning, match="y_pred contains classes not in y_true"):
        expected = balanced_accuracy_score(y, predicted)
    assert scorers.balanced_accuracy(dummy, None, y) == expected


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
    assert comparison.sentence() == free.sentence()
    assert "broken could not be scored" in comparison.sentence()
    pd.testing.assert_frame_equal(comparison.pairwise(), free.pairwise())
    page = comparison.to_html(tmp_path / "report.html")
    assert "Holm over all pairs" in page and "my own law is broken" in page


def test_layers_may_have_laws_of_their_own():
    comparison = compare(init=[["he", "zeros"], "he", ["he", VarianceScaling(scale=3.0)]], cv=3)
    labels = list(comparison.to_frame()["label"].unique())
    assert labels == ["['he', 'zeros']", "he", "['he', VarianceScaling(scale=3.0)]"]


def test_a_score_that_is_no_number_for_anybody_is_refused():
    with pytest.raises(ValueError, match=r"scored on split 0: 'odd' is NaN\. Use another scorer"):
        compare(init=["he"], cv=3, scoring={"odd": lambda estimator, X, y: np.nan})


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


def test_groups_stay_together():
    groups = np.arange(len(y)) // 2
    splits = compare(init=["he"], cv=GroupKFold(3), groups=groups, curves=False)
    assert splits.settings["splits"]["cv"] == repr(GroupKFold(3))
    with pytest.raises(ValueError, match="groups"):
        compare(init=["he"], cv=GroupKFold(3))


@pytest.mark.parametrize("metric", ["accuracy", "log_loss"])
def test_losses_are_turned_so_that_lower_is_better(comparison, metric):
    summary = comparison.summary(metric)
    means = summary["mean"].drop(BASELINE)
    assert means.is_monotonic_decreasing if metric == "accuracy" else means.is_monotonic_increasing
    assert (summary["difference"].dropna() <= 0).all()


def test_a_metric_says_of_others_what_the_primary_one_says(comparison):
    """Who beats the prior is asked of the primary metric and log loss; the rest is exploratory."""
    expected = comparison.summary()["beats_prior"].drop(BASELINE)
    found = comparison.summary("log_loss")["beats_prior"].drop(BASELINE)
    pd.testing.assert_series_equal(found[expected.index], expected)
    said = "These tests are exploratory: the primary metric is accuracy."
    assert said in comparison.sentence("log_loss") and said not in comparison.sentence()


def test_only_scores_of_scikit_learn_have_known_ranges():
    def accuracy_percent(estimator, X, y):
        return 100 * estimator.score(X, y)

    row = compare(init=["he"], cv=3, scoring=accuracy_percent).summary().loc["he"]
    assert 1 < row["ci_low"] < row["mean"] < row["ci_high"]
    row = compare(init=["he"], cv=3).summary().loc["he"]
    assert 0 <= row["ci_low"] < row["mean"] < row["ci_high"] <= 1


def test_a_target_that_nobody_reaches():
    table = compare(init=["he", "zeros"], cv=3, target=1e-6).summary()
    assert set(table["epochs_to_target"].dropna()) == {"reached 0/3, median > 15 [> 15, > 15]"}


def test_honest_best_needs_a_partition():
    partition = compare(init=["he", "xavier"], cv=RepeatedStratifiedKFold(n_splits=3, n_repeats=2))
    assert 0 < partition.honest_best <= partition.summary()["mean"].max() + 1e-12
    assert np.isnan(compare(init=["he", "xavier"], cv=ShuffleSplit(3)).honest_best)


def test_control_is_what_all_others_are_compared_with():
    comparison = compare(init=["he", "xavier", "zeros"], control="zeros", cv=3)
    pairs = comparison.pairwise()
    others = pairs[(pairs["a"] != "zeros") & (pairs["b"] != "zeros")]
    assert others["p_holm"].isna().all()
    assert np.isnan(comparison.summary().loc["zeros", "difference"])


def test_several_activations_make_pairs_of_labels():
    comparison = compare(init=["he", "xavier"], activation=["tanh", "relu"], cv=3)
    summary = comparison.summary()
    assert summary.index.names == ["label", "activation"]
    assert len(summary) == 5
    assert len(comparison.pairwise()) == 6


def test_save_and_load(comparison, tmp_path):
    path = tmp_path / "comparison.json"
    comparison.save(path)
    json.loads(path.read_text(), parse_constant=pytest.fail)
    loaded = InitComparison.load(path)
    pd.testing.assert_frame_equal(loaded.to_frame(), comparison.to_frame())
    pd.testing.assert_frame_equal(loaded.curves(), comparison.curves())
    pd.testing.assert_frame_equal(loaded.summary(), comparison.summary())
    assert loaded.sentence() == comparison.sentence()
    with pytest.raises(ValueError, match="not a checkpoint of a comparison"):
        InitComparison.load(__file__)


SCRIPT = """
import sys
from sklearn.datasets import load_breast_cancer
from skinit import InitMLPClassifier, compare_initializers

X, y = load_breast_cancer(return_X_y=True)
network = InitMLPClassifier((16,), max_iter={epochs}, n_iter_no_change=1000)
comparison = compare_initializers(
    network, X / X.std(axis=0), y, init=["he", "xavier", "zeros"], random_state=3, cv=5,
    checkpoint=sys.argv[1], progress=False)
comparison.save(sys.argv[2])
"""


def test_a_killed_comparison_goes_on_where_it_was(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(textwrap.dedent(SCRIPT.format(epochs=150)))
    checkpoint, out = tmp_path / "odd name.pkl", tmp_path / "out.json"
    command = [sys.executable, str(script), str(checkpoint), str(out)]
    process = subprocess.Popen(command)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if checkpoint.exists() and checkpoint.read_bytes().count(b"\n") >= 3:
            break
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    n_found = checkpoint.read_bytes().count(b"\n") - 1
    assert 2 <= n_found < 5, "the process was to be killed in the middle"
    with open(checkpoint, "ab") as file:
        file.write(b'{"split": 4, "torn')
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert f"found {n_found} of 5 splits" in done.stderr
    resumed = InitComparison.load(out).to_frame().drop(columns=TIMES)
    fresh = [*command[:2], str(tmp_path / "fresh"), str(out)]
    subprocess.run(fresh, check=True, capture_output=True)
    expected = InitComparison.load(out).to_frame().drop(columns=TIMES)
    pd.testing.assert_frame_equal(resumed, expected, check_exact=True)
    pd.testing.assert_frame_equal(
        InitComparison.load(checkpoint).to_frame().drop(columns=TIMES), expected
    )


def test_an_unfinished_checkpoint_can_be_read(tmp_path):
    compare(init=["he", "zeros"], cv=3, checkpoint=tmp_path / "c")
    lines = (tmp_path / "c").read_text().splitlines(keepends=True)
    (tmp_path / "c").write_text("".join(lines[:-1]))
    loaded = InitComparison.load(tmp_path / "c")
    assert len(loaded.to_frame()) == 4
    assert np.isnan(loaded.honest_best)
    assert "he" in loaded.sentence()


def test_a_finished_checkpoint_trains_nothing(tmp_path, monkeypatch, capsys):
    kwargs = {"init": ["he", "zeros"], "cv": 3, "checkpoint": tmp_path / "c"}
    expected = compare(**kwargs)
    monkeypatch.setattr("skinit.comparison.runs.run_split", pytest.fail)
    found = compare(**kwargs)
    pd.testing.assert_frame_equal(found.to_frame(), expected.to_frame())
    assert "found 3 of 3 splits" in capsys.readouterr().err


def test_a_checkpoint_without_random_state_keeps_its_seed(tmp_path):
    kwargs = {"init": ["he"], "cv": 3, "checkpoint": tmp_path / "c", "random_state": None}
    pd.testing.assert_frame_equal(compare(**kwargs).to_frame(), compare(**kwargs).to_frame())


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"X": X + 1}, "data"),
        ({"init": ["he", "lecun_normal"]}, "candidates"),
        ({"random_state": 1}, "seed"),
        ({"cv": 4}, "splits"),
        ({"estimator": NETWORK}, "preprocessing"),
        ({"scoring": "f1_macro"}, "scoring"),
        ({"scoring": {"accuracy": "neg_log_loss"}}, "scoring"),
        ({"params": {"sample_weight": pd.Series(1.0 + (y > 0))}}, "params"),
        ({"X": X.astype(str).astype(object)}, "data"),
    ],
)
def test_a_checkpoint_of_another_comparison_is_refused(tmp_path, change, named):
    kwargs = {"init": ["he", "zeros"], "cv": 3, "checkpoint": tmp_path / "c"}
    compare(**kwargs)
    with pytest.raises(ValueError, match=f"belongs to another comparison: .*{named}"):
        compare(**(kwargs | change))


def test_what_has_no_name_of_its_own_does_not_forbid_to_go_on(tmp_path):
    """Objects are known by their content and not by where they lie in memory."""

    class Cut:
        def split(self, X, y, groups=None):
            return StratifiedKFold(3).split(X, y)

        def get_n_splits(self, X=None, y=None, groups=None):
            return 3

    def kwargs():
        return {
            "estimator": make_pipeline(OneHotEncoder(handle_unknown="ignore"), NETWORK),
            "X": (X.mean(axis=0) < X).astype(str).astype(object),
            "init": [lambda fan_in, fan_out, rng: rng.normal(size=(fan_in, fan_out))],
            "cv": Cut(),
            "params": {"sample_weight": pd.Series(1.0 + (y > 0))},
            "checkpoint": tmp_path / "c",
        }

    pd.testing.assert_frame_equal(compare(**kwargs()).to_frame(), compare(**kwargs()).to_frame())


def test_a_checkpoint_is_loaded_without_control_and_rope(tmp_path):
    path = tmp_path / "c"
    comparison = compare(init=["he", "zeros"], cv=3, control="zeros", rope=0.1, checkpoint=path)
    loaded = InitComparison.load(path)
    assert (loaded.control, loaded.rope) == (None, 0.01)
    loaded.control, loaded.rope = "zeros", 0.1
    assert loaded.sentence() == comparison.sentence()


def test_numbers_of_numpy_are_numbers(tmp_path):
    network = InitMLPClassifier((8,), max_iter=np.int64(4), alpha=np.float32(0.5))
    kwargs = {"cv": 2, "rope": np.float32(0.5), "target": np.float32(0.25)}
    comparison = compare(network, init=["he", "zeros"], checkpoint=tmp_path / "c", **kwargs)
    comparison.save(tmp_path / "saved.json")
    assert InitComparison.load(tmp_path / "saved.json").rope == 0.5


def test_splits_may_be_masks():
    masks = [np.arange(150) % 3 == i for i in range(3)]
    by_mask = compare(init=["he"], cv=[(~mask, mask) for mask in masks])
    rows = [(np.flatnonzero(~mask), np.flatnonzero(mask)) for mask in masks]
    by_row = compare(init=["he"], cv=rows)
    assert by_mask.rho == by_row.rho == 0.5
    pd.testing.assert_frame_equal(
        by_mask.to_frame().drop(columns=TIMES), by_row.to_frame().drop(columns=TIMES)
    )


def test_settings_are_described_as_python_writes_them():
    class Own:
        pass

    for value, expected in (
        ((8,), "(8,)"),
        ([1, "a", None], "[1, 'a', None]"),
        ({0: 2.0, "a": np.inf}, "{0: 2.0, 'a': float('inf')}"),
        (np.float32(0.5), "0.5"),
        (VarianceScaling(scale=3.0, mode="fan_out"), "VarianceScaling(mode='fan_out', scale=3.0)"),
        (OneHotEncoder(dtype=np.float32), "OneHotEncoder(dtype=float32)"),
        (np.ones, "ones"),
    ):
        assert describe(value) == expected
    assert describe(Own()) == describe(Own())
    one, same, other = pd.Series([1, 2]), pd.Series([1, 2]), pd.Series([1, 3])
    assert describe(one) == describe(same) != describe(other)


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
    assert same.settings["data"] == sparse.settings["data"]


def test_an_empty_file_is_a_new_checkpoint_and_no_comparison(tmp_path):
    path = tmp_path / "c"
    path.touch()
    kwargs = {"init": ["he"], "cv": 3, "checkpoint": path, "random_state": None}
    pd.testing.assert_frame_equal(compare(**kwargs).to_frame(), compare(**kwargs).to_frame())
    path.write_bytes(path.read_bytes().split(b"\n")[0] + b"\n")
    with pytest.raises(ValueError, match="holds no finished split yet"):
        InitComparison.load(path)


def test_another_file_is_not_loaded(tmp_path):
    path = tmp_path / "other.json"
    path.write_text('{"settings": {}, "records": []}')
    with pytest.raises(ValueError, match="not a checkpoint"):
        InitComparison.load(path)


def test_another_file_is_not_taken_for_a_checkpoint(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("dear diary\n")
    with pytest.raises(ValueError, match="not a checkpoint"):
        compare(init=["he"], checkpoint=path)
    assert path.read_text() == "dear diary\n"


def test_ctrl_c_keeps_finished_splits(tmp_path, monkeypatch):
    from skinit.comparison import runs as module

    run_split, calls = module.run_split, []

    def interrupted(plan, j, X, y):
        calls.append(j)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return run_split(plan, j, X, y)

    monkeypatch.setattr(module, "run_split", interrupted)
    kwargs = {"init": ["he"], "cv": 5, "checkpoint": tmp_path / "c"}
    with pytest.raises(KeyboardInterrupt):
        compare(**kwargs)
    compare(**kwargs)
    assert calls == [0, 1, 2, 2, 3, 4]


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"init": ["hee"]}, "Unknown init 'hee'. Did you mean 'he'"),
        ({"init": []}, "init is empty"),
        ({"init": "he"}, "must be a sequence or a mapping"),
        ({"activation": ["tahn"]}, "Unknown activation 'tahn'"),
        ({"y": np.zeros(150)}, "one class only"),
        ({"X": X[:0], "y": y[:0]}, "empty"),
        ({"cv": 60}, "60 folds need 60 rows of every class"),
        ({"scoring": "acuracy"}, "Unknown scorer 'acuracy': did you mean 'accuracy'"),
        ({"control": "her"}, "control='her' is not a candidate"),
        ({"estimator": DummyClassifier()}, "must be an InitMLPClassifier or a Pipeline"),
        ({"y": X}, "continuous-multioutput"),
        ({"n_seeds": 0}, "n_seeds must be a whole number, 1 or more"),
        ({"n_seeds": 1.5}, "n_seeds must be a whole number, 1 or more"),
        ({"cv": KFold(3)}, "has no row of class"),
        ({"y": y[:-1]}, "inconsistent numbers of samples"),
        ({"X": X[:, 0]}, "X must have two axes"),
        ({"activation": "tanh"}, "activation must be a sequence"),
        ({"activation": []}, "activation is empty"),
        ({"init": {"": "he"}}, "cannot be called ''"),
        ({"init": {BASELINE: "he"}}, "cannot be called 'class prior'"),
        ({"cv": []}, "gives no splits"),
        ({"cv": [(np.arange(150), [])]}, "test part of split 0 is empty"),
        ({"cv": [(np.arange(150), [3])]}, "split 0 share rows"),
        ({"scoring": [get_scorer("accuracy")]}, "a mapping of name to scorer"),
        ({"target": "low"}, "target must be a loss above 0"),
        ({"progress": "yes"}, "progress must be True, False or 'auto'"),
        ({"rope": -1}, "rope must be a difference of 0 or more"),
        ({"rope": {"acuracy": 0.5}}, "no metric 'acuracy'; choose from .*'accuracy', 'log_loss'"),
        ({"scoring": {"log_loss": "neg_log_loss"}}, "'log_loss' is recorded in any case"),
        ({"params": {"X_val": X}}, "nothing takes 'X_val'; use sample_weight or standardscaler__"),
        ({"params": {"initmlpclassifier__sample_weight": y}}, "use sample_weight"),
        ({"params": {"partial": True}}, "nothing takes 'partial'"),
    ],
)
def test_bad_input_gets_one_clear_error(kwargs, message):
    with pytest.raises(ValueError, match=message):
        compare(**kwargs)


def test_a_a_through_the_public_api_is_conservative():
    """Equal learners with the product's own seeds: both tests keep their promise there."""
    scores, rho = aa_scores("iris", 300)
    for table in scores.values():
        assert table.shape == (300, 10, 2)
        assert (table[..., 0] != table[..., 1]).any(), "two sets of seeds were to be compared"
        rates = false_positive_rates(table, rho)
        assert rates["corrected"] <= 0.05
        assert rates["naive"] <= 0.10


def test_plots_show_what_the_tables_say(comparison):
    import matplotlib as mpl

    mpl.use("Agg")
    for display in (
        comparison.plot_curves(),
        comparison.plot_scores(),
        comparison.plot_differences(),
    ):
        axes = np.ravel(display.ax_)
        assert all(ax.get_xlabel() for ax in axes[-1:])
        mpl.pyplot.close(display.figure_)
    several = compare(init=["he", "xavier"], activation=["tanh", "relu"], cv=3)
    display = several.plot_heatmap()
    assert display.means.loc["he", "tanh"] == several.summary().loc[("he", "tanh"), "mean"]
    mpl.pyplot.close(display.figure_)


def test_the_report_says_everything_and_escapes_labels(tmp_path):
    label = "<script>alert(1)</script>"
    comparison = compare(init={label: "he", "zeros": "zeros"}, cv=3)
    page = comparison.to_html(tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == page
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    for text in ("Loss curves", "Differences", "random_state=0", "class prior", "scikit-learn"):
        assert text in page
    assert label not in comparison.to_markdown()
    assert "toprule" in comparison.to_latex()
    with pytest.raises(OSError, match="there is no folder"):
        comparison.to_html(tmp_path / "missing" / "report.html")


def test_a_rope_by_metric(comparison):
    again = InitComparison(comparison.settings, comparison.records, rope={"log_loss": 5.0})
    assert (again.pairwise("log_loss")["p_equivalent"] > 0.99).all()
    pd.testing.assert_frame_equal(again.pairwise(), comparison.pairwise())


def test_the_call_in_the_report_repeats_the_comparison():
    network = InitMLPClassifier(
        (8,), "tanh", max_iter=4, n_iter_no_change=np.inf, class_weight={0: 2.0, 1: 1.0, 2: 1.0}
    )
    names = {
        "compare_initializers": compare_initializers,
        "make_pipeline": make_pipeline,
        "StandardScaler": StandardScaler,
        "InitMLPClassifier": InitMLPClassifier,
        "VarianceScaling": VarianceScaling,
        "StratifiedKFold": StratifiedKFold,
    }
    for kwargs in (
        {"init": ["he", "zeros"]},
        {
            "init": {"mine": VarianceScaling(scale=3.0, mode="fan_out"), "two": ["he", "zeros"]},
            "cv": StratifiedKFold(n_splits=3),
            "n_seeds": 2,
            "scoring": ["f1_macro", "accuracy"],
            "rope": {"f1_macro": 0.02},
            "control": "two",
            "target": 0.5,
            "curves": False,
        },
    ):
        comparison = compare_initializers(
            make_pipeline(StandardScaler(), network), X, y, random_state=7, **kwargs
        )
        again = eval(
            write_call(comparison.settings, comparison.control, comparison.rope),
            names | {"X": X, "y": y},
        )
        pd.testing.assert_frame_equal(
            again.to_frame().drop(columns=TIMES), comparison.to_frame().drop(columns=TIMES)
        )
        assert again.settings["curves"] == comparison.settings["curves"]
        assert again.sentence() == comparison.sentence()
