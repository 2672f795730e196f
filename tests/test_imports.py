"""Who may import whom, and what ``import skinit`` may cost."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import skinit

PACKAGE = Path(skinit.__file__).parent

# Each row may import only from rows above it; the modules of one row never import each other.
LAYERS = [
    ["_registry", "_random", "_files", "_blocks", "_blas"],
    ["activations", "initializers", "losses", "optimizers"],
    ["network"],
    ["rowspace"],
    ["training"],
    ["propagation"],
    ["statistics"],
    ["displays"],
    ["fitting"],
    ["classifier"],
    ["diagnosis"],
    ["comparison"],
    ["report"],
    ["datasets"],
    ["tutorial"],
    ["cli"],
]
RANK = {room: rank for rank, row in enumerate(LAYERS) for room in row}

# These know arrays and frames, not estimators, whatever their row.
WITHOUT_ESTIMATORS = {"propagation", "statistics", "displays", "report"}
ESTIMATORS = {"fitting", "classifier", "diagnosis", "comparison"}

# Asked to render, these two reach upwards: inside a function, never when they are imported.
RENDERS = {("diagnosis", "report"), ("comparison", "report")}

HEAVY = {"pandas", "matplotlib", "PIL", "jinja2", "rich", "typer"}


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_names(node: ast.stmt, package: list[str]) -> list[str]:
    """Return the absolute dotted names that an import statement reaches."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    above = package[: len(package) + 1 - node.level] if node.level else []
    start = ".".join([*above, *([node.module] if node.module else [])])
    return [f"{start}.{alias.name}" for alias in node.names]


def statements(node: ast.AST, lazy: bool = False):
    """Yield each statement that runs, and whether it runs only when a function is called."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            continue
        yield child, lazy
        inside = lazy or isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        yield from statements(child, inside)


def imports_of(path: Path):
    """Yield the (name, lazy) pairs of all imports of a file."""
    package = ["skinit", *path.relative_to(PACKAGE).parts[:-1]]
    for node, lazy in statements(ast.parse(path.read_text(encoding="utf-8"))):
        for name in imported_names(node, package):
            yield name, lazy


def rooms_imported_by(path: Path):
    """Yield the (room, lazy) pairs of the imports from skinit itself."""
    for name, lazy in imports_of(path):
        parts = name.split(".")
        if parts[0] == "skinit" and len(parts) > 1:
            yield parts[1], lazy


def complaints(room: str, imports) -> list[str]:
    """Return one line for each import from inside skinit that breaks the layering."""
    found = []
    for other, lazy in imports:
        if other == room or ((room, other) in RENDERS and lazy):
            continue
        if other not in RANK:
            found.append(f"{room} imports {other}: import from the module, not from the package")
        elif RANK[other] >= RANK[room]:
            found.append(f"{room} imports {other}, which does not stand above it")
        elif room in WITHOUT_ESTIMATORS and other in ESTIMATORS:
            found.append(f"{room} imports {other}, but knows arrays and frames only")
    return found


SOURCES = sorted(
    path
    for path in PACKAGE.rglob("*.py")
    if path not in {PACKAGE / "__init__.py", PACKAGE / "__main__.py"}
)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_one_way(path):
    room = room_of(path)
    assert room in RANK, f"give the new module {room} its place in LAYERS"
    assert complaints(room, rooms_imported_by(path)) == []


@pytest.mark.parametrize(
    ("room", "imports"),
    [
        ("network", [("training", False)]),
        ("losses", [("activations", False)]),
        ("comparison", [("report", False)]),
        ("statistics", [("report", True)]),
        ("report", [("comparison", True)]),
        ("cli", [("InitMLPClassifier", False)]),
    ],
)
def test_an_import_against_the_layering_is_found(room, imports):
    assert len(complaints(room, imports)) == 1


def test_import_forms_are_understood(tmp_path, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path)
    source = tmp_path / "datasets" / "folder.py"
    source.parent.mkdir()
    source.write_text(
        "import skinit.network\n"
        "from .. import _random\n"
        "from ..losses import Loss\n"
        "from .bunch import bunch_pictures\n"
        "from typing import TYPE_CHECKING\n"
        "if TYPE_CHECKING:\n    from skinit.cli import app\n"
        "def f():\n    from skinit import report\n"
    )
    assert list(rooms_imported_by(source)) == [
        ("network", False),
        ("_random", False),
        ("losses", False),
        ("datasets", False),
        ("report", True),
    ]


def test_the_network_knows_no_scikit_learn():
    names = [name for name, _ in imports_of(PACKAGE / "network.py")]
    assert [name for name in names if name.split(".")[0] == "sklearn"] == []


@pytest.mark.parametrize(
    "path",
    [path for path in SOURCES if room_of(path) != "cli"],  # nothing imports the command line
    ids=lambda path: str(path.relative_to(PACKAGE)),
)
def test_heavy_libraries_are_imported_where_they_are_used(path):
    at_import = {name.split(".")[0] for name, lazy in imports_of(path) if not lazy}
    assert at_import & HEAVY == set()


def loaded_by(statement: str) -> set[str]:
    """Return the top-level packages in sys.modules of a fresh interpreter after a statement."""
    code = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent
    )
    return set(result.stdout.split()) - sys.stdlib_module_names


def test_importing_skinit_loads_no_package_that_scikit_learn_does_not_load():
    # scikit-learn itself imports pandas where it is installed, so sets are compared, not names.
    more = loaded_by("import skinit") - loaded_by("import sklearn.neural_network")
    assert more == {"skinit"}


def test_the_lowest_versions_tested_are_the_lowest_versions_claimed():
    root = Path(__file__).parents[1]
    claimed = tomllib.loads((root / "pyproject.toml").read_text())["project"]["dependencies"]
    pinned = (root / ".ci" / "lowest.txt").read_text().splitlines()
    assert {line.replace(">=", "==") for line in claimed} <= set(pinned)
    readme = (root / "README.md").read_text()
    told = {line.replace(">=", " ").removesuffix(".0") for line in claimed}
    assert {words for words in told if words not in readme} == set()
