"""Numbers to predict on another scale, and what that does to the output biases."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skinit.engine.losses import Loss, variances
from skinit.engine.task import Samples


@dataclass(frozen=True)
class TargetScaling:
    """A change of the targets' scale that the loss allows.

    Attributes
    ----------
    loss : Loss
        Of numbers.
    mean, spread : ndarray of shape (n_outputs,)
        Means and standard deviations of the targets.
    """

    loss: Loss
    mean: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, loss: Loss, samples: Samples) -> TargetScaling:
        """Measure the targets of samples."""
        y = samples.y.astype(np.float64)
        weight = None if samples.sample_weight is None else samples.sample_weight[:, 0]
        mean = np.average(y, axis=0, weights=weight)
        return cls(loss, mean, np.sqrt(variances(y, samples.sample_weight)))

    @property
    def is_logarithmic(self) -> bool:
        """Whether outputs are logarithms: targets can then only be divided."""
        return self.loss.out_activation == "exp"

    @property
    def center(self) -> np.ndarray:
        """The outputs of the best constant prediction; 0 for the logarithm of 0."""
        return np.log(np.where(self.mean > 0, self.mean, 1)) if self.is_logarithmic else self.mean

    @property
    def output_unit(self) -> np.ndarray:
        """What distances of outputs from `center` are measured in."""
        return np.ones_like(self.spread) if self.is_logarithmic else self._unit

    @property
    def _unit(self) -> np.ndarray:
        return np.where(self.spread > 0, self.spread, 1)

    def scale(self, samples: Samples) -> Samples:
        """Return samples with standardized targets."""
        center = 0 if self.is_logarithmic else self.mean
        y = (samples.y - center) / self._unit
        return samples._replace(y=np.asfortranarray(y, samples.y.dtype))

    def shift(self, b: np.ndarray) -> np.ndarray:
        """Return the output biases of the same start on scaled targets.

        Those that are nearer to 0 than to the best constant prediction were not drawn around it,
        and stay.
        """
        moved = b - np.log(self._unit) if self.is_logarithmic else (b - self.mean) / self._unit
        return np.where(np.abs(b - self.center) < np.abs(b), moved, b)
