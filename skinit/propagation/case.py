"""All that the rules may look at."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.preprocessing import StandardScaler

from skinit.engine.losses import NumberLoss
from skinit.engine.optimizers import Adam, Optimizer
from skinit.engine.task import Layers, Samples, Task, TrainingConfig
from skinit.propagation.batch import in_double
from skinit.propagation.measure import Propagation
from skinit.propagation.scaling import TargetScaling
from skinit.propagation.trial import Trial, make_optimizer, try_learning_rate
from skinit.propagation.verdict import Finding


@dataclass(frozen=True)
class Case:
    """All that the rules may look at.

    Attributes
    ----------
    layers : list of (W, b)
        The network.
    activation, loss
        Of the hidden layers; on the raw outputs.
    train : Samples
        All training rows, or the given ones of a fitted network.
    batch : Samples
        The rows that are measured.
    config : TrainingConfig or None
        How the network would be trained; None for one that is fitted.
    init : str
        What the user calls the start.
    fitted : bool
        Whether the network has been trained.
    """

    layers: Layers
    activation: Any
    loss: Any
    train: Samples
    batch: Samples
    config: TrainingConfig | None = None
    init: str = "this init"
    fitted: bool = False
    _findings: dict[Callable, Finding | None] = field(default_factory=dict, repr=False)

    @property
    def of_numbers(self) -> bool:
        """Whether numbers are predicted, and not classes."""
        return isinstance(self.loss, NumberLoss)

    @property
    def constant(self) -> str:
        """What the best constant prediction is called."""
        return "the mean of y" if self.of_numbers else "the class shares"

    def write_loss(self, value: float) -> str:
        """Return a loss for a sentence; that of numbers may have any scale."""
        return f"{value:.3g}" if self.of_numbers else f"{value:.3f}"

    @cached_property
    def propagation(self) -> Propagation:
        """What happens on the batch."""
        return Propagation(self.layers, self.activation, self.loss, self.batch)

    @cached_property
    def optimizer(self) -> Optimizer | None:
        """A fresh one, as training would use; None for L-BFGS and for a fitted network."""
        return None if self.config is None else make_optimizer(self.config)

    @cached_property
    def trial(self) -> Trial | None:
        """What the learning rate does; None for L-BFGS, and where the start is not finite."""
        start = self.propagation
        finite = math.isfinite(start.loss) and np.isfinite(start.gradient.flat).all()
        if self.config is None or self.optimizer is None or not finite:
            return None
        n_train = len(self.train.y)
        is_full = self.config.batch_rows(n_train) == n_train
        config = replace(self.config, batch_size="full") if is_full else self.config
        task = Task(self.activation, self.loss, in_double(self.batch))
        return try_learning_rate(self.layers, task, config)

    @property
    def survives(self) -> bool:
        """Whether the solver often recovers from a start of the wrong scale, as Adam does.

        The size of its steps does not depend on that of the gradient.
        """
        return isinstance(self.optimizer, Adam)

    @cached_property
    def standardized(self) -> Case:
        """The same weights on standardized inputs (sparse ones: scaled)."""
        scaler = StandardScaler(with_mean=not issparse(self.batch.X))
        X = scaler.fit_transform(self.batch.X.astype(np.float64))
        return replace(self, batch=self.batch._replace(X=X), _findings={})

    @cached_property
    def with_scaled_targets(self) -> Case:
        """The same weights on standardized targets (of logarithms: divided by the deviation).

        Output biases that start near the mean of the targets start near that of the scaled ones.
        """
        scaling = TargetScaling.of(self.loss, self.train)
        *hidden, (W, b) = self.layers
        layers = [*hidden, (W, scaling.shift(b))]
        train, batch = scaling.scale(self.train), scaling.scale(self.batch)
        return replace(self, layers=layers, train=train, batch=batch, _findings={})

    def find(self, rule: Callable[[Case], Finding | None]) -> Finding | None:
        """Return what a rule finds, whatever takes precedence; it is asked only once."""
        if rule not in self._findings:
            self._findings[rule] = rule(self)
        return self._findings[rule]
