"""Tuning inside each split: what is tried, who decides, and what becomes of the choice."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.metrics import log_loss
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skinit import InitComparison, InitMLPClassifier, compare_initializers
from skinit.comparison.calls import write_call
from skinit.comparison.schema import Trial
from skinit.comparison.tuning import Race, choose_point, make_inner_split, next_values
from skinit.engine.task import History, Progress
from tests.comparison.comparison_tools import NETWORK, SCALED, TIMES, X, compare, y

RATES = [0.001, 0.01, 0.1]
CV = list(StratifiedKFold(3, shuffle=True, random_state=0).split(X, y))
TUNED = {"init": ["zeros", "he", "xavier"], "cv": CV, "tune": {"learning_rate_init": RATES}}


@pytest.fixture(scope="module")
def tuned():
    return compare(**TUNED, n_seeds=2)


def fit_alone(train, test, **params):
    """Fit the pipeline by its own ``fit`` and return its log loss on other rows."""
    alone = clone(SCALED).set_params(**{f"initmlpclassifier__{k}": v for k, v in params.items()})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        alone.fit(X[train], y[train])
    return log_loss(y[test], alone.predict_proba(X[test]))


def seeds_of(comparison, split):
    frame = comparison.to_frame()
    return list(frame.loc[(frame["split"] == split) & (frame["label"] == "he"), "seed"])


@pytest.mark.parametrize("label", ["zeros", "he", "xavier"])
def test_by_hand_it_is_the_same(tuned, label):
    """Fit the candidate at each value alone, average over seeds, choose, and fit it again."""
    trials, runs = (table.set_index(["label", "split", "seed"]).sort_index().loc[label]
                    for table in (tuned.tuning(), tuned.to_frame()))  # fmt: skip
    for j, (train, test) in enumerate(CV):
        losses = {}
        for seed in seeds_of(tuned, j):
            inner = make_inner_split(train, y, None, seed, 0.2, j)
            assert len(inner.test) == 20
            for rate in RATES:
                found = trials.loc[j, seed].set_index("learning_rate_init")["inner_log_loss"]
                losses[seed, rate] = fit_alone(
                    inner.train, inner.test, init=label, learning_rate_init=rate, random_state=seed
                )
                assert found[rate] == pytest.approx(losses[seed, rate], rel=1e-9)
        means = [np.mean([losses[seed, rate] for seed in seeds_of(tuned, j)]) for rate in RATES]
        best = RATES[int(np.argmin(means))]
        for seed in seeds_of(tuned, j):
            assert runs.loc[(j, seed), "learning_rate_init"] == best
            again = fit_alone(train, test, init=label, learning_rate_init=best, random_state=seed)
            assert runs.loc[(j, seed), "test_log_loss"] == pytest.approx(again, rel=1e-9)


def test_held_out_labels_have_no_say(tuned):
    test = CV[0][1]
    shuffled = y.copy()
    shuffled[test] = np.random.default_rng(0).permutation(y[test])
    other = compare(**TUNED | {"y": shuffled}, n_seeds=2)
    tables = (c.tuning().query("split == 0").drop(columns="fit_time") for c in (tuned, other))
    pd.testing.assert_frame_equal(*tables, check_exact=True)
    first, second = (c.to_frame().query("split == 0") for c in (tuned, other))
    assert list(first["learning_rate_init"]) == list(second["learning_rate_init"])
    assert not first["test_log_loss"].equals(second["test_log_loss"])


def test_inner_parts_are_of_the_training_rows_and_differ_by_split_and_seed():
    seen = set()
    for seed in range(5):
        train, test = make_inner_split(CV[0][0], y, None, seed, 0.25, 0)
        assert sorted([*train, *test]) == sorted(CV[0][0])
        assert len(test) == 25 and (np.bincount(y[test]) >= 8).all()
        seen.add(tuple(sorted(test)))
    assert len(seen) == 5


def test_inner_parts_keep_groups_whole():
    groups = np.arange(150) // 5
    for seed in range(5):
        train, test = make_inner_split(np.arange(150), y, groups, seed, 0.2, 0)
        assert not set(groups[train]) & set(groups[test])
        assert len(test) == 30


def test_a_class_of_one_group_cannot_be_on_both_sides():
    groups = np.where(y == 1, -1, np.arange(150))
    with pytest.raises(ValueError, match=r"cannot be set aside: what .* has no row of class '1'"):
        make_inner_split(np.arange(150), y, groups, 0, 0.2, 0)


def test_preprocessing_does_not_see_the_rows_that_decide():
    seen = []

    class Spy(StandardScaler):
        def fit(self, X, y=None, sample_weight=None):
            seen.append(len(X))
            return super().fit(X, y)

    compare(make_pipeline(Spy(), NETWORK), **TUNED, n_seeds=2)
    assert seen == [100, 80, 80, 80, 80, 100, 80, 80, 100]  # the first split serves diagnoses first


def test_alpha_and_other_parameters_are_tuned_together():
    grid = {"alpha": [0.0, 10.0], "batch_size": [20, 50], "learning_rate_init": [0.01, 0.1]}
    comparison = compare(init=["he", "xavier"], cv=CV, tune=grid)
    row = comparison.to_frame().iloc[-1]
    assert set(grid) <= set(comparison.to_frame())
    trials = comparison.tuning().query("label == @row.label and split == @row.split")
    assert len(trials) == 8
    best = trials.loc[trials["inner_log_loss"].idxmin()]
    train, test = CV[row["split"]]
    chosen = {name: row[name] for name in grid}
    assert chosen == {name: best[name] for name in grid}
    again = fit_alone(train, test, init=row["init"], random_state=row["seed"], **chosen)
    assert row["test_log_loss"] == pytest.approx(again, rel=1e-9)


def test_lbfgs_is_tuned_by_its_penalty():
    network = InitMLPClassifier((4,), "tanh", solver="lbfgs", max_iter=10)
    comparison = compare(network, init=["he"], cv=3, tune={"alpha": [1e-4, 1e4]})
    assert set(comparison.to_frame()["alpha"]) == {1e-4}


def test_a_value_that_diverges_is_not_chosen_unless_all_do():
    network = InitMLPClassifier((8, 8), "identity", solver="sgd", max_iter=60, tol=0)
    kwargs = {"init": ["zeros", "random"], "cv": 3}
    tune = {"learning_rate_init": [1e-5, 2.0]}
    comparison = compare(network, X * 100, y, **kwargs, tune=tune)
    trials = comparison.tuning().query("label == 'random'")
    assert list(trials["diverged"]) == [False, True] * 3
    assert list(trials["chosen"]) == [True, False] * 3
    assert not comparison.to_frame()["diverged"].any()
    hopeless = compare(network, X * 100, y, **kwargs, tune={"learning_rate_init": [2.0, 3.0]})
    runs = hopeless.to_frame().query("label == 'random'")
    assert runs["diverged"].all() and set(runs["learning_rate_init"]) == {2.0}


def trial(point, loss, seed=0, **kwargs):
    return Trial("he", "tanh", point, seed, loss, **kwargs)


@pytest.mark.parametrize(
    ("trials", "expected"),
    [
        ([trial(0, 0.5), trial(1, 0.4), trial(2, 0.4)], 1),  # of equals the first
        ([trial(0, 0.5), trial(1, 0.4, diverged=True)], 0),
        ([trial(0, 0.9), trial(1, 0.4), trial(1, 0.4, 1, diverged=True), trial(0, 0.9, 1)], 0),
        ([trial(0, 0.4, diverged=True), trial(1, float("nan"), error="E")], 0),
        ([trial(0, 0.1, eliminated=True), trial(1, 0.4)], 1),
        ([trial(0, 0.1), trial(0, 0.9, 1), trial(1, 0.4), trial(1, 0.4, 1)], 1),  # means decide
        ([trial(0, float("inf")), trial(1, 5.0)], 1),
    ],
)
def test_the_choice(trials, expected):
    assert choose_point(trials, 3) == expected


def test_a_candidate_that_cannot_be_trained_is_reported():
    def broken(fan_in, fan_out, rng):
        raise RuntimeError("broken on purpose")

    comparison = compare(init={"he": "he", "broken": broken}, cv=3, tune=True)
    assert "broken on purpose" in comparison.failures["broken"]
    assert comparison.tuning().query("label == 'broken'")["inner_log_loss"].isna().all()


def test_the_table_does_not_depend_on_jobs(tuned):
    parallel = compare(**TUNED, n_seeds=2, n_jobs=2)
    for method in ("to_frame", "tuning"):
        found, expected = (
            getattr(c, method)().drop(columns=TIMES, errors="ignore") for c in (parallel, tuned)
        )
        pd.testing.assert_frame_equal(found, expected, check_exact=True)


# --- Racing -----------------------------------------------------------------------------------


def test_in_a_race_the_best_two_of_a_quarter_go_on():
    kwargs = TUNED | {"tune": {"learning_rate_init": [1e-4, 1e-3, 1e-2, 0.1, 1.0]}}
    whole, raced = compare(**kwargs), compare(**kwargs, racing=True)
    quarter = clone(SCALED).set_params(initmlpclassifier__max_iter=4)  # of 15 epochs, rounded up
    short = compare(quarter, **kwargs)
    keys = ["label", "split", "learning_rate_init"]
    full, found, early = (c.tuning().set_index(keys) for c in (whole, raced, short))
    ranks = early.groupby(["label", "split"])["inner_log_loss"].rank(method="first")
    pd.testing.assert_series_equal(found["eliminated"], ranks > 2, check_names=False)
    expected = full["inner_log_loss"].where(ranks <= 2, early["inner_log_loss"])
    np.testing.assert_allclose(found["inner_log_loss"], expected, rtol=1e-9)
    assert set(found.loc[found["eliminated"], "n_iter"]) == {4}
    finalists = full["inner_log_loss"].where(ranks <= 2).groupby(["label", "split"])
    best = finalists.idxmin().map(lambda key: key[2])
    chosen = raced.to_frame().set_index(["label", "split"])["learning_rate_init"]
    pd.testing.assert_series_equal(chosen.sort_index(), best.sort_index(), check_names=False)
    with pytest.raises(ValueError, match="racing=True: most values were not trained to the end"):
        raced.compare_at_each_rate()
    assert "only the best two values of each went on" in raced.to_html()


def test_later_seeds_train_the_finalists_of_the_first():
    kwargs = TUNED | {"tune": {"learning_rate_init": [1e-4, 1e-3, 1e-2, 0.1]}}
    trials = compare(**kwargs, racing=True, n_seeds=3).tuning()
    counts = trials.groupby(["label", "split", "seed"], sort=False).size()
    assert list(counts.sort_index().loc["he"].loc[0].sort_values()) == [2, 2, 4]
    chosen = trials[trials["chosen"]]
    assert not chosen["eliminated"].any()
    assert set(chosen.groupby(["label", "split"]).size()) == {3}


def test_who_has_stopped_takes_nobodys_place():
    """Of four networks the first has stopped before the quarter: the best two others go on."""
    race, members = Race(["he"] * 4, max_iter=8), [1, 2, 3]
    first = [History(loss_curve=[1.0]) for _ in members]
    assert race(Progress(members, first, list)) == set()
    later = [
        History(loss_curve=[1.0, 0.9], watched_loss_curve=[loss])
        for loss in (0.3, 0.1, float("nan"))
    ]
    assert race(Progress(members, later, list)) == {3}
    later[2].watched_loss_curve = [0.2]
    assert race(Progress(members, later, list)) == {1}


# --- What it shows ----------------------------------------------------------------------------


def test_summary_has_the_median_choice_and_the_share_of_the_edge(tuned):
    summary, runs = tuned.summary(), tuned.to_frame()
    for label in ("zeros", "he", "xavier"):
        chosen = runs.query("label == @label").drop_duplicates("split")["learning_rate_init"]
        assert summary.loc[label, "learning_rate_init"] == sorted(chosen)[1]
        assert summary.loc[label, "edge_rate"] == chosen.isin([0.001, 0.1]).mean()
    assert np.isnan(summary.loc["class prior", "edge_rate"])


def test_a_choice_at_the_edge_names_the_values_to_try(tuned):
    assert set(tuned.to_frame().query("label == 'he'")["learning_rate_init"]) == {0.1}
    sentence = tuned.sentence()
    assert "its largest value, 0.1, was often chosen for he (3 of 3 splits)" in sentence
    assert "try 1 and 10 too" in sentence
    assert "zeros (" not in sentence.split("lie outside the grid")[1]  # it learns at no rate


@pytest.mark.parametrize(
    ("value", "values", "expected"),
    [
        (0.1, [0.001, 0.01, 0.1], [1.0, 10.0]),
        (1e-4, [1e-4, 3e-4, 1e-3], [3e-5, 1e-5]),
        (1.0, [0.0, 1.0], []),
    ],
)
def test_the_values_that_continue_a_grid(value, values, expected):
    assert next_values(value, values) == pytest.approx(expected)


def test_comparisons_at_single_rates_are_those_of_the_same_trials(tuned):
    table = tuned.compare_at_each_rate()
    assert list(table["learning_rate_init"].unique()) == RATES
    trials = tuned.tuning()
    for rate, rows in table.groupby("learning_rate_init"):
        means = trials[trials["learning_rate_init"] == rate].groupby("label")["inner_log_loss"]
        found = rows.set_index("label")
        np.testing.assert_allclose(found["mean"], means.mean()[found.index])
        assert list(found["rank"]) == [1, 2, 3] and found["mean"].is_monotonic_increasing
        assert found["outcome"].iloc[0] in ("best", "undecided")
    page = tuned.to_html()
    assert "At one value, and tuned" in page and "Tuning of learning_rate_init" in page
    assert "Every candidate was tuned: its learning_rate_init (of 0.001, 0.01 and 0.1)" in page


def test_without_tuning_the_page_says_that_all_ran_at_one_rate(comparison):
    page = comparison.to_html()
    assert page.count("All candidates were trained at one learning rate, 0.01.") == 1
    for method in ("tuning", "plot_tuning", "compare_at_each_rate"):
        with pytest.raises(ValueError, match=r"made without tune.*Compare with tune=True"):
            getattr(comparison, method)()
    lbfgs = InitMLPClassifier((4,), solver="lbfgs", max_iter=5)
    assert "one learning rate" not in compare(lbfgs, init=["he"], cv=3).to_html()


def test_tables_for_print_have_the_choice(tuned):
    assert "| Learning rate |" in tuned.to_markdown().replace(" At the edge of the grid |", "")
    assert "Learning rate" in tuned.to_latex()


def test_the_plot_is_of_one_of_the_parameters(tuned):
    display = tuned.plot_tuning()
    assert display.ax_.get_xlabel() == "learning_rate_init"
    with pytest.raises(ValueError, match="'alpha' was not tuned; this comparison tuned"):
        tuned.plot_tuning("alpha")


def test_a_verdict_counts_that_no_value_escapes():
    """Zeros learn at no rate; that he hardly learns at 1e-6 is not the fault of he."""
    rates = {"learning_rate_init": [1e-6, 0.01]}
    tuned = compare(init=["zeros", "he"], cv=3, tune=rates)
    assert list(tuned.summary()["diagnosis"][["zeros", "he"]]) == ["INIT01", ""]
    assert "learning_rate_init" not in tuned.diagnoses["zeros"].partition("See")[0]
    slow = clone(SCALED).set_params(initmlpclassifier__learning_rate_init=1e-6)
    assert "INIT12" in compare(slow, init=["he"], cv=3).diagnoses["he"]
    assert compare(slow, init=["he"], cv=3, tune=rates).diagnoses == {}
    both_slow = compare(init=["he"], cv=3, tune={"learning_rate_init": [1e-7, 3e-4]})
    assert both_slow.diagnoses["he"].startswith("At learning_rate_init 0.0003: INIT12")


# --- Files ------------------------------------------------------------------------------------


def test_what_was_tuned_is_saved(tuned, tmp_path):
    tuned.save(tmp_path / "c.json")
    loaded = InitComparison.load(tmp_path / "c.json")
    for method in ("to_frame", "tuning", "summary", "compare_at_each_rate"):
        pd.testing.assert_frame_equal(getattr(loaded, method)(), getattr(tuned, method)())
    assert loaded.sentence() == tuned.sentence()


def test_a_checkpoint_goes_on_and_knows_what_was_tuned(tuned, tmp_path):
    path = tmp_path / "c"
    compare(**TUNED, n_seeds=2, checkpoint=path)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-1]))
    resumed = compare(**TUNED, n_seeds=2, checkpoint=path)
    pd.testing.assert_frame_equal(
        resumed.tuning().drop(columns="fit_time"), tuned.tuning().drop(columns="fit_time")
    )
    for change in (
        {"tune": None},
        {"tune": True},
        {"tune": {"alpha": RATES}},
        {"tune_size": 0.3},
        {"racing": True},
    ):
        with pytest.raises(ValueError, match="belongs to another comparison: tuning"):
            compare(**TUNED | change, n_seeds=2, checkpoint=path)


def test_a_point_that_was_not_tried_is_refused(tuned, tmp_path):
    tuned.save(tmp_path / "c.json")
    text = (tmp_path / "c.json").read_text()
    (tmp_path / "c.json").write_text(text.replace('"point": 2', '"point": 3', 1))
    with pytest.raises(ValueError, match="has point 3, which was not tried"):
        InitComparison.load(tmp_path / "c.json")


def test_the_call_repeats_the_comparison():
    kwargs = {"init": ["he", "xavier"], "cv": 3, "racing": True, "tune_size": 0.25}
    first = compare(
        **kwargs, tune={"learning_rate_init": RATES, "hidden_layer_sizes": [(4,), (8,)]}
    )
    names = {
        "X": X, "y": y, "make_pipeline": make_pipeline, "StandardScaler": StandardScaler,
        "InitMLPClassifier": InitMLPClassifier, "compare_initializers": compare_initializers,
    }  # fmt: skip
    again = eval(write_call(first.settings, None, 0.01), names)
    pd.testing.assert_frame_equal(
        again.to_frame().drop(columns=TIMES), first.to_frame().drop(columns=TIMES)
    )


# --- Arguments --------------------------------------------------------------------------------


LBFGS = InitMLPClassifier((4,), solver="lbfgs")
RARE = np.r_[y[:148], 5, 5]


@pytest.mark.parametrize(
    ("kwargs", "message"),
    [
        ({"tune": {}}, "tune must be True or a mapping"),
        ({"tune": [0.1]}, "tune must be True or a mapping"),
        ({"tune": {"learning_rate_init": []}}, "'learning_rate_init' has no values"),
        ({"tune": {"learning_rate_init": 0.1}}, "values of 'learning_rate_init' as a list"),
        ({"tune": {"learning_rate_init": [0.1, 0]}}, "must be finite and above 0, got 0"),
        ({"tune": {"learning_rate_init": [-1.0]}}, "must be finite and above 0, got -1.0"),
        ({"tune": {"learning_rate_init": ["fast"]}}, "must be finite and above 0, got 'fast'"),
        ({"tune": {"learning_rate_init": [0.1, 0.1]}}, "has the value 0.1 twice"),
        ({"tune": {"learning_rate_init": [True]}}, "must be finite and above 0, got True"),
        ({"tune": {"learning_rate_init": [[0.1, 0.2]]}}, r"above 0, got \[0.1, 0.2\]"),
        ({"tune": {"learning_rate_init": [float("nan")]}}, "must be finite and above 0, got nan"),
        ({"tune": {"learning_rate_init": [1, 1.0]}}, "has the value 1.0 twice"),
        ({"tune": {"learning_rate_init": [10**400]}}, "must be finite and above 0, got 1000"),
        ({"tune": {"lr": [0.1]}}, "no parameter 'lr'. Choose from alpha, .*learning_rate_init"),
        ({"tune": {None: [0.1]}}, "no parameter None. Choose from"),
        ({"tune": {"alpha": [0.1, True]}}, "'alpha' is a number, got True"),
        ({"tune": {"alpha": "0.1"}}, "values of 'alpha' as a list, got '0.1'"),
        ({"tune": {"alpha": [0.1]}, "racing": "yes"}, "racing must be True or False, got 'yes'"),
        ({"tune": {"alpha": [-1]}}, "tune: The 'alpha' parameter .* must be a float in"),
        ({"tune": {"learning_rate": ["fast"]}}, "tune: The 'learning_rate' parameter"),
        ({"tune": {"learning_rat_init": [1]}}, "no parameter 'learning_rat_init'. Did you mean"),
        ({"tune": {"mlp__alpha": [1]}}, "no parameter 'mlp__alpha'. Did you mean 'alpha'"),
        ({"tune": {"init": ["he"]}}, "'init' cannot be tuned: it is what is compared"),
        ({"tune": {"activation": ["relu"]}}, "'activation' cannot be tuned"),
        ({"tune": {"hidden_layer_sizes": [(4,), (4, 4)]}}, "another number of layers"),
        ({"tune": True, "tune_size": 0}, "tune_size must be a share between 0 and 1"),
        ({"tune": True, "tune_size": 1.5}, "tune_size must be a share between 0 and 1"),
        ({"tune": True, "tune_size": 10**400}, "tune_size must be a share between 0 and 1"),
        ({"tune_size": -1}, "tune_size must be a share between 0 and 1, got -1"),
        ({"racing": True}, "racing=True needs something to tune"),
        ({"estimator": LBFGS, "tune": True}, "solver 'lbfgs' has no learning rate; use"),
        (
            {"estimator": LBFGS, "tune": {"learning_rate_init": [0.1]}},
            "solver 'lbfgs' has no learning rate",
        ),
        (
            {"estimator": LBFGS, "tune": {"alpha": [0.1, 1]}, "racing": True},
            "cannot race",
        ),
        ({"tune": {"solver": ["adam", "lbfgs"], "learning_rate_init": [1]}}, "'lbfgs' has no lear"),
        ({"tune": True, "y": RARE, "cv": 2}, "training rows of split 0 cannot be set aside"),
        ({"tune": True, "tune_size": 0.01}, "training rows of split 0 cannot be set aside"),
    ],
)
def test_bad_arguments_get_one_sentence(kwargs, message):
    with pytest.raises(ValueError, match=message):
        compare(**{"init": ["he"], **kwargs})


def test_true_of_numpy_is_true():
    """As every other switch takes it."""
    tuning = [compare(init=["he"], tune=flag).settings.tuning for flag in (True, np.True_)]
    assert tuning[0] == tuning[1] is not None
