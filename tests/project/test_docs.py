"""Every page does what it says, and every public name is documented as it is."""

from __future__ import annotations

import copy
import doctest
import importlib
import importlib.util
import inspect
import io
import re
import shlex
import tomllib
import types
import warnings
from contextlib import redirect_stdout
from pathlib import Path

import pytest
from numpydoc.validate import validate
from typer.testing import CliRunner

import skinit
from skinit import initializers

ROOT = Path(__file__).parents[2]
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
    table = copy.deepcopy(initializers.table.INITIALIZERS)
    monkeypatch.setattr(initializers.table, "INITIALIZERS", table)


# What stands above a text: the code or the commands that printed it, or a comment.
OUTPUT_OF, NOT_RUN = (re.compile(rf"<!-- {word}: (.*?) -->\s*$", re.DOTALL) for word in (
    "output of", "not run"
))  # fmt: skip


def run_page(text: str, name: str) -> None:
    """Run the Python of a page from top to bottom, and compare every text with what printed it.

    A text stands right below the code or the commands that print it, or below a comment: an
    expression whose value is printed, or the reason why nothing is compared.
    """
    namespace: dict = {"__name__": "__main__", "warned": warned}
    above, source, end = "", "", 0
    printed: str | None = None
    for fence in FENCE.finditer(text):
        between, line = text[end : fence.start()], text.count("\n", 0, fence.start(2))
        if fence[1] == "text":
            if expression := OUTPUT_OF.search(between):
                printed = str(eval(expression[1], namespace))
            elif above in ("bash", "console") and not between.strip():
                printed = "".join(map(run_command, source.splitlines()))
            elif NOT_RUN.search(between):
                printed = None
            else:
                assert above == "python", f"{name}: what printed the text of line {line}?"
                assert not between.strip(), f"{name}: what printed the text of line {line}?"
            if printed is not None:
                assert printed.split() == fence[2].split(), f"{name}, line {line}"
        elif fence[1] == "python":
            output = io.StringIO()
            with redirect_stdout(output):
                run_python(line, fence[2], namespace, name)
            printed = output.getvalue()
        above, source, end = fence[1], fence[2], fence.end()


def run_command(command: str) -> str:
    """Return what a command prints."""
    from skinit.cli import app

    program, *words = shlex.split(command)
    assert program == "skinit", f"cannot run {command!r} here: say why in a comment"
    result = CliRunner().invoke(app, words, prog_name="skinit", env={"COLUMNS": "100"})
    assert result.exit_code == 0, result.output
    return result.output


def warned(work) -> str:
    """Return what some work warns of, as Python prints it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        work()
    notes = [f"{note.category.__name__}: {note.message}" for note in caught]
    return "\n".join(note for note in notes if not note.startswith("ConvergenceWarning"))


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_the_python_on_a_page_runs_and_prints_what_it_shows(page, scratch):
    run_page(page.read_text(encoding="utf-8"), name_of(page))


@pytest.mark.parametrize(
    ("page", "message"),
    [
        ("```python\nprint(1)\n```\n\n```text\n2\n```\n", "line"),
        ("```python\nprint(1)\n```\n\nIt prints:\n\n```text\n1\n```\n", "what printed"),
        ("```text\n1\n```\n", "what printed"),
        ("```bash\nskinit --version\n```\n\n```text\nskinit 999\n```\n", "line"),
        ("```bash\nls\n```\n\n```text\na\n```\n", "cannot run"),
        ("<!-- output of: 1 + 1 -->\n\n```text\n3\n```\n", "line"),
    ],
)
def test_a_text_that_nothing_prints_is_found(page, message, scratch):
    with pytest.raises(AssertionError, match=message):
        run_page(page, "page")


def test_a_text_that_is_printed_passes(scratch):
    version = f"skinit {skinit.__version__}"
    run_page(f"```bash\nskinit --version\n```\n\n```text\n{version}\n```\n", "page")
    run_page("```python\nprint(1,\n2)\n```\n\n```text\n1\n2\n```\n", "page")
    run_page("```python\nx = 1\n```\n<!-- output of: x + 1 -->\n```text\n2\n```\n", "page")
    run_page("<!-- not run: it takes hours -->\n```text\nanything\n```\n", "page")


def test_a_wrong_page_is_found(scratch):
    with pytest.raises(AssertionError, match="Got:"):
        run_python(0, ">>> 1 + 1\n3\n", {}, "page")
    with pytest.raises(ZeroDivisionError):
        run_python(0, "1 / 0", {}, "page")


def test_no_two_decisions_have_one_number():
    pages = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
    numbers = [int(page.name[:4]) for page in pages]
    assert numbers == [*range(1, len(pages) + 1)]
    for number, page in zip(numbers, pages, strict=True):
        assert page.read_text(encoding="utf-8").startswith(f"# {number}. ")


COMMANDS = sorted(
    {
        command
        for page in PAGES
        for _, source in [*blocks(page, "bash"), *blocks(page, "console")]
        for command in re.findall(r"\bskinit ([\w-]+)", source)
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
    local = [target for target in targets if "://" not in target and not is_built(target)]
    assert [target for target in local if not (page.parent / target).exists()] == []


def is_built(target: str) -> bool:
    """Whether a target is made by the build, which finds its wrong names itself."""
    return target.lstrip("./").startswith(("auto_examples/", "reference/", "_pictures/"))


TOCTREE = re.compile(r"^```{toctree}\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def children(page: Path) -> list[Path]:
    """Return the pages of this repository that a page's tables of contents list."""
    found = []
    for table in TOCTREE.findall(page.read_text(encoding="utf-8")):
        entries = [line for line in table.splitlines() if line and not line.startswith(":")]
        found += [path for entry in entries for path in page.parent.glob(f"{entry}.md")]
    return found


