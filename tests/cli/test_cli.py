from __future__ import annotations

import errno
import html
import json
import re
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from PIL import Image
from typer.main import get_command

import skinit
from skinit import tutorial
from skinit.activations import ACTIVATIONS
from skinit.cli import app
from skinit.initializers import list_initializers


@pytest.fixture(autouse=True)
def plain_pipe(monkeypatch, tmp_path):
    """Run every command in an empty folder, into a pipe of 80 columns."""
    for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "xterm")
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")


@pytest.fixture
def call(capsys):
    """Return a function that runs a command and returns exit code, stdout and stderr."""

    def call(*args):
        with pytest.raises(SystemExit) as end:
            get_command(app).main([str(arg) for arg in args], prog_name="skinit")
        return end.value.code or 0, *capsys.readouterr()

    return call


@pytest.fixture
def few_steps(monkeypatch):
    monkeypatch.setattr(tutorial, "run", partial(tutorial.run, steps=100))


@pytest.fixture
def no_training(monkeypatch):
    def run(*args, **options):
        raise AssertionError("training began before the input was checked")

    monkeypatch.setattr(tutorial, "run", run)


def save_pictures(folder, *labels, count=3):
    """Save a few pictures of eight pixels for each label."""
    folder.mkdir()
    for shade, label in enumerate(labels):
        for i in range(count):
            color = (60 * shade, 20 * i, 90)
            Image.new("RGB", (8, 8), color).save(folder / f"{label}.{i}.png")
    return folder


@pytest.fixture
def pets(tmp_path):
    return save_pictures(tmp_path / "pets", "cat", "dog")


def text_of(column: list[str]) -> str:
    """Return what a wrapped column says, without the white space."""
    return "".join("".join(column).split())


# --- The command line itself ------------------------------------------------------------------


def test_version(call):
    assert call("--version") == (0, f"skinit {skinit.__version__}\n", "")


@pytest.mark.parametrize("args", [["--help"], ["-h"]])
def test_help_names_the_commands(args, call):
    code, out, _ = call(*args)
    assert code == 0
    assert all(command in out for command in ("reproduce", "list"))


def test_help_loads_neither_plots_nor_pictures():
    code = "import sys, skinit.cli; print({'matplotlib', 'PIL', 'jinja2'} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(skinit.__file__).parents[1],
    )
    assert done.stdout.strip() == "set()"


def test_what_nobody_expects_keeps_its_traceback(monkeypatch, pets):
    def broken(*args, **options):
        raise RuntimeError("a bug")

    monkeypatch.setattr(tutorial, "run", broken)
    with pytest.raises(RuntimeError, match="a bug"):
        get_command(app).main(["reproduce", str(pets)], prog_name="skinit")


def test_a_closed_pipe_is_no_error_to_talk_about(monkeypatch, call):
    def closed(*args):
        raise BrokenPipeError(errno.EPIPE, "Broken pipe")

    monkeypatch.setattr("skinit.initializers.list_initializers", closed)
    stdout = sys.stdout
    code, out, err = call("list")
    sys.stdout = stdout  # a closed one is put in its place
    assert (code, out, err) == (1, "", "")


# --- reproduce --------------------------------------------------------------------------------


def test_reproduce_prints_and_saves_everything(call, pets, few_steps):
    code, out, err = call("reproduce", pets, "--folds", 3, "--verbose")
    assert (code, err) == (0, "")
    assert f"6 pictures, 3 of them cats: {pets}" in out
    assert "Layers 192-5-5-1" in out
    for start in tutorial.STARTS:
        assert f"{start.name}: {start.formula}" in out
        assert f"{start.published.costs[0]:.16f}" in out
    assert "always one class" in out
    assert "These are not the pictures of Dabbura's blog post" in out
    assert re.search(r"Time: \d+\.\d s", out)
    assert max(map(len, out.splitlines())) <= max(80, len(str(pets)) + 40)
    assert "…" not in out

    assert sorted(path.name for path in Path().iterdir()) == [
        "skinit-reproduce.html",
        "skinit-reproduce.json",
        "skinit-reproduce.png",
    ]
    numbers = json.loads(Path("skinit-reproduce.json").read_text())
    for stored in numbers["starts"].values():
        assert len(stored["fold_accuracies"]) == 3
        assert f"{stored['costs_before_each_step'][99]:.16f}" in out
    with Image.open("skinit-reproduce.png") as figure:
        assert figure.format == "PNG"
        assert figure.width > 1000


@pytest.mark.parametrize(("name", "start"), [("a.svg", b"<?xml"), ("b.PDF", b"%PDF")])
def test_figure_and_numbers_go_where_they_are_sent(name, start, call, pets, few_steps, tmp_path):
    code, out, _ = call("reproduce", pets, "--folds", 2, "--out", name, "--json", tmp_path / "n")
    assert code == 0
    assert Path(name).read_bytes().startswith(start)
    assert "starts" in json.loads((tmp_path / "n").read_text())
    assert f"Figure: {name}\nNumbers: {tmp_path / 'n'}\n" in out
    assert [path.name for path in Path().iterdir()] == [name]


