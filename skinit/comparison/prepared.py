"""The rows of one split after preprocessing, which is fitted on its training part alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from skinit._sklearn import split_params, take_rows
from skinit.estimators.pipelines import (
    fit_parts,
    in_target_unit,
    is_resampler,
    transform_rows,
    transform_targets,
)


class PreparedSplit(NamedTuple):
    """The rows of one split after preprocessing, and what goes to ``fit`` with them.

    Parameters
    ----------
    fit : (X, y)
        Rows and targets that networks are trained on: the training part, perhaps resampled, the
        targets perhaps transformed.
    train, test : (X, y)
        Rows and targets of the two parts, which scorers see.
    params : mapping
        Parameters of the network's ``fit``.
    parts : list, default=()
        The fitted parts around the network, see `skinit.estimators.pipelines.fit_parts`.
    """

    fit: tuple[Any, Any]
    train: tuple[Any, Any]
    test: tuple[Any, Any]
    params: Mapping[str, Any]
    parts: Sequence = ()

    @property
    def watched(self) -> tuple[Any, Any]:
        """Rows and targets of the test part, as a network predicts them."""
        X, y = self.test
        return X, transform_targets(self.parts, y)

    def in_target_unit(self, network):
        """Return what scorers see of a network: its predictions in the unit of the targets."""
        return in_target_unit(self.parts, network)


def prepare_rows(parts, params, X, y, train_rows, test_rows) -> PreparedSplit:
    """Take the rows of the two parts of a split, and fit the preprocessing on the first one.

    Parameters
    ----------
    parts : sequence
        What stands around the network, see `skinit.estimators.pipelines.take_apart`.
    params : mapping
        As in `compare_initializers`.
    X, y : array-like
        All rows and targets.
    train_rows, test_rows : ndarray
        Row numbers of the two parts.
    """
    params = split_params(X, params, indices=train_rows)
    of_network = {name: value for name, value in params.items() if name == "sample_weight"}
    y_train, y_test = take_rows(y, train_rows), take_rows(y, test_rows)
    # Rows are taken when they are needed, and nothing holds on to what is not yet transformed.
    fitted, *fit = fit_parts(parts, take_rows(X, train_rows), y_train, params)
    test = transform_rows(fitted, take_rows(X, test_rows)), y_test
    resamples = any(
        is_resampler(step) for part in fitted if isinstance(part, list) for step in part
    )
    # As in imbalanced-learn, rows are resampled for training and for nothing else.
    X_train = transform_rows(fitted, take_rows(X, train_rows)) if resamples else fit[0]
    return PreparedSplit(tuple(fit), (X_train, y_train), test, of_network, fitted)
