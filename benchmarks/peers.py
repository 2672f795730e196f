"""The same training in skinit, scikit-learn, torch, skorch and jax, from the same weights.

Each function prepares a `Fit` and returns a function without arguments that trains and returns
the layers; only the latter is timed. Preparing holds what a user would not do for every fit.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial

import numpy as np

from benchmarks.harness import Measurement, clock
from benchmarks.work import Fit, Layers, batches, log_loss

Training = Callable[[], Layers | None]


def measure(prepare: Callable[[Fit], Training], fit: Fit) -> Measurement:
    """Return the seconds of a training and the loss reached; prepared outside of the clock."""
    seconds, layers = clock(prepare(fit))
    return Measurement(seconds, None if layers is None else log_loss(fit, layers))


def parameters(fit: Fit) -> dict:
    """Return what skinit and scikit-learn are told alike: all epochs, no early stop."""
    return {
        "hidden_layer_sizes": fit.hidden,
        "activation": fit.activation,
        "solver": fit.solver,
        "alpha": fit.alpha,
        "batch_size": min(fit.rows_per_batch, fit.n_rows),
        "learning_rate_init": fit.learning_rate,
        "max_iter": fit.epochs,
        "shuffle": fit.shuffle,
        "momentum": 0,
        "nesterovs_momentum": False,
        "tol": 0,
        "n_iter_no_change": np.inf,
        "random_state": 0,
    }


def _train_estimator(estimator, fit: Fit) -> Layers:
    estimator.fit(fit.X, fit.y)
    return list(zip(estimator.coefs_, estimator.intercepts_, strict=True))


def skinit(fit: Fit, engine: str = "numpy") -> Training:
    """Prepare InitMLPClassifier, or for numbers InitMLPRegressor, and compile what it needs."""
    from skinit import InitMLPClassifier, InitMLPRegressor
    from skinit.engine.warmup import warm_up

    if engine == "compiled":
        warm_up(fit.dtype)
    Network = InitMLPRegressor if fit.of_numbers else InitMLPClassifier
    network = Network(init=fit.start(), engine=engine, **parameters(fit))
    return partial(_train_estimator, network, fit)


def skinit_stack(k: int, fit: Fit) -> Training:
    """Prepare ``k`` networks that skinit trains together; the layers are those of the first."""
    from skinit import InitMLPClassifier
    from skinit.estimators.base import fit_stack

    networks = [InitMLPClassifier(init=fit.start(j), **parameters(fit)) for j in range(k)]

    def train():
        fit_stack(networks, fit.X, fit.y)
        return list(zip(networks[0].coefs_, networks[0].intercepts_, strict=True))

    return train


def sklearn(fit: Fit) -> Training:
    """Prepare MLPClassifier or MLPRegressor, which start from the given weights."""
    from sklearn.neural_network import MLPClassifier, MLPRegressor

    class Started(MLPRegressor if fit.of_numbers else MLPClassifier):
        def _init_coef(self, fan_in, fan_out, dtype):
            return next(start)

    start = iter(fit.start())
    return partial(_train_estimator, Started(**parameters(fit)), fit)


def sklearn_stack(k: int, fit: Fit) -> Training:
    """Prepare ``k`` networks that scikit-learn trains one after the other."""
    trainings = [sklearn(fit) for _ in range(k)]

    def train_all():
        first, *_ = [train() for train in trainings]
        return first

    return train_all


# --- torch ------------------------------------------------------------------------------------


def torch_network(fit: Fit, layers: Layers):
    """Return a torch module with these weights."""
    import torch
    from torch import nn

    modules = []
    for W, b in layers:
        linear = nn.Linear(*W.shape, dtype=getattr(torch, fit.dtype))
        linear.weight.data.copy_(torch.from_numpy(W.T))
        linear.bias.data.copy_(torch.from_numpy(b))
        modules += [linear, {"relu": nn.ReLU, "tanh": nn.Tanh}[fit.activation]()]
    return nn.Sequential(*modules[:-1])


def _layers_of_torch(network) -> Layers:
    return [
        (linear.weight.detach().numpy().T, linear.bias.detach().numpy()) for linear in network[::2]
    ]


def _torch_optimizer(fit, network, **options):
    """Weights feel the penalty and biases do not, as in scikit-learn."""
    import torch

    decayed = {
        "params": [linear.weight for linear in network[::2]],
        "weight_decay": fit.alpha / fit.rows_per_batch,
    }
    free = {"params": [linear.bias for linear in network[::2]]}
    rule = {"adam": torch.optim.Adam, "sgd": torch.optim.SGD}[fit.solver]
    return rule([decayed, free], lr=fit.learning_rate, **options)


def torch(fit: Fit, **options) -> Training:
    """Prepare a plain training loop; ``options`` go to the optimizer."""
    import torch

    network = torch_network(fit, fit.start())
    optimizer = _torch_optimizer(fit, network, **options)
    one_output = fit.targets.shape[1] == 1
    loss = _torch_loss(fit, one_output)

    def train():
        X = torch.from_numpy(fit.X)
        y = torch.from_numpy(fit.targets if one_output else fit.y)
        for _ in range(fit.epochs):
            for X_batch, y_batch in _torch_batches(fit, X, y):
                optimizer.zero_grad()
                loss(network(X_batch), y_batch).backward()
                optimizer.step()
        return _layers_of_torch(network)

    return train


def _torch_loss(fit, one_output):
    import torch

    if fit.of_numbers:
        return lambda outputs, y: torch.nn.functional.mse_loss(outputs, y) / 2
    return torch.nn.BCEWithLogitsLoss() if one_output else torch.nn.CrossEntropyLoss()


def _torch_batches(fit, X, y):
    import torch

    if not fit.shuffle:
        return zip(X.split(fit.rows_per_batch), y.split(fit.rows_per_batch), strict=True)
    return ((X[rows], y[rows]) for rows in torch.randperm(len(X)).split(fit.rows_per_batch))


def skorch(fit: Fit) -> Training:
    """Prepare skorch's estimator, for more than two classes and Adam."""
    import torch
    from skorch import NeuralNetClassifier

    network = torch_network(fit, fit.start())
    estimator = NeuralNetClassifier(
        network,
        criterion=torch.nn.CrossEntropyLoss,
        optimizer=torch.optim.Adam,
        optimizer__param_groups=[
            ("*.weight", {"weight_decay": fit.alpha / fit.rows_per_batch}),
        ],
        lr=fit.learning_rate,
        batch_size=fit.rows_per_batch,
        max_epochs=fit.epochs,
        iterator_train__shuffle=fit.shuffle,
        train_split=None,
        verbose=0,
    )

    def train():
        estimator.fit(fit.X, fit.y)
        return _layers_of_torch(estimator.module_)

    return train