def test_the_page_has_what_the_terminal_says(call, pets, few_steps):
    code, out, _ = call("reproduce", pets, "--folds", 2, "--out", "a.html", "--verbose")
    assert code == 0
    assert "Report: a.html\n" in out
    page = html.unescape(Path("a.html").read_text(encoding="utf-8"))
    words = " ".join(out.split())
    sentence = re.search(r"On held-out pictures the accuracy is .*?\.", words)[0]
    for text in (sentence, "always one class", "layers 192-5-5-1, tanh", str(pets)):
        assert text in " ".join(page.split())
    for start in tutorial.STARTS:
        assert start.formula in page
        assert f"{start.published.costs[0]:.16f}" in page
    assert sorted(path.name for path in Path().iterdir()) == ["a.html", "skinit-reproduce.json"]


def test_the_answer_comes_first_and_costs_only_on_request(call, pets, few_steps):
    code, out, _ = call("reproduce", pets, "--folds", 2)
    assert code == 0
    order = ["98% accuracy", "On held-out pictures the", "always one class", "Layers 192-5-5-1"]
    assert [out.index(text) for text in order] == sorted(out.index(text) for text in order)
    assert "Those of he and xavier cannot" not in " ".join(out.split())
    assert f"{tutorial.STARTS[1].published.costs[0]:.16f}" not in out


def test_a_pipe_gets_all_numbers_and_the_text_goes_elsewhere(call, pets, few_steps):
    code, out, err = call("reproduce", pets, "--folds", 2, "--json", "-")
    assert code == 0
    assert set(json.loads(out)["starts"]) == {"zeros", "random", "he", "xavier"}
    assert "always one class" in err
    names = sorted(path.name for path in Path().iterdir())
    assert names == ["skinit-reproduce.html", "skinit-reproduce.png"]


def test_ctrl_c_is_one_line(call, pets, monkeypatch):
    def interrupted(*args, **options):
        raise KeyboardInterrupt

    monkeypatch.setattr(tutorial, "run", interrupted)
    assert call("reproduce", pets) == (130, "", "skinit: interrupted.\n")
    assert list(Path().iterdir()) == []


def test_pictures_are_drawn_by_seed_without_a_folder(call, few_steps):
    code, out, _ = call("reproduce", "--size", 8, "--seed", 3, "--folds", 2)
    assert code == 0
    assert "100 pictures, 50 of them cats: drawn, seed 3" in out
    assert json.loads(Path("skinit-reproduce.json").read_text())["cross_validation"]["seed"] == 3


def test_size_makes_unequal_pictures_equal(call, pets, few_steps):
    Image.new("RGB", (9, 8)).save(pets / "cat.9.png")
    code, _, err = call("reproduce", pets)
    assert code == 2
    assert "size=" in err
    code, out, _ = call("reproduce", pets, "--size", 10, "--folds", 2)
    assert code == 0
    assert "Layers 300-5-5-1" in out


def test_published_numbers_are_marked_digit_by_digit(call, pets, few_steps, monkeypatch):
    monkeypatch.setattr("skinit.tutorial.pictures.FILES", {path.name for path in pets.iterdir()})
    monkeypatch.setattr("skinit.tutorial.pictures.IMAGE_SHAPE", (8, 8, 3))
    monkeypatch.setenv("FORCE_COLOR", "1")
    code, out, _ = call("reproduce", pets, "--folds", 2, "--verbose")
    assert code == 0
    assert "\x1b[1;32m0.69314718055994" in out
    assert "random does NOT reproduce its published costs" in " ".join(out.split())


def test_progress_shows_on_a_terminal_only(call, pets, few_steps, monkeypatch):
    assert call("reproduce", pets, "--folds", 2)[2] == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    progress = call("reproduce", pets, "--folds", 2)[2]
    assert "Training he" in progress
    assert "31 of 32 trainings" in progress  # four starts: one run, five roundings, two folds
    assert "time left" in progress


def test_names_of_folders_are_no_markup(call, tmp_path, few_steps):
    folder = save_pictures(tmp_path / "[red]pets[bold]", "cat", "dog")
    code, out, _ = call("reproduce", folder, "--folds", 2)
    assert code == 0
    assert str(folder) in out


WRONG = {
    "missing folder": (["nowhere"], "no folder nowhere"),
    "missing parent": (["{pets}", "--out", "no/a.png"], "Cannot write 'no/a.png'.*no folder 'no'"),
    "missing parent of the numbers": (["{pets}", "--json", "no/a.json"], "'no/a.json'"),
    "a folder as figure": (["{pets}", "--out", "{pets}/../pets.png"], "it is a folder"),
    "unknown format": (
        ["{pets}", "--out", "a.bmp"],
        r"end in \.html, \.png, \.pdf or \.svg, got 'a\.bmp'",
    ),
    "one file for both": (
        ["{pets}", "--out", "a.png", "--json", "./a.png"],
        "--out and --json need a file each",
    ),
    "three classes": (["{owls}"], "two classes, one of them called cat, but there are 3"),
    "no cat": (["{dogs}"], "two classes, one of them called cat"),
    "no pictures": (["{empty}"], "no pictures"),
}


