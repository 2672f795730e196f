"""Between skinit and PyTorch: fitted networks as modules, and our initializers for any module."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from sklearn.utils.multiclass import type_of_target
from sklearn.utils.validation import check_is_fitted

from skinit._random import draw_seed
from skinit._wording import ask_to_install, join_words
from skinit.activations import NEGATIVE_SLOPE, Activation, get_activation, is_built_in
from skinit.estimators import InitMLPClassifier, InitMLPRegressor
from skinit.initializers import InitContext, resolve_init
from skinit.initializers.sampling import draw_batch, sample_layer

if TYPE_CHECKING:
    from torch import Tensor, nn

__all__ = ["initialize_", "to_torch"]

# The class of torch.nn for each activation, and its parameters.
TORCH_ACTIVATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "identity": ("Identity", {}),
    "logistic": ("Sigmoid", {}),
    "tanh": ("Tanh", {}),
    "relu": ("ReLU", {}),
    "leaky_relu": ("LeakyReLU", {"negative_slope": NEGATIVE_SLOPE}),
    "elu": ("ELU", {"alpha": 1.0}),
    "selu": ("SELU", {}),
    "gelu": ("GELU", {"approximate": "none"}),
    "silu": ("SiLU", {}),
    "softplus": ("Softplus", {"beta": 1.0}),
    "mish": ("Mish", {}),
}
# What a network may have before, between and after its layers without becoming another network.
PASSIVE = ("Identity", "Flatten", "Dropout", "AlphaDropout")
OUTPUTS = ("Sigmoid", "Softmax", "LogSoftmax", "LogSigmoid")


def to_torch(estimator) -> nn.Sequential:
    """Return a fitted estimator as a module of PyTorch.

    It returns raw outputs, as the losses of PyTorch expect them: ``sigmoid`` makes probabilities of
    two classes or of labels, ``softmax`` of more classes, and ``exp`` makes predictions of the
    loss "poisson".

    Parameters
    ----------
    estimator : InitMLPClassifier or InitMLPRegressor
        Fitted.

    Returns
    -------
    torch.nn.Sequential
        Linear layers and activations, in the dtype of the estimator's weights, which are copied.

    Raises
    ------
    ModuleNotFoundError
        Without torch.
    NotFittedError
        Before ``fit``.
    ValueError
        For an activation that torch.nn does not have.

    Examples
    --------
    >>> import pytest
    >>> torch = pytest.importorskip("torch")
    >>> from sklearn.datasets import load_iris
    >>> from skinit import InitMLPClassifier, to_torch
    >>> X, y = load_iris(return_X_y=True)
    >>> network = InitMLPClassifier((8,), "tanh", solver="lbfgs", max_iter=1000, random_state=0)
    >>> network = network.fit(X, y)
    >>> p = torch.softmax(to_torch(network)(torch.from_numpy(X)), dim=1)
    >>> bool(np.allclose(p.detach(), network.predict_proba(X)))
    True
    """
    torch = _import_torch()
    check_is_fitted(estimator)
    activation = get_activation(estimator.activation)
    if not is_built_in(activation, TORCH_ACTIVATIONS):
        raise ValueError(
            f"torch.nn has no activation {activation.name!r} like this one, only "
            f"{join_words(map(repr, TORCH_ACTIVATIONS))}."
        )
    name, params = TORCH_ACTIVATIONS[activation.name]
    modules: list[nn.Module] = []
    for W, b in zip(estimator.coefs_, estimator.intercepts_, strict=True):
        linear = torch.nn.utils.skip_init(
            torch.nn.Linear, *W.shape, dtype=torch.from_numpy(W).dtype
        )
        _fill(linear, W, b)
        modules += [linear, getattr(torch.nn, name)(**params)]
    return torch.nn.Sequential(*modules[:-1])


def initialize_(
    module: nn.Module,
    init="auto",
    inputs=None,
    *,
    activation: str | Activation | None = None,
    random_state=None,
) -> nn.Module:
    """Start the Linear layers of a PyTorch module by an initializer of skinit, in place.

    All other layers stay as they are. A plain multilayer perceptron starts from the weights that
    InitMLPClassifier starts from with the same `init`, `inputs` and `random_state`, unless the
    initializer looks at the targets.

    Parameters
    ----------
    module : torch.nn.Module
        With one or more layers of the class torch.nn.Linear.
    init : str, Initializer, callable or sequence, default="auto"
        As of InitMLPClassifier; a sequence has one entry per Linear layer.
    inputs : tensor or array-like of shape (n_samples, ...), default=None
        Rows of the training data, for initializers that look at what arrives at a layer. They also
        tell the order of the layers, which without them is that of their definition. The module
        is called with up to 256 of them, as for evaluation.
    activation : str or Activation, default=None
        What follows each Linear layer except the last. None looks for the activations of the
        module, which must be of one kind.
    random_state : int, RandomState instance or None, default=None
        The seed of all weights.

    Returns
    -------
    torch.nn.Module
        The module itself.

    Raises
    ------
    ModuleNotFoundError
        Without torch.
    ValueError
        For a module without Linear layers, layers that the inputs do not reach, an activation that
        cannot be found, and wherever the initializer itself refuses.

    Notes
    -----
    Layers without a bias stay without one, also where the initializer draws biases.

    Examples
    --------
    >>> import pytest
    >>> nn = pytest.importorskip("torch").nn
    >>> from skinit import initialize_
    >>> module = nn.Sequential(nn.Linear(4, 32), nn.Tanh(), nn.Linear(32, 3))
    >>> module = initialize_(module, "nguyen_widrow", random_state=0)
    >>> sizes = module[0].weight.norm(dim=1)  # units differ in direction alone
    >>> bool((sizes.max() - sizes.min()) < 1e-5)
    True
    """
    _check_module(module, "initialize_")
    seed = draw_seed(random_state)
    linears = _find_linears(module)
    batch, weights = None, None
    if inputs is not None:
        batch, weights = _draw_batch(inputs, seed)
        linears = _put_in_order(linears, module, batch)
    _check_shapes(linears)
    hidden = get_activation(activation or _find_activation(module, len(linears)))
    initializers = resolve_init(init, len(linears), hidden)
    for i, (linear, initializer) in enumerate(zip(linears.values(), initializers, strict=True)):
        name = hidden.name if i < len(linears) - 1 else "identity"
        context = InitContext(i, len(linears), name, hidden)
        if batch is not None and initializer.data_dependent:
            rows = _call(module, batch, [linear])[linear]
            rows_of_one = len(rows) // len(batch)
            weight = None if weights is None else np.repeat(weights, rows_of_one)
            context = replace(context, inputs=rows, sample_weight=weight)
        W, b = sample_layer(initializer, linear.in_features, linear.out_features, seed, context)
        _fill(linear, W, b)
    return module


def make_estimator(module: nn.Module, y) -> InitMLPClassifier | InitMLPRegressor:
    """Return an estimator that starts from the weights of a module, for `skinit.diagnose`.

    Parameters
    ----------
    module : torch.nn.Sequential
        Linear layers with activations of one kind between them. Dropout is left out, and so is what
        makes probabilities of the outputs.
    y : array-like
        Targets: numbers with fractions make a regressor.

    Raises
    ------
    ValueError
        For any other module.
    """
    torch = _import_torch()
    parts = list(module) if isinstance(module, torch.nn.Sequential) else [module]
    names = [type(part).__name__ for part in parts]
    while names and names[-1] in OUTPUTS:
        parts, names = parts[:-1], names[:-1]
    known = {"Linear", *PASSIVE, *(name for name, _ in TORCH_ACTIVATIONS.values())}
    odd = [name for name in names if name not in known]
    if odd or "Linear" not in names:
        raise ValueError(
            "diagnose reads a torch.nn.Sequential of Linear layers with activations between them"
            + (f", and cannot read {join_words(dict.fromkeys(odd))}." if odd else ".")
        )
    linears = [part for part in parts if isinstance(part, torch.nn.Linear)]
    _check_shapes(dict(enumerate(linears)))
    layers = [_read(linear) for linear in linears]
    is_numbers = type_of_target(y).startswith("continuous")
    if not is_numbers and len(np.unique(y)) == 2 and layers[-1][0].shape[1] == 2:
        W, b = layers[-1]  # of two classes, only the difference of the outputs counts
        layers[-1] = W[:, 1:] - W[:, :1], b[1:] - b[:1]
    kind = InitMLPRegressor if is_numbers else InitMLPClassifier
    return kind(
        hidden_layer_sizes=tuple(linear.out_features for linear in linears[:-1]),
        activation=_find_activation(torch.nn.Sequential(*parts), len(linears)),
        init=layers,
    )


def is_torch(thing) -> bool:
    """Whether something is a module of PyTorch, which is not imported to find out."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(thing, torch.nn.Module)


