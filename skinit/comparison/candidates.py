"""From `init` and `activation` to candidates: labels, formulas, and the control among them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from skinit._wording import name_label, suggest
from skinit.activations import Activation, get_activation
from skinit.comparison.descriptions import describe
from skinit.comparison.kinds import KINDS
from skinit.comparison.networks import count_layers
from skinit.comparison.schema import Candidate
from skinit.initializers import Initializer, resolve_init

BASELINES = [kind.baseline for kind in KINDS.values()]  # rows of tables, and no labels


class ResolvedCandidate(NamedTuple):
    """A candidate with the objects that its names stand for, an Initializer for each layer.

    Objects, because a name that was registered in this process means nothing in a worker's.
    """

    candidate: Candidate
    init: list[Initializer]
    activation: Activation


def resolve_candidates(init, activations, network) -> list[ResolvedCandidate]:
    """Return a candidate for every init and activation, each checked by building its layers."""
    labelled = init.items() if isinstance(init, Mapping) else _label_all(init)
    for label, _ in labelled:
        if str(label) in ("", *BASELINES):
            raise ValueError(f"A candidate cannot be called {str(label)!r}: choose another label.")
    n_layers = count_layers(network)
    candidates = [
        _resolve(str(label), entry, get_activation(activation), n_layers)
        for activation in activations
        for label, entry in labelled
    ]
    if not candidates:
        raise ValueError("init is empty: give at least one initializer to compare.")
    return candidates


def _resolve(label, init, activation, n_layers) -> ResolvedCandidate:
    try:
        initializers = resolve_init(init, n_layers, activation)
    except ValueError as error:
        raise ValueError(f"init {label!r}: {error}") from error
    candidate = Candidate(
        label=label,
        init=_name(init),
        code=describe(init),
        activation=activation.name,
        formula=_formula(initializers),
    )
    return ResolvedCandidate(candidate, initializers, activation)


def _label_all(init) -> list[tuple[str, Any]]:
    """Label a sequence by what its entries are called; a repeated name gets a number."""
    if isinstance(init, (str, Initializer)) or callable(init) or not isinstance(init, Iterable):
        raise ValueError(f"init must be a sequence or a mapping of initializers, got {init!r}.")
    seen: Counter[str] = Counter()
    labelled = []
    for entry in init:
        name = _name(entry)
        seen[name] += 1
        labelled.append((name if seen[name] == 1 else f"{name} ({seen[name]})", entry))
    return labelled


def _name(init) -> str:
    return init if isinstance(init, str) else describe(init)


def _formula(initializers) -> str:
    texts = [
        one.formula if one.bias_formula == "0" else f"{one.formula}, bias {one.bias_formula}"
        for one in initializers
    ]
    return texts[0] if len(set(texts)) == 1 else " | ".join(texts)


def check_activations(activation) -> list:
    """Return the activations; refuse one alone, and none."""
    if isinstance(activation, str) or not isinstance(activation, Iterable):
        raise ValueError(f"activation must be a sequence of activations, got {activation!r}.")
    activations = list(activation)
    if not activations:
        raise ValueError("activation is empty: give at least one, or None.")
    names = [get_activation(each).name for each in activations]
    twice = [name for name, count in Counter(names).items() if count > 1]
    if twice:
        raise ValueError(f"activation has {twice[0]!r} twice: give each activation once.")
    return activations


def check_labels(keys) -> None:
    """Refuse candidates that tables could not tell apart."""
    if len(set(keys)) < len(keys):
        twice = next(key for i, key in enumerate(keys) if key in keys[:i])
        raise ValueError(
            f"Two candidates are called {name_label(twice)!r}: give init as a mapping of different "
            "labels to initializers."
        )


def check_control(control, keys) -> None:
    """Refuse a control that is not a candidate."""
    if control is not None and control not in keys:
        hint = suggest(control, [key for key in keys if isinstance(key, str)])
        raise ValueError(f"control={control!r} is not a candidate; choose one of {keys}.{hint}")
