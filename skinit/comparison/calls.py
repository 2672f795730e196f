"""Settings as Python writes them, and the call that repeats a comparison."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from inspect import signature

import joblib
import numpy as np
from scipy.sparse import issparse
from sklearn.metrics import get_scorer, get_scorer_names

from skinit.comparison.scorers import OWN

DEFAULT_CV = "5 stratified folds, repeated twice"


def describe(value) -> str:
    """Write a value as Python would, and as another process would write it, too."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return f"float('{value}')"
    if value is None or isinstance(value, (bool, int, float, str)):
        return repr(value)
    if issparse(value) or (hasattr(value, "__array__") and not isinstance(value, type)):
        return f"array{value.shape}:{joblib.hash(value)[:12]}"
    if isinstance(value, Mapping):
        pairs = (f"{describe(key)}: {describe(entry)}" for key, entry in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, (list, tuple)):
        entries = ", ".join(map(describe, value))
        if isinstance(value, list):
            return f"[{entries}]"
        return f"({entries},)" if len(value) == 1 else f"({entries})"
    if hasattr(value, "get_params") and not isinstance(value, type):
        defaults = signature(type(value)).parameters
        changed = [
            f"{name}={describe(entry)}"
            for name, entry in value.get_params(deep=False).items()
            if name not in defaults or describe(entry) != describe(defaults[name].default)
        ]
        return f"{type(value).__name__}({', '.join(changed)})"
    name = getattr(value, "__qualname__", None) or getattr(value, "name", None)
    # An address in memory says nothing to another process.
    return str(name) if name else re.sub(" at 0x[0-9a-fA-F]+", "", repr(value))


def describe_scorer(name, scorer) -> str:
    """Describe a scorer: the name alone where it is scikit-learn's of that name."""
    code = describe(scorer)
    own = OWN.get(name) or (get_scorer(name) if name in get_scorer_names() else None)
    return repr(name) if own is not None and code == describe(own) else code


def describe_cv(cv) -> str:
    """Describe how rows are split; a list of splits is known by its rows."""
    if cv is None:
        return DEFAULT_CV
    return describe(cv) if hasattr(cv, "split") or isinstance(cv, int) else "given by the caller"


def write_call(settings, control, rope) -> str:
    """Return the call that repeats a comparison, as far as it can be written down."""
    network = f"InitMLPClassifier({write_arguments(settings['network'])})"
    if settings["preprocessing"]:
        network = f"make_pipeline({', '.join(settings['preprocessing'].values())}, {network})"
    inits = {c["label"]: c["code"] for c in settings["candidates"]}
    activations = list(dict.fromkeys(c["activation"] for c in settings["candidates"]))
    splits, scoring = settings["splits"], settings["scoring"]
    by_name = all(code == repr(name) for name, code in scoring.items())
    arguments = {
        "init": _mapping(inits),
        "activation": repr(activations) if len(activations) > 1 else None,
        "cv": None if splits["cv"] == DEFAULT_CV else splits["cv"],
        "n_seeds": repr(splits["n_seeds"]),
        "scoring": repr([*scoring]) if by_name else _mapping(scoring),
        "groups": splits["groups"],
        "params": _mapping(settings["params"]) if settings["params"] else None,
        "control": repr(control),
        "rope": repr(rope),
        "target": None if settings["target"] is None else repr(settings["target"]),
        "curves": None if settings["curves"] else "False",
        "random_state": repr(settings["seed"]),
    }
    given = [f"{name}={code}" for name, code in arguments.items() if code is not None]
    lines = "".join(f"    {line},\n" for line in [network, "X", "y", *given])
    return f"compare_initializers(\n{lines})"


def write_arguments(params) -> str:
    """Write parameters, given as code, as a call has them."""
    return ", ".join(f"{name}={code}" for name, code in params.items())


def _mapping(codes) -> str:
    """Write a mapping whose values are given as code."""
    return f"{{{', '.join(f'{key!r}: {code}' for key, code in codes.items())}}}"
