"""Losses on raw outputs: value, gradient and prediction in one object.

A network ends in raw outputs (logits); its output activation belongs to the loss. Values come
from log-sum-exp, never from ``log(p)``, so that a network which is sure and wrong has a large
loss and not an infinite one.

Conventions, the same for all losses:

- ``raw`` has shape (k, n_samples, n_outputs), a stack of k networks; ``y`` (n_samples, n_outputs)
  holds numbers in the dtype of ``raw``, for classes zeros and ones (one column per class, or a
  single one for two);
- ``sample_weight`` is None or of shape (n_samples, 1);
- the gradient is that of the sum over a sample's outputs, and so is the value, except that of
  `SquaredLoss`.
"""

from __future__ import annotations

import numpy as np
from scipy.special import entr, expit, log_expit, log_softmax, logit, xlogy

from skinit._registry import Registry


def _weighted(values, sample_weight):
    return values if sample_weight is None else np.multiply(values, sample_weight, out=values)


def _flat(sample_weight):
    return None if sample_weight is None else sample_weight[:, 0]


def _mean(y, sample_weight):
    """Return each column's weighted mean, in float64."""
    return np.average(y.astype(np.float64), axis=0, weights=_flat(sample_weight))


def variances(y, sample_weight=None) -> np.ndarray:
    """Return each column's weighted variance, in float64; 0 exactly where all numbers are equal.

    Rounding of the mean would leave something there, and squares of tiny numbers nothing.
    """
    varies = y.max(axis=0) > y.min(axis=0)
    variance = _mean(np.square(y - _mean(y, sample_weight)), sample_weight)
    return np.where(varies, np.maximum(variance, np.finfo(np.float64).tiny), 0.0)


class Loss:
    """A loss on raw outputs; subclasses say what one sample costs.

    Attributes
    ----------
    out_activation : str
        scikit-learn's name of the function that turns raw outputs into predictions.
    """

    out_activation: str

    def value_and_gradient(self, raw, y, sample_weight=None):
        """Return each network's summed loss and overwrite ``raw`` with its gradient.

        Returns
        -------
        value : ndarray of shape (k,)
            Sum over samples of ``sample_weight * loss``.
        gradient : ndarray of shape (k, n_samples, n_outputs)
            ``raw`` itself, now ``sample_weight * (prediction - y)``.
        """
        raise NotImplementedError

    def prediction(self, raw):
        """Overwrite ``raw`` with probabilities or expected values and return it."""
        raise NotImplementedError

    def baseline(self, y, sample_weight=None):
        """Return the raw outputs of the constant prediction with the smallest loss.

        Parameters
        ----------
        y : ndarray of shape (n_samples, n_outputs)
            Encoded targets.
        sample_weight : ndarray of shape (n_samples, 1) or None, default=None
            Weights.

        Returns
        -------
        raw : ndarray of shape (n_outputs,), float64
        """
        raise NotImplementedError

    def constant_loss(self, y, sample_weight=None) -> float:
        """Return the mean loss of the best constant prediction."""
        raise NotImplementedError

    def gradient_factor(self, n_outputs: int) -> int:
        """Return what the value is to be multiplied by to have the gradient that is computed."""
        return 1

    def score(self, raw, y, sample_weight=None):
        """Return what early stopping maximizes, one number per network, (k,); ``raw`` is kept."""
        raise NotImplementedError


class ClassLoss(Loss):
    """A loss whose predictions are probabilities of classes or labels."""

    def probability(self, raw):
        """Overwrite ``raw`` with probabilities and return it."""
        raise NotImplementedError

    def log_probability(self, raw):
        """Return log probabilities, one column per class, finite where probabilities are 0."""
        raise NotImplementedError

    def correct(self, raw, y):
        """Return for every sample whether all of its labels are predicted, (k, n_samples)."""
        raise NotImplementedError

    def prediction(self, raw):
        """See `Loss`."""
        return self.probability(raw)

    def score(self, raw, y, sample_weight=None):
        """Return the accuracy of every network; see `Loss`."""
        return np.average(self.correct(raw, y), axis=-1, weights=_flat(sample_weight))


