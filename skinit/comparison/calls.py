"""The call that repeats a comparison."""

from __future__ import annotations

from skinit.comparison.descriptions import DEFAULT_CVS, write_arguments
from skinit.comparison.schema import Settings
from skinit.comparison.tuning import TUNE_SIZE


def write_call(settings: Settings, control, rope) -> str:
    """Return the call that repeats a comparison, as far as it can be written down."""
    arguments = {
        "init": _mapping({c.label: c.code for c in settings.candidates}),
        "activation": repr(settings.activations) if settings.several_activations else None,
        "cv": None if settings.splits.cv in DEFAULT_CVS else settings.splits.cv,
        "n_seeds": repr(settings.splits.n_seeds),
        "scoring": _write_scoring(settings),
        "groups": settings.splits.groups,
        "params": _mapping(settings.params) if settings.params else None,
        "control": repr(control),
        "rope": None if rope is None else repr(rope),
        "target": None if settings.target is None else repr(settings.target),
        **_write_tuning(settings),
        "curves": None if settings.curves else "False",
        "random_state": repr(settings.seed),
    }
    given = [f"{name}={code}" for name, code in arguments.items() if code is not None]
    lines = "".join(f"    {line},\n" for line in [write_estimator(settings), "X", "y", *given])
    return f"compare_initializers(\n{lines})"


def write_network(settings: Settings) -> str:
    """Return the network of a comparison as a call makes it."""
    return f"{settings.network.estimator}({write_arguments(settings.network.parameters)})"


def write_estimator(settings: Settings) -> str:
    """Return the network with the preprocessing before it."""
    code = write_network(settings)
    for part in reversed(settings.network.around):
        before, _, after = part.rpartition("...")
        code = f"{before}{code}{after}"
    return code


def _write_scoring(settings):
    named = [{repr(metric.name), repr(f"neg_{metric.name}")} for metric in settings.scoring]
    codes = [metric.scorer for metric in settings.scoring]
    if all(code in names for code, names in zip(codes, named, strict=True)):
        return f"[{', '.join(codes)}]"
    return _mapping({metric.name: metric.scorer for metric in settings.scoring})


def _write_tuning(settings):
    tuning = settings.tuning
    if tuning is None:
        return {}
    return {
        "tune": _mapping({name: f"[{', '.join(codes)}]" for name, codes in tuning.codes.items()}),
        "tune_size": None if tuning.size == TUNE_SIZE else repr(tuning.size),
        "racing": "True" if tuning.racing else None,
    }


def _mapping(codes) -> str:
    """Write a mapping whose values are given as code."""
    return f"{{{', '.join(f'{key!r}: {code}' for key, code in codes.items())}}}"
