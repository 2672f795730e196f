"""Callbacks, those of scikit-learn 1.9 and some of the test's own."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.fixes import parse_version

from skinit import InitMLPClassifier, InitMLPRegressor, InitMLPSearchCV, compare_initializers

HAS_CALLBACKS = parse_version(sklearn.__version__) >= parse_version("1.9")
needs_callbacks = pytest.mark.skipif(not HAS_CALLBACKS, reason="scikit-learn 1.9 brings them")

X, y = load_iris(return_X_y=True)
X = (X - X.mean(0)) / X.std(0)
WEIGHT = np.where(y == 2, 0.5, 1.0)

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


class Diary:
    """Write down what happens; ask to stop after an epoch."""

    def __init__(self, stop_after=None):
        self.entries, self.scores, self.stop_after = [], [], stop_after

    def setup(self, estimator, context):
        self.entries.append("setup")

    def teardown(self, estimator, context):
        self.entries.append("teardown")

    def on_fit_task_begin(self, estimator, context, *, X, y):
        self.entries.append(("begin", context.task_name, context.task_id))

    def on_fit_task_end(self, estimator, context, *, X, y, metadata, fitted_estimator):
        self.entries.append(("end", context.task_name, context.task_id))
        if fitted_estimator is not None:
            self.scores.append(fitted_estimator.score(X, y))
        return context.task_name == "epoch" and context.task_id + 1 == self.stop_after


def network(solver="adam", kind=InitMLPClassifier, **params):
    params = {"learning_rate_init": 0.05, "max_iter": 4} | params
    return kind(hidden_layer_sizes=(5,), solver=solver, random_state=0, **params)


@needs_callbacks
@pytest.mark.parametrize("kind", [InitMLPClassifier, InitMLPRegressor])
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_every_epoch_is_a_task_inside_the_fit(solver, kind):
    diary = Diary()
    estimator = network(solver, kind).set_callbacks(diary).fit(X, y)
    epochs = [(what, "epoch", i) for i in range(4) for what in ("begin", "end")]
    expected = ["setup", ("begin", "fit", 0), *epochs, ("end", "fit", 0), "teardown"]
    assert diary.entries == expected
    assert diary.scores[-1] == diary.scores[-2] == estimator.score(X, y)
    assert len(set(diary.scores)) > 1  # each epoch has the network of its time


@needs_callbacks
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_the_fitted_estimator_of_an_epoch_is_that_of_a_shorter_fit(solver):
    found = []

    class Keep(Diary):
        def on_fit_task_end(self, estimator, context, *, fitted_estimator):
            found.append(fitted_estimator.predict_proba(X))

    network(solver).set_callbacks(Keep()).fit(X, y)
    for n_epochs, p in enumerate(found[:-1], start=1):
        shorter = network(solver).set_params(max_iter=n_epochs).fit(X, y)
        np.testing.assert_allclose(p, shorter.predict_proba(X), rtol=1e-12)


@needs_callbacks
@pytest.mark.parametrize("solver", ["adam", "sgd", "lbfgs"])
def test_a_callback_stops_the_training(solver):
    diary = Diary(stop_after=2)
    estimator = network(solver).set_callbacks(diary, Diary()).fit(X, y)
    assert estimator.n_iter_ == 2
    assert ("end", "epoch", 1) in diary.entries
    assert ("begin", "epoch", 2) not in diary.entries


@needs_callbacks
def test_what_was_begun_is_ended_where_training_converges():
    diary = Diary()
    estimator = network(tol=1e6, n_iter_no_change=1).set_params(max_iter=50)
    estimator.set_callbacks(diary).fit(X, y)
    assert estimator.n_iter_ < 5
    begun = [entry[1:] for entry in diary.entries if entry[0] == "begin"]
    ended = [entry[1:] for entry in diary.entries if entry[0] == "end"]
    assert sorted(begun) == sorted(ended)


@needs_callbacks
def test_after_an_error_callbacks_are_torn_down_and_the_estimator_is_as_before():
    diary = Diary()
    estimator = network("sgd", learning_rate_init=1e300).set_callbacks(diary)
    before = set(vars(estimator))
    with pytest.raises(ValueError, match="non-finite"), np.errstate(all="ignore"):
        estimator.fit(X, y)
    assert diary.entries[-1] == "teardown"
    assert set(vars(estimator)) == before


@needs_callbacks
def test_the_result_is_the_same_with_callbacks():
    plain = network().fit(X, y, WEIGHT)
    told = network().set_callbacks(Diary()).fit(X, y, WEIGHT)
    np.testing.assert_array_equal(plain.coefs_[0], told.coefs_[0])
    assert clone(told)._skl_callbacks == told._skl_callbacks


@needs_callbacks
def test_scores_of_scikit_learn_by_epoch_weighted():
    from sklearn.callback import ScoringMonitor

    monitor = ScoringMonitor(scoring="accuracy")
    estimator = network("lbfgs").set_callbacks(monitor).fit(X, y, WEIGHT)
    scores = monitor.get_logs().data_as_pandas
    assert list(scores["task_name"]) == ["fit", *["epoch"] * 4]
    assert scores["accuracy"].iloc[-1] == estimator.score(X, y, WEIGHT)


@needs_callbacks
def test_nested_in_a_search_of_a_pipeline():
    from sklearn.callback import ScoringMonitor

    monitor = ScoringMonitor(scoring="accuracy")
    pipe = make_pipeline(StandardScaler(), network().set_callbacks(monitor))
    GridSearchCV(pipe, {"initmlpclassifier__init": ["he", "xavier"]}, cv=3).fit(X, y)
    scores = monitor.get_logs().data_as_pandas
    assert (scores["task_name"] == "epoch").sum() == (2 * 3 + 1) * 4


@needs_callbacks
@pytest.mark.parametrize("search", [GridSearchCV, InitMLPSearchCV])
def test_a_stop_is_honoured_inside_a_search(search):
    diary = Diary(stop_after=2)
    found = search(network().set_callbacks(diary), {"init": ["he", "xavier"]}, cv=3).fit(X, y)
    assert found.best_estimator_.n_iter_ == 2
    assert diary.entries.count(("end", "epoch", 1)) == 2 * 3 + 1
    assert ("begin", "epoch", 2) not in diary.entries


@needs_callbacks
def test_progress_of_a_search_reaches_the_epochs(capsys):
    from sklearn.callback import ProgressBar

    search = GridSearchCV(network(), {"init": ["he", "xavier"]}, cv=3)
    search.set_callbacks(ProgressBar()).fit(X, y)
    assert capsys.readouterr().out.count("InitMLPClassifier") == 2 * 3 + 1


GRID = {"init": ["he", "xavier"], "learning_rate_init": [0.01, 0.05], "activation": ["tanh"]}


def tree_of(log, include=("task_name", "task_id_path", "accuracy")):
    frame = log.data_as_pandas[list(include)]
    return frame.sort_values("task_id_path").reset_index(drop=True)


@needs_callbacks
@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("in_pipeline", [False, True])
def test_our_search_tells_what_grid_search_tells(n_jobs, in_pipeline):
    from sklearn.callback import ScoringMonitor

    found = []
    for search in (GridSearchCV, InitMLPSearchCV):
        monitor = ScoringMonitor(scoring="accuracy")
        estimator, grid = network().set_callbacks(monitor), GRID
        if in_pipeline:
            estimator = make_pipeline(StandardScaler(), estimator)
            grid = {f"initmlpclassifier__{name}": values for name, values in GRID.items()}
        search(estimator, grid, cv=3, n_jobs=n_jobs).fit(X, y)
        found.append(tree_of(monitor.get_logs()))
    theirs, ours = found
    assert list(ours["task_name"]).count("epoch") == (4 * 3 + 1) * 4
    if not in_pipeline:  # which is a task more in scikit-learn's tree
        assert list(ours["task_id_path"]) == list(theirs["task_id_path"])
    np.testing.assert_allclose(np.sort(ours["accuracy"]), np.sort(theirs["accuracy"]))


@needs_callbacks
def test_progress_of_our_search(capsys):
    from sklearn.callback import ProgressBar

    search = InitMLPSearchCV(network(), {"init": ["he", "xavier"]}, cv=3)
    search.set_callbacks(ProgressBar()).fit(X, y)
    assert capsys.readouterr().out.count("InitMLPClassifier") == 2 * 3 + 1


@needs_callbacks
def test_our_search_honours_a_stop_of_one_candidate_and_ends_what_it_began():
    class StopXavier(Diary):
        def on_fit_task_end(self, estimator, context, *, fitted_estimator):
            self.entries.append(("end", context.task_name, context.task_id))
            return getattr(estimator, "init", None) == "xavier" and context.task_id == 0

    diary = StopXavier()
    search = InitMLPSearchCV(network(), {"init": ["he", "xavier"]}, cv=3, refit=False)
    lengths = {}

    class Length(Diary):
        def on_fit_task_end(self, estimator, context, *, fitted_estimator):
            if context.task_name == "fit" and fitted_estimator is not None:
                lengths.setdefault(estimator.init, set()).add(fitted_estimator.n_iter_)

    search.estimator.set_callbacks(diary, Length())
    search.fit(X, y)
    assert lengths == {"he": {4}, "xavier": {1}}
    begun = [entry[1:] for entry in diary.entries if entry[0] == "begin"]
    ended = [entry[1:] for entry in diary.entries if entry[0] == "end"]
    assert sorted(begun) == sorted(ended)
    assert diary.entries.count("setup") == diary.entries.count("teardown") == 6


@needs_callbacks
def test_a_comparison_tells_of_its_trainings_and_honours_a_stop():
    diary = Diary(stop_after=2)
    comparison = compare_initializers(
        network().set_callbacks(diary), X, y, init=["he", "xavier"], cv=3, random_state=0,
        progress=False,
    )  # fmt: skip
    assert diary.entries.count(("end", "epoch", 1)) == 2 * 3
    assert ("end", "epoch", 2) not in diary.entries
    assert set(comparison.to_frame()["n_iter"]) == {2}


@needs_callbacks
@pytest.mark.parametrize("in_pipeline", [False, True])
@pytest.mark.parametrize("n_jobs", [1, 2])
def test_scores_by_epoch_of_all_trainings_of_a_comparison(n_jobs, in_pipeline):
    from sklearn.callback import ScoringMonitor

    monitor = ScoringMonitor(scoring="accuracy")
    estimator = network().set_callbacks(monitor)
    if in_pipeline:
        estimator = make_pipeline(StandardScaler(), estimator)
    compare_initializers(
        estimator, X, y, init=["he", "xavier"], cv=3, n_jobs=n_jobs, progress=False
    )
    logs = monitor.get_logs(select="all")
    assert len(logs) == 2 * 3
    assert {tuple(log.data_as_pandas["task_name"]) for log in logs} == {("fit", *["epoch"] * 4)}


def compare_on_a_terminal(estimator, monkeypatch, **how):
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich then takes the captured stream for a terminal
    return compare_initializers(estimator, X, y, init=["he", "xavier"], cv=3, **how)


@needs_callbacks
def test_where_scikit_learn_shows_progress_a_comparison_does_not(capsys, monkeypatch):
    from sklearn.callback import ProgressBar, ScoringMonitor

    compare_on_a_terminal(network().set_callbacks(ScoringMonitor(scoring="accuracy")), monkeypatch)
    assert "trainings" in capsys.readouterr().err
    compare_on_a_terminal(network().set_callbacks(ProgressBar()), monkeypatch)
    shown = capsys.readouterr()
    assert "trainings" not in shown.err
    assert shown.out.count("InitMLPClassifier - fit") >= 2 * 3
    compare_on_a_terminal(network().set_callbacks(ProgressBar()), monkeypatch, progress=True)
    assert "trainings" in capsys.readouterr().err


@needs_callbacks
@pytest.mark.parametrize("search", [GridSearchCV, InitMLPSearchCV])
def test_a_progress_bar_belongs_to_the_search_and_not_to_what_it_fits(search):
    """As scikit-learn has it: the outermost estimator shows the progress of all."""
    from sklearn.callback import ProgressBar

    inner = network().set_callbacks(ProgressBar())
    outer = search(inner, {"init": ["he", "xavier"]}, cv=3, error_score="raise")
    with pytest.raises(TypeError, match="Register them directly on the meta-estimator"):
        outer.fit(X, y)


@needs_callbacks
def test_one_epoch_by_hand_tells_nobody():
    diary = Diary()
    network().set_callbacks(diary).partial_fit(X, y, classes=[0, 1, 2])
    assert diary.entries == []


@pytest.mark.skipif(HAS_CALLBACKS, reason="scikit-learn has them")
def test_without_callbacks_one_sentence_says_what_to_install():
    searches = [InitMLPSearchCV(network(), {"init": ["he"]})]
    for estimator in [network(), network(kind=InitMLPRegressor), *searches]:
        with pytest.raises(
            NotImplementedError, match=r"set_callbacks needs scikit-learn 1\.9 or later"
        ):
            estimator.set_callbacks()