# --- jax --------------------------------------------------------------------------------------


def jax_outputs(activation: str) -> Callable:
    """Return the function of (layers, X) that gives a network's raw outputs."""
    import jax

    hidden_activation = {"relu": jax.nn.relu, "tanh": jax.numpy.tanh}[activation]

    def outputs(layers, X):
        *hidden, (W, b) = layers
        for W_hidden, b_hidden in hidden:
            X = hidden_activation(X @ W_hidden + b_hidden)
        return X @ W + b

    return outputs


def _jax_loss(fit) -> Callable:
    """Return the mean log loss of a batch with the L2 penalty."""
    import jax
    from jax import numpy as jnp

    outputs, one_output = jax_outputs(fit.activation), fit.targets.shape[1] == 1

    def loss(layers, X, y):
        z = outputs(layers, X)
        per_output = jnp.logaddexp(0, z) - y * z if one_output else -y * jax.nn.log_softmax(z)
        penalty = sum(jnp.vdot(W, W) for W, _ in layers) * (fit.alpha / 2)
        return (per_output.sum() + penalty) / len(y)

    return loss


def _jax_adam_step(fit) -> Callable:
    """Return the function of (state, X, y) that moves one network once."""
    import jax
    from jax import numpy as jnp

    gradient_of = jax.grad(_jax_loss(fit))
    each = jax.tree_util.tree_map

    def step(state, X, y):
        layers, means, squares, t = state
        gradient, t = gradient_of(layers, X, y), t + 1
        means = each(lambda m, g: 0.9 * m + 0.1 * g, means, gradient)
        squares = each(lambda v, g: 0.999 * v + 0.001 * g * g, squares, gradient)
        rate = fit.learning_rate * jnp.sqrt(1 - 0.999**t) / (1 - 0.9**t)
        layers = each(
            lambda w, m, v: w - (rate * m / (jnp.sqrt(v) + 1e-8)).astype(w.dtype),
            layers,
            means,
            squares,
        )
        return layers, means, squares, t

    return step


