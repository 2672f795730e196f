"""What a comparison writes down: settings, runs, and what `diagnose` said of the starts.

All of it is frozen, made of plain numbers and texts, and goes to JSON and back through `codec`.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from itertools import product
from typing import Any

from skinit._wording import name_label
from skinit.comparison.codec import SchemaError
from skinit.comparison.kinds import KINDS, Kind
from skinit.comparison.metrics import Metric

FORMAT = "skinit comparison 4"

SIDES = ("test", "train")


# --- Settings ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class DataSettings:
    """Which rows were compared on.

    Parameters
    ----------
    n_samples, n_features : int
        Their number, and that of their features before preprocessing.
    X, y : str
        Fingerprints of the rows and of the labels.
    classes : dict of str to int
        Rows of each class; empty for numbers.
    numbers : dict of str to float
        Mean, standard deviation, smallest and largest of a target that is a number; empty for
        classes, and for several numbers a row.
    labels : str
        Fingerprint of the order of the classes, whatever they are called, or of the ranks of
        numbers, whatever their unit.
    n_distinct : int
        Different rows, as far as `sample` tells them apart.
    sample : tuple of str
        The smallest hashes of rounded rows, by which another comparison on the same rows is
        recognized, also in another precision.
    """

    n_samples: int
    n_features: int
    X: str
    y: str
    classes: dict[str, int]
    numbers: dict[str, float]
    labels: str
    n_distinct: int
    sample: tuple[str, ...]


@dataclass(frozen=True)
class NetworkSettings:
    """The estimator without its `init`.

    Parameters
    ----------
    parameters : dict of str to str
        The network's parameters that are not their defaults, as Python code.
    defaults : dict of str to str
        Its other parameters, which a later version may have other defaults for.
    max_iter : int
        The budget of epochs.
    learning_rate_init : float or None
        The learning rate of runs that are not tuned; None for a solver that has none.
    preprocessing : dict of str to str, or None
        The steps before the network in a pipeline, by name, as Python code.
    estimator : str
        The network's class.
    around : tuple of str
        What stands around the network, from the outside in, as Python code, "..." for what
        is inside.
    target : str or None
        How the target is transformed, as Python code.
    """

    parameters: dict[str, str]
    defaults: dict[str, str]
    max_iter: int
    learning_rate_init: float | None
    preprocessing: dict[str, str] | None
    estimator: str
    around: tuple[str, ...]
    target: str | None


@dataclass(frozen=True)
class Candidate:
    """An initializer, with an activation, that is compared with the others.

    Parameters
    ----------
    label : str
        Its name in tables.
    init, activation : str
        Names of both.
    code : str
        The init as Python code.
    formula : str
        What the weights are drawn from.
    """

    label: str
    init: str
    code: str
    activation: str
    formula: str


@dataclass(frozen=True)
class SplitSettings:
    """How rows were split.

    Parameters
    ----------
    n, n_seeds : int
        Splits, and training runs of each candidate on each of them.
    cv : str
        The splitter, as Python code.
    groups : str or None
        Fingerprint of the groups.
    rows : str
        Fingerprint of the rows of all splits.
    n_tested : int
        Distinct rows among the test parts of all splits.
    repeats : tuple of int, or None
        The repeat that each split belongs to; None where splits are not a repeated K-fold.
    """

    n: int
    n_seeds: int
    cv: str
    groups: str | None
    rows: str
    n_tested: int
    repeats: tuple[int, ...] | None


@dataclass(frozen=True)
class TuningSettings:
    """What is tuned inside each split.

    Parameters
    ----------
    codes : dict of str to tuple of str
        The values that are tried, as Python code, by the name of the parameter.
    size : float
        Share of a split's training rows that decides.
    racing : bool
        Whether most values leave after a quarter of the epochs.
    loss : str
        What decides, a name in `skinit.comparison.metrics.LOSSES`.
    """

    codes: dict[str, tuple[str, ...]]
    size: float
    racing: bool
    loss: str

    @property
    def values(self) -> dict[str, list]:
        """The values themselves; of those that are more than a literal, their code."""
        return {name: [read_code(code) for code in codes] for name, codes in self.codes.items()}

    @property
    def points(self) -> list[dict[str, Any]]:
        """Every combination of values; runs and trials name it by its place here."""
        return grid_points(self.values)


def read_code(code: str) -> Any:
    """Return the value of some code; what is more than a literal stays code.

    Examples
    --------
    >>> read_code("0.5"), read_code("VarianceScaling(scale=2.0)")
    (0.5, 'VarianceScaling(scale=2.0)')
    """
    try:
        return ast.literal_eval(code)
    except (SyntaxError, ValueError):
        return code


def grid_points(values: Mapping[str, Sequence]) -> list[dict[str, Any]]:
    """Return every combination of values, the first name varying slowest.

    Examples
    --------
    >>> grid_points({"alpha": [0.1], "learning_rate_init": [0.01, 0.1]})
    [{'alpha': 0.1, 'learning_rate_init': 0.01}, {'alpha': 0.1, 'learning_rate_init': 0.1}]
    """
    return [dict(zip(values, point, strict=True)) for point in product(*values.values())]


@dataclass(frozen=True)
class Settings:
    """All that the runs of a comparison depend on.

    Parameters
    ----------
    seed : int
        Where splits and the seeds of the runs come from.
    data, network, splits
        Parts, see their classes.
    candidates : tuple of Candidate
        All that are compared, in the order in which they were given.
    scoring : tuple of Metric
        What scorers measure, the primary metric first.
    params : dict of str to str
        Parameters of ``fit``, as Python code.
    target : float or None
        Training loss for the column `epochs_to_target`.
    curves : bool
        Whether the loss was recorded at the start and after each epoch.
    task : str
        "classification" or "regression".
    curve_loss : str
        Which loss that is: "log_loss", "squared_error", "poisson_deviance", or one of the last two
        of the "transformed_" target.
    tuning : TuningSettings or None
        What was tuned inside each split.
    versions : dict of str to str
        Versions of Python and of the libraries.
    """

    seed: int
    data: DataSettings
    network: NetworkSettings
    candidates: tuple[Candidate, ...]
    splits: SplitSettings
    scoring: tuple[Metric, ...]
    params: dict[str, str]
    target: float | None
    curves: bool
    task: str
    curve_loss: str
    tuning: TuningSettings | None
    versions: dict[str, str]

    @property
    def kind(self) -> Kind:
        """What is different for classes and for numbers."""
        return KINDS[self.task]

    @property
    def metrics(self) -> dict[str, Metric]:
        """Everything that is recorded, by name, the primary metric first."""
        return {metric.name: metric for metric in (*self.scoring, self.kind.loss)}

    @property
    def activations(self) -> list[str]:
        """Names of the activations, each once, in the order of the candidates."""
        return list(dict.fromkeys(candidate.activation for candidate in self.candidates))

    @property
    def several_activations(self) -> bool:
        """Whether a label alone does not name a candidate."""
        return len(self.activations) > 1

    @property
    def keys(self) -> list:
        """What names the candidates in tables, in their order; see `candidate_keys`."""
        return candidate_keys(self.candidates)


def candidate_keys(candidates: Sequence[Candidate]) -> list:
    """Return what names candidates in tables: labels, or (label, activation) where these differ."""
    if len({candidate.activation for candidate in candidates}) > 1:
        return [(candidate.label, candidate.activation) for candidate in candidates]
    return [candidate.label for candidate in candidates]


def differences(found, wanted, ignored=("versions",)) -> list[str]:
    """Name the fields in which two settings differ, and which of their parts do.

    Examples
    --------
    >>> base = SplitSettings(5, 1, "5", None, "12ab", 80, None)
    >>> differences(base, SplitSettings(5, 2, "5", None, "34cd", 80, None))
    ['n_seeds', 'rows']
    """
    texts = []
    for field in fields(wanted):
        one, other = getattr(found, field.name), getattr(wanted, field.name)
        if field.name not in ignored and one != other:
            parts = differences(one, other) if is_dataclass(other) else []
            texts.append(f"{field.name} ({', '.join(parts)})" if parts else field.name)
    return texts


# --- Diagnoses --------------------------------------------------------------------------------


@dataclass(frozen=True)
class StartVerdict:
    """The first verdict of `diagnose` about a candidate's start: its code and its text."""

    code: str
    text: str


