"""InitMLPClassifier: scikit-learn's manners around the network, and no mathematics.

How X and y become weights is told in `skinit.fitting`.
"""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from numbers import Integral, Real

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from sklearn.preprocessing import LabelBinarizer
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import (
    _check_partial_fit_first_call,
    type_of_target,
)
from sklearn.utils.validation import check_is_fitted, validate_data

from skinit.activations import get_activation
from skinit.fitting import fit_stack
from skinit.losses import LOSSES
from skinit.network import Stack, evaluate

_SKLEARN_ACTIVATIONS = ("identity", "logistic", "tanh", "relu")
# What MLPClassifier does not have. Without them its twin can be unpickled where skinit is missing.
_OWN_ATTRIBUTES = ("initializers_", "validation_loss_curve_")


class InitMLPClassifier(ClassifierMixin, BaseEstimator):
    """Multi-layer perceptron classifier whose weights start as you say.

    It is scikit-learn's :class:`~sklearn.neural_network.MLPClassifier` (same parameters, same
    meaning, same defaults) with the one thing that one decides by itself: `init`.

    Parameters
    ----------
    hidden_layer_sizes : int or array-like of shape (n_layers - 2,), default=(100,)
        The number of units of every hidden layer.

    activation : str or Activation, default="relu"
        Activation of the hidden layers: "identity", "logistic", "tanh", "relu", "leaky_relu",
        "elu", "selu", "gelu", "silu", "softplus", "mish", or an
        :class:`~skinit.activations.Activation` of your own.

    init : str, Initializer, callable or sequence, default="auto"
        How weights and biases start. One for all layers: a name (see
        :func:`~skinit.initializers.list_initializers`), an
        :class:`~skinit.initializers.Initializer`, or a callable ``(fan_in, fan_out, rng)`` that
        returns W of shape (fan_in, fan_out) or a pair (W, b), where `rng` is a
        :class:`numpy.random.Generator`. Or a sequence with one entry per layer, each of those,
        an array W, or a pair (W, b). "auto" is what suits the activation: "he" for relu,
        leaky_relu, elu, gelu, silu and mish, "xavier" for tanh, logistic, identity and
        softplus, "lecun_normal" for selu. "sklearn" is the law of MLPClassifier.

    solver : {"lbfgs", "sgd", "adam"}, default="adam"
        How the weights are optimized.

    alpha : float, default=0.0001
        Strength of the L2 penalty, ``alpha / 2 * sum(W ** 2)``, divided by the number of samples
        (the sum of their weights).

    batch_size : int, "auto" or "full", default="auto"
        Rows of a mini-batch. "auto" is ``min(200, n_samples)``; "full" takes all rows at once,
        plain gradient descent. Not used by "lbfgs".

    learning_rate : {"constant", "invscaling", "adaptive"}, default="constant"
        Schedule of the learning rate, only for "sgd". "invscaling" divides by
        ``(t + 1) ** power_t`` after each epoch, where t is the number of samples seen;
        "adaptive" divides by 5 whenever `n_iter_no_change` epochs bring no improvement.

    learning_rate_init : float, default=0.001
        The first learning rate. Not used by "lbfgs".

    power_t : float, default=0.5
        Exponent of "invscaling".

    max_iter : int, default=200
        Largest number of epochs (iterations of "lbfgs").

    shuffle : bool, default=True
        Whether each epoch visits the rows in a new order. Not used by "lbfgs".

    random_state : int, RandomState instance or None, default=None
        One integer is drawn from it, and from this integer grow separate streams for the
        weights, the batches and the validation split. Estimators that differ only in `init`
        therefore see the same batches and the same split.

    tol : float, default=1e-4
        What counts as an improvement of the loss or the validation score ("lbfgs": the largest
        entry of the gradient at which it stops).

    verbose : bool, default=False
        Whether to print the loss after each epoch.

    warm_start : bool, default=False
        Whether `fit` goes on from the weights of the last call instead of starting anew.

    momentum : float, default=0.9
        Momentum of "sgd", from 0 to 1.

    nesterovs_momentum : bool, default=True
        Whether "sgd" with momentum looks ahead, as Nesterov proposed.

    early_stopping : bool, default=False
        Whether to stop when the accuracy on a validation set no longer improves by `tol` for
        `n_iter_no_change` epochs, and keep the best weights. The set is `X_val`, or else a
        stratified `validation_fraction` of the rows (not stratified for multilabel targets, and
        where a class has too few rows).
        Not used by "lbfgs".

    validation_fraction : float, default=0.1
        Share of rows set aside for early stopping, from 0 to 1.

    beta_1, beta_2 : float, default=0.9, 0.999
        Decay of the running moments of "adam", in [0, 1).

    epsilon : float, default=1e-8
        Numerical stability of "adam".

    n_iter_no_change : int or inf, default=10
        Epochs without improvement that are tolerated. Not used by "lbfgs".

    max_fun : int, default=15000
        Largest number of evaluations of the loss by "lbfgs".

    class_weight : dict, "balanced" or None, default=None
        Weights of the classes, multiplied onto the sample weights. "balanced" makes the sums of
        weights of all classes equal. Not for multilabel targets; "balanced" not with
        `partial_fit`, which does not know all rows.

    row_space : bool or "auto", default="auto"
        Whether data with more features than rows is trained in the coordinates of its own row
        space: an exact change of coordinates, often a hundred times faster (see
        :mod:`skinit.rowspace`). "auto" does so where it pays: dense data with "sgd" or "lbfgs".
        True does so always, and is an error with "adam", which depends on the coordinates. Sparse
        X and `partial_fit` go the direct way in any case.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.

    coefs_ : list of ndarray of shape (fan_in, fan_out)
        Weights of every layer.

    intercepts_ : list of ndarray of shape (fan_out,)
        Biases of every layer.

    initializers_ : list of Initializer
        What each layer was started with; `formula` is the law of its weights.

    loss_ : float
        The loss of the last epoch.

    best_loss_ : float or None
        The smallest loss; None with early stopping.

    loss_curve_ : list of float
        Loss of every epoch: the mean over its batches, with the L2 penalty.

    validation_scores_ : list of float or None
        Accuracy on the validation set after every epoch; None without early stopping.

    validation_loss_curve_ : list of float or None
        Log loss on the validation set after every epoch, without the penalty and without class
        weights; None without early stopping.

    best_validation_score_ : float or None
        The best of `validation_scores_`, that of the weights that were kept.

    t_ : int
        Number of rows that training has seen.

    n_iter_ : int
        Number of epochs (iterations of "lbfgs") of the last call.

    n_features_in_ : int
        Number of features.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of the features, where X has such.

    n_layers_ : int
        Number of layers, input and output included.

    n_outputs_ : int
        Number of outputs.

    out_activation_ : str
        Output activation, "logistic" or "softmax".

    See Also
    --------
    sklearn.neural_network.MLPClassifier : The same without `init`.

    Notes
    -----
    A row of sample weight 0 is treated as absent, in batches and validation split too.

    References
    ----------
    .. [1] Glorot & Bengio (2010), Understanding the difficulty of training deep feedforward
       neural networks.
    .. [2] He et al. (2015), Delving deep into rectifiers, arXiv:1502.01852.
    .. [3] Kingma & Ba (2015), Adam, arXiv:1412.6980.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skinit import InitMLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> clf = InitMLPClassifier((16,), "tanh", init="he", solver="lbfgs", max_iter=1000)
    >>> clf.set_params(random_state=0).fit(X, y).score(X, y) > 0.9
    True
    >>> clf.initializers_[0].formula
    'N(0, 2/fan_in)'
    """

    _parameter_constraints: dict = {
        "hidden_layer_sizes": ["array-like", Interval(Integral, 1, None, closed="left")],
        # Their own errors name the closest names, and names may be registered later.
        "activation": "no_validation",
        "init": "no_validation",
        "solver": [StrOptions({"lbfgs", "sgd", "adam"})],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [StrOptions({"auto", "full"}), Interval(Integral, 1, None, closed="left")],
        "learning_rate": [StrOptions({"constant", "invscaling", "adaptive"})],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "power_t": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "shuffle": ["boolean"],
        "random_state": ["random_state"],
        "tol": [Interval(Real, 0, None, closed="left")],
        "verbose": ["verbose"],
        "warm_start": ["boolean"],
        "momentum": [Interval(Real, 0, 1, closed="both")],
        "nesterovs_momentum": ["boolean"],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="left")],
        "beta_1": [Interval(Real, 0, 1, closed="left")],
        "beta_2": [Interval(Real, 0, 1, closed="left")],
        "epsilon": [Interval(Real, 0, None, closed="neither")],
        "n_iter_no_change": [
            Interval(Integral, 1, None, closed="left"),
            Options(Real, {np.inf}),
        ],
        "max_fun": [Interval(Integral, 1, None, closed="left")],
        "class_weight": [dict, StrOptions({"balanced"}), None],
        "row_space": ["boolean", StrOptions({"auto"})],
    }

    def __init__(
        self,
        hidden_layer_sizes=(100,),
        activation="relu",
        *,
        init="auto",
        solver="adam",
        alpha=0.0001,
        batch_size="auto",
        learning_rate="constant",
        learning_rate_init=0.001,
        power_t=0.5,
        max_iter=200,
        shuffle=True,
        random_state=None,
        tol=1e-4,
        verbose=False,
        warm_start=False,
        momentum=0.9,
        nesterovs_momentum=True,
        early_stopping=False,
        validation_fraction=0.1,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        n_iter_no_change=10,
        max_fun=15000,
        class_weight=None,
        row_space="auto",
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.init = init
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.class_weight = class_weight
        self.row_space = row_space

    def set_params(self, **params):
        """Set parameters, those of an Initializer in `init` too (``init__scale=2.0``).

        Parameters
        ----------
        **params : dict
            Parameters of the estimator.

        Returns
        -------
        self : InitMLPClassifier
            The estimator itself.

        Raises
        ------
        ValueError
            For an unknown parameter, and for ``init__...`` where `init` is no Initializer.
        """
        nested = [name for name in params if name.startswith("init__")]
        init = params.get("init", self.init)
        if nested and (isinstance(init, type) or not hasattr(init, "set_params")):
            raise ValueError(
                f"{nested[0]!r} needs an Initializer in `init`, which is {init!r}: only an object "
                "has parameters to set. Write for example init=VarianceScaling(scale=2.0) or "
                f"init=get_initializer('he') in place of a name, and then {nested[0]!r}."
            )
        return super().set_params(**params)

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None, *, X_val=None, y_val=None, sample_weight_val=None):
        """Fit the network to X and y.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Class labels, or an indicator matrix of labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, not negative. 0 leaves a row out.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            A validation set of your own for early stopping. In a pipeline it is transformed as X
            is with ``Pipeline(..., transform_input=["X_val"])``.
        y_val : array-like of shape (n_val,) or (n_val, n_outputs), default=None
            Its labels.
        sample_weight_val : array-like of shape (n_val,), default=None
            Its weights.

        Returns
        -------
        self : InitMLPClassifier
            The fitted estimator.

        Raises
        ------
        ValueError
            For wrong input, and where training diverges. The estimator is then what it was
            before the call.

        Warns
        -----
        InitializationWarning
            For a start that cannot learn: without any gradient, or with units that are copies.
        ConvergenceWarning
            When `max_iter` ends the training.
        """
        with _unchanged_on_error(self):
            validation = (X_val, y_val, sample_weight_val)
            (history,) = fit_stack([self], X, y, sample_weight, validation, attended=True)
            self._judge(history)
        return self

    def _check_solver(self):
        if self.solver == "lbfgs":
            raise AttributeError(
                "partial_fit is only available for the solvers 'sgd' and 'adam', not for 'lbfgs'."
            )
        return True

    @available_if(lambda estimator: estimator._check_solver())
    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None, classes=None):
        """Train one more epoch on the given rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their labels.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, not negative.
        classes : array of shape (n_classes,), default=None
            All classes of all calls; needed in the first one.

        Returns
        -------
        self : InitMLPClassifier
            The estimator, one epoch further.

        Raises
        ------
        ValueError
            With early stopping, with ``class_weight="balanced"``, without `classes` in the first
            call, for wrong input, and where training diverges.
        AttributeError
            With the solver "lbfgs".
        """
        if self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True")
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' needs all rows at once and does not work with "
                "partial_fit: give a dict, or sample_weight."
            )
        with _unchanged_on_error(self):
            if _check_partial_fit_first_call(self, classes):
                multilabel = type_of_target(y).startswith("multilabel")
                self._label_binarizer = LabelBinarizer().fit(y if multilabel else classes)
            (history,) = fit_stack([self], X, y, sample_weight, attended=True, partial=True)
            self._judge(history, partial=True)
        return self

    def predict(self, X):
        """Predict classes.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The most probable class, or an indicator of the labels above one half.
        """
        check_is_fitted(self)
        if self.out_activation_ == "softmax":
            # It keeps the order: the largest raw output is the most probable class.
            return self._label_binarizer.inverse_transform(self._raw_outputs(X))
        probability = self._outputs(X, "probability")
        if self.n_outputs_ == 1:
            probability = probability.ravel()
        return self._label_binarizer.inverse_transform(probability)

    def predict_proba(self, X):
        """Predict probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            One column a class, in the order of `classes_`.
        """
        check_is_fitted(self)
        if self.n_outputs_ == 1:
            # Where p rounds to 1, 1 - p would be 0: both columns come from the raw outputs.
            return np.exp(self.predict_log_proba(X))
        return self._outputs(X, "probability")

    def predict_log_proba(self, X):
        """Predict the logarithms of the probabilities.

        They come from the raw outputs and are finite even where `predict_proba` rounds to 0.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            One column a class, in the order of `classes_`.
        """
        return self._outputs(X, "log_probability")

    def to_sklearn(self) -> MLPClassifier:
        """Return a fitted MLPClassifier with these weights, for tools that know that class.

        Returns
        -------
        sklearn.neural_network.MLPClassifier
            It predicts the same and can be trained further. ``batch_size="full"`` becomes the
            number of rows of the last fit.

        Raises
        ------
        ValueError
            For an activation that MLPClassifier does not have.
        """
        check_is_fitted(self)
        activation = get_activation(self.activation)
        # Compared as objects: somebody's own Activation may have any name.
        if activation not in map(get_activation, _SKLEARN_ACTIVATIONS):
            raise ValueError(
                f"MLPClassifier has no activation {activation.name!r} like this one, only its own "
                f"{', '.join(_SKLEARN_ACTIVATIONS)}."
            )
        params = self.get_params(deep=False)
        twin = MLPClassifier()
        twin.set_params(**{name: params[name] for name in twin.get_params() if name in params})
        twin.set_params(activation=activation.name)
        if self.batch_size == "full":
            twin.set_params(batch_size=self._n_rows)
        weights = {
            "coefs_": [W.copy() for W in self.coefs_],
            "intercepts_": [b.copy() for b in self.intercepts_],
        }
        kept = {
            name: copy.copy(value)
            for name, value in vars(self).items()
            if name.endswith("_") and not name.startswith("_") and name not in _OWN_ATTRIBUTES
        }
        vars(twin).update(kept | weights)
        twin._label_binarizer = self._label_binarizer
        twin._no_improvement_count = self._no_improvement_count
        twin._best_coefs, twin._best_intercepts = twin.coefs_, twin.intercepts_
        return twin

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.classifier_tags.multi_label = self.class_weight is None
        return tags

    def _raw_outputs(self, X):
        """Return the raw outputs of X, (n_samples, n_outputs)."""
        check_is_fitted(self)
        return raw_outputs([self], X)[0][0]

    def _outputs(self, X, kind):
        """Return ``loss.probability`` or ``loss.log_probability`` of the raw outputs of X."""
        raw = self._raw_outputs(X)
        return getattr(LOSSES[self._label_binarizer.y_type_], kind)(raw[None])[0]

    def _judge(self, history, partial=False):
        """Raise for a network that diverged, warn about one that has not converged."""
        if history.divergence is not None:
            iteration, layer = history.divergence
            fan_in, fan_out = self.coefs_[layer].shape
            raise ValueError(
                f"Solver produced non-finite parameter weights: at iteration {iteration} in "
                f"layer {layer + 1} ({fan_in} -> {fan_out}). Scale the inputs (StandardScaler), "
                "lower learning_rate_init, or start with smaller weights."
            )
        if history.stopped == "max_iter" and not partial:
            message = (
                f"lbfgs has not converged: {history.notice}"
                if self.solver == "lbfgs"
                else f"Stochastic Optimizer: Maximum iterations ({self.max_iter}) reached and "
                "the optimization hasn't converged yet."
            )
            warnings.warn(message, ConvergenceWarning, stacklevel=4)


