"""Who may import whom, what may be imported where, and what ``import skinit`` may cost."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

import skinit

PACKAGE = Path(skinit.__file__).parent
ROOT = Path(__file__).parents[2]

# From bottom to top: a room imports only from the rows above it in this list. The rooms of one row
# do not know each other. CONTRIBUTING.md has the same table.
LAW = [
    ["_version", "_wording", "_random", "_files", "_blas", "_sklearn"],
    ["_registry", "_progress", "_drawing"],
    ["activations"],
    ["initializers"],
    ["engine"],
    ["propagation"],
    ["statistics"],
    ["displays"],
    ["report"],
    ["estimators"],
    ["pytorch"],
    ["diagnosis"],
    ["comparison"],
    ["search"],
    ["datasets"],
    ["tutorial"],
    ["cli"],
]
RANK = {room: rank for rank, row in enumerate(LAW) for room in row}

# Imported inside the functions that use them. Nobody imports the command line, so that it may use
# its two libraries at once; the compiled loops are themselves imported inside functions.
HEAVY = {
    "pandas",
    "matplotlib",
    "PIL",
    "jinja2",
    "markdown_it",
    "rich",
    "typer",
    "duckdb",
    "skrub",
    "numba",
    "onnx",
    "torch",
}
AT_ONCE = {"cli": {"rich", "typer"}, "skinit.engine.kernels": {"numba"}}

# Arrays in, arrays out.
UNKNOWN = {"engine": {"sklearn", "pandas"}, "activations": {"sklearn", "pandas"}}


class Import(NamedTuple):
    """One name that a module imports, and whether only when a function is called."""

    name: str
    is_lazy: bool


def sources_of(package: Path) -> dict[str, str]:
    """Return the text of each file of a package by its path."""
    return {
        path.relative_to(package).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(package.rglob("*.py"))
    }


def module_of(file: str) -> str:
    """Return the dotted name of a file."""
    parts = ["skinit", *file.removesuffix(".py").split("/")]
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def imports_of(file: str, source: str) -> list[Import]:
    """Return everything that a file imports, for types only too."""
    package = ["skinit", *file.split("/")[:-1]]
    return [
        Import(imported, is_lazy)
        for node, is_lazy in statements(ast.parse(source))
        for imported in imported_names(node, package)
    ]


def statements(node: ast.AST, is_lazy: bool = False) -> Iterator[tuple[ast.AST, bool]]:
    """Yield all nodes, and whether each runs only when a function is called, or never."""
    for child in ast.iter_child_nodes(node):
        inside = is_lazy or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        if isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            inside = True
        yield child, is_lazy
        yield from statements(child, inside)


def imported_names(node: ast.AST, package: list[str]) -> list[str]:
    """Return the absolute dotted names that an import statement reaches."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if not isinstance(node, ast.ImportFrom):
        return []
    above = package[: len(package) + 1 - node.level] if node.level else []
    start = ".".join([*above, *([node.module] if node.module else [])])
    return [f"{start}.{alias.name}" for alias in node.names]


def module_behind(name: str, modules: set[str]) -> str:
    """Return the module that a dotted name is, or is an object of."""
    while name not in modules:
        name = name.rpartition(".")[0]
    return name


def is_private(name: str) -> bool:
    return any(part.startswith("_") and not part.startswith("__") for part in name.split("."))


def find_violations(sources: dict[str, str]) -> list[str]:
    """Return one line for each import, and each circle, that breaks the law."""
    modules = {module_of(file) for file in sources}
    found, edges = [], {name: set() for name in modules}
    for file, source in sources.items():
        name = module_of(file)
        room = [*name.split("."), ""][1]
        if room in ("", "__main__"):
            continue  # the package itself names what is public, and nobody imports it
        if room not in RANK:
            found.append(f"{name}: give the room {room} its place in LAW")
            continue
        for imported in imports_of(file, source):
            if imported.name.split(".")[0] == "skinit":
                other = module_behind(imported.name, modules)
                edges[name].add(other)
                found += break_of_order(name, room, other)
            else:
                found += break_of_manners(name, room, imported)
    return found + [f"{' -> '.join(circle)}: a circle" for circle in find_circles(edges)]


def break_of_order(name: str, room: str, other: str) -> list[str]:
    """Complain of an import of the package itself, or one that does not point down."""
    if other in ("skinit", "skinit.__main__"):
        return [f"{name} imports the package: import from the module that has the name"]
    target = other.split(".")[1]
    if target != room and RANK.get(target, len(LAW)) >= RANK[room]:
        return [f"{name} imports {other}, which does not stand below it"]
    return []


def break_of_manners(name: str, room: str, imported: Import) -> list[str]:
    """Complain of a heavy import at once, of scikit-learn's private names, and of strangers."""
    library = imported.name.split(".")[0]
    found = []
    allowed = AT_ONCE.get(room, set()) | AT_ONCE.get(name, set())
    if library in HEAVY - allowed and not imported.is_lazy:
        found.append(f"{name} imports {library} at once, not in the function that uses it")
    if library == "sklearn" and is_private(imported.name) and room != "_sklearn":
        found.append(f"{name} imports {imported.name}: private names belong into _sklearn")
    if library in UNKNOWN.get(room, set()):
        found.append(f"{name} imports {library}, but knows arrays only")
    return found


def find_circles(edges: dict[str, set[str]]) -> list[list[str]]:
    """Return one path for each module that reaches itself through others."""
    circles = []
    for start in edges:
        paths, seen = [[start]], set()
        while paths:
            path = paths.pop()
            for other in sorted(edges[path[-1]] - seen - {path[-1]}):
                if other == start:
                    circles.append([*path, start])
                    paths = []
                    break
                seen.add(other)
                paths.append([*path, other])
    return circles


