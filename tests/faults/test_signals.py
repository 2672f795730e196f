"""Signals, sent to real processes as a terminal and a job scheduler send them."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import skinit
from skinit import InitComparison

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")

# Long enough that no run of a test ends by itself.
LONG = [
    "--hidden", "300,300", "--solver", "adam", "--max-iter", "100", "--cv", "5", "--init", "he",
    "--jobs", "2",
]  # fmt: skip
AT_ONCE = 60  # seconds: on a busy machine everything takes long


@pytest.fixture
def start(tmp_path):
    """Return a function that starts ``python -m skinit`` in a session of its own."""
    started = []

    def start(*words, code=None):
        command = ["-m", "skinit", *words] if code is None else ["-c", code]
        environment = os.environ | {"PYTHONPATH": str(Path(skinit.__file__).parents[1])}
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=tmp_path,
            env=environment,
            start_new_session=True,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        for pid in members_of(process.pid):
            os.kill(pid, signal.SIGKILL)
        process.communicate()


def members_of(session: int) -> list[int]:
    """Return the living processes of a session."""
    listed = subprocess.run(
        ["ps", "-A", "-o", "pid=,sess=,stat="], capture_output=True, text=True, check=True
    )
    rows = [line.split() for line in listed.stdout.splitlines()]
    return [int(pid) for pid, sess, stat in rows if int(sess) == session and stat[0] != "Z"]


def wait_for(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it takes too long"
        time.sleep(0.05)


def wait_for_splits(path: Path, n: int):
    """Wait until a checkpoint holds so many finished splits."""
    wait_for(lambda: path.exists() and path.read_bytes().count(b"\n") > n)


def interrupt(process):
    """Do what Ctrl-C does: a terminal sends the signal to all processes of the command."""
    os.killpg(process.pid, signal.SIGINT)


def end(process) -> str:
    """Wait for the end and return what the command said on standard error.

    A signal that comes while joblib creates a semaphore leaves it to joblib's resource tracker, a
    process that outlives the command, removes it and says so.
    """
    _, err = process.communicate(timeout=AT_ONCE)
    return re.sub(r".*resource_tracker\.py:\d+: UserWarning: .*\n  warnings\.warn\(\n", "", err)


SIGNALS = {
    "Ctrl-C": (interrupt, 130, "interrupted"),
    "SIGTERM": (subprocess.Popen.terminate, 143, "terminated"),
}


@pytest.mark.parametrize(("send", "code", "word"), SIGNALS.values(), ids=SIGNALS)
def test_one_line_says_what_is_saved_and_no_worker_is_left(send, code, word, start, tmp_path):
    process = start("compare", "digits", *LONG, "--checkpoint", "kept")
    wait_for_splits(tmp_path / "kept", 1)
    send(process)
    err = end(process)
    assert process.returncode == code
    assert err.count("\n") == 1, err
    (line,) = err.splitlines()
    (n,) = re.fullmatch(
        rf"skinit: {word}\. (\d+) of 10 splits saved; repeat the command to go on\.", line
    ).groups()
    assert int(n) == len(InitComparison.load(tmp_path / "kept").records)
    wait_for(lambda: not members_of(process.pid), AT_ONCE)


def find_checkpoint(folder: Path) -> Path | None:
    return next(folder.glob("skinit-*.checkpoint"), None)


def count_finished(folder: Path) -> int:
    path = find_checkpoint(folder)
    return -1 if path is None else path.read_bytes().count(b"\n") - 1


@pytest.mark.parametrize(("send", "code", "word"), SIGNALS.values(), ids=SIGNALS)
def test_nobody_has_to_ask_for_a_checkpoint(send, code, word, start, tmp_path):
    process = start("compare", "digits", *LONG)
    wait_for(lambda: count_finished(tmp_path) >= 1)
    send(process)
    err = end(process)
    assert process.returncode == code
    n = len(InitComparison.load(find_checkpoint(tmp_path)).records)
    assert n >= 1
    assert err == f"skinit: {word}. {n} of 10 splits saved; repeat the command to go on.\n"
    wait_for(lambda: not members_of(process.pid), AT_ONCE)
    again = start("compare", "digits", *LONG)  # a lock that nobody holds is no obstacle
    assert again.stderr.readline().endswith(f"found {n} of 10 splits.\n")
    interrupt(again)
    again.communicate(timeout=AT_ONCE)


def test_an_interrupted_command_that_is_repeated_gives_the_undisturbed_table(start, tmp_path):
    words = ["compare", "digits", "--hidden", "100", "--max-iter", "60", "--solver", "adam",
             "--cv", "3", "--repeats", "3", "--init", "he", "--jobs", "1"]  # fmt: skip
    process = start(*words, "--json", "-")
    wait_for(lambda: count_finished(tmp_path) >= 2)
    interrupt(process)
    process.communicate(timeout=AT_ONCE)
    kept = find_checkpoint(tmp_path)
    assert process.returncode == 130 and kept is not None
    out, err = start(*words, "--init", "xavier", "--max-iter", "1").communicate(timeout=120)
    assert "found" not in err  # other settings, another file, which is gone
    assert find_checkpoint(tmp_path) == kept
    out, err = start(*words, "--json", "-").communicate(timeout=120)
    assert re.search(r"found [2-8] of 9 splits", err)
    assert find_checkpoint(tmp_path) is None
    undisturbed, err = start(*words, "--json", "-").communicate(timeout=120)
    assert "found" not in err
    assert scores_of(out) == scores_of(undisturbed)


def scores_of(printed: str) -> list:
    """Return all splits of a comparison that was printed as JSON, without times."""
    without_times = [
        {name: value for name, value in run.items() if "time" not in name and "seconds" not in name}
        for split in json.loads(printed)["comparison"]["records"]
        for run in split["runs"]
    ]
    assert len(without_times) == 9
    return without_times


DROPPED = """
import os, signal, time
from skinit.cli.signals import interruption_explained

