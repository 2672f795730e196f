from __future__ import annotations

import copy
import inspect
import math
import pickle
from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import sparse
from scipy.stats import ks_2samp, kstest
from sklearn.base import clone
from sklearn.model_selection import ParameterGrid
from sklearn.neural_network import MLPClassifier
from sklearn.utils import check_random_state

import skinit.initializers
from skinit._random import WEIGHTS, stream
from skinit.activations import ACTIVATIONS, get_activation
from skinit.initializers import (
    INITIALIZERS,
    LSUV,
    Constant,
    EdgeOfChaos,
    FromCallable,
    Given,
    Identity,
    InitContext,
    Initializer,
    Normal,
    Orthogonal,
    RandomWalk,
    Sparse,
    TruncatedNormal,
    Uniform,
    VarianceScaling,
    WithinLayer,
    get_initializer,
    list_initializers,
    register_initializer,
    resolve_init,
    sample_layers,
)

NAMES = INITIALIZERS.names()
ALIASES = [alias for name in NAMES for alias in INITIALIZERS.aliases(name)]
every_name = pytest.mark.parametrize("name", NAMES)
RELU, TANH = get_activation("relu"), get_activation("tanh")


def hidden_layer(fan_in, activation=RELU, n=2000):
    """Return the context of the middle one of three layers, with standard normal inputs."""
    inputs = np.random.default_rng(99).standard_normal((n, fan_in))
    return InitContext(1, 3, activation.name, activation, inputs)


def draw(init, fan_in=300, fan_out=200, seed=0, activation=RELU):
    context = hidden_layer(fan_in, activation)
    return get_initializer(init).sample(fan_in, fan_out, np.random.default_rng(seed), context)


def sample(init, sizes, X=None, seed=0, activation=RELU, **more):
    initializers = resolve_init(init, len(sizes) - 1, activation)
    return sample_layers(
        initializers,
        sizes,
        activation=activation,
        out_activation="logistic",
        seed=seed,
        inputs=X,
        **more,
    )


@pytest.fixture
def own_table(monkeypatch):
    """Let a test register names without touching the real table."""
    monkeypatch.setattr(skinit.initializers, "INITIALIZERS", copy.deepcopy(INITIALIZERS))


# --- every row of the table ------------------------------------------------------------------

SECOND_MOMENT = {  # E[W²] with relu and, for data-dependent laws, standard normal inputs
    "zeros": lambda n_in, n_out: 0,
    "ones": lambda n_in, n_out: 1,
    "constant": lambda n_in, n_out: 0,
    "random": lambda n_in, n_out: 100,
    "normal": lambda n_in, n_out: 0.01**2,
    "uniform": lambda n_in, n_out: 0.05**2 / 3,
    "truncated_normal": lambda n_in, n_out: 0.01**2,
    "xavier": lambda n_in, n_out: 1 / n_in,
    "he": lambda n_in, n_out: 2 / n_in,
    "he_uniform": lambda n_in, n_out: 2 / n_in,
    "glorot_normal": lambda n_in, n_out: 2 / (n_in + n_out),
    "glorot_uniform": lambda n_in, n_out: 2 / (n_in + n_out),
    "lecun_normal": lambda n_in, n_out: 1 / n_in,
    "lecun_uniform": lambda n_in, n_out: 1 / n_in,
    "variance_scaling": lambda n_in, n_out: 1 / n_in,
    "orthogonal": lambda n_in, n_out: 1 / max(n_in, n_out),
    "identity": lambda n_in, n_out: 1 / max(n_in, n_out),
    "sparse": lambda n_in, n_out: 15 / n_in,
    "lsuv": lambda n_in, n_out: 1 / n_in,
    "within_layer": lambda n_in, n_out: 1 / n_in,
    "random_walk": lambda n_in, n_out: 2 * math.exp(2.4 / (n_in - 2.4)) / n_in,
    "edge_of_chaos": lambda n_in, n_out: 2 / n_in,
    "looks_linear": lambda n_in, n_out: 2 / max(n_in, n_out),
    "sklearn": lambda n_in, n_out: 2 / (n_in + n_out),
    "torch": lambda n_in, n_out: 1 / (3 * n_in),
    "keras": lambda n_in, n_out: 2 / (n_in + n_out),
}


