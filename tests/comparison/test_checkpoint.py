"""Checkpoints: killed, cut, foreign and finished ones."""

from __future__ import annotations

import errno
import json
import os
import re
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import (
    StratifiedKFold,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

from skinit import InitComparison, InitMLPClassifier
from skinit.comparison import jobs
from skinit.comparison.checkpoint import TemporaryCheckpoint
from tests.comparison.comparison_tools import NETWORK, TIMES, X, compare, y

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
    monkeypatch.setattr("skinit.comparison.jobs.run_split", pytest.fail)
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


def test_an_empty_file_is_a_new_checkpoint_and_no_comparison(tmp_path):
    path = tmp_path / "c"
    path.touch()
    kwargs = {"init": ["he"], "cv": 3, "checkpoint": path, "random_state": None}
    pd.testing.assert_frame_equal(compare(**kwargs).to_frame(), compare(**kwargs).to_frame())
    path.write_bytes(path.read_bytes().split(b"\n")[0] + b"\n")
    with pytest.raises(ValueError, match="holds no finished split yet: continue"):
        InitComparison.load(path)


def test_another_file_is_not_taken_for_a_checkpoint(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("dear diary\n")
    with pytest.raises(ValueError, match="not a checkpoint"):
        compare(init=["he"], checkpoint=path)
    assert path.read_text() == "dear diary\n"


def test_ctrl_c_keeps_finished_splits(tmp_path, monkeypatch):
    from skinit.comparison import jobs as module

    run_split, calls = module.run_split, []

    def interrupted(plan, j, *rows):
        calls.append(j)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return run_split(plan, j, *rows)

    monkeypatch.setattr(module, "run_split", interrupted)
    kwargs = {"init": ["he"], "cv": 5, "checkpoint": tmp_path / "c"}
    with pytest.raises(KeyboardInterrupt):
        compare(**kwargs)
    compare(**kwargs)
    assert calls == [0, 1, 2, 2, 3, 4]


ARTEFACTS = Path(__file__).parent / "artefacts"


def test_a_checkpoint_without_the_first_split_carries_the_diagnoses(tmp_path):
    kwargs = {"init": ["he", "zeros"], "cv": 3, "checkpoint": tmp_path / "c"}
    whole = compare(**kwargs)
    first, *lines = (tmp_path / "c").read_text().splitlines(keepends=True)
    later = [line for line in lines if json.loads(line)["split"] != 0]
    (tmp_path / "c").write_text(first + "".join(later))
    loaded = InitComparison.load(tmp_path / "c")
    assert loaded.diagnoses == whole.diagnoses == {"zeros": whole.diagnoses["zeros"]}
    assert loaded.summary().loc["zeros", "diagnosis"] == "INIT01"
    assert list(loaded.baseline.index) == [1, 2]
    resumed = compare(**kwargs)
    assert resumed.diagnoses == whole.diagnoses
    pd.testing.assert_frame_equal(
        resumed.to_frame().drop(columns=TIMES), whole.to_frame().drop(columns=TIMES)
    )


def test_a_checkpoint_cut_anywhere_gives_the_same_table(tmp_path):
    """Wherever a process is killed, what it has written is the beginning of a whole file."""
    path = tmp_path / "c"
    network = InitMLPClassifier((2,), "tanh", solver="lbfgs", max_iter=3)
    kwargs = {"estimator": network, "init": ["he", "zeros"], "cv": 3, "checkpoint": path}
    whole = compare(**kwargs)
    content = path.read_bytes()
    ends = [i + 1 for i, byte in enumerate(content) if byte == ord("\n")]
    cuts = [0, *ends, *(end - 1 for end in ends), *(end + 7 for end in ends[:-1])]
    for cut in cuts:
        path.write_bytes(content[:cut])
        found = compare(**kwargs)
        pd.testing.assert_frame_equal(
            found.to_frame().drop(columns=TIMES), whole.to_frame().drop(columns=TIMES)
        )
        assert found.diagnoses == whole.diagnoses
        assert path.read_bytes().count(b"\n") == 4


def test_a_first_line_that_was_cut_is_said_and_not_overwritten(tmp_path):
    kwargs = {"init": ["he"], "cv": 2, "checkpoint": tmp_path / "c"}
    compare(**kwargs)
    for cut in (1, 20, 300):
        content = (tmp_path / "c").read_bytes()[:cut]
        (tmp_path / "cut").write_bytes(content)
        with pytest.raises(ValueError, match=r"first line of .*cut' was cut.*delete the file"):
            compare(**kwargs | {"checkpoint": tmp_path / "cut"})
        assert (tmp_path / "cut").read_bytes() == content


def _without_a_run(record):
    record["runs"].pop()


def _with_a_foreign_label(record):
    record["runs"][0]["label"] = "she"


def _with_a_word_for_a_number(record):
    record["runs"][0]["n_iter"] = "many"


def _with_one_field_more(record):
    record["colour"] = "red"


def _without_a_score(record):
    del record["runs"][0]["scores"]["test"]["log_loss"]


def _of_no_split(record):
    record["split"] = 7


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_without_a_run, "'zeros' has 0 runs where there should be 1"),
        (_with_a_foreign_label, "'she (tanh)' is none of the candidates"),
        (_with_a_word_for_a_number, "'runs[0].n_iter' must be a whole number, got 'many'"),
        (_with_one_field_more, "unknown field 'colour'"),
        (_without_a_score, "'test.log_loss' is missing"),
        (_of_no_split, "there is no split 7: they are numbered 0 to 2"),
        (None, "it is not JSON"),
    ],
)
def test_a_damaged_line_is_named_and_its_split_run_again(tmp_path, damage, message):
    path = tmp_path / "c"
    kwargs = {"init": ["he", "zeros"], "cv": 3, "checkpoint": path, "curves": False}
    whole = compare(**kwargs).to_frame().drop(columns=TIMES)
    lines = path.read_text().splitlines()
    if damage is None:
        lines[2] = "no record"
    else:
        record = json.loads(lines[2])
        damage(record)
        lines[2] = json.dumps(record)
    path.write_text("\n".join([*lines, "", ""]))  # and an empty line, which harms nobody
    with pytest.warns(UserWarning, match="line 3 holds no finished split") as warned:
        assert len(InitComparison.load(path).records) == 2
    assert message in str(warned[0].message)
    with pytest.warns(UserWarning, match="line 3 holds no finished split"):
        found = compare(**kwargs).to_frame().drop(columns=TIMES)
    pd.testing.assert_frame_equal(found, whole)
    assert path.read_text().splitlines()[2] == lines[2], "nothing is overwritten"