@pytest.mark.parametrize(("args", "message"), WRONG.values(), ids=WRONG)
def test_what_the_user_can_mend_is_one_sentence(args, message, call, pets, no_training, tmp_path):
    (tmp_path / "pets.png").mkdir()
    (tmp_path / "empty").mkdir()
    folders = {
        "pets": pets,
        "owls": save_pictures(tmp_path / "owls", "cat", "dog", "owl"),
        "dogs": save_pictures(tmp_path / "dogs", "dog", "owl"),
        "empty": tmp_path / "empty",
    }
    code, out, err = call("reproduce", *(arg.format(**folders) for arg in args))
    assert (code, out) == (2, "")
    assert err.startswith("skinit: ")
    assert err.count("\n") == 1
    assert re.search(message, err)
    assert list(Path().iterdir()) == []


def test_too_many_folds_are_one_sentence(call, pets):
    code, out, err = call("reproduce", pets, "--folds", 4)
    assert (code, out) == (2, "")
    assert re.fullmatch(r"skinit: 4 folds need .* only 3 of 'cat' .*\n", err)
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize("args", [["--folds", "1"], ["--seed", "-1"], ["--size", "0"]])
def test_numbers_out_of_range_are_refused(args, call, pets, no_training):
    code, out, err = call("reproduce", pets, *args)
    assert (code, out) == (2, "")
    assert args[0] in err


# --- list -------------------------------------------------------------------------------------


@pytest.mark.parametrize("columns", [80, 200])
def test_list_shows_every_initializer_in_full(columns, call, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    code, out, err = call("list")
    assert (code, err) == (0, "")
    assert max(map(len, out.splitlines())) <= columns
    assert "…" not in out
    cells = [re.split(r"\s{2,}", line.strip()) for line in out.splitlines()]
    firsts = {row[0] for row in cells}
    everything = text_of([word for row in cells for word in row])
    for row in list_initializers().itertuples():
        assert {row.name, *filter(None, row.aliases.split(", "))} <= firsts
    if columns == 200:  # nothing is wrapped
        for row in list_initializers().itertuples():
            assert text_of([row.formula]) in everything
            assert text_of([row.source]) in everything
            assert row.bias == "0" or text_of(["bias: ", row.bias]) in everything


def test_list_shows_the_activations(call):
    out = call("list")[1].partition("Activations")[2]
    for name, activation in ACTIVATIONS.items():
        (line,) = re.findall(rf"^ {name} .*$", out, re.MULTILINE)
        assert line.split()[-1] == activation.default_init
        assert f"{activation.gain:.5f}" in line
        assert all(f" {alias} " in out for alias in ACTIVATIONS.aliases(name))


def test_list_is_json_for_other_programs(call):
    code, out, err = call("list", "--json", "-")
    content = json.loads(out)
    assert code == 0
    assert "Activations" in err
    by_name = {row["name"]: row for row in content["initializers"]}
    assert set(by_name) == set(list_initializers()["name"])
    assert by_name["he"]["formula"] == "N(0, 2/fan_in)"
    assert "kaiming" in " ".join(by_name["he"]["aliases"])
    assert {row["name"] for row in content["activations"]} == set(ACTIVATIONS.names())
    assert call("list", "--json", "names.json")[1].endswith("Numbers: names.json\n")
    assert json.loads(Path("names.json").read_text()) == content


@pytest.mark.parametrize("columns", [40, 60])
def test_list_stacks_its_rows_on_a_narrow_terminal(columns, call, monkeypatch):
    monkeypatch.setenv("COLUMNS", str(columns))
    _, out, _ = call("list")
    assert max(map(len, out.splitlines())) <= columns
    lines = [line.strip() for line in out.splitlines()]
    assert lines[lines.index("truncated_normal") + 1] == "weights  TN(0, 0.01²)"
    assert ["gain", "1.41421"] in [line.split() for line in lines[lines.index("relu") :]]


def test_the_package_is_a_command_too():
    done = subprocess.run(
        [sys.executable, "-m", "skinit", "--version"], capture_output=True, text=True, check=True
    )
    assert done.stdout == f"skinit {skinit.__version__}\n"


def test_warm_up_compiles_for_both_dtypes(call):
    pytest.importorskip("numba")
    code, out, err = call("warm-up")
    assert (code, err) == (0, "")
    assert re.fullmatch(r"float64: ready after [\d.]+ s\nfloat32: ready after [\d.]+ s\n", out)


def test_warm_up_without_numba_says_what_to_install(call, monkeypatch):
    from skinit.engine import compiled

    monkeypatch.setattr(compiled, "find_spec", lambda name: None)
    for function in (compiled.is_available, compiled._kernels):
        monkeypatch.setattr(compiled, function.__name__, function.__wrapped__)
    code, out, err = call("warm-up")
    assert (code, out) == (2, "")
    assert 'pip install "skinit[fast]"' in err and "Traceback" not in err