# --- Runs -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Scores:
    """Scores on held-out and on training rows, by metric; NaN where a scorer failed."""

    test: dict[str, float]
    train: dict[str, float]

    def items(self) -> Iterator[tuple[str, float]]:
        """Yield every score with the name of its column, such as "test_accuracy"."""
        for name in self.test:
            for side in SIDES:
                yield f"{side}_{name}", getattr(self, side)[name]


@dataclass(frozen=True)
class Divergence:
    """Where weights or outputs stopped being finite: iteration (0: at the start), layer from 1."""

    iteration: int
    layer: int


@dataclass(frozen=True)
class Run:
    """One training of one candidate on one split.

    Parameters
    ----------
    label, activation : str
        Which candidate.
    seed : int
        The `random_state` that repeats it.
    scores : Scores
        Those of the baseline, where the run diverged.
    n_iter : int, default=0
        Epochs.
    fit_time : float, default=0.0
        Seconds, initialization included; what training a stack took is shared by its members as
        their epochs are.
    init_time : float, default=0.0
        Seconds of these that drew the first weights.
    stopped : str, default=""
        Why training ended: "converged", "max_iter" or "diverged"; "" where it raised.
    divergence : Divergence, default=None
        Where it diverged; None if it did not.
    same_answer : bool, default=False
        Whether it predicts the same for every held-out row.
    predictions : str, default=None
        Fingerprint of its predictions for the held-out rows; None where there are none.
    error : str, default=None
        What training or scorers raised; None if nothing.
    epochs_to_target : float, default=None
        First epoch at the target loss; NaN where it was never reached, None without a target.
    train_loss, test_loss : tuple of float, default=None
        Loss at the start and after each epoch; None without curves, and where training raised.
    point : int, default=None
        What it was tuned to, a place in `TuningSettings.points`; None if nothing was tuned.
    """

    label: str
    activation: str
    seed: int
    scores: Scores
    n_iter: int = 0
    fit_time: float = 0.0
    init_time: float = 0.0
    stopped: str = ""
    divergence: Divergence | None = None
    same_answer: bool = False
    predictions: str | None = None
    error: str | None = None
    epochs_to_target: float | None = None
    train_loss: tuple[float, ...] | None = None
    test_loss: tuple[float, ...] | None = None
    point: int | None = None

    @property
    def diverged(self) -> bool:
        """Whether weights, or predictions for held-out rows, stopped being finite."""
        return self.divergence is not None


