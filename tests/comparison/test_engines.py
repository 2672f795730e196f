"""Which engine trains a comparison: decided once, the same everywhere, and written down."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.testing import assert_allclose
from sklearn.datasets import load_iris

from skinit import InitMLPClassifier, compare_initializers
from skinit.comparison import networks
from skinit.comparison.networks import decide_engine
from skinit.engine import compiled

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::skinit.InitializationWarning"),
]
needs_numba = pytest.mark.skipif(
    not compiled.is_available(), reason='the compiled engine needs the extra "fast"'
)

X, y = load_iris(return_X_y=True)


def compare(engine="auto", **options):
    options = {"init": ["he", "zeros", "xavier"], "cv": 3, "random_state": 0} | options
    network = InitMLPClassifier((6,), max_iter=20, learning_rate_init=0.02, engine=engine)
    return compare_initializers(network, X, y, progress=False, **options)


def without_times(comparison):
    frame = comparison.to_frame()
    return frame.drop(columns=[name for name in frame if name.endswith("_time")])


def recorded(comparison):
    network = comparison.settings.network
    return (network.parameters | network.defaults)["engine"]


@pytest.fixture
def everything_is_worthwhile(monkeypatch):
    monkeypatch.setattr(networks, "WORTHWHILE", 0.0)


def decide(n_runs, **options):
    return decide_engine([InitMLPClassifier((32,), **options)], 1400, 64, 10, n_runs)


@needs_numba
def test_many_runs_are_worth_compiling_and_few_are_not():
    assert decide(1) == "numpy"
    assert decide(10_000) == "preferred"
    assert decide(10_000, solver="lbfgs") == "numpy"
    assert decide(10_000, engine="numpy") == "numpy"
    assert decide(1, engine="compiled") == "compiled"


def test_without_numba_numpy_trains(monkeypatch):
    monkeypatch.setattr(networks, "is_available", lambda: False)
    assert decide(10_000) == "numpy"


@needs_numba
@pytest.mark.usefixtures("everything_is_worthwhile")
def test_auto_is_recorded_as_what_it_became_and_gives_its_numbers():
    auto, explicit = compare(), compare(engine="compiled")
    assert recorded(auto) == recorded(explicit) == "'compiled'"
    assert auto.settings.versions["numba"] == explicit.settings.versions["numba"]
    assert without_times(auto).equals(without_times(explicit))


def test_a_comparison_by_numpy_does_not_mention_numba():
    comparison = compare()
    assert recorded(comparison) == "'auto'"
    assert "numba" not in comparison.settings.versions


@needs_numba
def test_both_engines_tell_the_same():
    one, other = compare(engine="numpy"), compare(engine="compiled")
    for metric in ("test_accuracy", "test_log_loss", "train_log_loss"):
        assert_allclose(one.to_frame()[metric], other.to_frame()[metric], rtol=1e-9)


@needs_numba
@pytest.mark.usefixtures("everything_is_worthwhile")
def test_the_table_does_not_depend_on_the_number_of_workers():
    assert without_times(compare(n_jobs=2)).equals(without_times(compare(n_jobs=1)))


@needs_numba
@pytest.mark.usefixtures("everything_is_worthwhile")
def test_a_candidate_that_cannot_be_compiled_is_trained_by_numpy():
    mixed = compare(init=["he"], activation=["relu", "gelu"])
    alone = compare(init=["he"], activation=["relu", "gelu"], engine="numpy")
    assert recorded(mixed) == "'compiled'"
    assert np.isfinite(mixed.to_frame()["test_log_loss"]).all()
    found, expected = (
        frame.loc[frame["activation"] == "gelu", "test_log_loss"].tolist()
        for frame in (mixed.to_frame(), alone.to_frame())
    )
    assert found == expected


@needs_numba
@pytest.mark.usefixtures("everything_is_worthwhile")
def test_a_checkpoint_of_the_other_engine_is_not_gone_on_with(tmp_path):
    compare(engine="numpy", checkpoint=tmp_path / "splits.jsonl")
    with pytest.raises(ValueError, match=r"parameters"):
        compare(checkpoint=tmp_path / "splits.jsonl")


def test_numba_that_is_asked_for_and_missing_is_named_at_once(monkeypatch):
    monkeypatch.setattr(compiled, "find_spec", lambda name: None)
    for function in (compiled.is_available, compiled._kernels):
        monkeypatch.setattr(compiled, function.__name__, function.__wrapped__)
    with pytest.raises(ModuleNotFoundError, match=r"skinit\[fast\]"):
        compare(engine="compiled")
