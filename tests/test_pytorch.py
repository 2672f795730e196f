"""Modules of PyTorch, run by torch."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from sklearn.datasets import load_iris
from sklearn.exceptions import NotFittedError

from skinit import (
    InitMLPClassifier,
    InitMLPRegressor,
    diagnose,
    get_initializer,
    initialize_,
    list_initializers,
    to_torch,
)
from skinit.activations import ACTIVATIONS, get_activation
from skinit.pytorch import TORCH_ACTIVATIONS
from tests.estimators.estimator_cases import make_square

torch = pytest.importorskip("torch", reason="what is tested needs it")
nn = torch.nn

pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::skinit.InitializationWarning"),
]

X, y = load_iris(return_X_y=True)
X = (X - X.mean(0)) / X.std(0)
SIZES = (16, 12)


def fit(kind=InitMLPClassifier, y=y, X=X, **params):
    params = {"hidden_layer_sizes": SIZES, "solver": "lbfgs", "max_iter": 20} | params
    return kind(random_state=0, **params).fit(X, y)


def make_module(activation="tanh", dtype=torch.float64, n_outputs=3):
    """Return a multilayer perceptron with the activation after each hidden layer."""
    kind, params = TORCH_ACTIVATIONS[activation]
    parts = []
    for a, b in zip((4, *SIZES), (*SIZES, n_outputs), strict=True):
        parts += [nn.Linear(a, b, dtype=dtype), getattr(nn, kind)(**params)]
    return nn.Sequential(*parts[:-1])


def weights_of(module):
    """Return (W, b) of each Linear layer, W of shape (fan_in, fan_out)."""
    return [
        (part.weight.detach().numpy().T, part.bias.detach().numpy())
        for part in module.modules()
        if isinstance(part, nn.Linear)
    ]


def first_weights(init, activation="tanh", X=X):
    """Return what an estimator starts from: a training without a step."""
    start = InitMLPClassifier(SIZES, activation, init=init, random_state=7)
    start.set_params(solver="sgd", learning_rate_init=1e-300, momentum=0, alpha=0, max_iter=1)
    start.fit(X, np.arange(len(X)) % 3)
    return list(zip(start.coefs_, start.intercepts_, strict=True))


@pytest.mark.parametrize("activation", ACTIVATIONS.names())
def test_to_torch_gives_the_probabilities(activation):
    network = fit(activation=activation)
    outputs = to_torch(network)(torch.from_numpy(X))
    p = torch.softmax(outputs, dim=1).detach()
    np.testing.assert_allclose(p, network.predict_proba(X), atol=1e-7)  # softplus of torch: 2e-9


def test_to_torch_of_two_classes_labels_and_numbers():
    two = fit(y=y > 0)
    p = torch.sigmoid(to_torch(two)(torch.from_numpy(X)))[:, 0].detach()
    np.testing.assert_allclose(p, two.predict_proba(X)[:, 1], atol=1e-12)

    labels = fit(y=np.c_[y > 0, y > 1].astype(int))
    p = torch.sigmoid(to_torch(labels)(torch.from_numpy(X))).detach()
    np.testing.assert_allclose(p, labels.predict_proba(X), atol=1e-12)

    numbers = fit(InitMLPRegressor, X[:, :2])
    outputs = to_torch(numbers)(torch.from_numpy(X)).detach()
    np.testing.assert_allclose(outputs, numbers.predict(X), atol=1e-12)

    counts = fit(InitMLPRegressor, y.astype(float), loss="poisson")
    outputs = to_torch(counts)(torch.from_numpy(X)).exp()[:, 0].detach()
    np.testing.assert_allclose(outputs, counts.predict(X), rtol=1e-12)


def test_to_torch_copies_weights_and_keeps_single_precision():
    network = fit(X=X.astype(np.float32), hidden_layer_sizes=())
    module = to_torch(network)
    assert [parameter.dtype for parameter in module.parameters()] == [torch.float32] * 2
    before = network.coefs_[0].copy()
    with torch.no_grad():
        module[0].weight.zero_()
    np.testing.assert_array_equal(network.coefs_[0], before)


@pytest.mark.parametrize("name", ["square", "relu"])
def test_to_torch_refuses_an_activation_of_the_user_whatever_its_name(name):
    with pytest.raises(ValueError, match=f"torch.nn has no activation '{name}' like this one"):
        to_torch(fit(activation=make_square(name)))


def test_to_torch_before_fit_and_without_torch(monkeypatch):
    with pytest.raises(NotFittedError):
        to_torch(InitMLPClassifier())
    network = fit()
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install \"skinit\[torch\]\""):
        to_torch(network)


NOT_FOR_ALL = {"prior_bias"}  # it looks at the targets


@pytest.mark.parametrize("name", sorted({*list_initializers()["name"]} - NOT_FOR_ALL))
def test_initialize_starts_a_perceptron_where_the_estimator_starts(name):
    for activation in ("tanh", "relu"):
        if not get_initializer(name).accepts(get_activation(activation)):
            with pytest.raises(ValueError, match="not made for"):
                initialize_(make_module(activation), name, X, random_state=7)
            continue
        expected = first_weights(name, activation)
        module = initialize_(make_module(activation), name, X, random_state=7)
        for (W, b), (expected_W, expected_b) in zip(weights_of(module), expected, strict=True):
            np.testing.assert_allclose(W, expected_W, rtol=0, atol=1e-10)
            np.testing.assert_allclose(b, expected_b, rtol=0, atol=1e-10)


@pytest.mark.parametrize("n_copies", [1, 4])
def test_initialize_looks_at_the_rows_that_the_estimator_looks_at(n_copies):
    rng = np.random.default_rng(0)
    many = np.repeat(rng.standard_normal((150 if n_copies > 1 else 600, 4)), n_copies, axis=0)
    module = initialize_(make_module(), "lsuv", many, random_state=7)
    for (W, _), (expected, _) in zip(
        weights_of(module), first_weights("lsuv", X=many), strict=True
    ):
        np.testing.assert_allclose(W, expected, rtol=0, atol=1e-10)


class Residual(nn.Module):
    """Defines its layers in another order than it calls them, and hides its activation."""

    def __init__(self):
        super().__init__()
        self.last = nn.Linear(32, 2, bias=False)
        self.convolution = nn.Conv1d(1, 8, 3, padding=1)
        self.first = nn.Linear(8, 32)
        self.middle = nn.Linear(32, 32)
        self.dropout = nn.Dropout(0.9)

    def forward(self, x):
        z = self.convolution(x[:, None, :]).transpose(1, 2)  # (n, positions, 8)
        z = torch.relu(self.first(z))
        return self.last(self.dropout(z + torch.relu(self.middle(z))).mean(1))


def test_initialize_any_module():
    torch.manual_seed(0)
    module, x = Residual().train(), torch.randn(300, 4)
    module.middle.eval()
    kernels = module.convolution.weight.detach().clone()
    assert initialize_(module, "lsuv", x, activation="relu", random_state=0) is module

    torch.testing.assert_close(module.convolution.weight.detach(), kernels)
    assert module.training and module.dropout.training and not module.middle.training
    assert module.last.bias is None
    assert not any(part._forward_pre_hooks for part in module.modules())

    arrived = {}
    for name in ("first", "middle", "last"):
        getattr(module, name).register_forward_hook(
            lambda part, args, z, name=name: arrived.update({name: z})
        )
    module.eval()(x)
    for name, z in arrived.items():  # what LSUV promises: unit variance in every layer
        assert z.detach().std().item() == pytest.approx(1, rel=0.15), name


def test_initialize_without_inputs_follows_the_definition():
    module = initialize_(Residual(), ["zeros", "he", "zeros"], activation="relu")
    assert not module.last.weight.any() and not module.middle.weight.any()
    assert module.first.weight.std().item() == pytest.approx((2 / 8) ** 0.5, rel=0.2)
    with_inputs = initialize_(
        Residual(), ["zeros", "he", "zeros"], torch.randn(5, 4), activation="relu"
    )
    assert not with_inputs.first.weight.any() and with_inputs.middle.weight.any()


def test_initialize_keeps_dtype_and_reads_arrays():
    module = initialize_(make_module(dtype=torch.float32), "lsuv", X.tolist(), random_state=0)
    assert module[0].weight.dtype == torch.float32 and module[0].weight.requires_grad


def test_initialize_shapes_lazy_layers_by_the_inputs():
    lazy = nn.Sequential(nn.LazyLinear(5), nn.ReLU(), nn.LazyLinear(2))
    with pytest.raises(ValueError, match="'0' has no shape yet: give `inputs`"):
        initialize_(lazy, "he")
    initialize_(lazy, "zeros", X.astype(np.float32))
    assert lazy[0].weight.shape == (5, 4) and not lazy[0].weight.any()


def test_initialize_by_embedded_whole_numbers():
    module = nn.Sequential(nn.Embedding(9, 6), nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 1))
    initialize_(module, "lsuv", torch.arange(18).reshape(6, 3) % 9, random_state=0)
    z = module[1](module[0](torch.arange(18).reshape(6, 3) % 9))
    assert z.std().item() == pytest.approx(1, rel=0.15)


class ByKeyword(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(4, 16), nn.Linear(16, 3)

    def forward(self, x):
        return self.last(input=torch.tanh(self.first(input=x)))


def test_initialize_layers_that_are_called_by_keyword():
    module = initialize_(ByKeyword(), "lsuv", X.astype(np.float32), activation="tanh")
    z = module.first(torch.as_tensor(X, dtype=torch.float32))
    assert z.std().item() == pytest.approx(1, rel=0.05)


class Unreached(Residual):
    def forward(self, x):
        return self.last(torch.relu(self.first(torch.ones(1, 8))))


WRONG = {
    "no module": (lambda: initialize_("module"), TypeError, "needs a torch.nn.Module, got str"),
    "nothing to start": (lambda: initialize_(nn.ReLU()), ValueError, "no layer of the class"),
    "hidden activation": (lambda: initialize_(Residual()), ValueError, "none that is a module"),
    "two activations": (
        lambda: initialize_(nn.Sequential(nn.Linear(1, 2), nn.ReLU(), nn.Tanh(), nn.Linear(2, 1))),
        ValueError,
        r"the module has ReLU\(\) and Tanh\(\). Give its name",
    ),
    "another slope": (
        lambda: initialize_(nn.Sequential(nn.Linear(1, 2), nn.LeakyReLU(0.2), nn.Linear(2, 1))),
        ValueError,
        r"the module has LeakyReLU\(negative_slope=0.2\)",
    ),
    "unreached": (
        lambda: initialize_(Unreached(), "he", X, activation="relu"),
        ValueError,
        "do not reach the layers 'middle'",
    ),
    "one row": (lambda: initialize_(make_module(), "he", X[0]), ValueError, r"got \(4,\)"),
    "no inputs": (lambda: initialize_(make_module(), "lsuv"), ValueError, "inputs"),
    "targets": (
        lambda: initialize_(make_module(), "prior_bias", X),
        ValueError,
        "prior_bias|Prior",
    ),
    "a name": (lambda: initialize_(make_module(), "hee"), ValueError, "Did you mean"),
    "too many": (lambda: initialize_(make_module(), ["he"]), ValueError, "1 entries"),
    "not the shape": (
        lambda: initialize_(make_module(), lambda fan_in, fan_out, rng: np.zeros((1, 1))),
        ValueError,
        "init of layer 1",
    ),
}


@pytest.mark.parametrize(("call", "kind", "message"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_started(call, kind, message):
    with pytest.raises(kind, match=message):
        call()


def test_diagnose_a_module():
    zeros = initialize_(make_module(), "zeros")
    assert diagnose(zeros, X, y).verdicts[0].code == "INIT01"
    assert not diagnose(initialize_(make_module(), random_state=0), X, y).verdicts
    tensors = torch.from_numpy(X), torch.from_numpy(y)
    assert diagnose(nn.Sequential(zeros, nn.Softmax(1))[0], *tensors).verdicts


def test_diagnose_reads_the_weights_of_the_module():
    module = initialize_(make_module("relu"), "he", random_state=3)
    network = InitMLPClassifier(SIZES, "relu", init=weights_of(module))
    dressed = nn.Sequential(nn.Flatten(), *module, nn.LogSoftmax(1))
    for candidate in (module, dressed):
        frame = diagnose(candidate, X, y).to_frame()
        np.testing.assert_allclose(frame, diagnose(network, X, y).to_frame(), rtol=1e-9)


def test_diagnose_two_outputs_of_two_classes_and_numbers():
    two = initialize_(make_module(n_outputs=2), "xavier", random_state=0)
    W, b = weights_of(two)[-1]
    one = [*weights_of(two)[:-1], (W[:, 1:] - W[:, :1], b[1:] - b[:1])]
    expected = diagnose(InitMLPClassifier(SIZES, "tanh", init=one), X, y > 0).to_frame()
    np.testing.assert_allclose(diagnose(two, X, y > 0).to_frame(), expected, rtol=1e-9)

    numbers = initialize_(make_module(n_outputs=1), "zeros")
    assert diagnose(numbers, X, X[:, 0]).verdicts[0].code == "INIT01"


@pytest.mark.parametrize(
    "module", [Residual(), nn.Sequential(nn.Linear(4, 3), nn.BatchNorm1d(3)), nn.ReLU()]
)
def test_diagnose_says_which_modules_it_reads(module):
    with pytest.raises(
        ValueError, match=r"diagnose reads a torch\.nn\.Sequential of Linear layers"
    ):
        diagnose(module, X, y)