def _shares(y, sample_weight):
    """Return each column's weighted mean, in float64 and never exactly 0 or 1.

    A class that has no rows counts as half a row: its log odds stay finite.
    """
    least = 0.5 / len(y)
    return _mean(y, sample_weight).clip(least, 1 - least)


class LogisticLoss(ClassLoss):
    """Binary log loss of every output by itself: two classes, or many labels.

    For a raw output z and a label y in {0, 1} the loss is ``log(1 + exp(z)) - y z``.
    """

    out_activation = "logistic"

    def value_and_gradient(self, raw, y, sample_weight=None):
        """See `Loss`."""
        # log(1 + exp(z)) = max(z, 0) + log(1 + e) and p = exp(min(z, 0)) / (1 + e), where
        # e = exp(-|z|) cannot overflow. NumPy's exp is several times faster than scipy's expit.
        e = np.abs(raw)
        np.exp(np.negative(e, e), e)
        values = np.log1p(e)
        np.add(values, np.maximum(raw, 0.0), values)
        np.subtract(values, np.multiply(raw, y), values)
        np.add(e, 1.0, e)
        np.exp(np.minimum(raw, 0.0, out=raw), raw)
        np.subtract(np.divide(raw, e, raw), y, raw)
        value = np.add.reduce(_weighted(values, sample_weight), axis=(-2, -1))
        return value, _weighted(raw, sample_weight)

    def probability(self, raw):
        """See `Loss`."""
        return expit(raw, out=raw)

    def log_probability(self, raw):
        """See `Loss`."""
        log_p = log_expit(raw)
        return np.concatenate([log_expit(-raw), log_p], axis=-1) if raw.shape[-1] == 1 else log_p

    def correct(self, raw, y):
        """See `Loss`."""
        return ((raw > 0) == (y > 0)).all(axis=-1)

    def baseline(self, y, sample_weight=None):
        """Return the log odds of every output; see `Loss`."""
        return logit(_shares(y, sample_weight))

    def constant_loss(self, y, sample_weight=None):
        """Return the sum of the labels' entropies; see `Loss`."""
        shares = _mean(y, sample_weight)
        return float((entr(shares) + entr(1 - shares)).sum())


class SoftmaxLoss(ClassLoss):
    """Multinomial log loss: one of several classes.

    For raw outputs z and the class c the loss is ``log(sum(exp(z))) - z[c]``.
    """

    out_activation = "softmax"

    def value_and_gradient(self, raw, y, sample_weight=None):
        """See `Loss`."""
        k = len(raw)
        np.subtract(raw, np.maximum.reduce(raw, axis=-1, keepdims=True), raw)
        # Samples last, as raw outputs lie in memory: the sum over all of z[c] is one product.
        weighted_y = y if sample_weight is None else y * sample_weight
        fitted = np.dot(raw.swapaxes(-2, -1).reshape(k, -1), weighted_y.T.reshape(-1))
        np.exp(raw, raw)
        total = np.add.reduce(raw, axis=-1, keepdims=True)
        np.subtract(np.divide(raw, total, raw), y, raw)
        values = _weighted(np.log(total, total), sample_weight)
        return np.add.reduce(values, axis=(-2, -1)) - fitted, _weighted(raw, sample_weight)

    def probability(self, raw):
        """See `Loss`."""
        raw -= raw.max(axis=-1, keepdims=True)
        np.exp(raw, out=raw)
        raw /= raw.sum(axis=-1, keepdims=True)
        return raw

    def log_probability(self, raw):
        """See `Loss`."""
        return log_softmax(raw, axis=-1)

    def correct(self, raw, y):
        """See `Loss`."""
        return raw.argmax(axis=-1) == y.argmax(axis=-1)

    def baseline(self, y, sample_weight=None):
        """Return the logarithms of the class shares; see `Loss`."""
        return np.log(_shares(y, sample_weight))

    def constant_loss(self, y, sample_weight=None):
        """Return the entropy of the classes; see `Loss`."""
        return float(entr(_mean(y, sample_weight)).sum())


