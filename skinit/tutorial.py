"""The tutorial's experiment: one network, four starts, pictures of cats and dogs.

The experiment runs through the public estimator and returns plain data; the published numbers are
data too. `skinit.cli` prints what comes out.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import StratifiedKFold, cross_val_score
from threadpoolctl import threadpool_limits

from skinit.classifier import InitMLPClassifier
from skinit.datasets import load_image_folder, make_cats_vs_dogs
from skinit.displays import BLACK, BLUE, GREY, ORANGE, VERMILLION
from skinit.initializers import get_initializer
from skinit.propagation import InitializationWarning

if TYPE_CHECKING:
    import os

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

HIDDEN = (5, 5)
LEARNING_RATE = 0.01
STEPS = 1000
EVERY = 100  # steps between two published costs
FOLDS = 5
REPEATS = 5  # runs whose start differs by rounding only
SAME = 1e-9  # final costs of such runs that differ by less are one and the same

# The names of the tutorial's own pictures.
OWN_FILES = {f"cat.{i}.jpg" for i in range(2671, 2722) if i != 2691} | {
    f"dog.{i}.jpg" for i in range(12450, 12500)
}
OWN_SHAPE = (150, 150, 3)


@dataclass(frozen=True)
class Start:
    """One way to start, and what the tutorial published of it.

    Parameters
    ----------
    name : str
        The initializer of the same law.
    factor : callable
        Takes fan_in, returns what the standard normal numbers are multiplied by.
    costs : tuple of float
        The published costs after 100, 200, ... steps on the tutorial's own pictures, in nats.
    accuracy : float
        The published accuracy on the training pictures, 0 to 1.
    tolerance : float or None
        How closely the costs can be repeated; None where each rounding error grows.
    color, dashes : str
        How its curve is drawn.
    """

    name: str
    factor: Callable[[int], float]
    costs: tuple[float, ...]
    accuracy: float
    tolerance: float | None
    color: str
    dashes: str = "-"

    @property
    def formula(self) -> str:
        """The law of the weights."""
        return get_initializer(self.name).formula


STARTS = [
    Start("zeros", lambda fan_in: 0.0, (0.6931471805599453,) * 10, 0.50, 1e-15, BLACK, "--"),
    Start(
        "random",
        lambda fan_in: 10.0,
        (
            1.2413142077549013, 1.1258751902393416, 1.0989052435267657, 1.0840966471282327,
            1.0706953292105978, 1.0574847320236294, 1.0443168708889223, 1.031157857251139,
            1.0179838815204902, 1.004767088515343,
        ),
        0.55,
        1e-9,
        ORANGE,
    ),
    Start(
        "he",
        lambda fan_in: math.sqrt(2 / fan_in),
        (
            0.6300611704834093, 0.49092836452522753, 0.46579423512433943, 0.6516254192289226,
            0.32487779301799485, 0.4631461605716059, 0.8050310690163623, 0.31739195517372376,
            0.3094592175030812, 0.19934509244449203,
        ),
        0.99,
        None,
        BLUE,
    ),
    Start(
        "xavier",
        lambda fan_in: math.sqrt(1 / fan_in),
        (
            0.6351961521800779, 0.548973489787121, 0.47982386652748565, 0.32811768889968684,
            0.2793453045790634, 0.3258507563809604, 0.2873032724176074, 0.0924974839405706,
            0.07418011931058155, 0.06204402572328295,
        ),
        0.99,
        None,
        VERMILLION,
    ),
]  # fmt: skip


# --- The pictures -----------------------------------------------------------------------------


@dataclass(frozen=True)
class Pictures:
    """Pictures of cats and others.

    Parameters
    ----------
    X : ndarray of shape (n_pictures, height * width * 3)
        Pixels, 0 to 1.
    y : ndarray of shape (n_pictures,)
        1 for cats, 0 for the others.
    names : (str, str)
        What 0 and 1 stand for.
    image_shape : (int, int, int)
        Height, width and 3.
    source : str
        Where they come from, in words.
    own : bool
        Whether they are the tutorial's own pictures.
    """

    X: np.ndarray
    y: np.ndarray
    names: tuple[str, str]
    image_shape: tuple[int, int, int]
    source: str
    own: bool

    @property
    def majority(self) -> float:
        """The accuracy of always guessing the more frequent class."""
        return float(max(self.y.mean(), 1 - self.y.mean()))


def load_pictures(
    folder: str | os.PathLike | None = None, size: int | None = None, seed: int = 0
) -> Pictures:
    """Load the pictures of a folder, or draw 100 of them.

    Parameters
    ----------
    folder : path, default=None
        As for `load_image_folder`, with two classes, one of them cats. None draws.
    size : int, default=None
        Height and width in pixels; None keeps those of the files and draws 150.
    seed : int, default=0
        Seed of the drawn pictures.

    Raises
    ------
    ValueError, OSError
        If the folder cannot be loaded, or has not two classes of which one is cats.
    """
    bunch: Any
    if folder is None:
        bunch = make_cats_vs_dogs(size=size or 150, random_state=seed)
        source = f"drawn, seed {seed}"
    else:
        bunch = load_image_folder(folder, size=size)
        source = str(folder)
    cat = _find_cat(bunch.target_names, source)
    files = {Path(name).name for name in bunch.filenames}
    return Pictures(
        X=bunch.data,
        y=(bunch.target == cat).astype(int),
        names=(bunch.target_names[1 - cat], bunch.target_names[cat]),
        image_shape=bunch.image_shape,
        source=source,
        own=files == OWN_FILES and bunch.image_shape == OWN_SHAPE,
    )


def _find_cat(names: Sequence[str], source: str) -> int:
    """Return the place of the cats among two classes."""
    cats = [place for place, name in enumerate(names) if name.lower() in ("cat", "cats")]
    if len(names) != 2 or len(cats) != 1:
        known = ", ".join(map(repr, names[:5])) + (", ..." if len(names) > 5 else "")
        raise ValueError(
            "The experiment needs two classes, one of them called cat, but there "
            f"{'is one class' if len(names) == 1 else f'are {len(names)} classes'} ({known}) in "
            f"{source}. Name the pictures like cat.1.jpg and dog.1.jpg, or sort them "
            "into two folders cat and dog."
        )
    return cats[0]


# --- The runs ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Run:
    """What became of one start.

    Parameters
    ----------
    start : Start
        The start.
    costs : list of float
        Mean log loss on the training pictures before each step, in nats.
    accuracy : float
        On the training pictures, after the last step.
    fold_accuracies : list of float
        On the pictures of each fold, by a network trained on the others.
    repeated_costs : list of float
        Last costs of runs whose first weights differ in the last binary digits only.
    seconds : float
        The time that all these trainings took.
    """

    start: Start
    costs: list[float]
    accuracy: float
    fold_accuracies: list[float]
    repeated_costs: list[float]
    seconds: float

    @property
    def at_prints(self) -> dict[int, tuple[float, float]]:
        """The published and the reproduced cost by number of steps."""
        pairs = zip(self.start.costs, self.costs[EVERY - 1 :: EVERY], strict=False)
        return {EVERY * i: pair for i, pair in enumerate(pairs, start=1)}

    @property
    def largest_difference(self) -> float:
        """The largest difference between published and reproduced costs."""
        return max((abs(ours - theirs) for theirs, ours in self.at_prints.values()), default=0.0)


def first_weights(start: Start, n_features: int, nudge: int = 0) -> list[np.ndarray]:
    """Return the tutorial's first weights, one array (fan_in, fan_out) per layer.

    Parameters
    ----------
    start : Start
        Which of the four.
    n_features : int
        Numbers per picture.
    nudge : int, default=0
        Enlarge the first layer by this many units of rounding, 2.2e-16 each.
    """
    rng = np.random.RandomState(1)
    sizes = (n_features, *HIDDEN, 1)
    # Drawn as (units, inputs), the tutorial's orientation.
    weights = [
        rng.randn(units, inputs).T * start.factor(inputs) for inputs, units in pairwise(sizes)
    ]
    weights[0] *= 1 + nudge * np.finfo(float).eps
    return weights


def network(
    start: Start, n_features: int, *, steps: int = STEPS, nudge: int = 0, row_space="auto"
) -> InitMLPClassifier:
    """Return the tutorial's network, untrained: plain gradient descent, biases 0."""
    return InitMLPClassifier(
        HIDDEN,
        "tanh",
        init=first_weights(start, n_features, nudge),
        solver="sgd",
        momentum=0,
        learning_rate_init=LEARNING_RATE,
        alpha=0,
        batch_size="full",
        shuffle=False,
        max_iter=steps,
        n_iter_no_change=np.inf,
        row_space=row_space,
    )