def _import_torch():
    try:
        import torch
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            f"This needs {ask_to_install('torch', 'torch')}", name="torch"
        ) from error
    return torch


def _check_module(module, function: str) -> None:
    torch = _import_torch()
    if not isinstance(module, torch.nn.Module):
        raise TypeError(f"{function} needs a torch.nn.Module, got {type(module).__name__}.")


def _find_linears(module: nn.Module) -> dict[str, nn.Linear]:
    """Return the Linear layers by their names, in the order of their definition."""
    torch = _import_torch()
    linears = {
        name: part for name, part in module.named_modules() if isinstance(part, torch.nn.Linear)
    }
    if not linears:
        raise ValueError("The module has no layer of the class torch.nn.Linear.")
    return linears


def _check_shapes(linears) -> None:
    torch = _import_torch()
    for name, linear in linears.items():
        if torch.nn.parameter.is_lazy(linear.weight):
            raise ValueError(f"The layer {name!r} has no shape yet: give `inputs`.")


def _draw_batch(inputs, seed: int) -> tuple[Tensor, np.ndarray | None]:
    """Return up to 256 rows, those that an estimator would look at, and their weights."""
    torch = _import_torch()
    inputs = torch.as_tensor(inputs).detach().cpu()
    if inputs.ndim < 2 or not len(inputs):
        raise ValueError(f"`inputs` needs the shape (n_samples, ...), got {tuple(inputs.shape)}.")
    rows, weights = draw_batch(inputs.reshape(len(inputs), -1).numpy(), None, seed)
    batch = torch.from_numpy(rows).reshape(len(rows), *inputs.shape[1:])
    return batch if inputs.is_floating_point() else batch.to(inputs.dtype), weights


