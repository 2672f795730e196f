"""Optimizers: how a gradient becomes a step. The SGD family, Adam, and learning-rate schedules.

An optimizer is bound to the flat buffers of a stack of k networks, ``parameters`` and
``gradient``, both of shape (k, n_parameters), and changes the parameters in place. It walks
over them in blocks that fit the cache, because the elementwise passes of a step are bound
by memory and not by arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.linalg import get_blas_funcs

from skinit._blocks import contiguous_blocks
from skinit._registry import Registry

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
    initial : float
        Learning rate of the first epoch.
    power_t : float
        Exponent of "invscaling".
    k : int
        Number of networks in the stack.
    """

    kind: str
    initial: float
    power_t: float = 0.5
    k: int = 1

    def __post_init__(self):
        self._use(np.full(self.k, float(self.initial)))

    def _use(self, rates):
        self.rates = rates
        # Of one learning rate a Python float: it keeps float32 what it is, at full speed.
        self.rate = float(rates[0]) if np.all(rates == rates[0]) else rates[:, None]

    def epoch_ends(self, n_samples_seen):
        """Shrink the rates of "invscaling"."""
        if self.kind == "invscaling":
            rate = self.initial / (n_samples_seen + 1) ** self.power_t
            self._use(np.full(len(self.rates), rate))

    def stalls(self, j) -> bool:
        """Shrink the rate of network j when it is "adaptive"; return False where it cannot."""
        if self.kind != "adaptive" or self.rates[j] <= 1e-6:
            return False
        self._use(np.where(np.arange(len(self.rates)) == j, self.rates / 5, self.rates))
        return True

    def take(self, keep):
        """Keep the networks ``keep`` of the stack."""
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
    """

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

    def release(self):
        """Let go of the buffers of other objects and keep the state alone."""
        self._blocks = []
        self._axpy = self._dot = None

    def step(self, decay) -> list[float]:
        """Move the parameters once; ``decay * weights`` is added to the gradient first.

        The gradient's buffer is used as working memory and holds nothing afterwards. Returns each
        network's sum of squared weights before the step, for the penalty: they are in cache here.
        Without decay it is not computed, and 0.
        """
        rule, rate, axpy, dot = self.begin_step(), self.schedule.rate, self._axpy, self._dot
        squares = [0.0] * len(self.schedule.rates)
        for members, width, arrays, decayed in self._blocks:
            if decay:
                for j, weights, gradient in decayed:
                    squares[j] += dot(weights, weights)
                    axpy(weights, gradient, a=decay)
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

    The buffers hold ``m / (1 - beta_1)`` and ``v / (1 - beta_2)`` in units that shrink by beta_1
    and beta_2 in every step. So the old values need not be touched to decay, which saves four of
    twelve passes; now and then they are put into units of one again.

    References
    ----------
    .. [1] Kingma & Ba (2015), arXiv:1412.6980.
    """

    n_moments = 2
    smallest_unit = 1e-4

    def __init__(self, schedule, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
        super().__init__(schedule)
        self.beta_1, self.beta_2, self.epsilon = float(beta_1), float(beta_2), float(epsilon)
        self.t = 0
        self.units = [1.0, 1.0]

    def begin_step(self):
        """See `Optimizer`."""
        self.t += 1
        for i, beta in enumerate((self.beta_1, self.beta_2)):
            self.units[i] *= beta
            if self.units[i] < self.smallest_unit:
                self.moments[i] *= self.units[i]
                self.units[i] = 1.0
        per_mean, per_square = (1 / unit for unit in self.units)
        # sqrt(v) = root * sqrt(square), and the same for m: factors become those of the step.
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


OPTIMIZERS = Registry("solver")
OPTIMIZERS.register("sgd", SGD)
OPTIMIZERS.register("adam", Adam)
