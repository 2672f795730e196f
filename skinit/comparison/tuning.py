"""Tuning inside each split: what is tried, on which rows, and which value a candidate gets.

An inner part of a split's training rows is set aside. All candidates are trained with all values
on the rest, each candidate keeps the value with the best loss on the inner part, and then it
is trained on the whole training part with that value. Held-out rows have no say in it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from sklearn.base import clone
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold, train_test_split

from skinit._random import TUNING, stream
from skinit._wording import is_number, join_words, suggest, write_count
from skinit.comparison.descriptions import describe
from skinit.comparison.networks import count_layers
from skinit.comparison.schema import Trial, TuningSettings, grid_points
from skinit.engine.solvers import SOLVERS

# Half a decade apart, around the rates that are in use with each solver.
USUAL_RATES = {
    "adam": (0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1),
    "sgd": (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0),
}
TUNE_SIZE = 0.2
FINALISTS = 2  # of each candidate, in a race

NOT_TUNED = {
    "init": "it is what is compared",
    "activation": "use the parameter activation to compare several",
    "random_state": "all candidates have the same seeds",
    "max_iter": "all candidates have the same budget",
    "warm_start": "every run starts anew",
    "verbose": "it changes no score",
}


@dataclass(frozen=True)
class Tuning:
    """What is tuned inside each split.

    Parameters
    ----------
    values : dict of str to list
        What is tried, by the name of the parameter.
    size : float
        Share of the training rows that decides.
    racing : bool
        Whether most values leave after a quarter of the epochs.
    loss : str
        What decides, a name in `skinit.comparison.metrics.LOSSES`.
    """

    values: dict[str, list]
    size: float
    racing: bool
    loss: str

    @property
    def points(self) -> list[dict[str, Any]]:
        """Every combination of values, the first name varying slowest."""
        return grid_points(self.values)

    def describe(self) -> TuningSettings:
        """Return what is written down of it."""
        codes = {name: tuple(map(describe, values)) for name, values in self.values.items()}
        return TuningSettings(codes, self.size, self.racing, self.loss)


# --- Arguments --------------------------------------------------------------------------------


def make_tuning(tune, size, racing, network, loss: str = "log_loss") -> Tuning | None:
    """Return what is tuned, or None for nothing; refuse what cannot be.

    Parameters
    ----------
    tune : None, bool, or mapping of parameter to values
        As in `compare_initializers`.
    size, racing
        Its `tune_size` and `racing`.
    network : BaseInitMLP
        The network whose parameters are tuned.
    loss : str, default="log_loss"
        What decides.
    """
    if not isinstance(racing, (bool, np.bool_)):
        raise ValueError(f"racing must be True or False, got {racing!r}.")
    if not (is_number(size) and 0 < float(size) < 1):
        raise ValueError(f"tune_size must be a share between 0 and 1, got {size!r}.")
    tune = bool(tune) if isinstance(tune, np.bool_) else tune
    if tune is None or tune is False:
        if racing:
            raise ValueError("racing=True needs something to tune: give tune=True or a mapping.")
        return None
    if tune is True:
        tune = {"learning_rate_init": USUAL_RATES.get(network.solver, ())}
    if not isinstance(tune, Mapping) or not tune:
        raise ValueError(
            "tune must be True or a mapping of parameters to values, such as "
            f"{{'learning_rate_init': [0.001, 0.01]}}, got {tune!r}."
        )
    _check_names(tune, network)
    _check_solver(tune, racing, network)
    values = {name: _check_values(name, given, network) for name, given in tune.items()}
    return Tuning(values, float(size), bool(racing), loss)


def _check_names(tune, network) -> None:
    known = [name for name in network.get_params(deep=False) if name not in NOT_TUNED]
    for name in tune:
        if name in NOT_TUNED:
            raise ValueError(f"tune: {name!r} cannot be tuned: {NOT_TUNED[name]}.")
        if name not in known:
            bare = str(name).rpartition("__")[2]
            close = suggest(name, known) if isinstance(name, str) else ""
            hint = f" Did you mean {bare!r}?" if bare in known else close
            hint = hint or f" Choose from {join_words(known, 'or')}."
            raise ValueError(f"tune: the network has no parameter {name!r}.{hint}")


def _check_solver(tune, racing, network) -> None:
    """Refuse learning rates of solvers that have none, and a race without epochs."""
    solvers = tune.get("solver", [network.solver])
    for solver in solvers if isinstance(solvers, Iterable) else ():
        if solver not in SOLVERS or SOLVERS[solver].minibatches:
            continue
        if "learning_rate_init" in tune:
            raise ValueError(
                f"tune: solver {solver!r} has no learning rate; use solver='adam' or 'sgd', or "
                "tune another parameter, such as tune={'alpha': [0.0001, 0.01, 1.0]}."
            )
        if racing:
            raise ValueError(
                f"racing: solver {solver!r} trains networks one by one, so that they cannot race; "
                "use solver='adam' or 'sgd'."
            )


def _check_values(name, given, network) -> list:
    """Return the values of one parameter, numbers in ascending order; each must be valid."""
    if isinstance(given, (str, bytes, Mapping)) or not isinstance(given, Iterable):
        raise ValueError(f"tune: give the values of {name!r} as a list, got {given!r}.")
    values = [value.item() if isinstance(value, np.generic) else value for value in given]
    if not values:
        raise ValueError(f"tune: {name!r} has no values; give at least one.")
    codes = [describe(float(value) if is_number(value) else value) for value in values]
    twice = [describe(values[i]) for i, code in enumerate(codes) if code in codes[:i]]
    if twice:
        raise ValueError(f"tune: {name!r} has the value {twice[0]} twice.")
    for value in values:
        _check_value(name, value, network)
    return sorted(values) if all(map(is_number, values)) else values


def _check_value(name, value, network) -> None:
    if name == "learning_rate_init" and not (is_number(value) and 0 < float(value) < math.inf):
        raise ValueError(f"tune: learning rates must be finite and above 0, got {value!r}.")
    if isinstance(value, bool) and is_number(getattr(network, name)):
        raise ValueError(f"tune: {name!r} is a number, got {value!r}.")
    changed = clone(network)
    try:
        changed.set_params(**{name: value})
        changed._validate_params()
        n_layers = count_layers(changed)
    except (TypeError, ValueError) as error:
        raise ValueError(f"tune: {error}") from error
    if n_layers != count_layers(network):
        raise ValueError(
            f"tune: hidden_layer_sizes={value!r} has another number of layers than the network "
            f"({count_layers(network) - 1}): only the units of its layers can be tuned."
        )


# --- Rows -------------------------------------------------------------------------------------


class InnerSplit(NamedTuple):
    """Training rows of a split in two parts: to train on, and to choose by."""

    train: np.ndarray
    test: np.ndarray


def make_inner_split(
    rows, y, groups, seed: int, size: float, j: int, *, stratify: bool = True
) -> InnerSplit:
    """Set an inner part of a split's training rows aside, groups kept whole.

    Parameters
    ----------
    rows : ndarray of shape (n_train,)
        Training rows of the split.
    y, groups : ndarray of shape (n_samples,)
        Of all rows; groups may be None.
    seed : int
        The seed of a run: another inner part for every split and seed, the same for all
        candidates.
    size : float
        Share of the rows that is set aside.
    j : int
        The split's number, for messages.
    stratify : bool, default=True
        Whether y holds classes, which both parts have in equal shares.
    """
    random_state = int(stream(seed, TUNING).integers(np.iinfo(np.int32).max))
    try:
        if groups is None:
            classes = y[rows] if stratify else None
            train, test = train_test_split(
                rows, test_size=size, stratify=classes, random_state=random_state
            )
        else:
            of_groups = StratifiedGroupKFold if stratify else GroupKFold
            folds = of_groups(max(2, round(1 / size)), shuffle=True, random_state=random_state)
            train, test = _first_split(folds, rows, y, groups)
    except ValueError as error:
        raise ValueError(_refusal(rows, size, j, str(error))) from error
    if stratify:
        _check_inner_classes(rows, y, train, test, size, j)
    return InnerSplit(train, test)


def _check_inner_classes(rows, y, train, test, size, j) -> None:
    for part, what in ((train, "leaves to train on"), (test, "decides by")):
        missing = np.setdiff1d(y[rows], y[part])
        if len(missing):
            reason = f"what it {what} has no row of class {str(missing[0])!r}"
            raise ValueError(_refusal(rows, size, j, reason))


def _first_split(folds, rows, y, groups):
    train, test = next(folds.split(rows, y[rows], np.asarray(groups)[rows]))
    return rows[train], rows[test]


def _refusal(rows, size, j, reason) -> str:
    return (
        f"tune: tune_size={size:g} of the {write_count(len(rows), 'training row')} of split {j} "
        f"cannot be set aside: {reason.rstrip('.')}. Use another tune_size, or leave rare classes, "
        "if any, out."
    )


# --- Choice -----------------------------------------------------------------------------------


def choose_point(trials: Sequence[Trial], n_points: int) -> int:
    """Return the point that a candidate gets, by all its trials on one split.

    The mean loss over the seeds decides. Points that failed or diverged come last, the fewer
    times the better; of equals, the first one is taken.

    Examples
    --------
    >>> tried = [Trial("he", "tanh", point, 0, loss) for point, loss in enumerate([0.5, 0.3, 0.4])]
    >>> choose_point(tried, 3)
    1
    """
    found = []
    for point in range(n_points):
        mine = [trial for trial in trials if trial.point == point]
        if mine and not any(trial.eliminated for trial in mine):
            losses = [trial.loss for trial in mine if not trial.failed]
            mean = math.fsum(losses) / len(losses) if losses else math.inf
            found.append((len(mine) - len(losses), mean, point))
    return min(found)[-1]


def quarter(max_iter: int) -> int:
    """Return the epoch after which most values leave a race."""
    return math.ceil(max_iter / 4)


class Race:
    """Tell the engine who leaves a race: all but each candidate's best, after a quarter.

    Networks that have stopped by themselves before cost nothing more, so that nobody has to leave
    for them.

    Parameters
    ----------
    runners : sequence
        The candidate that each network of the stack belongs to.
    max_iter : int
        The budget of epochs.
    """

    def __init__(self, runners: Sequence, max_iter: int):
        self.runners = runners
        self.quarter = quarter(max_iter)

    def __call__(self, progress) -> set[int]:
        """Return the networks that leave now."""
        if progress.histories[0].n_iter != self.quarter:
            return set()
        losses = {
            place: self._loss(place, history)
            for place, history in zip(progress.members, progress.histories, strict=True)
        }
        return losses.keys() - self._finalists(losses)

    def _finalists(self, losses: dict[int, tuple]) -> set[int]:
        """Return each candidate's best of those that are in training."""
        of_candidate: dict[Any, list[int]] = {}
        for place in sorted(losses, key=losses.__getitem__):
            of_candidate.setdefault(self.runners[place], []).append(place)
        return {place for places in of_candidate.values() for place in places[:FINALISTS]}

    @staticmethod
    def _loss(place, history) -> tuple:
        loss = history.watched_loss_curve[-1]
        return (history.divergence is not None or math.isnan(loss), loss, place)


# --- The edge of a grid -----------------------------------------------------------------------


def is_at_edge(value, values) -> bool:
    """Whether a value is the smallest or largest of several numbers; 0 ends no grid too early."""
    if len(values) < 2 or not all(map(is_number, values)):
        return False
    return value != 0 and value in (min(values), max(values))


def next_values(value, values) -> list[float]:
    """Return two values that continue a grid beyond one of its ends, in its steps or in decades.

    Examples
    --------
    >>> next_values(0.1, [0.001, 0.01, 0.1]), next_values(0.0001, [0.0001, 0.0003, 0.001])
    ([1.0, 10.0], [3e-05, 1e-05])
    """
    values = sorted(values)
    end, neighbour = (values[-1], values[-2]) if value == values[-1] else (values[0], values[1])
    if neighbour <= 0 or end <= 0:
        return []
    factor = min(max(end / neighbour, 0.1), 10.0)
    return [float(f"{end * factor**i:.1g}") for i in (1, 2)]