def run(
    start: Start, pictures: Pictures, *, folds: int = FOLDS, seed: int = 0, steps: int = STEPS
) -> Run:
    """Train one start on all pictures, on the training part of each fold, and once more.

    Parameters
    ----------
    start : Start
        Which of the four.
    pictures : Pictures
        What to learn.
    folds : int, default=5
        Number of stratified, shuffled folds of the cross-validation.
    seed : int, default=0
        Seed of their shuffle.
    steps : int, default=1000
        Steps of gradient descent.

    Raises
    ------
    ValueError
        If a class has fewer pictures than there are folds, or if training diverges.
    """
    X, y = pictures.X, pictures.y
    cv = StratifiedKFold(_check_folds(folds, pictures), shuffle=True, random_state=seed)
    began = time.perf_counter()
    # Matrices of 100 x 5 train fastest on one thread, and roundings do not depend on the machine's
    # number of cores.
    with _as_many_steps_as_asked(), threadpool_limits(1):
        fitted, *repeats = (
            network(start, X.shape[1], steps=steps, nudge=nudge).fit(X, y)
            for nudge in range(1 + REPEATS)
        )
        fresh = network(start, X.shape[1], steps=steps)
        scores = cross_val_score(fresh, X, y, cv=cv, error_score="raise")
    return Run(
        start=start,
        costs=list(map(float, fitted.loss_curve_)),
        accuracy=float(fitted.score(X, y)),
        fold_accuracies=scores.tolist(),
        repeated_costs=[float(repeat.loss_) for repeat in repeats],
        seconds=time.perf_counter() - began,
    )


