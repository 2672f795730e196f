"""What an estimator predicts: how y is encoded, which loss fits it, and how outputs are read back.

The rest of an estimator does not know whether it predicts classes, labels or numbers; it asks its
target.
"""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import numpy as np
from scipy.sparse import issparse
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils.class_weight import compute_class_weight
from sklearn.utils.multiclass import check_classification_targets, unique_labels

from skinit._wording import join_words, write_count
from skinit.engine.losses import LOSSES, ClassLoss, Loss


class Target:
    """Base class of targets: what is the same for classes, labels and numbers.

    Attributes
    ----------
    loss : Loss
        On the raw outputs.
    attributes : dict
        What ``fit`` publishes of the target.
    to_be_scaled : str
        What may have to be scaled where training diverges.
    """

    loss: Loss
    to_be_scaled: str = "the inputs (StandardScaler)"

    @property
    def attributes(self) -> dict[str, Any]:
        """Fitted attributes by name."""
        raise NotImplementedError

    def check(self, y, name: str = "`y`", *, complete: bool = False) -> None:
        """Raise a ValueError if y is not of this target.

        Parameters
        ----------
        y : ndarray
            Other values of the target.
        name : str, default="`y`"
            What the user calls them.
        complete : bool, default=False
            Whether every class must be there, as ``fit`` with warm_start wants it.

        Raises
        ------
        ValueError
            Where it is not.
        """
        raise NotImplementedError

    def encode(self, y, dtype) -> np.ndarray:
        """Return y as the loss expects it, (n_samples, n_outputs)."""
        raise NotImplementedError

    def decode(self, encoded) -> np.ndarray:
        """Return y of what `encode` has returned."""
        return encoded

    def row_weights(self, y, sample_weight, class_weight):
        """Return the sample weights times the class weights, or None without either."""
        return sample_weight

    def strata(self, encoded, n_aside: float) -> np.ndarray | None:
        """Return what a validation split is stratified by; None for a split at random."""
        return None

    def predict(self, raw) -> np.ndarray:
        """Return predictions for raw outputs, (n_samples, n_outputs)."""
        raise NotImplementedError


class _BinarizedTarget(Target):
    """A target that scikit-learn's LabelBinarizer encodes as zeros and ones.

    Parameters
    ----------
    binarizer : LabelBinarizer
        Fitted.
    """

    loss: ClassLoss

    def __init__(self, binarizer: LabelBinarizer):
        self.binarizer = binarizer
        self.loss = LOSSES[binarizer.y_type_]

    @property
    def classes(self) -> np.ndarray:
        """The classes, or the numbers of the labels, in the order of the columns."""
        return self.binarizer.classes_

    @property
    def attributes(self):
        """See `Target`."""
        return {"classes_": self.classes}

    def check(self, y, name="`y`", *, complete=False):
        """See `Target`."""
        found = unique_labels(y)
        if complete and set(found) != set(self.classes):
            raise ValueError(
                "warm_start can only be used where `y` has the same classes as in the previous "
                f"call to fit. Previously got {self.classes}, `y` has {found}"
            )
        if len(np.setdiff1d(found, self.classes)):
            raise ValueError(
                f"{name} has classes not in `self.classes_`. `self.classes_` has {self.classes}. "
                f"{name} has {found}."
            )

    def __str__(self):
        """Say what is predicted, for messages."""
        return f"{len(self.classes)} classes"

    def predict_proba(self, raw) -> np.ndarray:
        """Return probabilities, one column per class or label."""
        raise NotImplementedError

    def predict_log_proba(self, raw) -> np.ndarray:
        """Return log probabilities, finite where probabilities round to 0."""
        return self.loss.log_probability(raw[None])[0]

    def decode(self, encoded):
        """See `Target`."""
        return self.binarizer.inverse_transform(encoded)


