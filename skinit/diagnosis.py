"""diagnose: why a network cannot learn well from its start, said before any training.

The estimator's own validation and initializers make the start, bit for bit the one that
``fit(X, y)`` would train; `skinit.propagation` measures and judges it.
"""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline

from skinit._random import draw_seed
from skinit.activations import get_activation
from skinit.classifier import InitMLPClassifier
from skinit.displays import BLUE, GREEN, GREY, SMALL, VERMILLION, _Display
from skinit.fitting import (
    goes_on,
    make_task,
    new_optimizer,
    start_layers,
    validate_aside,
    weigh,
)
from skinit.losses import LOSSES
from skinit.propagation import Case, Verdict, describe_layers, draw_batch, judge

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Diagnosis", "PropagationDisplay", "diagnose"]


def diagnose(estimator, X, y, *, n_samples=256, random_state=None) -> Diagnosis:
    """Explain what is wrong with an estimator's initial weights, without training them.

    One forward and one backward pass of a batch, at the weights that ``fit(X, y)`` starts from;
    with ``solver="sgd"`` a few more for the learning rate. A fitted estimator is judged as it
    stands, only by what is not normal after training: dead units, no gradient, copies, losses
    that are not finite or no better than the class shares.

    Parameters
    ----------
    estimator : InitMLPClassifier, or Pipeline that ends in one
        Left as it is. Steps of a pipeline before an unfitted network are cloned and fitted.
    X : {array-like, sparse matrix} of shape (n_samples, n_features)
        Training rows (of a fitted estimator: any rows with labels).
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        Their labels.
    n_samples : int, default=256
        Rows that are measured, at least 1: stratified by class, each class at least once.
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
    Measuring costs about half an epoch on 1,000 rows, and about one with "sgd", whose learning
    rate is screened; where it looks too large, ten trial steps are added. X and y are validated
    as in ``fit``.

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
    network, X = _find_network(estimator, X, y)
    rng = np.random.default_rng(draw_seed(random_state))
    make_case = _fitted_case if goes_on(network) else _start_case
    case = make_case(network, X, y, n_samples, rng)
    return Diagnosis(judge(case), case)


def _find_network(estimator, X, y):
    """Return the network, and X as the steps before it hand it over."""
    network = estimator[-1] if isinstance(estimator, Pipeline) else estimator
    if not isinstance(network, InitMLPClassifier):
        raise TypeError(
            "diagnose needs an InitMLPClassifier, or a Pipeline that ends in one, got "
            f"{estimator!r}."
        )
    if network is estimator or len(estimator) == 1:
        return network, X
    steps = estimator[:-1]
    if goes_on(network):
        return network, steps.transform(X)
    return network, clone(steps).fit_transform(X, y)


def _start_case(estimator, X, y, n_samples, rng) -> Case:
    """Return the case of the weights that ``fit`` would start from, and of its training rows."""
    network = clone(estimator)
    network._validate_params()
    task = make_task(network, X, y, None, (None, None, None), None, False)
    layers = start_layers(network, task)
    return Case(
        layers,
        task.activation,
        task.loss,
        task.train,
        draw_batch(task.train, n_samples, rng),
        optimizer=None if network.solver == "lbfgs" else new_optimizer(network, 1),
        init=network.init if isinstance(network.init, str) else network.initializers_[0].formula,
    )


def _fitted_case(network, X, y, n_samples, rng) -> Case:
    """Return the case of trained weights on the given rows, with the class weights of ``fit``."""
    samples = validate_aside(network, X, y, suffix="", dtype=(np.float64, np.float32))
    labels = network._label_binarizer.inverse_transform(samples.y)
    _, weight = weigh(network, samples.X, labels, None)
    samples = samples._replace(sample_weight=None if weight is None else weight[:, None])
    return Case(
        list(zip(network.coefs_, network.intercepts_, strict=True)),
        get_activation(network.activation),
        LOSSES[network._label_binarizer.y_type_],
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
    are 0 at the start. Use any random init. See docs/verdicts/init01.md.
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
            - ``update_ratio``: norm of the solver's first full-batch step over that of W
            - ``saturated``: share of activations on a plateau (logistic and tanh)
            - ``dead, always_on``: shares of units with a slope of exactly 0 on every row, and on
              none (activations without two plateaus; a unit whose sums are all 0 is not dead)
            - ``distinct``: units that are no copies of others
            - ``rank``, ``stable_rank`` (sum of squared singular values over the largest square),
              ``effective_rank`` (exp of the entropy of the normalised singular values) of W
            - ``cosine``: mean cosine between the activations of two different rows

            What a layer does not have is NaN.
        """
        import pandas as pd

        return pd.DataFrame(describe_layers(self.case)).set_index("layer")

    def plot(self) -> PropagationDisplay:
        """Draw signal, gradient, saturation, dead and distinct units through depth.

        Returns
        -------
        PropagationDisplay
        """
        return PropagationDisplay(self.to_frame()).plot()

    def _sentence(self) -> str:
        if not self.verdicts:
            n = len(self.case.layers)
            return f"No verdict: signal and gradient are sound in all layers ({n})."
        first, *others = self.verdicts
        also = f" Also: {', '.join(f'{v.code}, {v.title}' for v in others)}." if others else ""
        return f"{first} See {first.url}.{also}"

    def __repr__(self) -> str:
        return self._sentence()

    def _repr_html_(self) -> str:
        return f"<p>{escape(self._sentence())}</p>"