def test_every_page_is_reached_from_the_index():
    docs = ROOT / "docs"
    reached, ahead = set(), [docs / "index.md"]
    while ahead:
        page = ahead.pop()
        reached.add(page)
        ahead += [child for child in children(page) if child not in reached]
    assert set(docs.rglob("*.md")) - reached == set()


def load_pictures():
    """Return docs/pictures.py, which is not part of a package."""
    spec = importlib.util.spec_from_file_location("pictures", ROOT / "docs" / "pictures.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_picture_is_made_and_shown():
    text = "".join(page.read_text(encoding="utf-8") for page in PAGES)
    shown = set(re.findall(r"_pictures/([\w.-]+)", text))
    module = load_pictures()
    in_reference = module.OF_CLASSES.values()
    shown |= {place.rpartition("/")[2] for place in in_reference if place.startswith("/_pictures/")}
    pictures = set(module.PICTURES)
    assert shown <= pictures
    # The build puts whole pages beside index.html.
    linked = set(re.findall(r'(?:href="|:target: )(?:\.\./)?([\w-]+\.html)', text))
    assert pictures - shown <= linked
    assert {"report.html", "digits.html", "diagnosis.html"} <= linked


def test_a_picture_that_is_there_is_kept(tmp_path, monkeypatch):
    pictures = load_pictures()
    made = []
    monkeypatch.setattr(pictures, "PICTURES", {"a.png": made.append, "b.png": made.append})
    (tmp_path / "a.png").touch()
    pictures.make_all(tmp_path)
    assert made == [tmp_path / "b.png"]


def test_without_a_browser_the_plot_stands_for_the_report(tmp_path, monkeypatch):
    pictures = load_pictures()
    drawn = []
    monkeypatch.setattr(pictures.shutil, "which", lambda name: None)
    monkeypatch.setattr(pictures, "draw_differences", drawn.append)
    pictures.PICTURES["report.png"](tmp_path / "report.png")
    assert drawn == [tmp_path / "report.png"]


def test_terminals_ask_no_server_for_fonts():
    pictures = load_pictures()
    svg = "<style>\n@font-face { src: url(x) }\n@font-face { src: url(y) }\n.a { b: c }</style>"
    assert "url" not in pictures.without_web_fonts(svg)
    assert ".a { b: c }</style>" in pictures.without_web_fonts(svg)
    assert pictures.without_web_fonts("<style>.a</style>") == "<style>.a</style>"


ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def test_every_file_of_the_architecture_exists():
    named = set(re.findall(r"`((?:skinit|tests|docs)/[\w/.]*)`", ARCHITECTURE))
    assert len(named) > 30
    assert [path for path in named if not (ROOT / path).exists()] == []


def test_every_name_of_the_architecture_is_in_its_file():
    pairs = re.findall(r"`(\w+)`\s+in\s+`(skinit/[\w/]+\.py)`", ARCHITECTURE)
    assert len(pairs) > 10
    missing = [
        (name, path)
        for name, path in pairs
        if not re.search(rf"^(    )?(def|class) {name}\b", (ROOT / path).read_text(), re.MULTILINE)
    ]
    assert missing == []


def test_every_room_is_in_the_picture():
    picture = ARCHITECTURE.split("```")[1]
    rooms = {path.name for path in (ROOT / "skinit").iterdir() if path.is_dir()}
    rooms = {room for room in rooms if not room.startswith("_")}
    assert {room for room in rooms if room not in picture} == set()


def test_badges_are_true():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    (sklearn,) = (line for line in project["dependencies"] if line.startswith("scikit-learn"))
    badges = re.findall(r"badge/([\w.%-]+)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert [badge.replace("--", "–").rpartition("-")[0] for badge in badges] == [
        "python-" + project["requires-python"].removeprefix(">=") + "%2B",
        "scikit–learn-" + sklearn.partition(">=")[2].removesuffix(".0") + "%2B",
        "license-" + project["license"].replace("-", "–"),
    ]


def test_every_extra_is_explained():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    page = (ROOT / "docs" / "installing.md").read_text(encoding="utf-8")
    rows = " ".join(re.findall(r"^\| (`.*?) \|", page, re.MULTILINE))
    assert set(re.findall(r"`(\w+)`", rows)) == set(project["optional-dependencies"])


def test_the_citation_has_the_version():
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(r"^version: (.*)$", citation, re.MULTILINE)[1] == skinit.__version__


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
        if isinstance(value, (types.FunctionType, classmethod, staticmethod))
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


@pytest.mark.parametrize("name", public_names())
def test_every_public_name_has_an_example(name):
    assert ">>> " in inspect.getdoc(find(name))


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
