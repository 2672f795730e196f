from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from skinit import _files
from skinit._files import check_writable, lock, write_atomically


@pytest.mark.parametrize(("data", "expected"), [("é\n", b"\xc3\xa9\n"), (b"\x00\xff", b"\x00\xff")])
def test_text_and_bytes_are_written_whole(tmp_path, data, expected):
    path = tmp_path / "report.html"
    path.write_bytes(b"old")
    write_atomically(path, data)
    assert path.read_bytes() == expected
    assert os.listdir(tmp_path) == ["report.html"]


def test_a_new_file_has_the_permissions_of_any_new_file(tmp_path):
    (tmp_path / "plain").write_text("")
    write_atomically(tmp_path / "ours", "")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "plain").stat().st_mode


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_an_interrupted_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, error):
    path = tmp_path / "report.html"
    path.write_text("old")

    def fail(*_):
        raise error

    monkeypatch.setattr(_files.os, "fsync", fail)
    with pytest.raises(type(error)) as caught:
        write_atomically(path, "new")
    if isinstance(error, OSError):
        assert str(caught.value) == f"Cannot write {str(path)!r}: No space left on device."
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["report.html"]


def test_a_link_keeps_pointing_to_the_file_it_names(tmp_path):
    (tmp_path / "real").write_text("old")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    write_atomically(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_a_missing_folder_is_named(tmp_path):
    path = tmp_path / "nowhere" / "report.html"
    for use in (check_writable, lambda path: write_atomically(path, "new")):
        with pytest.raises(FileNotFoundError, match=r"there is no folder '.*nowhere'; create it"):
            use(path)


def test_a_folder_cannot_be_a_file(tmp_path):
    with pytest.raises(OSError, match="it is a folder; choose another path"):
        write_atomically(tmp_path, "new")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_device_is_not_replaced_by_a_file(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="not a regular file"):
        write_atomically(tmp_path / "pipe", "new")
    assert (tmp_path / "pipe").is_fifo()


def test_a_folder_without_permission_is_refused(tmp_path, monkeypatch):
    # Permissions do not bind an administrator, so the answer of the system is put in its mouth.
    monkeypatch.setattr(_files.os, "access", lambda path, mode: False)
    with pytest.raises(PermissionError, match="no permission to write in its folder"):
        write_atomically(tmp_path / "report.html", "new")
    assert os.listdir(tmp_path) == []


def test_a_name_that_is_too_long_is_one_clear_error(tmp_path):
    with pytest.raises(OSError, match=r"^Cannot write .*: File name too long\.$"):
        write_atomically(tmp_path / ("x" * 300), "new")
    assert os.listdir(tmp_path) == []


def test_a_second_lock_says_who_holds_the_first(tmp_path):
    path = tmp_path / "kept"
    with lock(path):
        message = f"kept' is in use by process {os.getpid()} on .*: wait until it is done"
        with pytest.raises(BlockingIOError, match=message), lock(path):
            pass
        (tmp_path / "link").symlink_to(path)
        with pytest.raises(BlockingIOError, match="is in use"), lock(tmp_path / "link"):
            pass
        with lock(tmp_path / "other"):
            pass
    (tmp_path / "link").unlink()
    assert os.listdir(tmp_path) == [], "nothing is left behind, and nothing was made"
    with lock(path):
        pass


HOLD = """
import sys, time
from skinit._files import lock
with lock(sys.argv[1]):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_process_that_dies_gives_its_lock_back(tmp_path):
    path = tmp_path / "kept"
    command = [sys.executable, "-c", HOLD, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(BlockingIOError, match=f"process {process.pid} on"), lock(path):
            pass
        process.send_signal(signal.SIGKILL)
        process.wait()
    with lock(path):
        pass


def test_without_locks_in_the_file_system_none_is_taken(tmp_path, monkeypatch):
    def refuse(file):
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(_files, "_lock_file", refuse)
    with lock(tmp_path / "kept"), lock(tmp_path / "kept"):
        pass


def test_a_file_that_could_not_be_written_is_not_locked(tmp_path):
    with pytest.raises(FileNotFoundError, match="there is no folder"):  # noqa: SIM117
        with lock(tmp_path / "missing" / "kept"):
            pass