class ClassTarget(_BinarizedTarget):
    """One class per row: two classes share one output, more have one each."""

    def encode(self, y, dtype):
        """See `Target`; y holds known classes only, which `check` has seen to."""
        codes = np.searchsorted(self.classes, y)
        if len(self.classes) <= 2:
            return codes.astype(dtype)[:, None]
        # In Fortran's order: training reads targets samples-last and then needs no copy.
        encoded = np.zeros((len(y), len(self.classes)), dtype, order="F")
        encoded[np.arange(len(y)), codes] = 1
        return encoded

    def row_weights(self, y, sample_weight, class_weight):
        """See `Target`; "balanced" shares out among the classes present, a dict covers all."""
        if class_weight is None:
            return sample_weight
        _check_class_weight(class_weight)
        weight = np.ones(len(y)) if sample_weight is None else sample_weight
        rows = weight > 0
        classes = np.unique(y[rows]) if class_weight == "balanced" else self.classes
        weight_of = compute_class_weight(
            class_weight, classes=classes, y=y[rows], sample_weight=weight[rows]
        )
        return weight * weight_of[np.searchsorted(classes, y).clip(max=len(classes) - 1)]

    def strata(self, encoded, n_aside):
        """See `Target`; at random where a class has too few rows."""
        codes = encoded.argmax(axis=-1) if encoded.shape[1] > 1 else encoded[:, 0]
        n_rows_of = np.unique(codes, return_counts=True)[1]
        return codes if n_rows_of.min() > 1 and len(n_rows_of) <= np.ceil(n_aside) else None

    def predict(self, raw):
        """Return the most probable classes, by the numbers that `predict_proba` returns.

        Raw outputs may differ where probabilities are equal, so they do not decide.
        """
        best = self.predict_proba(raw).argmax(axis=1)
        return self.classes[np.minimum(best, len(self.classes) - 1)]

    def predict_proba(self, raw):
        """See `Target`."""
        if raw.shape[1] == 1:
            # Where p rounds to 1, 1 - p would be 0: both columns come from the raw outputs.
            return np.exp(self.loss.log_probability(raw[None])[0])
        return self.loss.probability(raw[None])[0]

    def predict_log_proba(self, raw):
        """See `Target`; the largest is that of `predict_proba`, on rounding ties too."""
        log_p = self.loss.log_probability(raw[None])[0]
        return _with_largest_of(self.predict_proba(raw), log_p)


class LabelTarget(_BinarizedTarget):
    """Any number of labels a row: an indicator matrix with an output for each label."""

    def encode(self, y, dtype):
        """See `Target`."""
        encoded = self.binarizer.transform(y)
        encoded = encoded.toarray() if issparse(encoded) else encoded
        return np.asarray(encoded, dtype=dtype, order="F")

    def row_weights(self, y, sample_weight, class_weight):
        """See `Target`; labels have no class weights."""
        if class_weight is not None:
            raise ValueError(
                "class_weight is not defined for multilabel targets: use sample_weight."
            )
        return sample_weight

    def predict(self, raw):
        """Return an indicator of the labels above one half."""
        return self.binarizer.inverse_transform(self.predict_proba(raw))

    def predict_proba(self, raw):
        """See `Target`."""
        return self.loss.probability(raw[None])[0]


def _with_largest_of(p, log_p):
    """Overwrite log probabilities so that they are largest where the probabilities are.

    Rounding makes probabilities equal whose logarithms differ, and the other way round. The change
    is one of the last digit.
    """
    largest = log_p.max(axis=1, keepdims=True)
    np.minimum(log_p, np.nextafter(largest, -np.inf), out=log_p)
    np.copyto(log_p, largest, where=p == p.max(axis=1, keepdims=True))
    return log_p


class NumberTarget(Target):
    """One number per row, or several with an output each.

    Parameters
    ----------
    loss : {"squared_error", "poisson"}
        The name of the loss.
    n_outputs : int
        Numbers of a row.
    """

    to_be_scaled = "the inputs (StandardScaler) and the targets (TransformedTargetRegressor)"

    def __init__(self, loss: str, n_outputs: int):
        self.loss_name = loss
        self.loss = LOSSES[loss]
        self.n_outputs = n_outputs

    def __str__(self):
        """Say what is predicted, for messages."""
        return write_count(self.n_outputs, "output")

    @property
    def attributes(self):
        """See `Target`."""
        return {}

    def check(self, y, name="`y`", *, complete=False):
        """Raise a ValueError unless y holds numbers that the loss is defined for; see `Target`."""
        numbers = _as_numbers(y, name)
        if numbers.shape[1] != self.n_outputs:
            raise ValueError(
                f"{name} has {write_count(numbers.shape[1], 'output')}; the estimator was fitted "
                f"with {self.n_outputs}."
            )
        if self.loss_name == "poisson" and (numbers < 0).any():
            raise ValueError(
                f"{name} has negative values (the smallest is {numbers.min():.3g}), which "
                "loss='poisson' is not defined for: use loss='squared_error', or counts of 0 and "
                "more."
            )

    def encode(self, y, dtype):
        """See `Target`."""
        numbers = _as_numbers(y, "`y`")
        _check_scale(numbers, np.finfo(dtype))
        return np.asarray(numbers, dtype=dtype, order="F")

    def predict(self, raw):
        """Return expected values, (n_samples,) for a single output."""
        expected = self.loss.prediction(raw)
        return expected[:, 0] if self.n_outputs == 1 else expected