@every_name
@pytest.mark.parametrize("fans", [(300, 200), (200, 300)])
def test_second_moment_within_sampling_error(name, fans):
    squares = draw(name, *fans)[0] ** 2
    sampling_error = squares.std() / math.sqrt(squares.size)
    expected = SECOND_MOMENT[name](*fans)
    assert abs(squares.mean() - expected) <= 5 * sampling_error + 1e-9 * expected


@every_name
@given(fan_in=st.integers(1, 20), fan_out=st.integers(1, 20), seed=st.integers(0, 2**31 - 1))
def test_shapes_dtype_and_determinism(name, fan_in, fan_out, seed):
    if name == "looks_linear":
        fan_in, fan_out = 2 * fan_in, 2 * fan_out  # needs pairs of units; its error is below
    W, b = draw(name, fan_in, fan_out, seed)
    assert W.shape == (fan_in, fan_out)
    assert b.shape == (fan_out,)
    assert W.dtype == b.dtype == np.float64
    assert np.isfinite(W).all()
    assert np.isfinite(b).all()
    again = draw(name, fan_in, fan_out, seed)
    np.testing.assert_array_equal(W, again[0])
    np.testing.assert_array_equal(b, again[1])


@every_name
def test_draws_leave_the_global_generator_alone(name):
    state = check_random_state(None).get_state  # scikit-learn's name for the global one
    before = state()[1].copy()
    draw(name, 20, 10)
    np.testing.assert_array_equal(before, state()[1])


@every_name
def test_biases_are_zero_unless_the_table_says_otherwise(name):
    _, b = draw(name, activation=TANH)
    assert bool(b.any()) == (get_initializer(name).bias_formula != "0")


@every_name
def test_clone_pickle_and_get_params(name):
    initializer = get_initializer(name)
    for twin in (clone(initializer), pickle.loads(pickle.dumps(initializer))):
        assert type(twin) is type(initializer)
        assert twin is not initializer
        assert twin.get_params() == initializer.get_params()
        assert repr(twin) == repr(initializer)
    assert get_initializer(name) is not initializer


@every_name
def test_repr_shows_every_number_and_the_formula(name):
    initializer = get_initializer(name)
    shown = repr(initializer)
    assert shown.startswith(f"<{type(initializer).__name__}(")
    assert initializer.formula in shown
    for key, value in initializer.get_params().items():
        assert f"{key}={value!r}" in shown


@every_name
def test_set_params_reaches_every_parameter(name):
    initializer = get_initializer(name)
    for key in initializer.get_params():
        assert initializer.set_params(**{key: 7}).get_params()[key] == 7


@every_name
def test_context_none_has_a_default_or_a_clear_error(name):
    initializer = get_initializer(name)
    if initializer.data_dependent or name in ("looks_linear", "edge_of_chaos"):
        with pytest.raises(ValueError, match=f"{type(initializer).__name__}.* needs a context"):
            initializer.sample(4, 2, np.random.default_rng(0))
    else:
        W, _ = initializer.sample(4, 2, np.random.default_rng(0))
        np.testing.assert_array_equal(W, draw(name, 4, 2)[0])  # the default is relu


@every_name
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_networks_start_the_same_from_float32_inputs(name, dtype):
    X = np.random.default_rng(1).standard_normal((50, 6)).astype(np.float32)
    layers = sample(name, [6, 4, 2, 1], X.astype(dtype))
    for (W, b), (W64, b64) in zip(layers, sample(name, [6, 4, 2, 1], X), strict=True):
        assert W.dtype == b.dtype == np.float64
        np.testing.assert_array_equal(W, W64)
        np.testing.assert_array_equal(b, b64)


def test_the_table_lists_itself():
    frame = list_initializers()
    assert list(frame.columns) == ["name", "formula", "bias", "aliases", "source"]
    assert list(frame["name"]) == INITIALIZERS.names()
    assert (frame["formula"] != Initializer().formula).all()
    row = frame.set_index("name").loc["torch"]
    assert row["formula"] == row["bias"] == "U(±sqrt(1/fan_in))"
    assert frame.set_index("name").loc["he", "aliases"] == "he_normal, kaiming_normal"


@pytest.mark.parametrize("alias", ALIASES)
def test_aliases_draw_what_their_name_draws(alias):
    name = next(name for name in NAMES if alias in INITIALIZERS.aliases(name))
    np.testing.assert_array_equal(draw(alias, 8, 5)[0], draw(name, 8, 5)[0])


