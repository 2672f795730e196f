"""Results that took long are not lost because one place does not take them."""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import skinit
from skinit import InitComparison

COMPARE = [
    "compare", "iris", "--hidden", "4", "--max-iter", "5", "--cv", "2", "--repeats", "1",
    "--jobs", "1", "--init", "zeros,he",
]  # fmt: skip
FIRST_WORDS = "zeros predicts like the class prior"


@pytest.fixture
def command(tmp_path):
    """Return a function that runs ``python -m skinit`` in an empty folder."""

    def command(*words, environment=(), **options):
        variables = {"PYTHONPATH": str(Path(skinit.__file__).parents[1]), "COLUMNS": "100"}
        return subprocess.run(
            [sys.executable, "-m", "skinit", *words],
            cwd=tmp_path,
            env=os.environ | variables | dict(environment),
            **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
        )

    return command


def small_files_only():
    """Let no file of a process grow beyond 20 kB, as on a disk that is full from there on."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))


def words_of(text: bytes) -> str:
    return " ".join(text.decode().split())


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
def test_a_report_that_does_not_fit_costs_the_report_alone(command, tmp_path):
    done = command(*COMPARE, "--json", "n.json", preexec_fn=small_files_only)
    assert done.returncode == 1
    assert FIRST_WORDS in words_of(done.stdout)
    assert "half-width of the 95% CI" in words_of(done.stdout)
    assert b"Numbers: n.json" in done.stdout
    assert done.stderr == (
        b"skinit: Cannot write 'skinit-iris.html': File too large.\n"
        b"Repeat the command to write what is missing; nothing trains again.\n"
    )
    before = InitComparison.load(tmp_path / "n.json")
    assert len(before.records) == 2
    again = command(*COMPARE, "--json", "n.json")  # now there is room
    assert again.returncode == 0
    assert InitComparison.load(tmp_path / "n.json").records == before.records  # times, too
    assert sorted(path.name for path in tmp_path.iterdir()) == ["n.json", "skinit-iris.html"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full")
@pytest.mark.parametrize("piped", [False, True])
def test_a_stream_that_is_full_costs_what_is_printed_alone(piped, command, tmp_path):
    with open("/dev/full", "w") as full:
        done = command(*COMPARE, "--json", "-" if piped else "n.json", stdout=full)
    assert done.returncode == 1
    assert done.stderr.endswith(b"skinit: Cannot print: No space left on device.\n")
    assert b"Traceback" not in done.stderr
    assert b"Exception ignored" not in done.stderr
    assert FIRST_WORDS in (tmp_path / "skinit-iris.html").read_text()
    assert piped or len(InitComparison.load(tmp_path / "n.json").records) == 2


def test_a_pipe_that_is_closed_costs_what_is_printed_alone(command, tmp_path):
    reading, writing = os.pipe()
    os.close(reading)
    done = command(*COMPARE, "--json", "n.json", stdout=writing)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, b"")
    assert len(InitComparison.load(tmp_path / "n.json").records) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["n.json", "skinit-iris.html"]


def test_folders_that_vanish_meanwhile_are_a_sentence_for_each_file(tmp_path, monkeypatch):
    from skinit.cli import app
    from tests.cli.runner import separate_runner

    monkeypatch.chdir(tmp_path)
    Path("a").mkdir()
    original = InitComparison.__init__

    def vanish(self, *args, **options):
        shutil.rmtree("a")
        original(self, *args, **options)

    monkeypatch.setattr(InitComparison, "__init__", vanish)
    done = separate_runner().invoke(app, [*COMPARE, "--out", "a/b.html", "--json", "a/n.json"])
    assert done.exit_code == 1
    assert FIRST_WORDS in " ".join(done.stdout.split())
    first, second = done.stderr.splitlines()
    assert first.startswith("skinit: Cannot write 'a/n.json': there is no folder 'a'")
    assert second.startswith("skinit: Cannot write 'a/b.html': there is no folder 'a'")


def test_a_bug_in_the_report_is_raised_after_everything_else(tmp_path, monkeypatch):
    from skinit.cli import app
    from tests.cli.runner import separate_runner

    def broken(*args, **options):
        raise RuntimeError("a bug")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(InitComparison, "to_html", broken)
    done = separate_runner().invoke(app, [*COMPARE, "--json", "n.json"])
    assert isinstance(done.exception, RuntimeError)
    assert FIRST_WORDS in " ".join(done.stdout.split())
    assert Path("n.json").exists()
    assert done.stderr == "Repeat the command to write what is missing; nothing trains again.\n"


@pytest.mark.skipif(os.name != "posix", reason="limits of POSIX")
def test_a_full_disk_does_not_end_a_comparison_that_has_a_checkpoint(command, tmp_path):
    words = [*COMPARE, "--max-iter", "40", "--repeats", "4", "--checkpoint", "kept"]
    done = command(*words, "--json", "-", preexec_fn=small_files_only)
    assert done.returncode == 1  # the report does not fit either
    assert b"Cannot write 'kept': File too large. The comparison goes on" in done.stderr
    assert FIRST_WORDS in words_of(done.stderr)
    n_kept = len(InitComparison.load(tmp_path / "kept").records)
    assert 0 < n_kept < 8
    again = command(*words)
    assert again.returncode == 0
    assert f"found {n_kept} of 8 splits".encode() in again.stderr
    assert len(InitComparison.load(tmp_path / "kept").records) == 8


@pytest.mark.skipif(sys.platform != "linux", reason="names of files that are not UTF-8")
@pytest.mark.parametrize("encoding", ["utf-8", "ascii", "latin-1"])
def test_classes_that_are_not_utf_8_are_shown_escaped(encoding, command, tmp_path):
    from PIL import Image

    for number in range(12):
        folder = os.fsencode(tmp_path / "drinks") + [b"/caf\xe9", b"/dog"][number % 2]
        os.makedirs(folder, exist_ok=True)
        with open(folder + f"/{number}.png".encode(), "wb") as file:
            Image.new("RGB", (8, 8), (20 * number, 0, 0)).save(file)
    words = ["compare", "drinks", *COMPARE[2:], "--json", "n.json"]
    done = command(*words, environment={"PYTHONIOENCODING": encoding})
    assert done.returncode == 0, done.stderr
    assert r"caf\udce9: 6" in (tmp_path / "skinit-drinks.html").read_text(encoding="utf-8")
    loaded = InitComparison.load(tmp_path / "n.json")
    assert set(loaded.settings.data.classes) == {"caf\udce9", "dog"}
    loaded.to_latex().encode()
    loaded.to_markdown().encode()


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
@pytest.mark.parametrize(
    "words", [["list"], COMPARE, ["diagnose", "iris", "--init", "zeros"], ["compare", "--help"]]
)
def test_every_encoding_gets_the_same_words_in_plain_signs(words, encoding, command):
    done = command(*words, environment={"PYTHONIOENCODING": encoding})
    assert (done.returncode, done.stderr) == (0, b"")
    text = done.stdout.decode(encoding)
    assert re.findall(r"\\[ux]", text) == []  # nothing had to be escaped
    whole = command(*words).stdout.decode("utf-8")
    for word in ("zeros", "initializer", "candidate"):
        assert (word in text) == (word in whole)
