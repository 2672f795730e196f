"""InitMLPRegressor: scikit-learn's MLPRegressor with a choice of weight initialization.

How X and y become weights is in `skinit.estimators.problem` and `skinit.estimators.base`.
"""

from __future__ import annotations

from sklearn.base import RegressorMixin
from sklearn.neural_network import MLPRegressor
from sklearn.utils.metaestimators import available_if

from skinit._sklearn import StrOptions, fit_context
from skinit.estimators.base import BaseInitMLP, has_minibatches
from skinit.estimators.problem import is_fitted
from skinit.estimators.targets import make_number_target
from skinit.estimators.twin import make_twin


class InitMLPRegressor(RegressorMixin, BaseInitMLP):
    """Multi-layer perceptron regressor with a choice of weight initialization.

    It has the parameters and the behaviour of scikit-learn's
    :class:`~sklearn.neural_network.MLPRegressor`, plus one parameter: `init`.

    Parameters
    ----------
    loss : {"squared_error", "poisson"}, default="squared_error"
        Half the squared error, or half the Poisson deviance for targets of 0 or more, such as
        counts. With "poisson" the outputs are logarithms of what is predicted.

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
        that are built in: orthogonal hidden layers, outputs near the mean of y (see
        :class:`~skinit.initializers.Isometric`). "sklearn" is what MLPRegressor does.

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
        Whether to stop when R² on a validation set no longer improves by `tol` for
        `n_iter_no_change` epochs, and keep the best weights. The set is `X_val`, or else a random
        `validation_fraction` of the rows. Not used by "lbfgs".

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
        R² on the validation set after every epoch, weighted by the sample weights of its rows (of
        `X_val`: by `sample_weight_val`); None without early stopping.

    validation_loss_curve_ : list of float or None
        Loss on the validation set after every epoch, weighted likewise and without the penalty;
        None without early stopping.

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
        Output activation, "identity" or, with the loss "poisson", "exp".

    See Also
    --------
    sklearn.neural_network.MLPRegressor : The same without `init`.
    sklearn.compose.TransformedTargetRegressor : Scales the targets for a regressor.

    Notes
    -----
    A row of sample weight 0 is treated as absent, in batches and validation split too.

    Targets are taken as they are. Steps of training do not depend on their scale, so that targets
    of a large or tiny scale should be standardized: see the example.

    With several outputs and the loss "squared_error", the losses are means over the outputs while
    training follows the gradient of their sums, as in MLPRegressor [4]_: the printed loss of m
    outputs is 1/m of the one that is minimized.

    References
    ----------
    .. [1] Glorot & Bengio (2010), Understanding the difficulty of training deep feedforward
       neural networks.
    .. [2] He et al. (2015), Delving deep into rectifiers, arXiv:1502.01852.
    .. [3] Kingma & Ba (2015), Adam, arXiv:1412.6980.
    .. [4] https://github.com/scikit-learn/scikit-learn/issues/8349

    Examples
    --------
    >>> from sklearn.compose import TransformedTargetRegressor
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skinit import InitMLPRegressor
    >>> X, y = load_diabetes(return_X_y=True, scaled=False)
    >>> X = StandardScaler().fit_transform(X)
    >>> reg = InitMLPRegressor(hidden_layer_sizes=(8,), init="he", max_iter=1000, random_state=0)
    >>> reg = TransformedTargetRegressor(reg, transformer=StandardScaler())
    >>> reg.fit(X, y).score(X, y) > 0.4
    True
    """

    _parameter_constraints: dict = {
        "loss": [StrOptions({"squared_error", "poisson"})],
        **BaseInitMLP._parameter_constraints,
    }

    def __init__(
        self,
        loss="squared_error",
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
        row_space="auto",
        engine="auto",
    ):
        self.loss = loss
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
            Targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, not negative. 0 leaves a row out.
        X_val : {array-like, sparse matrix} of shape (n_val, n_features), default=None
            A validation set for early stopping, in place of a share of the rows. In a pipeline it
            is transformed as X is with ``Pipeline(..., transform_input=["X_val"])``.
        y_val : array-like of shape (n_val,) or (n_val, n_outputs), default=None
            Its targets.
        sample_weight_val : array-like of shape (n_val,), default=None
            Its weights.

        Returns
        -------
        self : InitMLPRegressor
            The fitted estimator.

        Raises
        ------
        ValueError
            For wrong input, such as negative targets with the loss "poisson", and where training
            diverges. The estimator is then what it was before the call.

        Warns
        -----
        InitializationWarning
            For a start that cannot learn: without any gradient, with units that are copies, or
            with targets of a scale that is out of reach.
        ConvergenceWarning
            When `max_iter` ends the training.
        """
        if self.warm_start:
            self._check_loss()
        return self._fit(X, y, sample_weight, (X_val, y_val, sample_weight_val))

    @available_if(has_minibatches)
    @fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, sample_weight=None):
        """Train one more epoch on the given rows.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Training rows.
        y : array-like of shape (n_samples,) or (n_samples, n_outputs)
            Their targets.
        sample_weight : array-like of shape (n_samples,), default=None
            Weights of the rows, not negative.

        Returns
        -------
        self : InitMLPRegressor
            The estimator, one epoch further.

        Raises
        ------
        ValueError
            With early stopping, for wrong input, and where training diverges.
        AttributeError
            With the solver "lbfgs".
        """
        self._refuse_early_stopping()
        self._check_loss()
        return self._fit(X, y, sample_weight, partial=True)

    def _check_loss(self) -> None:
        """Raise where training would go on with another loss: outputs would mean something else."""
        if is_fitted(self) and self._state.target.loss_name != self.loss:
            raise ValueError(
                "warm_start and partial_fit go on with the loss of the previous call to fit, "
                f"{self._state.target.loss_name!r}, got {self.loss!r}. Use a fresh estimator."
            )

    def _make_target(self, y):
        return make_number_target(y, self.loss)

    def predict(self, X):
        """Predict targets.

        Parameters
        ----------
        X : {array-like, sparse matrix} of shape (n_samples, n_features)
            Rows.

        Returns
        -------
        ndarray of shape (n_samples,) or (n_samples, n_outputs)
            Expected values.
        """
        raw = self._raw_outputs(X)
        return self._state.target.predict(raw)

    def to_sklearn(self) -> MLPRegressor:
        """Return a fitted MLPRegressor with these weights, for tools that know that class.

        Returns
        -------
        sklearn.neural_network.MLPRegressor
            It predicts the same and can be trained further. ``batch_size="full"`` becomes the
            number of rows of the last fit.

        Raises
        ------
        NotFittedError
            Before ``fit``.
        ValueError
            For an activation that MLPRegressor does not have.
        """
        return make_twin(self, MLPRegressor)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        tags.target_tags.positive_only = self.loss == "poisson"
        # scikit-learn's check for several outputs has negative targets.
        tags.target_tags.multi_output = not tags.target_tags.positive_only
        return tags