def raw_outputs(estimators, *arrays) -> list[np.ndarray]:
    """Return the raw outputs of fitted estimators of one shape, (k, n_samples, n_outputs) each."""
    leader = estimators[0]
    if len(estimators) == 1:
        stack = Stack.of_one(leader.coefs_, leader.intercepts_)
    else:
        layers = zip(*(estimator.coefs_ for estimator in estimators), strict=True)
        biases = zip(*(estimator.intercepts_ for estimator in estimators), strict=True)
        # Side by side in memory, so that one product may do for all networks.
        weights = [np.stack(W, axis=1).swapaxes(0, 1) for W in layers]
        stack = Stack(weights, [np.stack(b)[:, None] for b in biases])
    activation = get_activation(leader.activation)
    outputs = []
    for X in arrays:
        X = validate_data(leader, X, accept_sparse="csr", reset=False)
        blocks = evaluate(stack, activation, X)
        outputs.append(np.concatenate([raw.copy() for _, raw in blocks], axis=-2))
    return outputs


@contextmanager
def _unchanged_on_error(estimator) -> Iterator[None]:
    """Give the estimator back the attributes it had when anything is raised."""
    before = dict(vars(estimator))
    try:
        yield
    except BaseException:
        vars(estimator).clear()
        vars(estimator).update(before)
        raise
