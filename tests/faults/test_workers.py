"""Workers that are killed, and clusters: the undisturbed table, or a sentence and no loss."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import joblib
import pytest
from joblib.externals.loky import get_reusable_executor
from joblib.parallel import ThreadingBackend

import skinit
from skinit import InitComparison, InitMLPClassifier
from tests.comparison.comparison_tools import TIMES, compare

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
PLAN = {"init": ["zeros", "he"], "cv": 6, "progress": False}
SLOW = InitMLPClassifier((100, 100), max_iter=150, n_iter_no_change=1000)


def without_times(comparison):
    return comparison.to_frame().drop(columns=TIMES)


@pytest.fixture(scope="module")
def undisturbed():
    return without_times(compare(SLOW, **PLAN))


def children() -> set[int]:
    """Return the processes that this one has started, without those that clean up."""
    pids = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    commands = {int(pid): Path(f"/proc/{pid}/cmdline").read_bytes() for pid in pids}
    return {pid for pid, command in commands.items() if b"resource_tracker" not in command}


def kill_a_child_once_a_split_is_saved(path, others):
    """Kill a worker that is training, as the kernel does when memory runs out."""
    while not (path.exists() and path.read_bytes().count(b"\n") > 1):
        time.sleep(0.02)
    os.kill(min(children() - others), signal.SIGKILL)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("backend", ["loky", "multiprocessing"])
def test_a_killed_worker_is_a_sentence_and_nothing_saved_is_lost(backend, tmp_path, undisturbed):
    get_reusable_executor().shutdown()  # workers of other tests would be used again
    kept, before = tmp_path / "kept", children()
    killer = threading.Thread(target=kill_a_child_once_a_split_is_saved, args=(kept, before))
    killer.start()
    message = "A worker was killed.*fewer jobs.*of 6 splits are saved"
    with pytest.raises(ChildProcessError, match=message), joblib.parallel_config(backend):
        compare(SLOW, **PLAN, n_jobs=2, checkpoint=kept)
    killer.join()
    n_kept = len(InitComparison.load(kept).records)
    assert 0 < n_kept < 6
    again = compare(SLOW, **PLAN, n_jobs=2, checkpoint=kept)
    assert without_times(again).equals(undisturbed)


CALL = """
from sklearn.datasets import load_iris
from skinit import InitMLPClassifier, compare_initializers

X, y = load_iris(return_X_y=True)
slow = InitMLPClassifier((100, 100), max_iter=150, n_iter_no_change=1000)
compare_initializers(
    slow, X, y, init=["zeros", "he"], cv=6, random_state=0, n_jobs=2, checkpoint="kept"
)
"""


def test_a_run_that_is_killed_twice_ends_in_the_undisturbed_table(tmp_path, undisturbed):
    kept = tmp_path / "kept"
    environment = os.environ | {"PYTHONPATH": str(Path(skinit.__file__).parents[1])}
    for lines in (2, 4):
        process = subprocess.Popen([sys.executable, "-c", CALL], cwd=tmp_path, env=environment)
        while not (kept.exists() and kept.read_bytes().count(b"\n") >= lines):
            assert process.poll() is None
            time.sleep(0.02)
        process.kill()
        process.wait()
    assert without_times(compare(SLOW, **PLAN, checkpoint=kept)).equals(undisturbed)


@pytest.fixture(scope="module")
def cluster():
    distributed = pytest.importorskip("distributed")
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@pytest.mark.filterwarnings("ignore")  # those of Dask
def test_dask_gives_the_same_bits(cluster, undisturbed):
    with joblib.parallel_config("dask"):
        assert without_times(compare(SLOW, **PLAN)).equals(undisturbed)


@pytest.mark.filterwarnings("ignore")
def test_a_killed_dask_worker_changes_nothing(cluster, undisturbed, tmp_path):
    kept = tmp_path / "kept"

    def kill():
        while not (kept.exists() and kept.read_bytes().count(b"\n") > 1):
            time.sleep(0.02)
        os.kill(next(iter(cluster.run(os.getpid).values())), signal.SIGKILL)

    killer = threading.Thread(target=kill)
    killer.start()
    with joblib.parallel_config("dask"):
        comparison = compare(SLOW, **PLAN, checkpoint=kept)
    killer.join()
    assert without_times(comparison).equals(undisturbed)


ON_RAY = """
import joblib
import ray
from joblib.externals.loky import reusable_executor
from ray.util.joblib import register_ray
from sklearn.datasets import load_iris
from skinit import InitMLPClassifier, InitMLPSearchCV, compare_initializers

X, y = load_iris(return_X_y=True)
network = InitMLPClassifier((8,), max_iter=20)

def compare(**how):
    plan = {"init": ["he", "xavier"], "cv": 4, "random_state": 0, "progress": False}
    table = compare_initializers(network, X, y, **plan, **how).to_frame()
    return table.drop(columns=["init_time", "fit_time"])

def search():
    grid = {"init": ["he", "xavier"]}
    return InitMLPSearchCV(network, grid, cv=3, random_state=0).fit(X, y).cv_results_

undisturbed, found = compare(), search()
ray.init(num_cpus=2, include_dashboard=False, object_store_memory=200_000_000)
register_ray()
with joblib.parallel_config("ray", n_jobs=-1):
    assert joblib.effective_n_jobs() == 2
    assert compare(checkpoint="kept").equals(undisturbed)
    assert reusable_executor._executor is None  # it was not loky
    assert (search()["mean_test_score"] == found["mean_test_score"]).all()
ray.shutdown()
assert compare(checkpoint="kept").equals(undisturbed)
"""


def test_ray_gives_the_same_bits(tmp_path):
    pytest.importorskip("ray")
    # Alone, because Ray takes over the signals of the process that starts it.
    environment = os.environ | {"PYTHONPATH": str(Path(skinit.__file__).parents[1])}
    call = [sys.executable, "-W", "ignore", "-c", ON_RAY]
    process = subprocess.run(call, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr


class ListsOnly(ThreadingBackend):
    supports_return_generator = False


def test_a_backend_that_returns_lists_gives_the_same_bits(undisturbed):
    joblib.register_parallel_backend("lists", ListsOnly)
    with joblib.parallel_config("lists"):
        assert without_times(compare(SLOW, **PLAN, n_jobs=2)).equals(undisturbed)
