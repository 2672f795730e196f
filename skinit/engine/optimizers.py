"""Optimizers: how a gradient becomes a step. The SGD family, Adam, and learning-rate schedules.

An optimizer is bound to the flat buffers of a stack of k networks, ``parameters`` and
``gradient``, both of shape (k, n_parameters), and changes the parameters in place. It walks
over them in blocks that fit the cache, because the elementwise passes of a step are bound
by memory and not by arithmetic.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.linalg import get_blas_funcs

from skinit.engine.blocks import contiguous_blocks

# Values of a block. Parameters, gradient and moments of it stay in a second-level cache, and
# above 10,000 OpenBLAS starts threads, which would compete with those of NumPy's own.
BLOCK = 8192


@dataclass
class Schedule:
    """Learning rates of k networks, and what happens to them while training goes on.

    Parameters
    ----------
    kind : {"constant", "invscaling", "adaptive"}
        As in scikit-learn: "invscaling" divides by ``(t + 1) ** power_t`` after each epoch, with
        t the number of samples seen; "adaptive" divides by 5 whenever training stalls.
    initial : float or array of shape (k,)
        Learning rate of the first epoch, for all networks or for each of them.
    power_t : float, default=0.5
        Exponent of "invscaling".
    k : int, default=1
        Number of networks in the stack.
    """

    kind: str
    initial: float | np.ndarray
    power_t: float = 0.5
    k: int = 1

    def __post_init__(self):
        self.initial = np.broadcast_to(np.asarray(self.initial, dtype=float), self.k)
        self._use(self.initial.copy())

    def _use(self, rates):
        self.rates = rates
        # Of one learning rate a Python float: it keeps float32 what it is, at full speed.
        self.rate = float(rates[0]) if np.all(rates == rates[0]) else rates[:, None]

    def epoch_ends(self, n_samples_seen):
        """Shrink the rates of "invscaling"."""
        if self.kind == "invscaling":
            self._use(self.initial / np.float64(n_samples_seen + 1) ** self.power_t)

    def slow_down(self, j) -> bool:
        """Shrink the rate of network j when it is "adaptive"; return False where it cannot."""
        if self.kind != "adaptive" or self.rates[j] <= 1e-6:
            return False
        self._use(np.where(np.arange(len(self.rates)) == j, self.rates / 5, self.rates))
        return True

    def take(self, keep):
        """Keep the networks ``keep`` of the stack."""
        self.initial = np.asarray(self.initial)[keep]
        self._use(self.rates[keep])


class _Block(NamedTuple):
    """A part of all buffers that stays in cache: flat views without gaps."""

    members: slice  # of the stack
    width: int  # values of each member
    arrays: list[np.ndarray]  # parameters, gradient, moments
    decayed: list[tuple[int, np.ndarray, np.ndarray]]  # (member, weights, gradient) where L2 acts


class Optimizer:
    """A rule for steps, with its state in as many buffers as it needs.

    Parameters
    ----------
    schedule : Schedule
        The learning rates.

    Attributes
    ----------
    n_moments : int
        How many buffers of the size of the parameters the rule keeps.
    t : int
        Steps taken.
    """

    t: int = 0

    def __init__(self, schedule):
        self.schedule = schedule
        self.moments: list[np.ndarray] = []

    @property
    def n_moments(self) -> int:
        """Number of state buffers."""
        raise NotImplementedError

    def bind(self, parameters, gradient, n_decayed):
        """Attach to flat buffers (k, n_parameters); the first ``n_decayed`` columns feel L2."""
        if not self.moments:
            self.moments = [np.zeros_like(parameters) for _ in range(self.n_moments)]
        # y + a x in one pass, where NumPy needs two. It writes into y only if y has no gaps.
        self._axpy, self._dot = get_blas_funcs(("axpy", "dot"), dtype=parameters.dtype)
        self._blocks = [
            self._block((parameters, gradient, *self.moments), members, columns, n_decayed)
            for members, columns in contiguous_blocks(parameters.shape, BLOCK)
        ]

    @staticmethod
    def _block(buffers, members, columns, n_decayed):
        arrays = [buffer[members, columns] for buffer in buffers]
        n_weights = max(0, n_decayed - columns.start)
        rows = range(members.start, members.stop) if n_weights else ()
        decayed = [(j, *(a[i, :n_weights] for a in arrays[:2])) for i, j in enumerate(rows)]
        return _Block(members, arrays[0].shape[1], [a.reshape(-1) for a in arrays], decayed)

    def take(self, keep):
        """Keep the networks ``keep`` of the stack; `bind` again before the next step."""
        self.schedule.take(keep)
        self.moments = [moment[keep] for moment in self.moments]

    def plain_moments(self) -> list[np.ndarray]:
        """Return the moments, changed so that nothing but the numbers themselves counts."""
        return self.moments

    def release(self):
        """Let go of the buffers of other objects and keep the state alone."""
        self._blocks = []
        self._axpy = self._dot = None

    def step(self, decay: Sequence[float]) -> list[float]:
        """Move the parameters once; ``decay[j] * weights`` is added to the gradient first.

        The gradient's buffer is used as working memory and holds nothing afterwards. Returns each
        network's sum of squared weights before the step, for the penalty: they are in cache here.
        Of a network without decay it is not computed, and 0.
        """
        self.t += 1
        rule, rate, axpy, dot = self.begin_step(), self.schedule.rate, self._axpy, self._dot
        squares = [0.0] * len(self.schedule.rates)
        for members, width, arrays, decayed in self._blocks:
            for j, weights, gradient in decayed:
                if decay[j]:
                    squares[j] += dot(weights, weights)
                    axpy(weights, gradient, a=decay[j])
            rule(rate if isinstance(rate, float) else np.repeat(rate[members], width), *arrays)
        return squares

    def begin_step(self):
        """Return the function of (rate, parameters, gradient, *moments) for this step."""
        raise NotImplementedError

    def _add(self, direction, rate, weights):
        """Add ``rate * direction`` to the weights; an array of rates overwrites the direction."""
        if isinstance(rate, float):
            self._axpy(direction, weights, a=rate)
        else:
            np.add(weights, np.multiply(direction, rate, direction), weights)


class SGD(Optimizer):
    """Stochastic gradient descent with momentum, plain or after Nesterov.

    ``v = momentum v - rate g``, then ``w = w + v``, or with Nesterov's look-ahead
    ``w = w + momentum v - rate g``.
    """

    def __init__(self, schedule, momentum=0.9, nesterov=True):
        super().__init__(schedule)
        self.momentum = float(momentum)
        self.nesterov = nesterov

    @property
    def n_moments(self):
        """One velocity, and none without momentum."""
        return 1 if self.momentum else 0

    def begin_step(self):
        """See `Optimizer`."""
        return self._momentum_step if self.momentum else self._plain_step

    def _plain_step(self, rate, weights, gradient):
        self._add(gradient, -rate, weights)

    def _momentum_step(self, rate, weights, gradient, velocity):
        step = np.multiply(gradient, rate, gradient)
        np.multiply(velocity, self.momentum, velocity)
        np.subtract(velocity, step, velocity)
        if self.nesterov:
            self._axpy(velocity, weights, a=self.momentum)
            np.subtract(weights, step, weights)
        else:
            np.add(weights, velocity, weights)


class Adam(Optimizer):
    """Adam [1]_: steps scaled by running moments of the gradient.

    With ``m = beta_1 m + (1 - beta_1) g`` and ``v = beta_2 v + (1 - beta_2) g²`` the step is
    ``rate sqrt(1 - beta_2^t) / (1 - beta_1^t) * m / (sqrt(v) + epsilon)``.

    Notes
    -----
    Written like this, a step takes twelve passes over arrays of the size of the parameters. Four
    of them can be saved, because the decay of old values can be left to the unit they are kept in.
    Keep M and V with

        m = (1 - beta_1) u M,    v = (1 - beta_2) w V,

    where u and w are two numbers, the units. In a step, let u shrink to beta_1 u and w to
    beta_2 w. The old M, untouched, then stands for beta_1 m, and the gradient joins it as
    M += g / u; likewise V += g² / w. So multiplying the old values by beta and the gradient by
    1 - beta need no pass of their own. The step itself becomes

        m / (sqrt(v) + epsilon) = (1 - beta_1) u M / (r sqrt(V) + epsilon)
                                = (1 - beta_1) u / r * M / (sqrt(V) + epsilon / r),

    with the number r = sqrt((1 - beta_2) w). Units shrink geometrically: when one falls below
    `smallest_unit`, its buffer is multiplied by it and the unit starts again from 1, so that
    float32 neither overflows nor loses digits.

    References
    ----------
    .. [1] Kingma & Ba (2015), arXiv:1412.6980.
    """

    n_moments = 2
    smallest_unit = 1e-4

    def __init__(self, schedule, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
        super().__init__(schedule)
        self.beta_1, self.beta_2, self.epsilon = float(beta_1), float(beta_2), float(epsilon)
        self.units = [1.0, 1.0]

    def plain_moments(self):
        """Return M and V in units of 1."""
        for i in (0, 1):
            self._use_unit_of_one(i)
        return self.moments

    def _use_unit_of_one(self, i):
        if self.units[i] != 1.0:
            self.moments[i] *= self.units[i]
            self.units[i] = 1.0

    def begin_step(self):
        """See `Optimizer`."""
        for i, beta in enumerate((self.beta_1, self.beta_2)):
            self.units[i] *= beta
            if self.units[i] < self.smallest_unit:
                self._use_unit_of_one(i)
        per_mean, per_square = (1 / unit for unit in self.units)
        root = ((1 - self.beta_2) * self.units[1]) ** 0.5
        correction = (1 - self.beta_2**self.t) ** 0.5 / (1 - self.beta_1**self.t)
        scale = -correction * (1 - self.beta_1) * self.units[0] / root
        epsilon, axpy, add = self.epsilon / root, self._axpy, self._add

        def rule(rate, weights, gradient, mean, square):
            axpy(gradient, mean, a=per_mean)
            np.multiply(gradient, gradient, gradient)
            axpy(gradient, square, a=per_square)
            np.sqrt(square, gradient)
            np.add(gradient, epsilon, gradient)
            np.divide(mean, gradient, gradient)
            add(gradient, rate * scale, weights)

        return rule