@pytest.mark.parametrize(
    ("name", "formula"),
    [
        ("zeros", "0"),
        ("random", "N(0, 10²)"),
        ("truncated_normal", "TN(0, 0.01²)"),
        ("uniform", "U(-0.05, 0.05)"),
        ("he", "N(0, 2/fan_in)"),
        ("xavier", "N(0, 1/fan_in)"),
        ("glorot_normal", "N(0, 2/(fan_in + fan_out))"),
        ("glorot_uniform", "U(±sqrt(6/(fan_in + fan_out)))"),
        ("lecun_uniform", "U(±sqrt(3/fan_in))"),
        ("torch", "U(±sqrt(1/fan_in))"),
    ],
)
def test_formulas(name, formula):
    assert get_initializer(name).formula == formula


def test_every_law_is_exported():
    laws = {
        name
        for name, value in vars(skinit.initializers).items()
        if inspect.isclass(value) and issubclass(value, Initializer)
    }
    assert laws <= set(skinit.initializers.__all__)


# --- distributions ---------------------------------------------------------------------------

SIGMA = 0.1 / 0.87962566103423978


@pytest.mark.parametrize(
    ("init", "torch_name", "arguments"),
    [
        ("he_normal", "kaiming_normal_", {}),
        ("he_uniform", "kaiming_uniform_", {}),
        ("xavier_normal", "xavier_normal_", {}),
        ("xavier_uniform", "xavier_uniform_", {}),
        ("lecun_normal", "kaiming_normal_", {"nonlinearity": "linear"}),
        ("lecun_uniform", "kaiming_uniform_", {"nonlinearity": "linear"}),
        (VarianceScaling(2.0, "fan_out"), "kaiming_normal_", {"mode": "fan_out"}),
        (VarianceScaling(2.0, "fan_out", "uniform"), "kaiming_uniform_", {"mode": "fan_out"}),
        (Normal(0.3), "normal_", {"std": 0.3}),
        (Uniform(-0.2, 0.4), "uniform_", {"a": -0.2, "b": 0.4}),
        (TruncatedNormal(0.1), "trunc_normal_", {"std": SIGMA, "a": -2 * SIGMA, "b": 2 * SIGMA}),
        (Orthogonal(1.5), "orthogonal_", {"gain": 1.5}),
    ],
)
def test_distribution_equals_torch(init, torch_name, arguments):
    torch = pytest.importorskip("torch", reason="torch.nn.init is the oracle")
    torch.manual_seed(0)
    weight = torch.empty(200, 300)  # torch stores (fan_out, fan_in)
    getattr(torch.nn.init, torch_name)(weight, **arguments)
    assert ks_2samp(draw(init)[0].ravel(), weight.numpy().ravel()).pvalue > 1e-3


def test_torch_is_the_default_of_linear_biases_included():
    torch = pytest.importorskip("torch", reason="torch.nn.Linear is the oracle")
    torch.manual_seed(0)
    layer = torch.nn.Linear(20, 5000)
    W, b = draw("torch", 20, 5000)
    assert ks_2samp(W.ravel(), layer.weight.detach().numpy().ravel()).pvalue > 1e-3
    assert ks_2samp(b, layer.bias.detach().numpy()).pvalue > 1e-3


@pytest.mark.parametrize("activation", ["logistic", "relu"])
def test_sklearn_is_the_default_of_mlpclassifier_biases_included(activation):
    model = MLPClassifier((3000,), activation=activation, max_iter=1, learning_rate_init=1e-12)
    X = np.random.default_rng(0).standard_normal((20, 4))
    model.set_params(random_state=0, solver="sgd", momentum=0, alpha=0)
    with pytest.warns(UserWarning, match="Maximum iterations"):
        model.fit(X, np.arange(20) % 2)
    W, b = draw("sklearn", 4, 3000, activation=get_activation(activation))
    assert ks_2samp(W.ravel(), model.coefs_[0].ravel()).pvalue > 1e-3
    assert ks_2samp(b, model.intercepts_[0]).pvalue > 1e-3