def _check_folds(folds: int, pictures: Pictures) -> int:
    """Return ``folds``, or say that a class has too few pictures for as many."""
    counts = np.bincount(pictures.y, minlength=2)
    rare = int(counts.argmin())
    if folds > counts[rare]:
        raise ValueError(
            f"{folds} folds need at least {folds} pictures of each class, but there are only "
            f"{counts[rare]} of {pictures.names[rare]!r} ({pictures.source}). Take fewer folds or "
            "more pictures."
        )
    return folds


@contextmanager
def _as_many_steps_as_asked():
    """Silence two warnings: training is meant to end at its last step, and zeros not to learn."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        warnings.simplefilter("ignore", InitializationWarning)
        yield


# --- What it means ----------------------------------------------------------------------------

LEAST_ACCURACY, MOST_COST = 0.98, 0.35  # the range in which he and xavier usually end

_WHOSE_NUMBERS = (
    "* These are not the tutorial's pictures. The published numbers belong to its own 100 "
    "photographs and stand there for orientation. Nothing here should match them, except that "
    "zeros stays at ln 2 = 0.6931471805599453 wherever half of the pictures are cats."
)

_WHY_NOT = (
    "On the tutorial's pictures, the costs of zeros and random can be repeated to ten digits and "
    "more. Those of he and xavier cannot, by any program: a step is stable only while learning "
    "rate times curvature stays below 2, and for he and xavier it starts at 1.47 and 0.77 and "
    "grows. After six or seven steps the cost rises for the first time, later it jumps, and each "
    "jump amplifies every rounding error. What can be repeated, in most runs, is a range: accuracy "
    f"at least {LEAST_ACCURACY:.0%}, final cost at most {MOST_COST}."
)


def explain(pictures: Pictures, runs: Sequence[Run]) -> list[str]:
    """Say in a few paragraphs which published numbers were repeated, and why others cannot be."""
    if not pictures.own:
        return [_WHOSE_NUMBERS, _WHY_NOT, _roundings(runs)]
    repeated = [
        _repeated(run, run.start.tolerance) for run in runs if run.start.tolerance is not None
    ]
    ranges = [_range(run) for run in runs if run.start.tolerance is None]
    return [" ".join(repeated), " ".join([_WHY_NOT, *ranges]), _roundings(runs)]


def _repeated(run: Run, tolerance: float) -> str:
    """Say whether the costs of a start that can be repeated were repeated."""
    name, difference = run.start.name, run.largest_difference
    if difference <= tolerance:
        largest = f"; the largest difference is {difference:.0e}" if difference else " exactly"
        return f"{name} repeats its {len(run.at_prints)} published costs{largest}."
    return (
        f"{name} does NOT repeat its published costs within {tolerance:.0e}, as it should; the "
        f"largest difference is {difference:.0e}. Have the pictures been saved anew, or does "
        "another JPEG decoder read them?"
    )


def _range(run: Run) -> str:
    """Say whether a start that cannot be repeated ended in the usual range."""
    inside = run.accuracy >= LEAST_ACCURACY and run.costs[-1] <= MOST_COST
    return (
        f"{run.start.name} ended {'inside' if inside else 'OUTSIDE'} it, at {run.accuracy:.0%} and "
        f"{run.costs[-1]:.3f}."
    )


def _roundings(runs: Sequence[Run]) -> str:
    """Say what became of the runs that differ by rounding only."""
    ends = []
    for run in runs:
        costs = [run.costs[-1], *run.repeated_costs]
        same = max(costs) - min(costs) <= SAME
        end = f"{costs[0]:.3f}" if same else f"{min(costs):.3f} to {max(costs):.3f}"
        ends.append(f"{run.start.name} {end}")
    return (
        f"To see it, each start was trained {REPEATS} times more, with first weights that differ "
        f"in their 16th digit only. The final costs of all {1 + REPEATS} runs: {', '.join(ends)}."
    )


def to_json(pictures: Pictures, runs: Sequence[Run], *, seed: int) -> dict[str, Any]:
    """Return everything as numbers, texts and lists, ready for a JSON file."""
    return {
        "pictures": {
            "source": pictures.source,
            "the_tutorials_own": pictures.own,
            "count": len(pictures.y),
            "cats": int(pictures.y.sum()),
            "image_shape": list(map(int, pictures.image_shape)),
        },
        "network": {
            "layer_sizes": [pictures.X.shape[1], *HIDDEN, 1],
            "activation": "tanh",
            "learning_rate": LEARNING_RATE,
            "steps": len(runs[0].costs),
        },
        "cross_validation": {"folds": len(runs[0].fold_accuracies), "seed": seed},
        "accuracy_of_guessing_one_class": pictures.majority,
        "starts": {run.start.name: _run_to_json(run) for run in runs},
    }


def _run_to_json(run: Run) -> dict[str, Any]:
    return {
        "weights": run.start.formula,
        "published": {
            "steps": list(range(EVERY, EVERY * len(run.start.costs) + 1, EVERY)),
            "costs": list(run.start.costs),
            "accuracy": run.start.accuracy,
            "can_be_repeated_within": run.start.tolerance,
        },
        "costs_before_each_step": run.costs,
        "training_accuracy": run.accuracy,
        "cross_validated_accuracy": float(np.mean(run.fold_accuracies)),
        "fold_accuracies": run.fold_accuracies,
        "final_costs_with_other_rounding": run.repeated_costs,
        "seconds": run.seconds,
    }


# --- The figure -------------------------------------------------------------------------------


def draw(pictures: Pictures, runs: Sequence[Run]) -> Figure:
    """Draw the four cost curves, and beside them a picture of each class."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4.5), layout="constrained")
    axes = figure.subplot_mosaic([["costs", "cat"], ["costs", "other"]], width_ratios=[3.2, 1])
    _draw_costs(axes["costs"], pictures, runs)
    _draw_picture(axes["cat"], pictures, 1)
    _draw_picture(axes["other"], pictures, 0)
    return figure


