"""Make the pictures of the pages: `conf.py` calls `make_all` before Sphinx reads them.

Each function below makes one file, by the call that the page explains. What is there already is
kept; delete the folder ``docs/_pictures`` to make everything anew. Pictures that the gallery makes
as well are taken from there.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path

import numpy as np
from sklearn.datasets import load_breast_cancer, load_digits, load_iris, make_classification
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler, scale

import skinit
from skinit.activations import get_activation
from skinit.diagnosis import StartsDisplay

PICTURES: dict[str, Callable[[Path], None]] = {}
NETWORK = skinit.InitMLPClassifier((8,), "tanh", solver="lbfgs", max_iter=30)
INITS = ["zeros", "random", "he", "xavier"]


def make_all(folder: Path) -> None:
    """Make the pictures that are missing."""
    from matplotlib import pyplot as plt

    folder.mkdir(exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of trainings that are short on purpose
        for name, make in PICTURES.items():
            if not (folder / name).exists():
                make(folder / name)
    plt.close("all")  # or the first example of the gallery would show them as its own


def picture(name: str):
    """Register what makes the file of this name."""

    def register(make: Callable[[Path], None]) -> Callable[[Path], None]:
        PICTURES[name] = make
        return make

    return register


def save(display, path: Path) -> None:
    """Save a plot, sharp enough for screens with many pixels."""
    display.to_figure().savefig(path, dpi=160)


# --- Comparisons ------------------------------------------------------------------------------


@cache
def cancer() -> skinit.InitComparison:
    """Return the comparison of docs/comparing.md."""
    X, y = load_breast_cancer(return_X_y=True)
    comparison = skinit.compare_initializers(
        make_pipeline(StandardScaler(), NETWORK), X, y, init=INITS, n_seeds=3, random_state=0,
        progress=False,
    )  # fmt: skip
    comparison.data_name = "breast cancer"
    return comparison


@picture("curves.png")
def draw_curves(path: Path) -> None:
    """Draw the loss curves."""
    save(cancer().plot_curves(), path)


@picture("scores.png")
def draw_scores(path: Path) -> None:
    """Draw the scores of all splits."""
    save(cancer().plot_scores(), path)


@picture("differences.png")
def draw_differences(path: Path) -> None:
    """Draw what is known about the differences."""
    save(cancer().plot_differences(), path)


@picture("heatmap.png")
def draw_heatmap(path: Path) -> None:
    """Draw the means of all pairs of initializer and activation."""
    X, y = load_iris(return_X_y=True)
    comparison = skinit.compare_initializers(
        make_pipeline(StandardScaler(), NETWORK), X, y, init=["zeros", "he", "xavier"],
        activation=["tanh", "relu", "logistic"], random_state=0, progress=False, curves=False,
    )  # fmt: skip
    save(comparison.plot_heatmap(), path)


@picture("ranks.png")
def draw_ranks(path: Path) -> None:
    """Draw mean ranks over eight constructed tables."""
    comparisons = {}
    for seed in range(8):
        X, y = make_classification(200, 10 + seed, n_informative=5, random_state=seed)
        comparisons[f"table {seed + 1}"] = skinit.compare_initializers(
            NETWORK, X, y, init=INITS, cv=3, random_state=seed, progress=False, curves=False
        )
    save(skinit.rank_initializers(comparisons).plot(), path)


@picture("report.html")
def write_report(path: Path) -> None:
    """Write the report of the comparison."""
    cancer().to_html(path)


# --- Browsers ---------------------------------------------------------------------------------


@picture("digits.html")
def write_digits(path: Path) -> None:
    """Write the report of `skinit compare`."""
    run("skinit compare --out digits.html", path.parent)


@picture("diagnosis.html")
def write_diagnosis(path: Path) -> None:
    """Write the page of `skinit diagnose`."""
    command = "skinit diagnose digits --init zeros,he,xavier --hidden 32,32"
    run(f"{command} --out diagnosis.html", path.parent)


# What pages are told to prefer, by Chromium's numbers.
SCHEMES = {"": 1, "-dark": 0}


def photograph(page: str, height: int, scheme: int, path: Path) -> None:
    """Save what a browser shows of a page first; without a browser, a plot instead."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        return draw_differences(path)
    call = [
        browser,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--hide-scrollbars",
        "--force-device-scale-factor=1.5",
        f"--window-size=820,{height}",
        f"--blink-settings=preferredColorScheme={scheme}",
        f"--screenshot={path}",
        path.with_name(page).resolve().as_uri(),
    ]
    subprocess.run(call, capture_output=True, timeout=120, check=False)
    assert path.exists(), f"{browser} made no picture of {page}"


for name, height in {"report": 1100, "digits": 1010, "diagnosis": 1030}.items():
    for suffix, scheme in SCHEMES.items():
        PICTURES[f"{name}{suffix}.png"] = partial(photograph, f"{name}.html", height, scheme)


# --- Terminals --------------------------------------------------------------------------------