@pytest.mark.parametrize("mode", ["fan_in", "fan_out", "fan_avg"])
@pytest.mark.parametrize("distribution", ["normal", "truncated_normal", "uniform"])
def test_variance_scaling_means_the_variance(mode, distribution):
    W, b = draw(VarianceScaling(3.0, mode, distribution))
    fan = {"fan_in": 300, "fan_out": 200, "fan_avg": 250}[mode]
    assert W.var() == pytest.approx(3.0 / fan, rel=0.03)
    assert abs(W.mean()) < 5 * W.std() / math.sqrt(W.size)
    assert not b.any()


def test_bias_true_draws_from_the_same_law():
    W, b = draw(VarianceScaling(2.0, bias=True), 10, 20_000)
    assert b.var() == pytest.approx(0.2, rel=0.05)
    assert W.var() == pytest.approx(0.2, rel=0.05)
    assert kstest(b / math.sqrt(0.2), "norm").pvalue > 1e-3


def test_truncated_normal_ends_at_two_sigma():
    W, _ = draw(TruncatedNormal(0.1))
    assert 0.99 * 2 * SIGMA < np.abs(W).max() <= 2 * SIGMA
    assert W.std() == pytest.approx(0.1, rel=0.02)


@pytest.mark.parametrize("fans", [(7, 7), (9, 4), (4, 9)])
def test_orthogonal(fans):
    W, _ = draw(Orthogonal(gain=3.0), *fans)
    gram = W.T @ W if fans[0] >= fans[1] else W @ W.T
    np.testing.assert_allclose(gram, 9.0 * np.eye(min(fans)), atol=1e-13)


def test_orthogonal_signs_are_uniform():
    # Without absorbing the signs of R, QR makes the first entry always negative.
    first = [draw("orthogonal", 3, 3, seed)[0][0, 0] for seed in range(300)]
    assert kstest(first, "uniform", args=(-1, 2)).pvalue > 1e-3  # of a random 3-D unit vector


def test_identity_is_cut_or_padded():
    np.testing.assert_array_equal(draw(Identity(2.0), 2, 3)[0], [[2, 0, 0], [0, 2, 0]])
    np.testing.assert_array_equal(draw("identity", 3, 2)[0], [[1, 0], [0, 1], [0, 0]])


@pytest.mark.parametrize(("fan_in", "expected"), [(40, 6), (6, 6), (4, 4)])
def test_sparse_connects_every_unit_alike(fan_in, expected):
    W, _ = draw(Sparse(n_nonzero=6, std=0.5), fan_in, 500)
    assert ((W != 0).sum(axis=0) == expected).all()
    assert W[W != 0].std() == pytest.approx(0.5, rel=0.1)
    assert (W != 0).any(axis=1).all()  # every input is chosen by some unit


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_random_walk_keeps_the_mean_log_norm(activation):
    # The law's own claim, by simulation: log|W v|² of a layer of width n has mean 0.
    n, rng = 20, np.random.default_rng(0)
    logs = []
    for _ in range(3000):
        context = InitContext(1, 3, activation, get_activation(activation))
        z = RandomWalk().sample(n, n, rng, context)[0].T @ (np.ones(n) / math.sqrt(n))
        kept = z[rng.random(n) < 0.5] if activation == "relu" else z
        logs.append(np.log(kept @ kept))
    assert abs(np.mean(logs)) < 5 * np.std(logs) / math.sqrt(len(logs)) + 0.02


@pytest.mark.parametrize("activation", ["tanh", "relu", "identity", "gelu", "silu"])
@pytest.mark.parametrize("q", [0.5, 1.0])
def test_edge_of_chaos_keeps_signal_and_gradient(activation, q):
    # The law's own claim, by simulation in a wide layer: variance q stays q, slope² x s² is 1.
    f = get_activation(activation)
    rng = np.random.default_rng(3)
    z = math.sqrt(q) * rng.standard_normal(4000)
    a = f.function(z, np.empty_like(z))
    context = InitContext(1, 3, activation, f)
    W, b = EdgeOfChaos(q=q).sample(4000, 1000, rng, context)
    assert np.var(a @ W + b) == pytest.approx(q, rel=0.15)
    slopes = f.derivative(z, a, np.empty_like(z))
    assert W.var() * 4000 * np.mean(slopes**2) == pytest.approx(1.0, rel=0.1)