def test_a_damaged_header_is_named(tmp_path):
    path = tmp_path / "c"
    compare(init=["he"], cv=2, checkpoint=path)
    first, *lines = path.read_text().splitlines()
    header = json.loads(first)
    header["settings"]["splits"]["n"] = "two"
    path.write_text("\n".join([json.dumps(header), *lines, ""]))
    message = r"c', line 1: field 'settings\.splits\.n' must be a whole number, got 'two'\."
    with pytest.raises(ValueError, match=message):
        compare(init=["he"], cv=2, checkpoint=path)


def test_a_split_that_stands_twice_counts_once(tmp_path):
    path = tmp_path / "c"
    whole = compare(init=["he"], cv=2, checkpoint=path)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines, lines[1]]))
    pd.testing.assert_frame_equal(InitComparison.load(path).to_frame(), whole.to_frame())


@pytest.mark.parametrize("name", ["comparison-1.checkpoint", "comparison-1.json"])
def test_a_file_of_an_older_version_is_refused_by_its_name(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(content := (ARTEFACTS / name).read_bytes())
    message = (
        rf"{name}' was written by another version of skinit, in the format 'skinit comparison 1'; "
        r"this version reads 'skinit comparison 4'\. Run the comparison again with another file, "
        r"or read this one with skinit 0\.1\.0\."
    )
    with pytest.raises(ValueError, match=message):
        InitComparison.load(path)
    with pytest.raises(ValueError, match="another version of skinit"):
        compare(init=["zeros", "he"], cv=2, checkpoint=path)
    assert path.read_bytes() == content


def test_a_second_process_is_told_who_works_on_the_file(tmp_path, monkeypatch):
    path = tmp_path / "c"
    run_split, tried = jobs.run_split, []

    def run_twice(plan, j, *rows):
        if not tried:
            tried.append(j)
            with pytest.raises(BlockingIOError, match=f"c' is in use by process {os.getpid()} on"):
                compare(init=["he"], cv=3, checkpoint=path)
        return run_split(plan, j, *rows)

    monkeypatch.setattr(jobs, "run_split", run_twice)
    compare(init=["he"], cv=3, checkpoint=path)
    assert path.read_bytes().count(b"\n") == 4
    assert os.listdir(tmp_path) == ["c"]


def test_processes_that_start_together_leave_one_whole_file(tmp_path):
    script, path = tmp_path / "script.py", tmp_path / "c"
    script.write_text(textwrap.dedent(SCRIPT.format(epochs=5)))
    commands = [
        [sys.executable, str(script), str(path), str(tmp_path / f"{i}.json")] for i in "abc"
    ]
    processes = [subprocess.Popen(each, stderr=subprocess.PIPE, text=True) for each in commands]
    errors = [process.communicate()[1] for process in processes]
    codes = [process.returncode for process in processes]
    assert 0 in codes
    for code, error in zip(codes, errors, strict=True):
        # "another process" is one that holds the lock and has not written its name yet
        assert code == 0 or re.search(r"is in use by (process \d+ on|another process)", error)
    lines = path.read_text().splitlines()
    assert [json.loads(line)["split"] for line in lines[1:]] == list(range(5))
    assert len(InitComparison.load(path).records) == 5


# --- Checkpoints that nobody asked for --------------------------------------------------------


def compare_unasked(folder, cv=3, **options):
    """Compare as the command line does; return the comparison, and the file that was kept."""
    with TemporaryCheckpoint(folder, "skinit-iris") as temporary:
        return compare(init=["he"], cv=cv, checkpoint=temporary, **options), temporary


def test_a_temporary_checkpoint_is_named_after_what_is_compared(tmp_path, capsys):
    first, kept = compare_unasked(tmp_path)
    assert re.fullmatch(r"skinit-iris-[0-9a-f]{8}\.checkpoint", kept.path.name)
    compare_unasked(tmp_path, cv=4)
    assert len(os.listdir(tmp_path)) == 2
    assert capsys.readouterr().err == ""
    again, kept = compare_unasked(tmp_path)
    assert f"Checkpoint {kept.path}: found 3 of 3 splits." in capsys.readouterr().err
    pd.testing.assert_frame_equal(again.to_frame(), first.to_frame())
    kept.remove()
    assert len(os.listdir(tmp_path)) == 1


def test_a_temporary_checkpoint_has_one_user_from_first_to_last(tmp_path):
    with TemporaryCheckpoint(tmp_path, "c") as temporary:
        compare(init=["he"], cv=3, checkpoint=temporary)
        # Its results are not handed over yet: nobody else may rely on a file that will go.
        with TemporaryCheckpoint(tmp_path, "c") as other:
            assert len(compare(init=["he"], cv=3, checkpoint=other).records) == 3
            assert other.path is None
            other.remove()
        assert temporary.path.exists()
        temporary.remove()
    assert os.listdir(tmp_path) == []


def refuse(*_):
    raise OSError(errno.EROFS, "Read-only file system")


@pytest.mark.parametrize("name", ["lock", "write_atomically"])
def test_a_temporary_checkpoint_that_cannot_be_written_is_not_missed(name, tmp_path, monkeypatch):
    monkeypatch.setattr(f"skinit.comparison.checkpoint.{name}", refuse)
    comparison, temporary = compare_unasked(tmp_path)
    assert len(comparison.records) == 3
    temporary.remove()


def test_a_temporary_checkpoint_may_be_deleted_while_it_is_written(tmp_path, monkeypatch):
    run_split = jobs.run_split

    def run_and_delete(plan, j, *rows):
        for path in tmp_path.glob("*.checkpoint"):
            path.unlink()
        return run_split(plan, j, *rows)

    monkeypatch.setattr(jobs, "run_split", run_and_delete)
    comparison, temporary = compare_unasked(tmp_path)
    assert len(comparison.records) == 3
    assert os.listdir(tmp_path) == []
    temporary.remove()


def test_a_damaged_temporary_checkpoint_is_left_alone(tmp_path):
    _, kept = compare_unasked(tmp_path)
    kept.path.write_text("{")
    comparison, _ = compare_unasked(tmp_path)
    assert len(comparison.records) == 3
    assert kept.path.read_text() == "{"
