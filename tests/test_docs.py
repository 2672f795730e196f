"""Every page does what it says, and every public name is documented as it is."""

from __future__ import annotations

import copy
import doctest
import importlib
import inspect
import re
from pathlib import Path

import pytest
from numpydoc.validate import validate
from typer.testing import CliRunner

import skinit
from skinit import initializers

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
API = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS

PUBLIC_MODULES = [
    "skinit",
    "skinit.activations",
    "skinit.comparison",
    "skinit.datasets",
    "skinit.diagnosis",
    "skinit.displays",
    "skinit.initializers",
]


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path, language: str):
    """Yield the (first line number, text) pairs of a page's code blocks in one language."""
    text = page.read_text(encoding="utf-8")
    for match in FENCE.finditer(text):
        if match[1] == language:
            yield text.count("\n", 0, match.start(2)), match[2]


def run_python(line: int, source: str, namespace: dict, name: str) -> None:
    """Execute a block; where it has prompts, compare what it prints with what it claims."""
    if ">>> " not in source:
        exec(compile("\n" * line + source, name, "exec"), namespace)
        return
    test = doctest.DocTestParser().get_doctest(source, namespace, name, name, line)
    said: list[str] = []
    doctest.DocTestRunner(optionflags=FLAGS).run(test, out=said.append, clear_globs=False)
    namespace.update(test.globs)
    assert not said, "".join(said)


@pytest.fixture
def scratch(tmp_path, monkeypatch):
    """Let a page write files and register names without leaving traces."""
    monkeypatch.chdir(tmp_path)
    table = copy.deepcopy(initializers.INITIALIZERS)
    monkeypatch.setattr(initializers, "INITIALIZERS", table)


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_python_on_a_page_runs(page, scratch):
    namespace: dict = {"__name__": "__main__"}
    for line, source in blocks(page, "python"):
        run_python(line, source, namespace, name_of(page))


def test_a_wrong_page_is_found(scratch):
    with pytest.raises(AssertionError, match="Got:"):
        run_python(0, ">>> 1 + 1\n3\n", {}, "page")
    with pytest.raises(ZeroDivisionError):
        run_python(0, "1 / 0", {}, "page")


COMMANDS = sorted(
    {
        command
        for page in PAGES
        for _, source in [*blocks(page, "bash"), *blocks(page, "console")]
        for command in re.findall(r"\bskinit (\w+)", source)
    }
)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_commands_on_the_pages_exist(command):
    from skinit.cli import app

    result = CliRunner().invoke(app, [command, "--help"])
    assert result.exit_code == 0, result.output
    assert command in result.output


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_links_of_a_page_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8"))
    local = [target for target in targets if "://" not in target]
    assert [target for target in local if not (page.parent / target).exists()] == []


def test_every_page_is_reached_from_the_index():
    docs = ROOT / "docs"
    index = (docs / "index.md").read_text(encoding="utf-8").splitlines()
    missing = [
        page
        for page in sorted(docs.rglob("*.md"))
        if page.stem != "index" and str(page.relative_to(docs).with_suffix("")) not in index
    ]
    assert missing == []


def test_the_readme_opens_with_its_two_commands():
    lines = [source.strip() for _, source in blocks(ROOT / "README.md", "bash")][:2]
    assert len(lines) == 2
    assert all("\n" not in line and line.startswith("python -m pip install ") for line in lines)
    assert "skinit " in lines[0]
    assert "pytest" in lines[1]


# --- Public names -----------------------------------------------------------------------------


def public_names() -> list[str]:
    """Return every public function and class once, by its shortest dotted name."""
    names = {}
    for module in map(importlib.import_module, PUBLIC_MODULES):
        for name in module.__all__:
            if callable(value := getattr(module, name)):
                names.setdefault(id(value), f"{module.__name__}.{name}")
    return list(names.values())


def find(name: str):
    """Return the object of a dotted name."""
    module, _, attribute = name.rpartition(".")
    return getattr(importlib.import_module(module), attribute)


def own_methods(cls: type) -> list[str]:
    """Return the public methods that a class of skinit defines, without those it overrides."""
    bases = [base for base in cls.__mro__[1:] if base.__module__.startswith("skinit")]
    return [
        name
        for name, value in vars(cls).items()
        if inspect.isfunction(value)
        and not name.startswith("_")
        and not any(hasattr(base, name) for base in bases)
    ]


PUBLIC_METHODS = [
    f"{name}.{method}"
    for name in public_names()
    if inspect.isclass(find(name))
    for method in own_methods(find(name))
]

# numpydoc's codes: no docstring; parameters missing, unknown, in another order; no summary.
PROMISES = {"GL08", "PR01", "PR02", "PR03", "SS01"}


def broken_promises(name: str) -> list[str]:
    """Return in words where the docstring of a dotted name disagrees with its signature."""
    return [text for code, text in validate(name)["errors"] if code in PROMISES]


@pytest.mark.parametrize("name", [*public_names(), *PUBLIC_METHODS])
def test_docstring_and_signature_agree(name):
    assert broken_promises(name) == []


@pytest.mark.parametrize("name", public_names())
def test_every_public_name_stands_in_the_api_page(name):
    assert re.search(rf"^ *(\.\. auto\w+:: )?{re.escape(name)}$", API, re.MULTILINE), (
        f"add {name} to docs/api.md"
    )


def test_all_holds_exactly_the_public_names():
    present = {
        name
        for name, value in vars(skinit).items()
        if not name.startswith("_") and getattr(value, "__module__", "").startswith("skinit")
    }
    assert present | {"__version__"} == set(skinit.__all__)


def scaled(x, factor=1.0):
    """Scale an array.

    Parameters
    ----------
    x : ndarray
        The array.
    """
    return factor * x


def test_a_docstring_that_disagrees_is_found(monkeypatch):
    monkeypatch.setattr(skinit, "scaled", scaled, raising=False)
    assert broken_promises("skinit.scaled") == ["Parameters {'factor'} not documented"]