@pytest.mark.parametrize("activation", ["logistic", "softplus"])
def test_edge_of_chaos_says_where_it_has_none(activation):
    with pytest.raises(ValueError, match=f"no solution for {activation} at q=1: the biases"):
        draw("edge_of_chaos", 4, 3, activation=get_activation(activation))


def test_looks_linear_network_is_linear():
    layers = sample("looks_linear", [5, 8, 8, 3])

    def network(X):
        for W, b in layers[:-1]:
            X = np.maximum(X @ W + b, 0)
        return X @ layers[-1][0] + layers[-1][1]

    x, y = np.random.default_rng(0).standard_normal((2, 10, 5))
    np.testing.assert_allclose(network(x) - 2 * network(y), network(x - 2 * y), atol=1e-13)
    assert np.abs(network(x)).max() > 0.1


def test_looks_linear_needs_pairs():
    with pytest.raises(ValueError, match="hidden layers of even size, got 5 -> 3 in layer 1"):
        sample("looks_linear", [5, 3, 1])


# --- parameters ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("initializer", "parameter"),
    [
        (Constant(math.nan), "value"),
        (Constant("0"), "value"),
        (Normal(-1.0), "std"),
        (TruncatedNormal(math.inf), "std"),
        (Uniform(low=None), "low"),
        (Uniform(high=math.inf), "high"),
        (Uniform(low=1.0, high=0.0), "low"),
        (VarianceScaling(-1), "scale"),
        (VarianceScaling(mode="fan"), "mode"),
        (VarianceScaling(distribution="gauss"), "distribution"),
        (VarianceScaling(bias="yes"), "bias"),
        (Orthogonal(-1), "gain"),
        (Identity(None), "gain"),
        (Sparse(n_nonzero=0), "n_nonzero"),
        (Sparse(std=-1), "std"),
        (EdgeOfChaos(q=0), "q"),
    ],
)
def test_a_wrong_parameter_is_named_when_sampling(initializer, parameter):
    with pytest.raises(ValueError, match=parameter):
        initializer.sample(3, 2, np.random.default_rng(0))


def test_numpy_scalars_are_numbers():
    W, _ = draw(VarianceScaling(np.float32(2.0), bias=np.bool_(True)), 8, 5)
    np.testing.assert_array_equal(W, draw(VarianceScaling(2.0, bias=True), 8, 5)[0])


def test_parameters_nest_in_a_grid():
    grid = ParameterGrid({"scale": [1.0, 2.0], "mode": ["fan_in", "fan_avg"]})
    formulas = {get_initializer("he").set_params(**point).formula for point in grid}
    assert "N(0, 2/fan_in)" in formulas
    assert len(formulas) == 4


# --- from whatever a user gives to an Initializer --------------------------------------------


def test_get_initializer_is_fresh_each_time():
    own = Normal(0.3)
    assert get_initializer(own) is not own
    assert get_initializer(own).std == 0.3
    assert isinstance(get_initializer(LSUV), LSUV)
    get_initializer("he").set_params(scale=5.0)
    assert get_initializer("he").scale == 2.0


def test_callables_return_weights_or_a_pair():
    rng = np.random.default_rng
    ones = get_initializer(lambda fan_in, fan_out, rng: np.ones((fan_in, fan_out)))
    W, b = ones.sample(3, 2, rng(0))
    np.testing.assert_array_equal(W, np.ones((3, 2)))
    np.testing.assert_array_equal(b, np.zeros(2))

    def pair(fan_in, fan_out, rng):
        return rng.normal(size=(fan_in, fan_out)), np.full(fan_out, 7)

    W, b = get_initializer(pair).sample(3, 2, rng(5))
    np.testing.assert_array_equal(W, rng(5).normal(size=(3, 2)))
    np.testing.assert_array_equal(b, [7, 7])
    assert get_initializer(pair).formula == "pair()"
    assert clone(FromCallable(pair)).function is pair


def test_given_numbers():
    W, b = np.arange(6.0).reshape(3, 2), np.array([1.0, 2.0])
    for init, expected in [(W, np.zeros(2)), ((W, b), b)]:
        given_law = clone(get_initializer(init))
        drawn = given_law.sample(3, 2, None)
        np.testing.assert_array_equal(drawn[0], W)
        np.testing.assert_array_equal(drawn[1], expected)
        assert "array(3, 2)" in repr(given_law)
    assert Given(W).bias_formula == "0"
    assert Given(W, b).bias_formula == "given"


