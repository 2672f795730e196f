"""diagnose: why a network cannot learn well from its start, said before any training.

The estimator's own validation and initializers make the start, bit for bit the one that
``fit(X, y)`` would train; `skinit.propagation` measures and judges it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import clone

from skinit._random import draw_seed
from skinit.activations import get_activation
from skinit.displays.propagation import PropagationDisplay
from skinit.estimators.base import BaseInitMLP, draw_start
from skinit.estimators.pipelines import (
    fit_parts,
    name_estimator,
    take_apart,
    take_fitted_apart,
    transform_rows,
    transform_targets,
)
from skinit.estimators.problem import combine_weights, is_fitted, validate_aside, validate_fit
from skinit.propagation import Case, Verdict, describe_layers, draw_batch, find_verdicts
from skinit.pytorch import is_torch, make_estimator

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Diagnosis", "PropagationDisplay", "diagnose"]


def diagnose(estimator, X, y, *, n_samples=256, random_state=None) -> Diagnosis:
    """Explain what is wrong with an estimator's initial weights, without training them.

    One forward and one backward pass of a batch, at the weights that ``fit(X, y)`` starts from,
    and a few more for the learning rate. A fitted estimator is judged as it
    stands, only by what is not normal after training: dead units, no gradient, copies, losses
    that are not finite or no better than the class shares, or the mean of numbers.

    Parameters
    ----------
    estimator : InitMLPClassifier or InitMLPRegressor
        Or a Pipeline or TransformedTargetRegressor around one. Left as it is. What stands around
        an unfitted network is cloned and fitted. Or a ``torch.nn.Sequential`` of Linear layers and
        activations, which is judged as the start of an estimator with Adam.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Training rows (of a fitted estimator: any rows with targets).
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Their labels or numbers.
    n_samples : int, default=256
        Rows that are measured, at least 1: stratified by class, each class at least once; numbers
        by their size.
    random_state : int, RandomState instance or None, default=None
        Chooses these rows where X has more. The weights follow the estimator's own
        `random_state`.

    Returns
    -------
    Diagnosis
        Its `verdicts` are empty where all is well.

    Raises
    ------
    TypeError
        For any other estimator.
    ValueError
        For input that the estimator itself would refuse, in its words.

    Notes
    -----
    On 1,000 rows it takes about as long as ``fit`` with one epoch, and up to 1.4 times that with
    "sgd", whose curvature is estimated. Where the learning rate looks too large, 32 steps are
    tried on a copy, which brings it to two or three times. At most `n_samples` rows are measured,
    so that on larger data it is less than an epoch. X and y are validated as in ``fit``.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skinit import InitMLPClassifier
    >>> from skinit.diagnosis import diagnose
    >>> X, y = load_iris(return_X_y=True)
    >>> diagnose(InitMLPClassifier((8,), "tanh", init="zeros"), X, y).verdicts[0].code
    'INIT01'
    """
    if n_samples < 1:
        raise ValueError(f"n_samples must be at least 1, got {n_samples!r}.")
    network, X, y = _find_network(estimator, X, y)
    rng = np.random.default_rng(draw_seed(random_state))
    make_case = _fitted_case if is_fitted(network) else _start_case
    case = make_case(network, X, y, n_samples, rng)
    return Diagnosis(find_verdicts(case), case)


def _find_network(estimator, X, y):
    """Return the network, and X and y as what stands around it hands them over."""
    if is_torch(estimator):
        return make_estimator(estimator, y), np.asarray(X), np.asarray(y)
    fitted, network = take_fitted_apart(estimator)
    if not isinstance(network, BaseInitMLP):
        raise TypeError(
            "diagnose needs an InitMLPClassifier or InitMLPRegressor, or a Pipeline or "
            f"TransformedTargetRegressor around one, got {name_estimator(network)}."
        )
    if is_fitted(network):
        y = transform_targets(fitted, np.asarray(y)) if fitted else y
        return network, transform_rows(fitted, X), y
    parts, network = take_apart(estimator)
    prepared = fit_parts(parts, X, y)
    return network, prepared.X, prepared.y


def _start_case(estimator, X, y, n_samples, rng) -> Case:
    """Return the case of the weights that ``fit`` would start from, and of its training rows."""
    network = clone(estimator)
    network._validate_params()
    problem = validate_fit(network, X, y)
    initializers, start = draw_start(network, problem)
    task = problem.task
    return Case(
        start.layers,
        task.activation,
        task.loss,
        task.train,
        draw_batch(task.train, n_samples, rng),
        config=problem.config,
        init=network.init if isinstance(network.init, str) else initializers[0].formula,
    )


def _fitted_case(network, X, y, n_samples, rng) -> Case:
    """Return the case of trained weights on the given rows, with the class weights of ``fit``."""
    target = network._state.target
    dtypes = (np.float64, np.float32)
    samples = validate_aside(network, target, X, y, suffix="", dtype=dtypes)
    weight = combine_weights(network, target, samples.X, target.decode(samples.y), None)
    samples = samples._replace(sample_weight=None if weight is None else weight[:, None])
    return Case(
        list(zip(network.coefs_, network.intercepts_, strict=True)),
        get_activation(network.activation),
        target.loss,
        samples,
        draw_batch(samples, n_samples, rng),
        fitted=True,
    )


@dataclass(frozen=True, repr=False)
class Diagnosis:
    """What `diagnose` found.

    Parameters
    ----------
    verdicts : tuple of Verdict
        The cause first; symptoms that it explains are left out. Empty where all is well.
    case : Case
        The network and its rows, from which everything is measured.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skinit import InitMLPClassifier
    >>> from skinit.diagnosis import diagnose
    >>> X, y = load_iris(return_X_y=True)
    >>> diagnose(InitMLPClassifier((8,), "tanh", init="zeros"), X, y)
    INIT01, no gradient: No gradient reaches any weight: only the output bias can move. All dL/dW
    are 0 at the start. Use a random init: he, xavier or orthogonal. More:
    skinit explain INIT01.
    """

    verdicts: tuple[Verdict, ...]
    case: Case

    def to_frame(self) -> pd.DataFrame:
        """Return everything that was measured, a row per layer.

        Returns
        -------
        DataFrame
            Indexed by ``layer``, from 1, the output layer last:

            - ``units``
            - ``z_mean, z_std``: pre-activations; ``a_mean, a_std``: activations (probabilities in
              the output layer)
            - ``q``: mean square of the activations; ``q_ratio``: q over that of the layer before
            - ``delta_rms``: root mean square of dL/dz of single samples; ``gradient_rms``: of dL/dW
            - ``gradient_ratio``: norm of dL/dW over that of the output layer
            - ``update_ratio``: norm of the solver's first full-batch step over that of W
            - ``saturated``: share of activations on a plateau (logistic and tanh)
            - ``dead, always_on``: shares of units with a slope of exactly 0 on every row, and on
              none (activations without two plateaus; a unit whose sums are all 0 is not dead)
            - ``silent_rows``: share of rows for which all outputs of the layer are 0
            - ``distinct``: units that are not copies of others
            - ``rank``, ``stable_rank`` (sum of squared singular values over the largest square),
              ``effective_rank`` (exp of the entropy of the normalised singular values) of W
            - ``signal_rank``: effective rank of the activations
            - ``cosine``: mean cosine between the activations of two different rows
            - ``loss_ratio``: loss at the start over that of equal probabilities, ln K for K
              classes (in the row of the output layer)

            What a layer does not have is NaN.
        """
        import pandas as pd

        return pd.DataFrame(describe_layers(self.case)).set_index("layer")

    def plot(self, ax=None, *, title: str | None = None, figsize=None) -> PropagationDisplay:
        """Draw signal, gradient, saturation, dead and distinct units through depth.

        Parameters
        ----------
        ax : matplotlib Axes, default=None
            Axes of a grid, in whose place to draw; None makes a new figure.
        title : str, default=None
            Title of the figure; papers have a caption instead.
        figsize : (width, height) in inches, "page" or "column", default=None
            Size of the new figure; None is "page".

        Returns
        -------
        PropagationDisplay
        """
        return PropagationDisplay(self.to_frame()).plot(ax, title=title, figsize=figsize)

    def to_html(self, path=None, *, title: str | None = None) -> str:
        """Write a page: verdicts, signal and gradient through depth, layers, explanations.

        Parameters
        ----------
        path : path-like, default=None
            Where; replaced in one step if it exists. None only returns the page.
        title : str, default=None
            Its title; None is made of the date.

        Returns
        -------
        str
            The page, one HTML file that loads nothing and runs no script.
        """
        from skinit.diagnosis.page import write_page

        return write_page({self.case.init or "this network": self}, path, title=title)

    def _sentence(self) -> str:
        if not self.verdicts:
            n = len(self.case.layers)
            return f"No verdict: signal and gradient are sound in all layers ({n})."
        first, *others = self.verdicts
        also = f" Also: {', '.join(f'{v.code}, {v.title}' for v in others)}." if others else ""
        return f"{first} {first.hint}{also}"

    def __dir__(self) -> list[str]:
        """Return the names that are for users."""
        return [name for name in super().__dir__() if name[0] != "_" or name[:2] == "__"]

    def __repr__(self) -> str:
        return self._sentence()

    def _repr_html_(self) -> str:
        from skinit.diagnosis.layers import format_layers
        from skinit.report.notebook import render_fragment

        layers = self.to_frame()
        figure = PropagationDisplay(layers).to_figure()
        return render_fragment([self._sentence()], format_layers(layers), "Through depth", figure)