class PropagationDisplay(_Display):
    """Signal and gradient through depth: scale, saturation, dead and distinct units.

    Parameters
    ----------
    layers : DataFrame
        What `Diagnosis.to_frame` returns: indexed by layer, with columns ``units, q, delta_rms,
        gradient_rms, saturated, dead, distinct``.

    Attributes
    ----------
    ax_ : ndarray of Axes, (2,)
        Scales on the left, shares of units on the right.
    figure_ : matplotlib Figure
        The figure they belong to.
    """

    def __init__(self, layers: pd.DataFrame):
        self.layers = layers

    def _subject(self):
        return f"signal and gradient of {len(self.layers)} layers"

    def _size(self):
        return 7.2, 3.2

    def _draw(self, ax):
        spec = ax.get_subplotspec()
        if spec is None:
            raise ValueError(
                "Two panels only fit into the axes of a grid: use plt.subplots(), or plot() "
                "without ax."
            )
        ax.set_axis_off()
        grid = spec.subgridspec(1, 2)
        self.ax_ = np.array([self.figure_.add_subplot(grid[0, i]) for i in range(2)])
        self._draw_scales(self.ax_[0])
        self._draw_shares(self.ax_[1])
        for panel in self.ax_:
            panel.spines[["top", "right"]].set_visible(False)
            panel.set_xlabel("layer")
            panel.xaxis.get_major_locator().set_params(integer=True)
            panel.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=3, fontsize=SMALL)
            panel.get_legend().set_frame_on(False)

    def _draw_scales(self, ax):
        layers = self.layers
        scales = [
            ("signal a", layers["q"].iloc[:-1] ** 0.5, BLUE, "o-"),
            ("dL/dz", layers["delta_rms"], VERMILLION, "s--"),
            ("dL/dW", layers["gradient_rms"], GREEN, "^:"),
        ]
        for name, values, color, style in scales:
            # A logarithmic axis has no place for 0: a gap says it.
            ax.plot(values.index, values.where(values > 0), style, color=color, label=name)
        ax.set_yscale("log")
        ax.set_ylabel("root mean square")

    def _draw_shares(self, ax):
        hidden = self.layers.iloc[:-1]
        shares = [
            ("saturated", hidden["saturated"], VERMILLION, "s--"),
            ("dead", hidden["dead"], GREY, "^:"),
            ("distinct", hidden["distinct"] / hidden["units"], BLUE, "o-"),
        ]
        for name, values, color, style in shares:
            if values.notna().any():
                ax.plot(hidden.index, 100 * values, style, color=color, label=name)
        ax.set_ylim(-4, 104)
        ax.set_ylabel("share (%)")
