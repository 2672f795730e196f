"""Tables to draw, and what a figure says."""

from __future__ import annotations

import matplotlib
import numpy as np
import pandas as pd

from skinit import statistics
from skinit.displays import (
    CriticalDifferenceDisplay,
    DifferencesDisplay,
    HeatmapDisplay,
    LossCurvesDisplay,
    ScoresDisplay,
    TuningDisplay,
)

LABELS = ["zeros", "random", "he", "xavier"]
HOSTILE = [
    "<script>alert(1)</script>",
    "$x^2$ and $5",
    r"\frac{",
    "_hidden",
    "VarianceScaling(distribution='normal', mode='fan_in', scale=2.0, and=so, on=and, on_=1)",
    "",
    "a b " * 40,
]
ROPE = 0.01


def make_runs(labels=LABELS, activations=("tanh",), n_splits=10, n_seeds=2, seed=0):
    """Return runs in which the first label is at chance and the later ones are ever better."""
    rng = np.random.default_rng(seed)
    keys = [(label, act, j, s) for label in labels for act in activations
            for j in range(n_splits) for s in range(n_seeds)]  # fmt: skip
    runs = pd.DataFrame(keys, columns=["label", "activation", "split", "seed"])
    runs["seed"] += 1000 * runs["split"]
    place = runs["label"].map({label: i for i, label in enumerate(labels)})
    better = np.where(place == 0, 0.5, 0.85 + 0.02 * place / len(labels))
    split_noise = rng.normal(0, 0.02, n_splits)[runs["split"]]
    runs["test_accuracy"] = better + split_noise + rng.normal(0, 0.01, len(runs))
    runs["train_accuracy"] = runs["test_accuracy"] + 0.05
    return runs


def make_curves(labels=LABELS, n_epochs=12, n_splits=5, activation="tanh", seed=0):
    rng = np.random.default_rng(seed)
    keys = [(label, activation, j, 7 * j, e) for label in labels for j in range(n_splits)
            for e in range(1, n_epochs + 1)]  # fmt: skip
    names = ["label", "activation", "split", "seed", "epoch"]
    curves = pd.DataFrame(keys, columns=names)
    curves["train_loss"] = 0.4 + 0.3 / curves["epoch"] + rng.uniform(0, 0.02, len(curves))
    curves["test_loss"] = curves["train_loss"] + 0.1
    return curves


def summarize(runs, control=None, **options):
    """Return a summary as a comparison makes it, with the class prior in the last row."""
    several = runs["activation"].nunique() > 1
    keys = ["label", "activation"] if several else ["label"]
    place = runs.groupby([*keys, "split"]).cumcount().rename("seed")
    wide = runs.drop(columns="seed").join(place)
    wide = wide.pivot(index=["split", "seed"], columns=keys, values="test_accuracy")
    wide.columns = [key[0] if len(key) == 1 else key for key in wide.columns.to_flat_index()]
    table = statistics.summarize(wide, 0.25, ROPE, control=control, **options)
    prior = pd.DataFrame({"mean": [0.5]}, index=[("class prior", "") if several else "class prior"])
    table = pd.concat([table, prior])
    if several:
        table.index = pd.MultiIndex.from_tuples(table.index, names=keys)
    return table


def make_differences(runs=None, **options):
    runs = make_runs() if runs is None else runs
    n_splits = runs["split"].nunique()
    return DifferencesDisplay.from_frame(
        summarize(runs, options.get("reference")), rope=ROPE, n_splits=n_splits, **options
    )


def make_dataset_scores(labels=LABELS, n=14):
    rng = np.random.default_rng(1)
    values = rng.normal(size=(n, len(labels))) + np.linspace(2, 0, len(labels))
    return pd.DataFrame(values, columns=labels)


def make_trials(labels=LABELS, values=(0.001, 0.01, 0.1), name="learning_rate_init", n_splits=5):
    """Return trials in which the k-th label is best at the k-th value, counted round."""
    keys = [(label, "tanh", j, j, value) for label in labels for j in range(n_splits)
            for value in values]  # fmt: skip
    trials = pd.DataFrame(keys, columns=["label", "activation", "split", "seed", name])
    place = trials["label"].map({label: i for i, label in enumerate(labels)})
    distance = (place - trials[name].map(list(values).index)) % len(values)
    trials["inner_log_loss"] = 0.3 + 0.1 * distance + 0.01 * trials["split"]
    trials["chosen"] = distance == 0
    return trials


def make_layers(n_layers=4):
    """Return what `Diagnosis.to_frame` does, for tanh: the last layer is the output layer."""
    hidden = [*np.linspace(0.1, 0.9, n_layers - 1), np.nan]
    table = {
        "units": 8.0, "q": np.geomspace(1, 1e-3, n_layers), "delta_rms": 1e-2,
        "gradient_rms": [0.0, *[1e-3] * (n_layers - 1)], "saturated": hidden, "dead": np.nan,
        "distinct": [8.0] * (n_layers - 1) + [np.nan],
    }  # fmt: skip
    return pd.DataFrame(table, index=pd.RangeIndex(1, n_layers + 1, name="layer"))


# One display of each class, made for any labels; a new class cannot escape.
MAKE = {
    "LossCurvesDisplay": lambda labels: LossCurvesDisplay.from_frame(
        make_curves(labels), prior_loss=0.69
    ),
    "ScoresDisplay": lambda labels: ScoresDisplay.from_frame(
        make_runs(labels), summarize(make_runs(labels))
    ),
    "DifferencesDisplay": lambda labels: make_differences(make_runs(labels)),
    "HeatmapDisplay": lambda labels: HeatmapDisplay.from_frame(
        make_runs(labels, activations=("tanh", "relu"))
    ),
    "TuningDisplay": lambda labels: TuningDisplay.from_frame(
        make_trials(labels), parameter="learning_rate_init"
    ),
    "CriticalDifferenceDisplay": lambda labels: CriticalDifferenceDisplay.from_frame(
        make_dataset_scores(labels)
    ),
}


def texts_of(figure):
    return [text for text in figure.findobj(matplotlib.text.Text) if text.get_text()]


def annotations_of(ax):
    return [text for text in ax.texts if isinstance(text, matplotlib.text.Annotation)]
