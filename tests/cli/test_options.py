"""What the help shows, and what a shell completes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from skinit.activations import ACTIVATIONS
from skinit.cli import app
from skinit.cli.groups import spread_groups
from skinit.cli.options import complete_list, split_list
from skinit.initializers import list_initializers


@pytest.fixture(autouse=True)
def eighty_columns(monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setenv("TERM", "dumb")


def help_of(*words):
    result = CliRunner().invoke(app, [*words, "--help"])
    assert result.exit_code == 0, result.output
    return result.output


@pytest.mark.parametrize(
    ("command", "groups"),
    [
        ("compare", ["Arguments", "Options", "Network", "Evaluation", "Output"]),
        ("diagnose", ["Arguments", "Options", "Network", "Output"]),
        ("reproduce", ["Arguments", "Options", "Evaluation", "Output"]),
    ],
)
def test_the_help_has_examples_and_groups_of_options(command, groups):
    text = help_of(command)
    places = [text.index(f"─ {group} ─") for group in groups]
    assert places == sorted(places)
    examples = [line for line in text.splitlines() if line.strip().startswith(f"skinit {command}")]
    assert len(examples) >= 2
    assert text.index(examples[0]) < places[0]
    for example in examples:
        options = {word for word in example.split() if word.startswith("--")}
        assert all(option in text[places[0] :] for option in options)


def test_the_help_of_all_commands_has_examples():
    assert "skinit compare my.csv --target label" in help_of()


@pytest.mark.parametrize("columns", [40, 60, 79, 80])
@pytest.mark.parametrize("command", ["", "compare", "diagnose", "reproduce"])
def test_the_help_cuts_no_word_on_a_narrow_terminal(columns, command):
    environment = os.environ | {"COLUMNS": str(columns)}
    call = [sys.executable, "-m", "skinit", *command.split(), "--help"]
    text = subprocess.run(call, env=environment, capture_output=True, encoding="utf-8").stdout
    group = get_command(app)
    known = group.commands[command] if command else group
    names = {name for param in known.params for name in param.opts if name.startswith("--")}
    assert len(names) > 1 and {name for name in names if name not in text} == set()
    assert "…" not in text and "..." not in text.replace("[ARGS]...", "")
    if not command:
        assert "cats and dogs, from four starts." in " ".join(text.replace("│", " ").split())


@pytest.mark.parametrize("command", ["compare", "diagnose", "explain", "reproduce", "warm-up"])
def test_no_line_of_the_help_breaks_before_its_end(command):
    paragraph = (get_command(app).commands[command].help or "").split("\b")[0]
    assert all("\n" not in part.strip() for part in paragraph.split("\n\n")), paragraph


def complete(words: str) -> list[str]:
    """Return what a shell offers for the last word of a command."""
    environment = {
        "_SKINIT_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split(" ")) - 1),
    }
    return CliRunner().invoke(app, [], prog_name="skinit", env=environment).output.split()


def test_a_shell_completes_names():
    assert complete("skinit compare --init orth") == ["orthogonal"]
    assert complete("skinit compare --init he,orth") == ["he,orthogonal"]
    assert complete("skinit diagnose --activation leaky") == ["leaky_relu"]
    assert complete("skinit compare --solver l") == ["lbfgs"]
    assert complete("skinit compare bre") == ["breast_cancer"]
    assert set(complete("skinit compare --init ")) == set(list_initializers()["name"])
    assert set(complete("skinit compare --activation ")) == set(ACTIVATIONS.names())


def test_a_name_is_offered_once():
    names = complete_list(lambda: ["he", "he_uniform"])
    assert names("he") == ["he", "he_uniform"]
    assert names("he,he") == ["he,he_uniform"]


def test_a_list_needs_a_name():
    assert split_list(" he, xavier,") == ["he", "xavier"]
    with pytest.raises(ValueError, match="Expected names separated by commas, got ','"):
        split_list(",")


def parameters(command: str) -> dict:
    """Return the options and arguments of a command, by name."""
    return {parameter.name: parameter for parameter in get_command(app).commands[command].params}


@pytest.mark.parametrize("name", ["drop", "groups", "sep", "size", "init", "hidden", "solver"])
def test_an_option_of_two_commands_is_the_same_option(name):
    one, other = parameters("compare")[name], parameters("diagnose")[name]
    assert (one.opts, one.help, one.default) == (other.opts, other.help, other.default)


@pytest.mark.parametrize("name", ["seed", "cv", "size", "json_path"])
def test_options_are_declared_once(name):
    commands = get_command(app).commands
    helps = {
        parameter.help
        for command in commands
        for parameter in commands[command].params
        if parameter.name == name
    }
    assert len(helps) == 1


def test_a_command_without_a_group_is_left_as_it_is():
    @spread_groups
    def command(*, n: int = 1):
        calls.append(n)

    calls: list[int] = []
    command()
    command(n=2)
    assert calls == [1, 2]
