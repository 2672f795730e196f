"""Optimizers: how a gradient becomes a step. The SGD family, Adam, and learning-rate schedules.

An optimizer is bound to the flat buffers of a stack of k networks, ``parameters`` and
``gradient``, both of shape (k, n_parameters), and changes the parameters in place. It walks
over them in chunks that fit the cache, because the dozen elementwise passes of a step are bound
by memory and not by arithmetic.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from skinit._registry import Registry

# Parameters, gradient and two moments of so many values stay in a core's second-level cache.
CHUNK = 32_768


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
        k, n_parameters = parameters.shape
        width = max(1, CHUNK // k)
        scratch = np.empty((k, min(width, n_parameters)), parameters.dtype)
        self._chunks = []
        for start in range(0, n_parameters, width):
            chunk = slice(start, min(start + width, n_parameters))
            arrays = [buffer[:, chunk] for buffer in (parameters, gradient, *self.moments)]
            arrays.append(scratch[:, : chunk.stop - start])
            n_weights = max(0, min(chunk.stop, n_decayed) - start)
            # Weights, gradient and scratch of what the penalty acts on.
            decayed = [array[:, :n_weights] for array in (*arrays[:2], arrays[-1])]
            self._chunks.append((arrays, decayed if n_weights else None))

    def take(self, keep):
        """Keep the networks ``keep`` of the stack; `bind` again before the next step."""
        self.schedule.take(keep)
        self.moments = [moment[keep] for moment in self.moments]

    def release(self):
        """Let go of the buffers of other objects and keep the state alone."""
        self._chunks = []

    def step(self, decay):
        """Move the parameters once; ``decay * weights`` is added to the gradient first.

        The gradient's buffer is used as working memory and holds nothing afterwards.
        """
        rule = self.begin_step()
        for arrays, decayed in self._chunks:
            if decay and decayed:
                weights, gradient, scratch = decayed
                gradient += np.multiply(weights, decay, out=scratch)
            rule(*arrays)

    def begin_step(self):
        """Return the function of (parameters, gradient, *moments, scratch) for this step."""
        raise NotImplementedError


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
        rate = self.schedule.rate
        rule = self._momentum_step if self.momentum else self._plain_step
        return lambda weights, gradient, *rest: rule(
            weights, np.multiply(gradient, rate, out=gradient), *rest
        )

    def _plain_step(self, weights, step, scratch):
        weights -= step

    def _momentum_step(self, weights, step, velocity, scratch):
        velocity *= self.momentum
        velocity -= step
        if self.nesterov:
            weights += np.multiply(velocity, self.momentum, out=scratch)
            weights -= step
        else:
            weights += velocity


class Adam(Optimizer):
    """Adam [1]_: steps scaled by running moments of the gradient.

    With ``m = beta_1 m + (1 - beta_1) g`` and ``v = beta_2 v + (1 - beta_2) g²`` the step is
    ``rate sqrt(1 - beta_2^t) / (1 - beta_1^t) * m / (sqrt(v) + epsilon)``. The buffers hold
    ``m / (1 - beta_1)`` and ``v / (1 - beta_2)``, which saves two passes a step.

    References
    ----------
    .. [1] Kingma & Ba (2015), arXiv:1412.6980.
    """

    n_moments = 2

    def __init__(self, schedule, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
        super().__init__(schedule)
        self.beta_1, self.beta_2, self.epsilon = float(beta_1), float(beta_2), float(epsilon)
        self.t = 0

    def begin_step(self):
        """See `Optimizer`."""
        self.t += 1
        root = (1 - self.beta_2) ** 0.5
        correction = (1 - self.beta_2**self.t) ** 0.5 / (1 - self.beta_1**self.t)
        rate = self.schedule.rate * (correction * (1 - self.beta_1) / root)
        epsilon = self.epsilon / root

        def rule(weights, gradient, mean, square, scratch):
            mean *= self.beta_1
            mean += gradient
            square *= self.beta_2
            square += np.multiply(gradient, gradient, out=gradient)
            np.sqrt(square, out=gradient)
            gradient += epsilon
            np.divide(mean, gradient, out=gradient)
            gradient *= rate
            weights -= gradient

        return rule


OPTIMIZERS = Registry("solver")
OPTIMIZERS.register("sgd", SGD)
OPTIMIZERS.register("adam", Adam)
