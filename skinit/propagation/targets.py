"""The rule about numbers to predict that are not scaled."""

from __future__ import annotations

import math

import numpy as np

from skinit.engine.solvers import SOLVERS
from skinit.propagation.case import Case
from skinit.propagation.inputs import find_unscaled_inputs
from skinit.propagation.rates import find_large_steps, find_small_steps
from skinit.propagation.scaling import TargetScaling
from skinit.propagation.signal import find_divergence, find_overconfidence
from skinit.propagation.verdict import Finding

# Times `tol`, for what there is to learn beside the mean of the targets.
NOTHING, LITTLE = 3.0, 10.0
TRANSFORMER = {"identity": "StandardScaler()", "exp": "StandardScaler(with_mean=False)"}


def find_early_end(case: Case) -> Finding | None:
    """Find a tolerance that ends training as soon as the mean of the targets is learned."""
    config, start = case.config, case.propagation
    if config is None or not start.constant_loss > 0:
        return None
    if not SOLVERS[config.solver].minibatches:
        return _judge_tolerance(config.tol, np.abs(start.class_gradient.flat).max(), "gradient")
    if config.early_stopping or config.n_iter_no_change == math.inf:  # R² has no scale
        return None
    return _judge_tolerance(config.tol, start.constant_loss, "loss")


def _judge_tolerance(tol, value, name) -> Finding | None:
    """Return a finding if what is left of a loss or gradient is hardly more than `tol`."""
    if not value < LITTLE * tol:
        return None
    evidence = f"the {name} of their mean, {value:.1g}, is not much above tol={tol:g}"
    return Finding(None, evidence, "", "fatal" if value < NOTHING * tol else "mild")


# What targets of another scale may cause.
SYMPTOMS = (
    find_early_end,
    find_divergence,
    find_overconfidence,
    find_large_steps,
    find_small_steps,
)


def find_unscaled_targets(case: Case) -> Finding | None:
    """INIT13: standardized targets would cure what is wrong."""
    gone = find_gone_with_scaled_targets(case)
    if not gone:
        return None
    why = f", and {gone[find_early_end].evidence}" if find_early_end in gone else ""
    return Finding(
        None,
        f"The targets are not scaled ({_describe(TargetScaling.of(case.loss, case.train))}){why}. "
        "With standardized targets the same weights are fine.",
        "Put the network into TransformedTargetRegressor(..., transformer="
        f"{TRANSFORMER[case.loss.out_activation]}): not the initializer's fault.",
        "fatal" if any(finding.severity == "fatal" for finding in gone.values()) else "mild",
    )


def find_gone_with_scaled_targets(case: Case) -> dict:
    """Return the symptoms that standardized targets do not have: the rule, and what it found."""
    if not case.of_numbers or case.fitted:
        return {}
    # With unscaled inputs too, each is judged as if the other were mended.
    judged = case.standardized if case.find(find_unscaled_inputs) else case
    found = {rule: finding for rule in SYMPTOMS if (finding := judged.find(rule))}
    return {
        rule: finding
        for rule, finding in found.items()
        if not judged.with_scaled_targets.find(rule)
    }


def _describe(scaling: TargetScaling) -> str:
    """Say where the targets are and how much they vary."""
    return ", ".join(
        f"{name} {values[0]:.3g}"
        if len(values) == 1
        else f"{name}s {min(values):.3g} to {max(values):.3g}"
        for name, values in (("mean", scaling.mean), ("standard deviation", scaling.spread))
    )