@picture("compare.svg")
def record_compare(path: Path) -> None:
    """Record `skinit compare`."""
    record("skinit compare wine --init zeros,he,xavier,auto", path)


@picture("table.svg")
def record_table(path: Path) -> None:
    """Record `skinit compare` of a table with decimal commas, missing values and row numbers."""
    write_patients(path.with_name("patients.csv"))
    record("skinit compare patients.csv --target outcome --init he,xavier --out table.html", path)


def write_patients(path: Path) -> None:
    """Write a table of invented patients."""
    rng = np.random.default_rng(0)
    lines = ["id;age;bmi;smoker;outcome"]
    for i in range(200):
        age, bmi, smoker = rng.integers(18, 90), rng.normal(26, 4), rng.random() < 0.3
        is_ill = 0.04 * (age - 50) + 0.3 * (bmi - 26) + smoker + rng.normal() > 0
        shown = "" if i % 17 == 0 else f"{bmi:.1f}".replace(".", ",")
        words = ("yes" if smoker else "no"), ("ill" if is_ill else "well")
        lines.append(";".join([str(i + 1), str(age), shown, *words]))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@picture("diagnose.svg")
def record_diagnose(path: Path) -> None:
    """Record `skinit diagnose`."""
    record("skinit diagnose digits --init zeros,he,xavier --hidden 32,32", path)


def run(command: str, folder: Path, **environment: str) -> str:
    """Run a command in a folder; return what it prints."""
    environment = os.environ | environment | {"PYTHONPATH": str(Path(skinit.__file__).parents[1])}
    call = [sys.executable, "-m", *command.split()]
    done = subprocess.run(
        call, env=environment, cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout


def record(command: str, path: Path, width: int = 100) -> None:
    """Run a command and draw its terminal."""
    from rich.console import Console
    from rich.text import Text

    printed = run(command, path.parent, FORCE_COLOR="1", COLUMNS=str(width), NO_COLOR="")
    with open(os.devnull, "w") as nowhere:
        console = Console(record=True, width=width, file=nowhere, force_terminal=True)
        console.print(f"$ {command}\n", style="bold", highlight=False)
        console.print(Text.from_ansi(printed.rstrip()))
        svg = console.export_svg(title="")
    path.write_text(without_web_fonts(svg), encoding="utf-8")


def without_web_fonts(svg: str) -> str:
    """Return a drawing that asks no server for its fonts."""
    before, _, rest = svg.partition("@font-face")
    while "@font-face" in rest:
        rest = rest.partition("@font-face")[2]
    return before + rest.partition("}")[2] if rest else svg


# --- Diagnosis --------------------------------------------------------------------------------


@picture("propagation.png")
def draw_propagation(path: Path) -> None:
    """Draw signal and gradient in a deep network whose weights are too small."""
    X, y = load_digits(return_X_y=True)
    network = skinit.InitMLPClassifier((32,) * 20, "relu", init="xavier", random_state=0)
    save(skinit.diagnose(network, scale(X), y, random_state=0).plot(), path)


@picture("starts.png")
def draw_starts(path: Path) -> None:
    """Draw signal and gradient from three starts beside each other."""
    X, y = load_digits(return_X_y=True)
    frames = {}
    for init in ["he", "xavier", "isometric"]:
        network = skinit.InitMLPClassifier((32,) * 8, "relu", init=init, random_state=0)
        frames[init] = skinit.diagnose(network, scale(X), y, random_state=0).to_frame()
    save(StartsDisplay(frames), path)


@picture("initializer.png")
def draw_initializer(path: Path) -> None:
    """Draw the weights of an initializer beside their density."""
    save(skinit.get_initializer("truncated_normal").plot(), path)


@picture("activation.png")
def draw_activation(path: Path) -> None:
    """Draw an activation and its derivative."""
    save(get_activation("gelu").plot(), path)


# What the reference shows of a plot, by the name of its class.
OF_CLASSES = {
    "LossCurvesDisplay": "/_pictures/curves.png",
    "ScoresDisplay": "/_pictures/scores.png",
    "DifferencesDisplay": "/_pictures/differences.png",
    "HeatmapDisplay": "/_pictures/heatmap.png",
    "TuningDisplay": "/auto_examples/images/sphx_glr_plot_learning_rate_001.png",
    "CriticalDifferenceDisplay": "/_pictures/ranks.png",
    "PropagationDisplay": "/_pictures/propagation.png",
    "StartsDisplay": "/_pictures/starts.png",
    "InitializerDisplay": "/_pictures/initializer.png",
    "ActivationDisplay": "/_pictures/activation.png",
}


@picture("diagram.html")
def write_diagram(path: Path) -> None:
    """Write the diagram of a fitted network."""
    X, y = load_digits(return_X_y=True)
    network = skinit.InitMLPClassifier((30,), "tanh", init="he", max_iter=3)
    path.write_text(network.fit(X / 16, y)._repr_html_(), encoding="utf-8")