def _put_in_order(linears, module, batch: Tensor) -> dict[str, nn.Linear]:
    """Return the Linear layers in the order in which the inputs reach them."""
    reached = _call(module, batch, linears.values())
    missed = [name for name, linear in linears.items() if linear not in reached]
    if missed:
        raise ValueError(f"The inputs do not reach the layers {join_words(map(repr, missed))}.")
    names = {linear: name for name, linear in linears.items()}
    return {names[linear]: linear for linear in reached}


def _call(module: nn.Module, batch: Tensor, linears) -> dict[nn.Linear, np.ndarray]:
    """Call the module as for evaluation; return what arrives at layers, (n, fan_in) each."""
    torch = _import_torch()
    arrived: dict[nn.Linear, np.ndarray] = {}

    def keep(linear, arguments, named):
        (rows,) = arguments or named.values()
        rows = rows.reshape(-1, rows.shape[-1])
        arrived.setdefault(linear, rows.to("cpu", torch.float64).numpy())

    hooks = [linear.register_forward_pre_hook(keep, with_kwargs=True) for linear in linears]
    with _evaluation(module), torch.no_grad():
        try:
            module(_fit_in(batch, module))
        finally:
            for hook in hooks:
                hook.remove()
    return arrived


def _fit_in(batch: Tensor, module: nn.Module) -> Tensor:
    """Return the rows where the module is, and numbers with fractions in its dtype."""
    parameter = next(module.parameters())
    return batch.to(parameter if batch.is_floating_point() else parameter.device)


@contextmanager
def _evaluation(module: nn.Module) -> Iterator[None]:
    """Switch dropout and the like off for a while."""
    training = [part for part in module.modules() if part.training]
    module.train(False)  # as for evaluation
    try:
        yield
    finally:
        for part in training:
            part.training = True


def _find_activation(module: nn.Module, n_linears: int) -> str:
    """Return the name of the activation of a module's hidden layers."""
    torch = _import_torch()
    found: dict[str, str | None] = {}
    for part in module.modules():
        for name, (kind, params) in TORCH_ACTIVATIONS.items():
            if type(part) is getattr(torch.nn, kind) and kind not in PASSIVE:
                same = all(getattr(part, key) == value for key, value in params.items())
                found[repr(part)] = name if same else None
    if n_linears == 1:
        return "identity"
    known = list(found.values())
    if len(known) == 1 and known[0]:
        return known[0]
    seen = join_words(found) if found else "none that is a module"
    raise ValueError(
        f"The activation of the hidden layers is not clear: the module has {seen}. Give its name "
        "(activation='relu') or an Activation."
    )


def _read(linear: nn.Linear) -> tuple[np.ndarray, np.ndarray]:
    """Return weights of shape (fan_in, fan_out) and biases, zeros where a layer has none."""
    W = linear.weight.detach().cpu().double().numpy().T
    b = linear.bias
    return W, np.zeros(W.shape[1]) if b is None else b.detach().cpu().double().numpy()


def _fill(linear: nn.Linear, W: np.ndarray, b: np.ndarray) -> None:
    """Write weights of shape (fan_in, fan_out) and biases into a layer."""
    torch = _import_torch()
    with torch.no_grad():
        linear.weight.copy_(torch.from_numpy(np.ascontiguousarray(W.T)))
        if linear.bias is not None:
            linear.bias.copy_(torch.from_numpy(b))