@dataclass(frozen=True)
class Trial:
    """One training of one candidate with one value, scored on the inner part of a split.

    Parameters
    ----------
    label, activation : str
        Which candidate.
    point : int
        What is tried, a place in `TuningSettings.points`.
    seed : int
        The `random_state` of the training, which also decides which rows are the inner part.
    loss : float
        On the inner part, at the end of training; that of the baseline where it diverged, NaN where
        it raised.
    n_iter : int, default=0
        Epochs.
    fit_time : float, default=0.0
        Seconds; as that of a run.
    diverged : bool, default=False
        Whether weights, or the loss, stopped being finite.
    eliminated : bool, default=False
        Whether it had to leave a race after a quarter of the epochs.
    error : str, default=None
        What training raised; None if nothing.
    """

    label: str
    activation: str
    point: int
    seed: int
    loss: float
    n_iter: int = 0
    fit_time: float = 0.0
    diverged: bool = False
    eliminated: bool = False
    error: str | None = None

    @property
    def failed(self) -> bool:
        """Whether it diverged or raised."""
        return self.diverged or self.error is not None


@dataclass(frozen=True)
class SplitRecord:
    """All runs on one split.

    Parameters
    ----------
    split : int
        Its number, from 0.
    n_train, n_test : int
        Rows of its two parts.
    baseline : Scores
        Scores of the baseline: the class prior, or the training mean.
    runs : tuple of Run
        Every candidate with every seed.
    trials : tuple of Trial, default=()
        What the tuning tried; empty if nothing was tuned.
    """

    split: int
    n_train: int
    n_test: int
    baseline: Scores
    runs: tuple[Run, ...]
    trials: tuple[Trial, ...] = ()


def check_record(record: SplitRecord, settings: Settings) -> None:
    """Raise a SchemaError unless a record holds exactly the runs and scores that it should."""
    n_splits = settings.splits.n
    if not 0 <= record.split < n_splits:
        raise SchemaError(
            f"there is no split {record.split}: they are numbered 0 to {n_splits - 1}"
        )
    pairs = [(candidate.label, candidate.activation) for candidate in settings.candidates]
    known = dict(zip(pairs, settings.keys, strict=True))
    n_runs = Counter((run.label, run.activation) for run in record.runs)
    for run in record.runs:
        if (run.label, run.activation) not in known:
            label = name_label((run.label, run.activation))
            raise SchemaError(f"{label!r} is none of the candidates")
        _check_scores(run.scores, settings)
    for pair, key in known.items():
        if n_runs[pair] != settings.splits.n_seeds:
            raise SchemaError(
                f"{name_label(key)!r} has {n_runs[pair]} runs where there should be "
                f"{settings.splits.n_seeds}"
            )
    _check_scores(record.baseline, settings)
    _check_points(record, settings, known)


def _check_scores(scores, settings):
    for side in SIDES:
        missing = settings.metrics.keys() - getattr(scores, side).keys()
        if missing:
            raise SchemaError(f"field '{side}.{min(missing)}' is missing")


def _check_points(record, settings, known):
    """Refuse runs and trials of points that the settings do not have."""
    n_points = 0 if settings.tuning is None else len(settings.tuning.points)
    for trial in record.trials:
        if (trial.label, trial.activation) not in known:
            label = name_label((trial.label, trial.activation))
            raise SchemaError(f"{label!r} is tuned but none of the candidates")
    if settings.tuning is None:
        wrong = [each for each in record.runs if each.point is not None] + [*record.trials]
    else:
        tried = {(each.label, each.activation, each.point) for each in record.trials}
        wrong = [
            each
            for each in (*record.runs, *record.trials)
            if each.point not in range(n_points)
            or (each.label, each.activation, each.point) not in tried
        ]
    if wrong:
        label = name_label(known[wrong[0].label, wrong[0].activation])
        raise SchemaError(f"{label!r} has point {wrong[0].point}, which was not tried")
