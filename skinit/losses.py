"""Losses on raw outputs: value, gradient and probability in one object.

A network ends in raw outputs (logits); its output activation belongs to the loss. Values come
from log-sum-exp, never from ``log(p)``, so that a network which is sure and wrong has a large
loss and not an infinite one.

Conventions, the same for all losses:

- ``raw`` has shape (k, n_samples, n_outputs), a stack of k networks; ``y`` (n_samples, n_outputs)
  holds zeros and ones in the dtype of ``raw`` (one column a class, or a single one for two);
- ``sample_weight`` is None or of shape (n_samples, 1);
- a sample's loss is the sum over its outputs, as in scikit-learn.
"""

from __future__ import annotations

import numpy as np
from scipy.special import expit, log_expit, log_softmax

from skinit._registry import Registry


def _weighted(values, sample_weight):
    return values if sample_weight is None else np.multiply(values, sample_weight, out=values)


class Loss:
    """A loss on raw outputs; subclasses say what one sample costs.

    Attributes
    ----------
    out_activation : str
        scikit-learn's name of the function that turns raw outputs into probabilities.
    """

    out_activation: str

    def value_and_gradient(self, raw, y, sample_weight=None):
        """Return each network's summed loss and overwrite ``raw`` with its gradient.

        Returns
        -------
        value : ndarray of shape (k,)
            Sum over samples of ``sample_weight * loss``.
        gradient : ndarray of shape (k, n_samples, n_outputs)
            ``raw`` itself, now ``sample_weight * (probability - y)``.
        """
        raise NotImplementedError

    def probability(self, raw):
        """Overwrite ``raw`` with probabilities and return it."""
        raise NotImplementedError

    def log_probability(self, raw):
        """Return log probabilities, one column a class, finite where probabilities are 0."""
        raise NotImplementedError

    def correct(self, raw, y):
        """Return for every sample whether all of its labels are predicted, (k, n_samples)."""
        raise NotImplementedError


class LogisticLoss(Loss):
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


class SoftmaxLoss(Loss):
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


# The rows are named after scikit-learn's words for the kinds of target.
LOSSES = Registry("target type")
LOSSES.register("binary", LogisticLoss())
LOSSES.register("multilabel-indicator", LogisticLoss())
LOSSES.register("multiclass", SoftmaxLoss())