def _check_scale(numbers, float_type: np.finfo) -> None:
    """Raise for numbers whose squared errors do not add up to a finite number, or are all 0."""
    largest, ranges = np.abs(numbers).max(), np.ptp(numbers, axis=0)
    too_small = ranges[(ranges > 0) & (ranges < np.sqrt(float_type.tiny))]
    if not largest < np.sqrt(float_type.max / len(numbers)):
        fault = f"has values of up to {largest:.3g}, whose squares are too large"
    elif too_small.size:
        fault = f"has differences of {too_small[0]:.3g} at most, whose squares are too small"
    else:
        return
    raise ValueError(
        f"`y` {fault} for {float_type.dtype}, the dtype of X: scale the targets, for example with "
        "TransformedTargetRegressor(..., transformer=StandardScaler())."
    )


def _as_numbers(y, name) -> np.ndarray:
    """Return y as an array of finite float64 numbers, (n_samples, n_outputs)."""
    y = y.toarray() if issparse(y) else np.asarray(y)
    try:
        numbers = y.astype(np.float64) if y.dtype.kind in "biufO" else None
    except (TypeError, ValueError):
        numbers = None
    if numbers is None:
        raise ValueError(
            f"{name} must hold numbers, got values such as {str(y.ravel()[0])!r}. "
            "InitMLPClassifier predicts classes."
        )
    if not np.isfinite(numbers).all():
        raise ValueError(
            f"{name} has values that are not finite (NaN or infinity): fill them in, or leave "
            "these rows out."
        )
    return numbers.reshape(len(numbers), -1)


def make_number_target(y, loss: str) -> NumberTarget:
    """Return the target for y with a loss of `LOSSES`."""
    target = NumberTarget(loss, y.shape[1] if y.ndim > 1 else 1)
    target.check(y)
    return target


def _check_class_weight(class_weight):
    """Raise for weights that are no weights, by the name of the class."""
    for label, weight in {} if isinstance(class_weight, str) else class_weight.items():
        if not (isinstance(weight, Real) and 0 <= float(weight) < math.inf):
            raise ValueError(
                f"class_weight of class {label!r} must be a finite number, 0 or more, got {weight}."
            )


def _fit_binarizer(y) -> LabelBinarizer:
    """Return a LabelBinarizer fitted to y, which must hold classes or labels.

    Of whole numbers and texts it learns no more than what they are. scikit-learn looks five times
    for other kinds of targets, which takes as long as training a small network.
    """
    binarizer = LabelBinarizer()
    if not isinstance(y, np.ndarray) or y.ndim != 1 or y.dtype.kind not in "biuU":
        check_classification_targets(y)
        return binarizer.fit(y)
    classes = np.unique(y)
    if len(classes) > len(y) / 2:
        check_classification_targets(y)  # which warns of them: they may be numbers to predict
    binarizer.classes_ = np.array(classes.tolist()) if y.dtype.kind == "U" else classes
    binarizer.y_type_ = "binary" if len(classes) <= 2 else "multiclass"
    binarizer.sparse_input_ = False
    return binarizer


def make_class_target(y) -> Target:
    """Return the target for y."""
    try:
        binarizer = _fit_binarizer(y)
    except TypeError as error:
        kinds = sorted({type(label).__name__ for label in np.ravel(y)})
        if len(kinds) == 1:
            raise ValueError(f"y holds labels that cannot be used: {error}") from error
        raise ValueError(
            f"y mixes labels of the types {join_words(kinds)}, which have no common order: convert "
            "them to one type and replace missing labels."
        ) from error
    several = binarizer.y_type_.startswith("multilabel")
    return (LabelTarget if several else ClassTarget)(binarizer)