class NumberLoss(Loss):
    """A loss whose predictions are expected values."""

    def score(self, raw, y, sample_weight=None):
        """Return R², the mean over outputs, as scikit-learn's ``r2_score``; see `Loss`.

        A constant output has the score 1 if it is predicted exactly and otherwise 0.
        """
        errors = np.square(self.prediction(raw.astype(np.float64)) - y)
        left = np.average(errors, axis=-2, weights=_flat(sample_weight))
        there = variances(y, sample_weight)
        unexplained = np.divide(left, there, out=np.sign(left), where=there > 0)
        return 1 - unexplained.mean(axis=-1)


class SquaredLoss(NumberLoss):
    """Half the squared error.

    For raw outputs z and a target y the loss is ``mean((z - y)**2) / 2`` over the outputs, but
    the gradient is that of the sum over them: ``z - y``. With a single output the two agree; with
    m outputs the gradient is m times the value's. Both are what scikit-learn computes [1]_, so
    that curves, weights and learning rates keep their meaning.

    References
    ----------
    .. [1] https://github.com/scikit-learn/scikit-learn/issues/8349
    """

    out_activation = "identity"

    def value_and_gradient(self, raw, y, sample_weight=None):
        """See `Loss`."""
        np.subtract(raw, y, raw)
        values = _weighted(np.square(raw), sample_weight)
        value = np.add.reduce(values, axis=(-2, -1)) / (2 * raw.shape[-1])
        return value, _weighted(raw, sample_weight)

    def prediction(self, raw):
        """See `Loss`."""
        return raw

    def baseline(self, y, sample_weight=None):
        """Return the mean of every output; see `Loss`."""
        return _mean(y, sample_weight)

    def constant_loss(self, y, sample_weight=None):
        """Return half the variance; see `Loss`."""
        return float(variances(y, sample_weight).mean() / 2)

    def gradient_factor(self, n_outputs):
        """Return the number of outputs; see `Loss`."""
        return n_outputs


class PoissonLoss(NumberLoss):
    """Half the Poisson deviance, for targets of 0 or more whose logarithm is modelled.

    For a raw output z and a target y the loss is ``exp(z) - y z + y log(y) - y``.
    """

    out_activation = "exp"

    def value_and_gradient(self, raw, y, sample_weight=None):
        """See `Loss`."""
        values = xlogy(y, y) - y - raw * y
        np.exp(raw, raw)
        np.add(values, raw, values)
        np.subtract(raw, y, raw)
        value = np.add.reduce(_weighted(values, sample_weight), axis=(-2, -1))
        return value, _weighted(raw, sample_weight)

    def prediction(self, raw):
        """See `Loss`."""
        return np.exp(raw, out=raw)

    def baseline(self, y, sample_weight=None):
        """Return the logarithm of the mean of every output, half an event if none; see `Loss`."""
        mean = _mean(y, sample_weight)
        return np.log(np.where(mean > 0, mean, 0.5 / len(y)))

    def constant_loss(self, y, sample_weight=None):
        """Return half the deviance from the mean; see `Loss`."""
        mean = _mean(y, sample_weight)
        deviances = _mean(xlogy(y, y), sample_weight) - xlogy(mean, mean)
        return float(deviances[variances(y, sample_weight) > 0].sum())


# Losses of classes are named after scikit-learn's words for the kinds of target, losses of numbers
# after its parameter `loss`.
LOSSES = Registry("loss")
LOSSES.register("binary", LogisticLoss())
LOSSES.register("multilabel-indicator", LogisticLoss())
LOSSES.register("multiclass", SoftmaxLoss())
LOSSES.register("squared_error", SquaredLoss())
LOSSES.register("poisson", PoissonLoss())
