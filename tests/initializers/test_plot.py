"""Every initializer can show what it draws, beside the density that it draws from."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
import pytest
from scipy import stats
from scipy.integrate import cumulative_trapezoid

from skinit.activations import get_activation
from skinit.initializers import FromCallable, InitializerDisplay, Normal, VarianceScaling
from skinit.initializers.distributions import DISTRIBUTIONS, Distribution
from skinit.initializers.names import INITIALIZERS, get_initializer

NAMES = INITIALIZERS.names()
KNOWN = [name for name in NAMES if get_initializer(name).distribute(10, 10)]


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


@pytest.mark.parametrize("name", NAMES)
def test_every_initializer_is_drawn(name):
    display = get_initializer(name).plot(30, 20)
    assert isinstance(display, InitializerDisplay)
    assert display.weights.shape == (30, 20)
    assert display.figure_ is display.ax_.figure
    display.figure_.draw_without_rendering()
    labels = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert labels[0] == "weights, 30 → 20"
    if display.density is not None:
        assert labels[1] == "density"
    elif np.ptp(display.weights) > 0:
        assert labels[1] == "normal of the same variance"


@pytest.mark.parametrize("name", KNOWN)
def test_weights_come_from_the_density(name):
    display = get_initializer(name).plot(60, 50)
    weights = display.weights.ravel()
    grid = np.linspace(3 * weights.min(), 3 * weights.max(), 100_001)
    distribution = cumulative_trapezoid(display.density(grid), grid, initial=0)
    assert distribution[-1] == pytest.approx(1, abs=1e-3)
    assert stats.kstest(weights, lambda w: np.interp(w, grid, distribution)).pvalue > 1e-3


def test_those_with_a_closed_form_are_these():
    assert {"he", "xavier", "uniform", "truncated_normal", "sklearn", "mup", "gain"} < set(KNOWN)
    others = {"orthogonal", "isometric", "identity", "sparse", "lsuv", "zeros"}
    assert others.isdisjoint(KNOWN)


SCIPY = {
    "normal": stats.norm(0.3, 0.2),
    "uniform": stats.uniform(0.3 - 0.2 * 3**0.5, 0.4 * 3**0.5),
    "truncated_normal": stats.truncnorm(-2, 2, 0.3, 0.2 / 0.87962566103423978),
}


@pytest.mark.parametrize("shape", DISTRIBUTIONS)
def test_densities_are_those_of_scipy(shape):
    w = np.linspace(-0.5, 1.0, 62)
    assert SCIPY[shape].std() == pytest.approx(0.2)
    np.testing.assert_allclose(
        Distribution(shape, 0.2, 0.3).density(w), SCIPY[shape].pdf(w), atol=1e-12
    )


def test_a_seed_an_ax_and_a_name_that_looks_like_mathematics_are_taken():
    def odd(fan_in, fan_out, rng):
        return rng.normal(size=(fan_in, fan_out))

    odd.__name__ = r"$\frac{"
    _, ax = plt.subplots()
    display = FromCallable(odd).plot(5, 4, random_state=3, ax=ax)
    assert display.ax_ is ax
    display.figure_.draw_without_rendering()
    np.testing.assert_array_equal(
        VarianceScaling().plot(5, 4, random_state=3).weights,
        VarianceScaling().plot(5, 4, random_state=3).weights,
    )


def test_no_width_has_no_density():
    assert Normal(0.0).plot(5, 5).density is None


@pytest.mark.parametrize("thing", [get_initializer("he"), get_activation("tanh")])
def test_the_plots_fit_a_column_of_a_paper(thing):
    assert thing.plot(figsize="column").figure_.get_size_inches()[0] == 3.5
    figure = get_initializer("nguyen_widrow").plot(figsize="column").figure_
    figure.draw_without_rendering()
    assert figure.axes[0].title.get_window_extent().x1 <= figure.bbox.x1
    assert thing.plot(figsize=(2, 3)).figure_.get_size_inches().tolist() == [2, 3]
