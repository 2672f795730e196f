"""The rules about learning rates: too large, or too small, for this start."""

from __future__ import annotations

import math

import numpy as np

from skinit._wording import write_share
from skinit.engine.optimizers import SGD, Adam
from skinit.propagation.batch import mean_square
from skinit.propagation.case import Case
from skinit.propagation.trial import TRIAL_STEPS
from skinit.propagation.verdict import Finding

HAS_LEARNED = 0.9  # of the entropy of the class shares, for the loss after a trial
# Of the loss, that all of training would remove at the pace of its first step: training gets
# nowhere, or lags behind. Near-zero weights speed up by themselves and need less.
GETS_NOWHERE, GETS_NOWHERE_FROM_SMALL = 0.1, 0.01
LAGS, ADAM_LAGS = 0.4, 0.25
# Of numbers with Adam, whose steps have a size of their own while numbers have any.
OUT_OF_REACH, FAR = 0.04, 0.4
SMALL_GAIN = 0.3  # root mean square of a layer's weights x sqrt(fan_in)
FAINT = 0.003  # the same for the part of the gradient that tells classes apart
AMPLE, AMPLE_OF_FAINT = 10.0, 0.3  # what the cure aims at
LARGEST_RATE = 10.0  # beyond it, no learning rate is the cure


def find_large_steps(case: Case) -> Finding | None:
    """INIT11: the learning rate is too large for this start."""
    trial = case.trial
    if trial is None or not trial.was_run:
        return None
    constant = case.propagation.constant_loss
    stuck = not trial.after < HAS_LEARNED * constant
    if trial.losses:
        return _find_jumps(case, stuck) if trial.rise else None
    if not stuck:
        return None
    said = f"the loss is {trial.after:.3g}" if math.isfinite(trial.after) else "it is not finite"
    return Finding(
        None,
        f"{_describe_steps(case)}; after {TRIAL_STEPS} trial steps {said}, no better than "
        f"{case.constant} alone ({case.write_loss(constant)}).",
        f"Lower learning_rate_init to about {trial.calm_rate:.1g}.",
    )


def _find_jumps(case, stuck) -> Finding:
    trial = case.trial
    step, before, after = trial.rise
    change = f"rose from {case.write_loss(before)} to {case.write_loss(after)}"
    return Finding(
        None,
        f"Learning rate x curvature = {trial.sharpness:.2g} at the start; in trial step {step} the "
        f"loss {change if math.isfinite(after) else 'is no longer finite'}."
        + ("" if stuck else " Training may still succeed, but not smoothly."),
        f"Lower learning_rate_init to about {trial.calm_rate:.1g}.",
        "fatal" if stuck else "mild",
    )


def _describe_steps(case) -> str:
    if not case.survives:
        return f"Learning rate x curvature = {case.trial.sharpness:.2g} at the start"
    sizes = [math.sqrt(mean_square(W)) or math.inf for W in case.propagation.weights]
    i = int(np.argmin(sizes))
    return (
        f"Adam moves each weight by about {case.config.learning_rate_init:.2g} a step, and those "
        f"of layer {i + 1} have a root mean square of {sizes[i]:.2g}"
    )


def find_small_steps(case: Case) -> Finding | None:
    """INIT12: the learning rate is too small for this start, or the gradient too faint."""
    start, optimizer = case.propagation, case.optimizer
    if optimizer is None or start.has_zero_layer or not 0 < start.constant_loss < math.inf:
        return None
    if not math.isfinite(start.loss):
        return None
    factor = case.loss.gradient_factor(start.z[-1].shape[1])
    decrease = predict_decrease(case, start.gradient.flat[0]) / (start.loss * factor)
    is_slow = decrease < _slow_below(case)
    learned = math.inf
    if is_slow or isinstance(optimizer, SGD):  # Adam's good starts need no second backward pass
        constant = start.constant_loss * factor
        learned = predict_decrease(case, start.class_gradient.flat[0]) / constant
    is_faint = isinstance(optimizer, SGD) and learned < FAINT
    if not (is_faint or is_slow):
        return None
    pace = min(decrease / AMPLE, learned / AMPLE_OF_FAINT)  # of what it should be
    rate = optimizer.schedule.rate / pace if pace else math.inf
    return Finding(
        None,
        _describe_pace(case, decrease if is_slow else learned, is_slow),
        _cure_of_small_steps(rate),
        "fatal" if is_faint or decrease < _nowhere_below(case) else "mild",
    )


def _slow_below(case) -> float:
    """Return the predicted decrease, of the loss, below which a start is called slow."""
    if case.survives and case.of_numbers:
        return FAR
    sizes = [math.sqrt(mean_square(W)) for W in case.propagation.weights]
    if case.survives and _sum_of_rates(case) > min(sizes):
        return 0.0  # far enough for Adam to change any weight, and with it the gradient
    if min(case.propagation.gains) < SMALL_GAIN:
        return GETS_NOWHERE_FROM_SMALL
    return ADAM_LAGS if case.survives else LAGS


def _nowhere_below(case) -> float:
    """Return the predicted decrease, of the loss, below which training is hopeless."""
    return OUT_OF_REACH if case.survives and case.of_numbers else GETS_NOWHERE


def _describe_pace(case, decrease, is_slow) -> str:
    pace = (
        f"t the pace of the first step, all {_count_steps(case)} steps together would lower the "
        f"loss by {write_share(decrease)}"
    )
    if is_slow:
        return f"A{pace}."
    return (
        f"Hardly any of the gradient tells {'rows' if case.of_numbers else 'classes'} apart: "
        f"a{pace} below that of {case.constant}."
    )


def _cure_of_small_steps(rate) -> str:
    if rate < LARGEST_RATE:
        return f"Raise learning_rate_init to about {rate:.1g}, or train longer."
    return "No learning rate makes up for it: use another init or activation, or fewer layers."


def _count_steps(case) -> int:
    n_train = len(case.train.y)
    return case.config.max_iter * math.ceil(n_train / case.config.batch_rows(n_train))


def predict_decrease(case: Case, gradient: np.ndarray) -> float:
    """Return how far all steps together would lower the loss at the pace of the first one.

    A step of gradient descent lowers it by ``rate |g|² / (1 - momentum)``, to first order, and
    one of Adam by ``rate * sum(g² / (|g| + epsilon))``.
    """
    optimizer = case.optimizer
    if isinstance(optimizer, Adam):
        pace = float((gradient**2 / (np.abs(gradient) + optimizer.epsilon)).sum())
    else:
        assert isinstance(optimizer, SGD)
        pace = float(gradient @ gradient) / (1 - optimizer.momentum)
    return _sum_of_rates(case) * pace


def _sum_of_rates(case) -> float:
    """Return the sum of the learning rates of all steps."""
    schedule, n_train = case.optimizer.schedule, len(case.train.y)
    rates = np.full(case.config.max_iter, case.config.learning_rate_init)
    if schedule.kind == "invscaling":
        rates[1:] /= (np.arange(1.0, len(rates)) * n_train + 1) ** schedule.power_t
    return float(rates.sum()) * _count_steps(case) / case.config.max_iter