def test_given_numbers_are_copied():
    W = np.ones((3, 2))
    drawn = sample([W, "zeros"], [3, 2, 1])
    drawn[0][0][:] = 5.0
    np.testing.assert_array_equal(W, np.ones((3, 2)))


@pytest.mark.parametrize("wrong", [None, 3.5, ["he"], ("he",), {"init": "he"}])
def test_not_an_init(wrong):
    with pytest.raises(ValueError, match="init must be a name, an Initializer, a callable"):
        get_initializer(wrong)


def test_unknown_name_gets_the_closest():
    with pytest.raises(ValueError, match=r"Unknown init 'hee'\. Did you mean 'he'\? Known: zeros"):
        get_initializer("hee")


def test_register(own_table):
    register_initializer("mine", Normal(0.2), aliases=["my_own"], source="a paper")
    assert get_initializer("my_own").std == 0.2
    last = list_initializers().iloc[-1]
    assert list(last) == ["mine", "N(0, 0.2²)", "0", "my_own", "a paper"]
    with pytest.raises(ValueError, match="The init 'mine' exists already"):
        register_initializer("mine", Normal)
    with pytest.raises(ValueError, match="The init 'he_normal' exists already"):
        register_initializer("he_normal", Normal)
    with pytest.raises(ValueError, match="'auto' asks the activation"):
        register_initializer("auto", Normal)
    with pytest.raises(ValueError, match="Unknown init 'hee'"):
        register_initializer("other", "hee")


def test_registering_keeps_a_copy(own_table):
    law = Normal(0.2)
    register_initializer("mine", law)
    law.std = 99.0
    assert get_initializer("mine").std == 0.2


@pytest.mark.parametrize("activation", ACTIVATIONS.names())
def test_auto_asks_the_activation(activation):
    f = get_activation(activation)
    expected = repr(get_initializer(f.default_init))
    assert [repr(law) for law in resolve_init("auto", 3, f)] == [expected] * 3
    assert repr(resolve_init(["zeros", "auto"], 2, f)[1]) == expected


def test_resolve_gives_each_layer_its_own_object():
    laws = resolve_init(Normal(0.3), 3, RELU)
    assert len({id(law) for law in laws}) == 3
    mixed = resolve_init(["he", LSUV, np.ones((2, 2)), (np.ones((2, 1)), [0.0])], 4, RELU)
    assert [type(law) for law in mixed] == [VarianceScaling, LSUV, Given, Given]


@pytest.mark.parametrize("wrong", [["he"], ("he", "he", "he"), []])
def test_sequence_of_wrong_length(wrong):
    message = f"init has {len(wrong)} entries, but the network has 2 weight layers"
    with pytest.raises(ValueError, match=message):
        resolve_init(wrong, 2, RELU)


def test_one_array_for_all_layers():
    with pytest.raises(ValueError, match=r"one array for all layers; give a sequence.*2 here"):
        resolve_init(np.ones((3, 2)), 2, RELU)
    assert resolve_init(np.str_("he"), 1, RELU)[0].scale == 2.0  # a name out of an array is one


# --- a network's layers ----------------------------------------------------------------------


def test_each_layer_has_its_own_stream():
    layers = sample("he", [4, 4, 4, 4], seed=7)
    for i, (W, _) in enumerate(layers):
        expected, _ = get_initializer("he").sample(4, 4, stream(7, WEIGHTS, i))
        np.testing.assert_array_equal(W, expected)
    assert len({W.tobytes() for W, _ in layers}) == 3
    mixed = sample(["zeros", "he", "lsuv"], [4, 4, 4, 4], np.eye(4), seed=7)
    np.testing.assert_array_equal(mixed[1][0], layers[1][0])  # whatever the others are


class Recorder(Initializer):
    seen: ClassVar[list[InitContext]] = []

    def sample(self, fan_in, fan_out, rng, context=None):
        self.seen.append(context)
        return np.eye(fan_in, fan_out), np.full(fan_out, -1.0)


class LookingRecorder(Recorder):
    data_dependent = True


