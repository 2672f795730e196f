"""The whole configuration of the networks of a comparison, spelt out."""

from __future__ import annotations

from typing import Any

from skinit._wording import join_words, name_label, write_count, write_setting
from skinit.comparison.schema import NetworkSettings, Settings, read_code
from skinit.engine.solvers import SOLVERS

# Parameters that a line of the configuration tells about, or that change no result.
_TOLD = {
    "hidden_layer_sizes", "activation", "solver", "learning_rate", "learning_rate_init", "power_t",
    "batch_size", "alpha", "max_iter", "tol", "n_iter_no_change", "early_stopping",
    "validation_fraction", "momentum", "nesterovs_momentum", "beta_1", "beta_2", "epsilon",
    "max_fun", "shuffle", "verbose", "warm_start", "row_space",
}  # fmt: skip


def configuration(settings: Settings) -> dict[str, str]:
    """Return every choice that the results depend on, by heading, defaults included.

    Parameters
    ----------
    settings : Settings
        Of a comparison.
    """
    values = parameters(settings.network)
    is_stochastic = SOLVERS[values["solver"]].minibatches
    lines = {
        "Initializers": _initializers(settings),
        "Hidden layers": hidden_layers(values),
        "Activation": join_words(settings.activations),
        "Solver": solver(values),
    }
    if is_stochastic:
        lines["Learning rate"] = _learning_rate(settings, values)
        lines["Batch"] = _batch(values)
    lines["L2 penalty (alpha)"] = _tuned(settings, "alpha") or write_setting(values["alpha"])
    lines["Stopping"] = stopping(values)
    others = {name: value for name, value in values.items() if name not in _TOLD}
    lines |= {name: write_setting(value) for name, value in others.items() if value is not None}
    steps = settings.network.preprocessing
    lines["Preprocessing"] = "; ".join(steps.values()) if steps else "none"
    if settings.network.target is not None:
        lines["Target transformed by"] = settings.network.target
    return lines


def parameters(network: NetworkSettings) -> dict[str, Any]:
    """Return all parameters of the network by name; those that are not literals as text."""
    return {name: read_code(code) for name, code in (network.defaults | network.parameters).items()}


def hidden_layers(values: dict[str, Any]) -> str:
    """Say how many hidden layers there are, and of how many units.

    Examples
    --------
    >>> hidden_layers({"hidden_layer_sizes": (100,)}), hidden_layers({"hidden_layer_sizes": (8, 4)})
    ('1 of 100 units', '2 of 8 and 4 units')
    >>> hidden_layers({"hidden_layer_sizes": (50, 50)}), hidden_layers({"hidden_layer_sizes": ()})
    ('2 of 50 units each', 'none')
    """
    sizes = values["hidden_layer_sizes"]
    sizes = [sizes] if isinstance(sizes, int) else sizes
    if isinstance(sizes, str):
        return sizes
    if not sizes:
        return "none"
    if len(sizes) > 1 and len(set(sizes)) == 1:
        return f"{len(sizes)} of {write_count(sizes[0], 'unit')} each"
    units = "unit" if sizes[-1] == 1 else "units"
    return f"{len(sizes)} of {join_words(map(str, sizes))} {units}"


def solver(values: dict[str, Any]) -> str:
    """Name the solver with what belongs to it alone.

    Examples
    --------
    >>> solver({"solver": "sgd", "momentum": 0.0})
    'sgd without momentum'
    """
    name = values["solver"]
    if name == "adam":
        constants = [f"{key} {write_setting(values[key])}" for key in ("beta_1", "beta_2")]
        return f"adam ({', '.join(constants)}, epsilon {write_setting(values['epsilon'])})"
    if name == "sgd":
        if not values["momentum"]:
            return "sgd without momentum"
        kind = "Nesterov's " if values["nesterovs_momentum"] else ""
        return f"sgd with {kind}momentum {write_setting(values['momentum'])}"
    return f"{name} (at most {values['max_fun']} evaluations of the loss)"


def _learning_rate(settings: Settings, values) -> str:
    text = _tuned(settings, "learning_rate_init") or write_setting(values["learning_rate_init"])
    if values["solver"] != "sgd":
        return text
    schedule = values["learning_rate"]
    exponent = f" (power_t {write_setting(values['power_t'])})" if schedule == "invscaling" else ""
    return f"{text}, {schedule}{exponent}"


def _tuned(settings: Settings, name: str) -> str:
    """Return the values of a parameter that was tuned, else nothing."""
    tuning = settings.tuning
    if tuning is None or name not in tuning.values:
        return ""
    return f"tuned in each split, from {join_words(map(write_setting, tuning.values[name]), 'or')}"


def _batch(values) -> str:
    size, order = values["batch_size"], "" if values["shuffle"] else ", always in the same order"
    if size == "full":
        return "all rows at once"
    rows = "200 rows, or all where there are fewer" if size == "auto" else f"{size} rows"
    return rows + order


def stopping(values: dict[str, Any]) -> str:
    """Say when a training ends.

    Examples
    --------
    >>> values = {"solver": "adam", "max_iter": 200, "tol": 1e-4, "n_iter_no_change": 10,
    ...     "early_stopping": False}
    >>> stopping(values)
    'after 200 epochs, or after 10 epochs without an improvement of 0.0001 in the training loss'
    """
    tol, patience = write_setting(values["tol"]), write_setting(values["n_iter_no_change"])
    if not SOLVERS[values["solver"]].minibatches:
        return (
            f"after {write_count(values['max_iter'], 'iteration')}, or with no entry of the "
            f"gradient above {tol}"
        )
    score = "the training loss"
    if values["early_stopping"]:
        share = f"{100 * values['validation_fraction']:g}%"
        score = f"the score on {share} of the training rows, set aside"
    return (
        f"after {write_count(values['max_iter'], 'epoch')}, or after {patience} epochs without an "
        f"improvement of {tol} in {score}"
    )


def _initializers(settings: Settings) -> str:
    """Name every candidate with the distribution of its weights, a line each."""
    lines = []
    for key, candidate in zip(settings.keys, settings.candidates, strict=True):
        name = name_label(key)
        code = "" if candidate.init == candidate.label else f"{candidate.code}, "
        lines.append(f"{name}: {code}{candidate.formula}")
    return "\n".join(lines)
