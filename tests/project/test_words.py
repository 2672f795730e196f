"""The project speaks plain English, and writes its numbers in one place."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TEXTS = sorted(
    path
    for folder in ("skinit", "docs", "benchmarks", "examples", "studies")
    for path in (ROOT / folder).rglob("*")
    if path.suffix in (".py", ".md", ".html", ".css") and "tests" not in path.parts
)
TEXTS += [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]

# Phrases that read as translated, as regular expressions, and what to write in their place.
PHRASES = {
    r"the same manners|scikit-learn's manners": "same parameters and behaviour",
    r"one thing that one decides|decides by itself": "plus one parameter, init",
    r"weights start as you say": "with a choice of weight initialization",
    r"law of their own|hold it against": "a new initializer to test against established ones",
    r"honest estimate of choosing|of choosing this way": "after correcting for picking the winner",
    r"any difference is below": "the difference is within ±...",
    r"more (seeds|data)( or( more)? data)? would tell": "more seeds or data are needed",
    r"four times (in|out of) five": "with 80% power",
    r"half (its|of its) (95% )?interval": "± half-width of the 95% CI",
    r"side by side; -1|one a core|is one a core": "run in parallel; -1 uses all cores",
    r"[Ll]argest number of epochs": "Maximum epochs",
    r"[Tt]rainings? (of each candidate )?on each split": "Training runs per split",
    r"[Ww]here (the |splits and )?(weights|seeds) come from": "Random seed",
    r"(?<!here.)is no (file|folder|number|int)\b": "is not a ...",
    r"; words: |\bwords: purpose": "categorical: ...",
    r"\d different units of": "only ... distinct units of ...",
    r"(would|lets?|to) let expect|lets expect": "would lead one to expect",
    r"\bby heart\b": "memorize",
    r"On training rows": "Training accuracy",
    r"[Tt]o repeat (it|this)\b": "To reproduce",
    r"statistics that hold": "with valid statistical tests",
    r"very numbers": "results will not match exactly",
    r"allows? no test": "too few for a test",
    r"\bdifferences? to\b(?! be)": "difference from",
    r"no number of (repeats|seeds)( or seeds)? will": "more ... are not enough",
    r"watched and never": "which no training uses",
    r"\bgrows \S+ times by": "has grown by a factor of",
    r"Say so (when|where|if)": "Warn when ...",
    r"anybody to speak of|zoo of": "(say it plainly)",
    r"tutorial's (own |he |100 )?(pictures|photographs|numbers|network|nets|runs|curves|rate|seed"
    r"|experiment|learning|he |first|size|dimensions|pixels)": "Dabbura's blog post (2018)",
}


# Everything that anybody reads: tests, configuration and data of the pages too.
HIDDEN = {".git", ".venv", "__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", "_build"}
READ = {".py", ".md", ".html", ".css", ".toml", ".txt", ".rst", ".yml", ".yaml", ".cff", ".ipynb"}
EVERYTHING = sorted(
    path
    for path in [*ROOT.rglob("*"), *(ROOT / ".ci").rglob("*")]
    if path.is_file()
    and (path.suffix in READ or path.parent.name == ".ci")
    and not HIDDEN & {*path.relative_to(ROOT).parts}
    and "build" not in path.relative_to(ROOT).parts
    and path != Path(__file__)
)


@pytest.mark.parametrize("pattern", PHRASES)
def test_no_phrase_reads_as_translated(pattern):
    found = [where for path in EVERYTHING for where in places(pattern, path)]
    assert found == [], f"write: {PHRASES[pattern]}"


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_weights_follow_distributions_and_no_laws(path):
    if "benchmarks" not in path.parts:  # where test statistics follow some
        assert places(r"\b[Ll]aws?\b", path) == []


# How each of these once stood in the project: what a phrase above has to find.
ONCE = [
    "the same parameters and the same manners",
    "with the one thing that one decides by itself: `init`",
    "whose weights start as you say",
    "have a law of their own and need to hold it against the known ones",
    "honest estimate of choosing this way 0.962",
    "any difference is below 0.01 (probability 0.99 or more)",
    "more seeds or data would tell",
    "find a difference of 0.057 four times in five",
    "mean over splits and half its 95% interval",
    "Splits side by side; -1 is one a core.",
    "Largest number of epochs",
    "Trainings on each split",
    "Where splits and weights come from",
    "'digits' is no file",
    "words: purpose",
    "1 different units of 20",
    "would let expect",
    "learns by heart",
    "On training rows",
    "To repeat it",
    "with statistics that hold",
    "the difference to xavier may be anything from -0.019 to +0.007",
    "more seeds or data are needed, no number of repeats will do",
    "dashed: held-out rows, watched and never used",
    "The signal grows 3e+03 times by layer 1.",
    "does therefore not give scikit-learn's very numbers",
    "allow no test",
]


@pytest.mark.parametrize("text", ONCE)
def test_what_once_stood_here_would_be_found(text, tmp_path):
    path = tmp_path / "page.md"
    path.write_text(f"It says: {text}\n")
    assert any(places(pattern, path) for pattern in PHRASES)
    half = len(text) // 2
    cut = text.rindex(" ", 0, half + 8) if " " in text[: half + 8] else None
    if cut:
        path.write_text(f"It says: {text[:cut]}\n{text[cut + 1 :]}\n")
        assert any(places(pattern, path) for pattern in PHRASES)


def places(pattern: str, path: Path) -> list[str]:
    """Return file and line of each match, also of phrases that run over the end of a line."""
    text = path.read_text(encoding="utf-8")
    # Any white space, the quotes between two parts of a string and the sign of a comment.
    gap = r"""(?:\s|["'#f]|^\s*#)+"""
    matches = re.finditer(pattern.replace(" ", gap), text, re.MULTILINE)
    name = path.relative_to(ROOT) if path.is_relative_to(ROOT) else path.name
    return [f"{name}:{text.count(chr(10), 0, m.start()) + 1}: {m[0]!r}" for m in matches]


def test_a_phrase_is_found_over_the_ends_of_lines(tmp_path):
    path = tmp_path / "a.py"
    path.write_text('x = (\n    "more seeds or "\n    f"data would tell"\n)\n# learn by\n# heart\n')
    assert places(r"more seeds or data would tell", path) != []
    assert places(r"\bby heart\b", path) != []
    assert places(r"On training rows", path) == []


# --- Numbers ----------------------------------------------------------------------------------

# Only the first decides how a percentage, a missing value or a hint is written; the second is
# compiled, and knows no functions.
EXEMPT = {"_wording.py", "kernels.py"}


def hand_made_formats(source: str) -> list[str]:
    """Return the formats of percentages and NaN tests by comparison in a module's code."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            spec = ast.unparse(node.format_spec)
            if "%" in spec:
                found.append(f"line {node.lineno}: {ast.unparse(node)}")
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            left, right = ast.unparse(node.left), ast.unparse(node.comparators[0])
            if isinstance(node.ops[0], ast.Eq | ast.NotEq) and left == right:
                found.append(f"line {node.lineno}: {left} compared with itself")
        if isinstance(node, ast.Name) and node.id == "get_close_matches":
            found.append(f"line {node.lineno}: get_close_matches")
    return found


CODE = [path for path in TEXTS if path.suffix == ".py" and path.parts[-2] != "benchmarks"]


@pytest.mark.parametrize(
    "path", [path for path in CODE if path.name not in EXEMPT], ids=lambda path: path.stem
)
def test_percentages_missing_values_and_hints_are_written_in_one_place(path):
    assert hand_made_formats(path.read_text(encoding="utf-8")) == []


def test_hand_made_formats_are_found():
    source = 'a = f"{x:.0%}"\nb = x == x\nc = get_close_matches(a, b)\nd = f"{x:.3f}"\n'
    assert len(hand_made_formats(source)) == 3