def _draw_costs(ax: Axes, pictures: Pictures, runs: Sequence[Run]) -> None:
    for run in runs:
        start, steps = run.start, range(1, len(run.costs) + 1)
        label = f"{start.name}: {run.accuracy:.0%}, {np.mean(run.fold_accuracies):.0%}"
        ax.plot(steps, run.costs, start.dashes, color=start.color, linewidth=0.8, label=label)
        if pictures.own:
            published = [theirs for theirs, _ in run.at_prints.values()]
            # White inside, so that they show on the curves that jump.
            ax.plot(
                list(run.at_prints), published, "o", color=start.color, mfc="white", ms=5, zorder=3
            )
    if pictures.own:
        ax.plot([], [], "o", color=GREY, mfc="white", ms=5, label="published costs")
    ax.set(xlabel="steps of gradient descent", ylabel="cost: mean log loss (nats)")
    ax.set_ylim(0, 1.05 * ax.get_ylim()[1])
    ax.spines[["top", "right"]].set_visible(False)
    title = "accuracy on training pictures,\non pictures left out of training"
    ax.legend(title=title, alignment="left", loc="upper right", frameon=False, fontsize=9)


def _draw_picture(ax: Axes, pictures: Pictures, label: int) -> None:
    first = int(np.argmax(pictures.y == label))
    ax.imshow(pictures.X[first].reshape(pictures.image_shape))
    ax.set_title(f"{pictures.names[label]}: label {label}".replace("$", r"\$"), fontsize=10)
    ax.set_axis_off()
