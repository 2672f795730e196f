"""Rules about signal and gradient: not finite, too large, too small, too sure."""

from __future__ import annotations

import math

import numpy as np

from skinit._wording import name_layers, write_count, write_share
from skinit.propagation.batch import mean_square
from skinit.propagation.case import Case
from skinit.propagation.scaling import TargetScaling
from skinit.propagation.trial import TRIAL_STEPS
from skinit.propagation.verdict import Finding

SATURATED, PARALYSED = 0.50, 0.90  # share of a layer's outputs
EXPLODED, ADAM_EXPLODED = 100.0, 1e6  # q_l / q_0
FADED = 1e-5  # q_H / q_0
NEAR_COPIES = 1.1  # effective rank of the first layer's outputs
GRADIENT_RATIO, ADAM_GRADIENT_RATIO = 1e3, 1e6  # between the first and the last layer
OVERFLOW_CURE = "Lower the scale or the learning rate."
ADAM_GRADIENT = 1e-12  # its largest entry; Adam divides by it, but not by less than epsilon
# Root mean square distance of outputs from the mean of numbers, in their standard deviations; of
# logarithms as it is.
FAR_OUTPUTS, LOST_OUTPUTS = 5.0, 30.0
SURE_LOGITS, SURE_LOSS = 5.0, 3.0  # root mean square; times the loss of equal probabilities


def find_divergence(case: Case) -> Finding | None:
    """INIT07: the signal, the loss or a gradient is not finite, or becomes so at once."""
    overflow = case.find(find_overflow)
    if overflow or case.trial is None or not math.isinf(case.trial.after):
        return overflow
    lost = [step for step, loss in enumerate(case.trial.losses) if not math.isfinite(loss)]
    moment = f"at trial step {lost[0]}" if lost else f"after {TRIAL_STEPS} trial steps"
    return Finding(None, f"The loss is not finite {moment}.", OVERFLOW_CURE)


def find_overflow(case: Case) -> Finding | None:
    """Find a signal, loss or gradient that is not finite before any step."""
    start, cure = case.propagation, OVERFLOW_CURE
    moment = "on these rows" if case.fitted else "at the start"
    for layer, z in enumerate(start.z, 1):
        if not np.isfinite(z).all():
            return Finding(layer, f"The signal is not finite {moment}, in layer {layer}.", cure)
    if not math.isfinite(start.loss):
        return Finding(None, f"The loss is not finite {moment}.", cure)
    if not np.isfinite(start.gradient.flat).all():
        return Finding(None, f"The gradient is not finite {moment}.", cure)
    return None


def find_large_signal(case: Case) -> Finding | None:
    """INIT03: outputs sit on a plateau, or grow from layer to layer."""
    saturated, growth = case.propagation.saturated, case.propagation.growth
    cure = "Scale the weights by 1/sqrt(fan_in)."
    if max(saturated, default=0.0) > SATURATED:
        return _find_saturation(saturated, cure)
    if max(growth, default=0.0) > EXPLODED:
        i = int(growth.argmax())
        factor = _write_factor(growth[i])
        evidence = f"By layer {i + 1} the signal has grown by a factor of {factor}."
        return _soften(case, Finding(i + 1, evidence, cure), max(growth) <= ADAM_EXPLODED)
    return None


def _write_factor(factor: float) -> str:
    """Write one digit of a factor; only huge ones with an exponent."""
    text = f"{factor:.0e}"
    return f"{float(text):,.0f}" if factor < 1e6 else text


def _find_saturation(shares, cure) -> Finding:
    layers = [int(i) + 1 for i in np.flatnonzero(shares > SATURATED)]
    low, high = (write_share(share) for share in (min(shares[shares > SATURATED]), max(shares)))
    several = len(layers) > 1
    return Finding(
        layers[0],
        f"{name_layers(layers)} {'are' if several else 'is'} saturated: "
        f"{low if low == high else f'{low} to {high}'} of {'their' if several else 'its'} outputs "
        "are at the limit.",
        cure,
        "fatal" if max(shares) > PARALYSED else "mild",
    )


def _soften(case, finding: Finding, mends: bool) -> Finding:
    """Return the finding as a slower start, where Adam mends it."""
    if not (case.survives and mends):
        return finding
    evidence = f"{finding.evidence} Adam usually recovers, after a slower start."
    return finding._replace(evidence=evidence, severity="mild")


