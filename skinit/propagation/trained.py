"""The rule about what a trained network has learned."""

from __future__ import annotations

import numpy as np

from skinit.engine.evaluation import assess
from skinit.engine.stack import Stack
from skinit.engine.task import Task
from skinit.propagation.case import Case
from skinit.propagation.verdict import Finding

NO_BETTER = 0.01  # nats; of numbers, this share of the mean's loss
CURE = "Diagnose the unfitted estimator, and train longer or with another learning rate."


def find_no_better_than_prior(case: Case) -> Finding | None:
    """INIT09: after training, the loss is that of the class shares or the mean, or worse."""
    samples = case.train
    task = Task(case.activation, case.loss, samples)
    stack = Stack.of_one(*map(list, zip(*case.layers, strict=True)))
    loss, score = (float(values[0]) for values in assess(stack, task, samples))
    constant = case.loss.constant_loss(samples.y, samples.sample_weight)
    if case.of_numbers:
        return _find_no_better_than_mean(loss, constant, score)
    if loss < constant - NO_BETTER:
        return None
    accuracy = float(assess(stack, task, samples._replace(sample_weight=None))[1][0])
    largest = np.unique(samples.y, axis=0, return_counts=True)[1].max() / len(samples.y)
    return Finding(
        None,
        f"After training the loss {loss:.3f} is no better than the class shares alone "
        f"({constant:.3f}), whatever the accuracy ({accuracy:.2f}; largest class {largest:.2f}).",
        CURE,
    )


def _find_no_better_than_mean(loss, constant, score) -> Finding | None:
    if constant == 0 or loss < (1 - NO_BETTER) * constant:  # of a constant nothing can be learned
        return None
    return Finding(
        None,
        f"After training the loss {loss:.3g} is no better than that of the mean of y "
        f"({constant:.3g}); R² is {score:.2f}.",
        CURE,
        title="no better than the mean",
    )