def test_context(monkeypatch):
    monkeypatch.setattr(Recorder, "seen", [])
    X = np.arange(12.0).reshape(4, 3)
    weights = np.array([1.0, 0.0, 2.0, 1.0])
    sample([Recorder(), LookingRecorder(), Recorder()], [3, 3, 2, 1], X, sample_weight=weights)
    assert [c.layer for c in Recorder.seen] == [0, 1, 2]
    assert [c.n_layers for c in Recorder.seen] == [3, 3, 3]
    assert [c.activation for c in Recorder.seen] == ["relu", "relu", "logistic"]
    assert all(c.hidden_activation is RELU for c in Recorder.seen)
    rows = X[[0, 2, 3]]
    np.testing.assert_array_equal(Recorder.seen[1].inputs, np.maximum(rows - 1.0, 0.0))
    np.testing.assert_array_equal(Recorder.seen[1].sample_weight, [1, 2, 1])
    assert Recorder.seen[2].inputs is None  # nobody looks any more


def test_inputs_are_left_alone_where_no_law_looks():
    sample("he", [3, 2, 1], X="never touched")


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (np.ones((32, 64)), r"W has shape \(32, 64\), expected \(64, 32\)"),
        (np.ones(64), r"W has shape \(64,\), expected \(64, 32\)"),
        ((np.ones((64, 32)), np.ones(64)), r"b has shape \(64,\), expected \(32,\)"),
        (np.full((64, 32), np.nan), "W has values that are not finite"),
        ((np.ones((64, 32)), np.full(32, np.inf)), "b has values that are not finite"),
        (np.ones((64, 32), complex), "W must hold real numbers, got dtype complex128"),
        (np.ones((64, 32), object), "W must hold real numbers, got dtype object"),
        (None, "W must hold real numbers, got dtype object"),
        ((1, 2, 3), r"expected a pair \(W, b\), got tuple"),
    ],
)
def test_bad_returns_name_the_layer(returned, message):
    bad = FromCallable(lambda fan_in, fan_out, rng: returned)
    with pytest.raises(ValueError, match=rf"init of layer 2 \(64 -> 32\).*{message}"):
        sample(["he", bad, "he"], [10, 64, 32, 1])


def test_an_array_of_wrong_shape_names_the_layer():
    message = r"layer 1 \(4 -> 2\): W has shape \(2, 4\), expected \(4, 2\)"
    with pytest.raises(ValueError, match=message):
        sample([np.ones((2, 4)), "he"], [4, 2, 1])


def test_integers_are_fine():
    W, b = sample(lambda fan_in, fan_out, rng: np.ones((fan_in, fan_out), int), [3, 2])[0]
    assert W.dtype == b.dtype == np.float64


# --- laws that look at the data --------------------------------------------------------------

LOOKING = [name for name in NAMES if get_initializer(name).data_dependent]
every_looking = pytest.mark.parametrize("name", LOOKING)


def pre_activations(layers, X, activation=TANH):
    for W, b in layers:
        z = X @ W + b
        yield z
        X = activation.function(z, np.empty_like(z))


@pytest.fixture
def X():
    return 3.0 + 2.0 * np.random.default_rng(5).standard_normal((100, 6))


def test_lsuv_gives_every_layer_variance_one(X):
    layers = sample("lsuv", [6, 9, 5, 3], X, activation=TANH)
    for (W, b), z in zip(layers, pre_activations(layers, X), strict=True):
        assert z.std() == pytest.approx(1.0, abs=1e-12)
        gram = W.T @ W if W.shape[0] >= W.shape[1] else W @ W.T
        np.testing.assert_allclose(gram, gram[0, 0] * np.eye(len(gram)), atol=1e-12)
        assert not b.any()


def test_within_layer_gives_every_unit_mean_zero_and_variance_one(X):
    layers = sample("within_layer", [6, 9, 5, 3], X, activation=TANH)
    for z in pre_activations(layers, X):
        np.testing.assert_allclose(z.mean(axis=0), 0.0, atol=1e-12)
        np.testing.assert_allclose(z.std(axis=0), 1.0, atol=1e-12)


@every_looking
def test_a_weight_of_two_is_the_row_twice_and_of_zero_no_row(name, X):
    weights = np.random.default_rng(0).integers(0, 4, len(X))
    repeated = np.repeat(X, weights, axis=0)
    weighted = sample(name, [6, 4, 3], X, sample_weight=weights.astype(float))
    for ours, theirs in zip(weighted, sample(name, [6, 4, 3], repeated), strict=True):
        np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-10)
        np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-10)
    unweighted = sample(name, [6, 4, 3], X)
    assert not np.allclose(weighted[1][0], unweighted[1][0])