def find_faded_signal(case: Case) -> Finding | None:
    """INIT04: the last hidden layer's outputs are close to 0."""
    start, growth = case.propagation, case.propagation.growth
    if start.has_zero_layer or not len(growth) or not growth[-1] < FADED:
        return None
    fades = f"falls to {growth[-1]:.0e} of the inputs' over {write_count(len(growth), 'layer')}."
    if start.signal_rank[0] < NEAR_COPIES and min(start.weights[0].shape) > 1:
        finding = Finding(
            1,
            f"The units of layer 1 are nearly copies (effective rank {start.signal_rank[0]:.2f} of "
            f"{start.a[0].shape[1]}), and the mean square of what they share {fades}",
            "Draw every unit by itself: he, xavier or orthogonal.",
        )
    else:
        evidence = f"The signal fades: its mean square {fades}"
        finding = Finding(len(growth), evidence, _find_larger_init(case))
    return _soften(case, finding, np.abs(start.class_gradient.flat).max() > ADAM_GRADIENT)


def _find_larger_init(case) -> str:
    name, better = case.activation.name, case.activation.default_init
    # lsuv measures the scale that is needed, where the usual distribution is already in use.
    better = "lsuv" if case.init in (better, "auto") else better
    return f"{case.init} is too small for {name}; use {better}."


def find_gradient_ratio(case: Case) -> Finding | None:
    """INIT05: the gradients of the first and of the last layer are far apart."""
    first, last = case.propagation.gradient_norms[[0, -1]]
    if case.propagation.has_zero_layer:
        return None
    ratio = first / last
    # Written so that NaN, which is INIT07's, is no finding.
    if not (ratio > GRADIENT_RATIO or ratio < 1 / GRADIENT_RATIO):
        return None
    finding = Finding(
        1,
        f"The first layer's gradient is {ratio:.0e} {'of' if ratio < 1 else 'times'} the last "
        "one's.",
        "Use orthogonal, another activation, or fewer layers.",
    )
    return _soften(case, finding, 1 / ADAM_GRADIENT_RATIO < ratio < ADAM_GRADIENT_RATIO)


def find_overconfidence(case: Case) -> Finding | None:
    """INIT08: the raw outputs are large, and so is the loss; numbers are far from the targets."""
    if case.of_numbers:
        return _find_far_outputs(case)
    start = case.propagation
    raw, loss, equal = start.z[-1], start.loss, start.neutral_loss
    if not (math.sqrt(mean_square(raw)) > SURE_LOGITS and loss > SURE_LOSS * equal):
        return None
    n_outputs = raw.shape[1]
    name = (
        "ln K" if case.loss.out_activation == "softmax" or n_outputs == 1 else f"{n_outputs} ln 2"
    )
    finding = Finding(
        len(case.layers),
        f"The untrained network is sure of itself: loss {loss:.1f} against {name} = {equal:.2f}.",
        "Scale the output layer down.",
        "mild",
    )
    return _soften(case, finding, True)


def _find_far_outputs(case) -> Finding | None:
    """Find outputs of numbers that lie outside of where the targets are.

    L-BFGS does not mind: it takes steps of any size.
    """
    if case.optimizer is None:
        return None
    scaling = TargetScaling.of(case.loss, case.batch)
    distances = np.sqrt(np.square(case.propagation.z[-1] - scaling.center).mean(axis=0))
    far = np.where(scaling.spread > 0, distances / scaling.output_unit, 0.0)
    j = int(far.argmax())
    if not far[j] > FAR_OUTPUTS:  # as NaN is not
        return None
    mean, unit = "mean of y", f", whose standard deviation is {scaling.spread[j]:.3g}"
    if scaling.is_logarithmic:
        mean, unit = "logarithm of the mean of y", ""
    finding = Finding(
        len(case.layers),
        f"The untrained network's outputs are {distances[j]:.3g} (root mean square) from the "
        f"{mean}{unit}.",
        f"Scale the output layer down, and start its biases at the {mean} (prior_bias).",
        "fatal" if far[j] > LOST_OUTPUTS else "mild",
        "outputs far from the targets",
    )
    return _soften(case, finding, far[j] <= LOST_OUTPUTS)