SOURCES = sources_of(PACKAGE)


def test_all_imports_keep_the_law():
    assert find_violations(SOURCES) == []


@pytest.mark.parametrize(
    ("file", "statement", "complaint"),
    [
        ("engine/new.py", "from skinit.estimators.base import f", "engine.new imports skinit.est"),
        ("engine/new.py", "from skinit.propagation import measure", "does not stand below it"),
        ("engine/new.py", "import skinit.cli", "imports skinit.cli, which does not stand below"),
        ("engine/new.py", "from sklearn.svm import SVC", "imports sklearn, but knows arrays only"),
        ("engine/new.py", "def f():\n    import pandas", "imports pandas, but knows arrays only"),
        (
            "report/new.py",
            "from ..comparison import InitComparison",
            "report.new imports skinit.com",
        ),
        ("report/new.py", "def f():\n    from skinit import comparison", "does not stand below it"),
        ("statistics/new.py", "from skinit.displays import base", "does not stand below it"),
        ("initializers/new.py", "from skinit.engine import losses", "does not stand below it"),
        ("_random.py", "from skinit._files import write_atomically", "does not stand below it"),
        ("cli/new.py", "import skinit", "imports the package"),
        ("cli/new.py", "def f():\n    import skinit", "imports the package"),
        ("cli/new.py", "from skinit import diagnose, InitMLPClassifier", "imports the package"),
        ("cli/new.py", "from .. import __version__", "imports the package"),
        ("comparison/new.py", "from sklearn.utils import _safe_indexing", "belong into _sklearn"),
        ("comparison/new.py", "import sklearn.utils._tags", "private names belong into _sklearn"),
        ("displays/new.py", "import matplotlib.pyplot as plt", "imports matplotlib at once"),
        ("cli/new.py", "class A:\n    import pandas", "imports pandas at once"),
        ("attic.py", "", "skinit.attic: give the room attic its place in LAW"),
        (
            "report/new.py",
            "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from skinit.cli import app",
            "report.new imports skinit.cli.app, which does not stand below it",
        ),
    ],
)
def test_a_planted_violation_is_found(file, statement, complaint):
    (found,) = found_by_planting({file: statement})
    assert complaint in found


def found_by_planting(planted: dict[str, str]) -> set[str]:
    """Return what is newly complained of when lines are put in front of files."""
    more = {file: f"{lines}\n{SOURCES.get(file, '')}" for file, lines in planted.items()}
    return {*find_violations(SOURCES | more)} - {*find_violations(SOURCES)}


def test_a_planted_circle_is_found():
    found = found_by_planting(
        {
            "engine/one.py": "from skinit.engine.two import f",
            "engine/two.py": "def f():\n    from . import three",
            "engine/three.py": "import skinit.engine.one",
        }
    )
    assert "skinit.engine.one -> skinit.engine.two -> skinit.engine.three -> skinit.engine.one" in [
        line.removesuffix(": a circle") for line in found
    ]
    assert len(found) == 3  # from each of the three


@pytest.mark.parametrize(
    "statement",
    [
        "from skinit.engine import passes",
        "from .base import Display",
        "from skinit._sklearn import Interval",
        "from sklearn.base import BaseEstimator",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pandas as pd",
        "def f():\n    from matplotlib.figure import Figure",
        "from skinit import statistics",
    ],
)
def test_what_the_law_allows_is_not_complained_of(statement):
    assert found_by_planting({"displays/new.py": statement}) == set()


def test_the_table_for_contributors_is_the_law():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    table = text[text.index("| rooms |") :].split("\n\n")[0].splitlines()[2:]
    rooms = [re.findall(r"`(\w+)`", row.split("|")[1]) for row in table]
    assert rooms == LAW


def test_every_room_of_the_law_exists():
    present = {path.stem for path in PACKAGE.iterdir() if path.suffix in ("", ".py")}
    assert set(RANK) <= present


def loaded_by(statement: str) -> set[str]:
    """Return the top-level packages in sys.modules of a fresh interpreter after a statement."""
    code = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=PACKAGE.parent
    )
    return set(result.stdout.split()) - sys.stdlib_module_names


def test_importing_skinit_loads_no_package_that_scikit_learn_does_not_load():
    # scikit-learn itself imports pandas where it is installed, so sets are compared, not names.
    everything = loaded_by("from skinit import *")
    assert everything - loaded_by("import sklearn.neural_network, sklearn.compose") == {"skinit"}
    assert loaded_by("import skinit") - loaded_by("pass") == {"skinit"}


def test_public_names_are_typed_and_found_where_they_are_at_home():
    typed = [each.name for each in imports_of("__init__.py", SOURCES["__init__.py"])]
    homes = [f"skinit.{home}.{name}" for name, home in skinit._HOMES.items()]
    assert {*homes, "skinit._version.__version__"} == {x for x in typed if x.startswith("skinit")}
    assert {*skinit._HOMES, "__version__"} == {*skinit.__all__} <= {*dir(skinit)}
    with pytest.raises(AttributeError, match="module 'skinit' has no attribute 'Init'"):
        skinit.Init  # noqa: B018


def test_the_lowest_versions_tested_are_the_lowest_versions_claimed():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    assert set(extras["tables"]) <= set(extras["test"])
    claimed = project["dependencies"] + extras["tables"] + extras["fast"]
    pinned = (ROOT / ".ci" / "lowest.txt").read_text().splitlines()
    assert {line.replace(">=", "==") for line in claimed} <= set(pinned)
    readme = (ROOT / "README.md").read_text()
    told = {line.replace(">=", " ").removesuffix(".0") for line in claimed}
    assert {words for words in told if words not in readme} == set()
