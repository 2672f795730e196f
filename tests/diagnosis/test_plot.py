from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pytest

from skinit import InitMLPClassifier
from skinit.diagnosis import PropagationDisplay, diagnose
from tests.diagnosis.diagnosis_cases import load

# Not converging in a few epochs is no news here, and neither is what the verdicts are about.
pytestmark = [
    pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning"),
    pytest.mark.filterwarnings("ignore::skinit.propagation.InitializationWarning"),
]


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_the_display_draws_what_the_frame_says(activation):
    mpl.use("Agg")
    X, y = load("digits")
    diagnosis = diagnose(InitMLPClassifier((32, 16), activation, random_state=0), X, y)
    frame, display = diagnosis.to_frame(), diagnosis.plot()
    assert isinstance(display, PropagationDisplay)
    scales, shares = display.ax_
    drawn = {line.get_label(): line.get_ydata() for line in [*scales.lines, *shares.lines]}
    np.testing.assert_allclose(drawn["signal a"] ** 2, frame["q"].iloc[:-1])
    np.testing.assert_allclose(drawn["dL/dz"], frame["delta_rms"])
    np.testing.assert_allclose(drawn["dL/dW"], frame["gradient_rms"])
    np.testing.assert_allclose(drawn["distinct"], 100)
    assert ("saturated" in drawn) == (activation == "tanh")
    assert scales.get_yscale() == "log"
    assert all(ax.get_xlabel() == "layer" and ax.get_ylabel() for ax in display.ax_)
    assert repr(display) == (
        "<PropagationDisplay: signal and gradient of 3 layers. Draw it with .plot().>"
    )
    display.figure_.canvas.draw()
    with pytest.raises(ValueError, match="axes of a grid"):
        display.plot(display.figure_.add_axes([0, 0, 1, 1]))
    mpl.pyplot.close("all")


def test_signals_of_zero_are_drawn_as_gaps():
    X, y = load("digits")
    diagnosis = diagnose(InitMLPClassifier((8,), "tanh", init="zeros"), X, y)
    figure = PropagationDisplay(diagnosis.to_frame()).to_figure()
    figure.canvas.draw()
    signal = figure.axes[1].lines[0].get_ydata()
    assert np.isnan(signal).tolist() == [True]


def test_panels_stand_below_each_other_in_a_column_of_a_paper(tmp_path):
    X, y = load("digits")
    diagnosis = diagnose(InitMLPClassifier((8, 8), "tanh", init="he"), X, y)
    display = diagnosis.plot(figsize="column", title="he")
    scales, shares = display.ax_
    display.figure_.draw_without_rendering()
    assert display.figure_.get_size_inches()[0] == 3.5
    assert shares.get_window_extent().y1 < scales.get_window_extent().y0
    assert display.figure_.get_suptitle() == "he"
    display.save(tmp_path / "he.pdf", figsize="column")
    assert (tmp_path / "he.pdf").read_bytes().startswith(b"%PDF")
    mpl.pyplot.close("all")