@lru_cache
def _jax_epoch(fit, n_rows) -> Callable:
    """Return the jitted function of (states, X, y, order) that trains a stack for one epoch."""
    import jax

    step = jax.vmap(_jax_adam_step(fit), in_axes=(0, None, None))
    batch_size = min(fit.rows_per_batch, n_rows)
    n_whole = n_rows // batch_size * batch_size

    def epoch(states, X, y, order):
        def on_batch(states, rows):
            return step(states, X[rows], y[rows]), None

        whole = order[:n_whole].reshape(-1, batch_size)
        states, _ = jax.lax.scan(on_batch, states, whole)
        return states if n_whole == n_rows else on_batch(states, order[n_whole:])[0]

    return jax.jit(epoch)


def jax_stack(
    fit: Fit, starts: list[Layers], rows: np.ndarray, make_epoch=_jax_epoch
) -> Callable[..., Layers]:
    """Return a function of a number of epochs that trains a stack on some of the rows.

    The layers that it returns have one more axis than a network's, the first, for the stack.
    """
    import jax
    from jax import numpy as jnp

    jax.config.update("jax_enable_x64", True)
    layers = jax.tree_util.tree_map(lambda *members: jnp.stack(members), *starts)
    zeros = jax.tree_util.tree_map(jnp.zeros_like, layers)
    first = (layers, zeros, zeros, jnp.zeros(len(starts), fit.dtype))
    X, y = jnp.asarray(fit.X[rows]), jnp.asarray(fit.targets[rows])
    epoch = make_epoch(fit, len(rows))

    def train(epochs=fit.epochs):
        rng, states = np.random.default_rng(0), first
        for _ in range(epochs):
            order = rng.permutation(len(rows)) if fit.shuffle else np.arange(len(rows))
            states = epoch(states, X, y, order)
        return jax.tree_util.tree_map(np.asarray, states[0])

    return train


def _jax_one(fit: Fit, make_epoch) -> Callable[..., Layers]:
    train = jax_stack(fit, [fit.start()], np.arange(fit.n_rows), make_epoch)
    return lambda *epochs: [(W[0], b[0]) for W, b in train(*epochs)]


def jax_later_call(fit: Fit) -> Training:
    """Prepare and compile, as is paid once by who trains many networks of one shape."""
    train = _jax_one(fit, _jax_epoch)
    train(1)
    return train


def jax_first_call(fit: Fit) -> Training:
    """Prepare a function that jax has not seen: tracing and compiling are timed."""
    return _jax_one(fit, _jax_epoch.__wrapped__)


# --- the floor --------------------------------------------------------------------------------


def matrix_products(fit: Fit) -> Training:
    """Prepare the products of all forward and backward passes and nothing else.

    Written into buffers, batches as they lie in memory: what BLAS alone needs.
    """
    coefs = [W for W, _ in fit.start()]
    gradients = [np.empty_like(W) for W in coefs]
    outputs = [np.ones((fit.rows_per_batch, W.shape[1]), fit.dtype) for W in coefs]
    deltas = [np.empty_like(output) for output in outputs]

    def train():
        for _ in range(fit.epochs):
            for rows in batches(fit):
                n = rows.stop - rows.start
                inputs = [fit.X[rows], *(output[:n] for output in outputs)]
                for W, a, z in zip(coefs, inputs[:-1], inputs[1:], strict=True):
                    np.matmul(a, W, out=z)
                for layer in range(len(coefs) - 1, -1, -1):
                    delta = inputs[-1] if layer == len(coefs) - 1 else deltas[layer][:n]
                    np.matmul(inputs[layer].T, delta, out=gradients[layer])
                    if layer:
                        np.matmul(delta, coefs[layer].T, out=deltas[layer - 1][:n])

    return train