@every_looking
def test_a_weight_of_zero_is_no_row_in_large_data(name):
    X = np.random.default_rng(1).standard_normal((900, 4))
    weights = (np.arange(900) % 2).astype(float)
    ours = sample(name, [4, 3, 2], X, sample_weight=weights)
    theirs = sample(name, [4, 3, 2], X[1::2], sample_weight=np.ones(450))
    for (W, b), (W2, b2) in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(W, W2)
        np.testing.assert_array_equal(b, b2)


def test_large_data_are_sampled_without_replacement(monkeypatch):
    monkeypatch.setattr(Recorder, "seen", [])
    X = np.arange(1000.0)[:, None]
    for seed in (0, 0, 1):
        sample(LookingRecorder(), [1, 1], X, seed=seed)
    first, again, other = (c.inputs.ravel() for c in Recorder.seen)
    assert len(set(first)) == 256
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    sample(LookingRecorder(), [1, 1], X[:256])
    np.testing.assert_array_equal(Recorder.seen[-1].inputs, X[:256])


@every_looking
@pytest.mark.parametrize("container", [sparse.csr_array, sparse.csc_array, sparse.csr_matrix])
def test_sparse_inputs_equal_dense_ones(name, container):
    dense = sparse.random(400, 6, density=0.4, random_state=0).toarray()
    for X in (dense, dense[:50]):
        for ours, theirs in zip(
            sample(name, [6, 4, 2], container(X)), sample(name, [6, 4, 2], X), strict=True
        ):
            np.testing.assert_array_equal(ours[0], theirs[0])
            np.testing.assert_array_equal(ours[1], theirs[1])


@pytest.mark.parametrize("value", [0.0, 1.0, 1e6 / 3])
def test_constant_inputs_keep_the_scale_of_within_layer(value):
    X = np.full((20, 7), value)
    W, b = sample("within_layer", [7, 3], X)[0]
    plain, _ = get_initializer("xavier").sample(7, 3, stream(0, WEIGHTS, 0))
    np.testing.assert_array_equal(W, plain)
    np.testing.assert_allclose(X @ W + b, 0.0, atol=1e-15 * 7 * max(value, 1.0))


@pytest.mark.parametrize(("value", "units"), [(0.0, 3), (1.0, 1), (1e6 / 3, 1)])
def test_constant_pre_activations_keep_the_scale_of_lsuv(value, units):
    W, _ = sample("lsuv", [7, units], np.full((20, 7), value))[0]
    np.testing.assert_allclose(np.linalg.norm(W, axis=0), 1.0)


def test_a_unit_without_variation_keeps_its_scale_beside_others():
    X = np.zeros((50, 2))
    X[:, 0] = np.random.default_rng(0).standard_normal(50)
    context = InitContext(0, 1, "logistic", RELU, X)
    W, _ = WithinLayer().sample(2, 3, np.random.default_rng(0), context)
    np.testing.assert_allclose((X @ W).std(axis=0), 1.0)
    dead = InitContext(0, 1, "logistic", RELU, X[:, ::-1] * [1.0, 0.0])
    plain, _ = VarianceScaling().sample(2, 3, np.random.default_rng(0))
    np.testing.assert_array_equal(
        WithinLayer().sample(2, 3, np.random.default_rng(0), dead)[0], plain
    )


@every_looking
def test_far_off_centre_data_are_not_taken_for_constant(name):
    X = 1e6 + np.random.default_rng(0).standard_normal((100, 6))
    (W, b) = sample(name, [6, 4], X)[0]
    z = X @ W + b
    spread = z.std() if name == "lsuv" else z.std(axis=0)
    np.testing.assert_allclose(spread, 1.0, rtol=1e-6)


@every_looking
def test_looking_laws_need_inputs(name):
    with pytest.raises(ValueError, match="looks at the data: it needs a context with inputs"):
        sample(name, [3, 2])


@every_looking
def test_overflow_on_the_way_names_the_layer(name):
    huge = Constant(1e300)
    X = np.arange(1.0, 7.0).reshape(2, 3) * 1e10
    with np.errstate(all="ignore"), pytest.raises(ValueError, match=r"layer 2 .* not finite"):
        sample([huge, name], [3, 2, 1], X)
