"""Which networks can be trained together, and training them, together or one by one."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

import numpy as np

from skinit.comparison.networks import ScoredNetwork, train_together
from skinit.comparison.tally import StackCount, Tally
from skinit.engine.task import History, Trained
from skinit.estimators.problem import layer_sizes

# What members of a stack may differ in.
OF_A_MEMBER = ("init", "learning_rate_init", "alpha")

# Parameters of a stack, all networks together. Beyond 1 MB for each of a few arrays, the cache no
# longer holds them: 42 networks for digits with 100 units train a fifth slower as one
# stack than in portions. Few networks stay together, whatever their size, because they share more
# than products of matrices; beyond 128 MB for each array, memory matters more.
OF_CACHE, OF_MEMORY = 1 << 17, 1 << 24
FEW = 8

OnEpochOf = Callable[[list[int]], Callable | None]


class Training(NamedTuple):
    """What became of one network: its history, or what it raised, and what it took.

    ``seconds`` are those of ``fit``, of which ``start_seconds`` drew the first weights. The
    training of a stack is shared by its members as their epochs are.
    """

    history: History | None
    error: Exception | None
    seconds: float
    start_seconds: float = 0.0


def find_stacks(networks: Sequence) -> list[list[int]]:
    """Return the places of networks that can train together, in the order of the first ones.

    Examples
    --------
    >>> from skinit import InitMLPClassifier
    >>> networks = [InitMLPClassifier(init="he"), InitMLPClassifier(solver="sgd"),
    ...     InitMLPClassifier(learning_rate_init=0.1)]
    >>> find_stacks(networks)
    [[0, 2], [1]]
    """
    stacks: list[tuple[dict, list[int]]] = []
    for place, network in enumerate(networks):
        shared = {k: v for k, v in network.get_params(deep=False).items() if k not in OF_A_MEMBER}
        for other, places in stacks:
            if have_equal_parameters(shared, other):
                places.append(place)
                break
        else:
            stacks.append((shared, [place]))
    return [places for _, places in stacks]


def have_equal_parameters(one: dict, other: dict) -> bool:
    """Whether two mappings have the same names and equal values."""
    return one.keys() == other.keys() and all(_is_same(one[name], other[name]) for name in one)


def _is_same(one, other) -> bool:
    if one is other:
        return True
    return type(one) is type(other) and bool(np.all(one == other))


def train_stacks(
    networks: Sequence,
    X,
    y,
    sample_weight=None,
    *,
    watched=None,
    watched_after: int | None = None,
    on_epoch_of: OnEpochOf | None = None,
    owners: Sequence | None = None,
    n_outputs: int = 1,
    engine: str | None = None,
    tally: Tally | None = None,
    **validation,
) -> list[Training]:
    """Train networks, those that can as one stack.

    Where a stack raises, its networks are trained one by one, to find out whose fault it is.

    Parameters
    ----------
    networks : sequence of BaseInitMLP
        Fitted in place.
    X, y, sample_weight, watched, watched_after
        As in `skinit.estimators.base.fit_stack`.
    on_epoch_of : callable ``(places) -> on_epoch``, default=None
        Makes the engine's ``on_epoch`` for the stack of the networks at some places.
    owners : sequence, default=None
        Whose each network is: neighbours of one owner that can train together do so, in any case.
        None is an owner each.
    n_outputs : int, default=1
        Outputs of a network, by which the size of a stack is limited.
    engine : str, default=None
        As in `skinit.estimators.base.fit_stack`.
    tally : Tally, default=None
        Where trainings are counted.
    **validation
        ``X_val, y_val, sample_weight_val`` as in ``fit``.

    Returns
    -------
    list of Training
        One per network.
    """
    done: dict[int, Training] = {}
    unknown = validation.keys() - {"X_val", "y_val", "sample_weight_val"}
    if unknown:
        raise TypeError(f"fit() got an unexpected keyword argument {min(unknown)!r}")
    rows = {
        "sample_weight": sample_weight,
        "watched": watched,
        "watched_after": watched_after,
        "validation": validation,
        "engine": engine,
    }
    for stack in find_stacks(networks):
        n_parameters = _count_parameters(networks[stack[0]], X, n_outputs)
        for places in _portions(stack, owners or range(len(networks)), n_parameters):
            on_epoch = None if on_epoch_of is None else on_epoch_of(places)
            if tally is None:
                done |= _train(networks, places, X, y, rows, on_epoch)
                continue
            max_iter = int(networks[places[0]].max_iter)
            counting = StackCount(len(places), max_iter, tally, then=on_epoch)
            done |= _train(networks, places, X, y, rows, counting)
            counting.finish()
    return [done[place] for place in range(len(networks))]


def _portions(stack, owners, n_parameters) -> list[list[int]]:
    """Cut a stack into parts of a good size; networks of one owner stay together."""
    n = min(max(FEW, OF_CACHE // n_parameters), max(1, OF_MEMORY // n_parameters))
    portions: list[list[int]] = [[]]
    for _, group in groupby(stack, key=owners.__getitem__):
        places = list(group)
        if portions[-1] and len(portions[-1]) + len(places) > n:
            portions.append([])
        portions[-1] += places
    return portions


def _count_parameters(network, X, n_outputs) -> int:
    """Return the parameters of a network; 1 where rows or layers are such that ``fit`` raises."""
    try:
        sizes = layer_sizes(network.hidden_layer_sizes, np.shape(X)[1], n_outputs)
    except (IndexError, ValueError):
        return 1
    return sum((a + 1) * b for a, b in pairwise(sizes))


def _train(networks, places, X, y, rows, on_epoch) -> dict[int, Training]:
    members = [networks[place] for place in places]
    started = time.perf_counter()
    try:
        networks_trained = train_together(members, X, y, on_epoch=on_epoch, **rows)
    except Exception as error:
        if len(places) == 1:
            return {places[0]: Training(None, error, time.perf_counter() - started)}
        found: dict[int, Training] = {}
        for place in places:
            found |= _train(networks, [place], X, y, rows, None)
        return found
    seconds = time.perf_counter() - started
    return dict(zip(places, _share(seconds, members, networks_trained), strict=True))


def _share(seconds: float, members, networks_trained: Sequence[Trained]) -> list[Training]:
    """Divide the seconds of a stack: to each its start, and of the rest as of the epochs."""
    # Members with the very same init share one start.
    n_sharing = Counter(id(network.init) for network in members)
    starts = [
        trained.start_seconds / n_sharing[id(network.init)]
        for network, trained in zip(members, networks_trained, strict=True)
    ]
    epochs = np.array([max(trained.history.n_iter, 1) for trained in networks_trained])
    shares = (seconds - sum(starts)) * epochs / epochs.sum()
    return [
        Training(trained.history, None, start + float(share), start)
        for trained, start, share in zip(networks_trained, starts, shares, strict=True)
    ]


def answer(networks: Sequence, trainings: Sequence[Training], *rows) -> dict[int, ScoredNetwork]:
    """Compute the outputs of the networks that neither raised nor diverged.

    Parameters
    ----------
    networks : sequence of BaseInitMLP
        As given to `train_stacks`.
    trainings : sequence of Training
        What it returned.
    *rows : array-like
        Rows whose outputs are wanted.

    Returns
    -------
    dict of int to ScoredNetwork
        By the place of the network.
    """
    finished = [
        place
        for place, training in enumerate(trainings)
        if training.history is not None and training.history.divergence is None
    ]
    found: dict[int, ScoredNetwork] = {}
    for stack in find_stacks([networks[place] for place in finished]):
        places = [finished[i] for i in stack]
        scored = ScoredNetwork.of_stack([networks[place] for place in places], *rows)
        found |= dict(zip(places, scored, strict=True))
    return found
