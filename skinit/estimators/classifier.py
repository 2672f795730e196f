"""InitMLPClassifier: scikit-learn's MLPClassifier with a choice of weight initialization.

How X and y become weights is in `skinit.estimators.problem` and `skinit.estimators.base`.
"""

from __future__ import annotations

import copy

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.neural_network import MLPClassifier
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import type_of_target

from skinit._sklearn import StrOptions, check_first_partial_fit, fit_context
from skinit.estimators.base import BaseInitMLP, has_minibatches
from skinit.estimators.targets import make_class_target
from skinit.estimators.twin import make_twin


class InitMLPClassifier(ClassifierMixin, BaseInitMLP):
    """Multi-layer perceptron classifier with a choice of weight initialization.

    It has the parameters and the behaviour of scikit-learn's
    :class:`~sklearn.neural_network.MLPClassifier`, plus one parameter: `init`.

    Parameters
    ----------
    hidden_layer_sizes : int or array-like of shape (n_layers - 2,), default=(100,)
        The number of units of every hidden layer.

    activation : str or Activation, default="relu"
        Activation of the hidden layers: "identity", "logistic", "tanh", "relu", "leaky_relu",
        "elu", "selu", "gelu", "silu", "softplus", "mish", or an
        :class:`~skinit.activations.Activation` that you define.

    init : str, Initializer, callable or sequence, default="auto"
        How weights and biases start. One for all layers: a name (see
        :func:`~skinit.initializers.list_initializers`), an
        :class:`~skinit.initializers.Initializer`, or a callable ``(fan_in, fan_out, rng)`` that
        returns W of shape (fan_in, fan_out) or a pair (W, b), where `rng` is a
        :class:`numpy.random.Generator`. Or a sequence with one entry per layer, each of those,
        an array W, or a pair (W, b). "auto" is what suits the activation, "isometric" for all
        that are built in: orthogonal hidden layers, small outputs (see
        :class:`~skinit.initializers.Isometric`). "sklearn" is what MLPClassifier does.

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
        Maximum number of epochs (iterations of "lbfgs").

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
        Maximum number of evaluations of the loss by "lbfgs".

    class_weight : dict, "balanced" or None, default=None
        Weights of the classes, multiplied onto the sample weights. "balanced" makes the sums of
        weights of all classes equal. Not for multilabel targets; "balanced" not with
        `partial_fit`, which does not know all rows.

    row_space : bool or "auto", default="auto"
        Whether data with more features than rows is trained in the coordinates of its row space:
        an exact change of coordinates, often a hundred times faster (see
        :mod:`skinit.engine.rowspace`). "auto" does so where it saves time: dense data with "sgd"
        or "lbfgs". True does so always, and is an error with "adam", which depends on the
        coordinates. Sparse X and `partial_fit` are always trained directly.

    engine : {"auto", "numpy", "compiled"}, default="auto"
        What trains: NumPy, or the same epoch compiled by numba (the extra ``fast``). "auto" is
        "compiled" where numba is installed, "sgd" or "adam" trains on dense rows with an
        activation that was compiled ("identity", "logistic", "tanh", "relu", "leaky_relu",
        "elu"), and the work takes longer than about a second; see :doc:`/engines`. It does not
        depend on what was compiled before, so that the same call gives the same numbers. The two
        engines round differently. "compiled" raises where "auto" would fall back.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.

    coefs_ : list of ndarray of shape (fan_in, fan_out)
        Weights of every layer.

    intercepts_ : list of ndarray of shape (fan_out,)
        Biases of every layer.

    initializers_ : list of Initializer
        What each layer was started with; `formula` is the distribution of its weights.

    loss_ : float
        The loss of the last epoch.

    best_loss_ : float or None
        The smallest loss; None with early stopping.

    loss_curve_ : list of float
        Loss of every epoch: the mean over its batches, with the L2 penalty.

    validation_scores_ : list of float or None
        Accuracy on the validation set after every epoch, weighted by the sample and class weights
        of its rows (of `X_val`: by `sample_weight_val`); None without early stopping.

    validation_loss_curve_ : list of float or None
        Log loss on the validation set after every epoch, weighted likewise and without the
        penalty; None without early stopping.

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
        **BaseInitMLP._parameter_constraints,
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

    classes_: np.ndarray

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
        engine="auto",
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
        self.engine = engine

    @fit_context(prefer_skip_nested_validation=True)
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
            A validation set for early stopping, in place of a share of the rows. In a pipeline it
            is transformed as X is with ``Pipeline(..., transform_input=["X_val"])``.
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
            For inputs that are not scaled. A loop of scikit-learn over folds or candidates gives
            one such warning, for the line that called it.
        ConvergenceWarning
            When `max_iter` ends the training.
        """
        return self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val))

    @available_if(has_minibatches)
    @fit_context(prefer_skip_nested_validation=True)
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
        self._refuse_early_stopping()
        if self.class_weight == "balanced":
            raise ValueError(
                "class_weight='balanced' needs all rows at once and does not work with "
                "partial_fit: give a dict, or sample_weight."
            )
        target = None
        # scikit-learn's check writes the classes on the estimator that it is given.
        if check_first_partial_fit(copy.copy(self), classes):
            several = type_of_target(y).startswith("multilabel")
            # Each class twice: scikit-learn warns of rows that are all different.
            target = make_class_target(y if several else np.repeat(classes, 2))
        return self._fit(X, y, sample_weight, partial=True, target=target)

    def _make_target(self, y):
        return make_class_target(y)

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
        raw = self._raw_outputs(X)
        return self._state.target.predict(raw)

    def predict_proba(self, X):
        """Predict probabilities.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples, n_classes)
            One column per class, in the order of `classes_`.
        """
        raw = self._raw_outputs(X)
        return self._state.target.predict_proba(raw)

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
            One column per class, in the order of `classes_`.
        """
        raw = self._raw_outputs(X)
        return self._state.target.predict_log_proba(raw)

    def to_sklearn(self) -> MLPClassifier:
        """Return a fitted MLPClassifier with these weights, for tools that know that class.

        Returns
        -------
        sklearn.neural_network.MLPClassifier
            It predicts the same and can be trained further. ``batch_size="full"`` becomes the
            number of rows of the last fit.

        Raises
        ------
        NotFittedError
            Before ``fit``.
        ValueError
            For an activation that MLPClassifier does not have.
        """
        twin = make_twin(self, MLPClassifier)
        twin._label_binarizer = self._state.target.binarizer
        return twin

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.classifier_tags.multi_label = self.class_weight is None
        return tags