def send(*_):
    os.kill(os.getpid(), signal.{sent})
    time.sleep(0)  # here Python handles it, and raises in vain

class Finalized:
    __del__ = send

try:
    with interruption_explained(lambda: "All is saved."):
        {act}
        time.sleep(60)
except Exception as end:
    raise SystemExit(end.exit_code)
"""
ACTS = {
    "a finalizer": "Finalized()",
    "a hook of fork": "os.register_at_fork(after_in_parent=send); os.fork() or os._exit(0)",
}


@pytest.mark.parametrize(
    ("sent", "code", "word"), [("SIGINT", 130, "interrupted"), ("SIGTERM", 143, "terminated")]
)
@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_a_signal_is_not_lost_where_no_exception_gets_through(act, sent, code, word, start):
    process = start(code=DROPPED.format(sent=sent, act=act))
    _, err = process.communicate(timeout=AT_ONCE)
    assert process.returncode == code
    assert err == f"skinit: {word}. All is saved.\n"


CALL = """
import joblib
from sklearn.datasets import load_digits
from skinit import InitMLPClassifier, compare_initializers

X, y = load_digits(return_X_y=True)
network = InitMLPClassifier((300, 300), max_iter=100)
with joblib.parallel_config({backend!r}):
    compare_initializers(
        network, X, y, init=["he"], n_jobs=2, random_state=0, checkpoint="kept", cv=6
    )
"""


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("backend", ["loky", "multiprocessing"])
def test_workers_end_with_the_process_that_wants_their_results(backend, sent, start, tmp_path):
    process = start(code=CALL.format(backend=backend))
    wait_for_splits(tmp_path / "kept", 1)
    wait_for(lambda: len(members_of(process.pid)) > 2)
    process.send_signal(sent)
    process.wait(AT_ONCE)
    wait_for(lambda: not members_of(process.pid), AT_ONCE)


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("wait", [0.0, 0.2, 0.5])
def test_ctrl_c_while_the_command_is_loading_is_one_line(wait, start):
    process = start("compare", "digits", *LONG)
    wait_for(lambda: "numpy" in Path(f"/proc/{process.pid}/maps").read_text())
    time.sleep(wait)
    interrupt(process)
    _, err = process.communicate(timeout=AT_ONCE)
    assert process.returncode == 130
    assert err.startswith("skinit: interrupted.")
    assert err.count("\n") == 1
