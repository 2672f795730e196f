"""Names, aliases and what a user may give."""

from __future__ import annotations

import copy
import functools
import inspect

import numpy as np
import pytest

import skinit.initializers
from skinit.initializers import (
    LSUV,
    Initializer,
    Normal,
    get_initializer,
    list_initializers,
    register_initializer,
)
from skinit.initializers.names import ELSEWHERE, INITIALIZERS
from tests.initializers.init_tools import (
    ALIASES,
    NAMES,
    draw,
)


@pytest.fixture
def own_table(monkeypatch):
    """Let a test register names without touching the real table."""
    monkeypatch.setattr(skinit.initializers.names, "INITIALIZERS", copy.deepcopy(INITIALIZERS))


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


def test_get_initializer_is_fresh_each_time():
    own = Normal(0.3)
    assert get_initializer(own) is not own
    assert get_initializer(own).std == 0.3
    assert isinstance(get_initializer(LSUV), LSUV)
    get_initializer("he").set_params(scale=5.0)
    assert get_initializer("he").scale == 2.0


@pytest.mark.parametrize("wrong", [None, 3.5, ["he"], ("he",), {"init": "he"}])
def test_not_an_init(wrong):
    with pytest.raises(ValueError, match="init must be a name, an Initializer, a callable"):
        get_initializer(wrong)


def test_unknown_name_gets_the_closest():
    with pytest.raises(ValueError, match=r"Unknown init 'hee'\. Did you mean 'he'\? Known: zeros"):
        get_initializer("hee")


@pytest.mark.parametrize(
    ("name", "offered"),
    [
        ("HeNormal", "'he_normal'"),
        ("GlorotUniform", "'glorot_uniform'"),
        ("he_uniform_initializer", "'he_uniform'"),
        ("kaiming_normal_", "'kaiming_normal'"),
        ("trunc_normal_", "'truncated_normal'"),
        ("RandomNormal", "'normal'"),
        ("lecun", "'lecun_normal' or 'lecun_uniform'"),
        ("glorot", "'glorot_uniform' or 'glorot_normal'"),
        ("zero", "'zeros' or 'ZerO'"),
        ("initnw", "'nguyen_widrow'"),
        ("AutoInit", "'gain'"),
        ("msra", "'he'"),
        ("xavier_init", "'xavier'"),
        ("nn.init.kaiming_uniform_", "'kaiming_uniform'"),
    ],
)
def test_names_of_other_libraries_are_offered_and_never_accepted(name, offered):
    with pytest.raises(ValueError, match=rf"Unknown init '{name}'\. Did you mean {offered}\?"):
        get_initializer(name)


@pytest.mark.parametrize("names", ELSEWHERE.values())
def test_what_is_offered_exists(names):
    for name in names:
        if name != "auto":
            get_initializer(name)


def test_functions_of_torch_are_recognised():
    init = pytest.importorskip("torch", reason="for its functions").nn.init
    message = "init is kaiming_uniform_ of torch, which cannot.*Did you mean 'kaiming_uniform'"
    for function in (init.kaiming_uniform_, functools.partial(init.kaiming_uniform_, a=1.0)):
        with pytest.raises(ValueError, match=message):
            get_initializer(function)


def test_objects_and_classes_of_keras_are_recognised():
    class HeNormal:
        def __call__(self, shape, dtype=None):
            raise AssertionError("never called")

    HeNormal.__module__ = "keras.src.initializers.random_initializers"
    for init in (HeNormal, HeNormal()):
        with pytest.raises(ValueError, match=r"HeNormal of keras.*Did you mean 'he_normal'"):
            get_initializer(init)


@pytest.mark.parametrize(
    ("qualname", "told"),
    [
        ("he_normal.<locals>.init", "he_normal of jax.*'he_normal'"),
        ("Linear", "Linear of jax.*'torch'"),
    ],
)
def test_what_a_function_of_another_library_returns_is_recognised(qualname, told):
    """JAX calls all of its initializers init."""

    def init(key, shape):
        raise AssertionError("never called")

    init.__module__, init.__qualname__ = "jax._src.nn.initializers", qualname
    init.__name__ = qualname.rpartition(".")[2]
    with pytest.raises(ValueError, match=rf"{told}\?"):
        get_initializer(init)


def test_tensors_are_given_numbers():
    torch = pytest.importorskip("torch", reason="for its tensors")
    np.testing.assert_array_equal(get_initializer(torch.ones(2, 3)).sample(2, 3, None)[0], 1.0)


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
