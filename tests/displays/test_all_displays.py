"""What all displays have in common."""

from __future__ import annotations

import re

import matplotlib
import matplotlib.pyplot as plt
import pytest

from skinit import displays
from skinit.displays import (
    HeatmapDisplay,
    LossCurvesDisplay,
    ScoresDisplay,
    TuningDisplay,
)
from skinit.displays.base import name_metric, wrap_label
from tests.displays.display_tools import (
    HOSTILE,
    LABELS,
    MAKE,
    make_curves,
    make_differences,
    make_runs,
    make_trials,
    summarize,
    texts_of,
)


def test_every_display_is_tested():
    assert set(MAKE) == set(displays.__all__)


@pytest.mark.parametrize("name", MAKE)
def test_plot_draws_on_new_axes_and_returns_the_display(name):
    display = MAKE[name](LABELS)
    assert not hasattr(display, "ax_")
    assert display.plot() is display
    assert display.figure_ is display.ax_.figure
    assert display.figure_.number in plt.get_fignums()
    assert len(display.ax_.get_children()) > 15


@pytest.mark.parametrize("name", MAKE)
def test_plot_draws_on_given_axes(name):
    figure, (left, right) = plt.subplots(1, 2)
    untouched = len(left.get_children())
    display = MAKE[name](LABELS).plot(right)
    assert display.ax_ is right
    assert display.figure_ is figure
    assert len(left.get_children()) == untouched


@pytest.mark.parametrize("name", MAKE)
def test_a_figure_of_its_own_is_unknown_to_pyplot(name):
    figure = MAKE[name](LABELS).to_figure()
    assert plt.get_fignums() == []
    assert figure.axes


@pytest.mark.parametrize(
    ("name", "x", "y"),
    [
        ("LossCurvesDisplay", "epoch", "log loss (nats)"),
        ("ScoresDisplay", "accuracy", ""),
        ("DifferencesDisplay", "difference in accuracy from xavier", ""),
        ("HeatmapDisplay", "activation", "init"),
        ("TuningDisplay", "learning_rate_init", "inner log loss (nats)"),
    ],
)
def test_axes_are_labelled(name, x, y):
    ax = MAKE[name](LABELS).plot().ax_
    assert (ax.get_xlabel(), ax.get_ylabel()) == (x, y)


@pytest.mark.parametrize(
    ("metric", "shown"),
    [("log_loss", "log loss (nats)"), ("roc_auc", "roc auc"), ("accuracy", "accuracy")],
)
def test_metrics_are_named_with_their_unit(metric, shown):
    assert name_metric(metric) == shown


@pytest.mark.parametrize("name", MAKE)
def test_the_repr_teaches(name):
    text = repr(MAKE[name](LABELS))
    assert text.startswith(f"<{name}: ")
    assert text.endswith("Draw it with .plot().>")


@pytest.mark.parametrize("name", MAKE)
def test_hostile_labels_are_drawn_as_they_are(name):
    figure = MAKE[name](HOSTILE).to_figure()
    figure.draw_without_rendering()  # mathematics that does not parse would raise here
    texts = texts_of(figure)
    assert any("alert(1)" in text.get_text() for text in texts)
    assert any("_hidden" in text.get_text() for text in texts)
    ours = [text for text in texts if "\\$" in text.get_text() or "frac" in text.get_text()]
    assert len(ours) >= 1 + (name != "DifferencesDisplay")
    assert not any(matplotlib.cbook.is_math_text(text.get_text()) for text in ours)


@pytest.mark.parametrize("name", MAKE)
@pytest.mark.parametrize("k", [2, 10])
def test_no_text_is_cut_off_or_runs_into_another(name, k):
    labels = [f"initializer {i}" for i in range(k)]
    figure = MAKE[name](labels).to_figure()
    figure.draw_without_rendering()
    box = figure.get_tightbbox()  # in inches
    assert box.x0 >= 0
    assert box.y0 >= 0
    assert (box.max <= figure.get_size_inches()).all()
    for ax in figure.axes:
        legend = ax.get_legend()
        texts = [*ax.texts, *ax.get_yticklabels(), *(legend.get_texts() if legend else [])]
        extent = matplotlib.text.Text.get_window_extent  # of an annotation: without its line
        boxes = [extent(text) for text in texts if text.get_text()]
        pairs = [(a, b) for i, a in enumerate(boxes) for b in boxes[:i]]
        assert not any(a.overlaps(b) for a, b in pairs)


def test_long_labels_are_wrapped_where_a_call_may_be_broken():
    text = wrap_label("VarianceScaling(distribution=normal, mode=fan_in, scale=2.0)", 30)
    assert text.split("\n") == [
        "VarianceScaling(",
        "distribution=normal,",
        "mode=fan_in, scale=2.0)",
    ]
    endless = wrap_label("x" * 500, 30)
    assert endless == "\n".join(["x" * 30] * 3) + " …"


@pytest.mark.parametrize("name", MAKE)
@pytest.mark.parametrize("figsize", ["column", "page", (5, 4)])
def test_a_figure_has_the_size_and_the_title_that_are_asked_for(name, figsize, tmp_path):
    figure = MAKE[name](LABELS).to_figure(title="Costs $5", figsize=figsize)
    width, height = figure.get_size_inches()
    assert width == {"column": 3.5}.get(figsize, width)
    if isinstance(figsize, tuple):
        assert (width, height) == figsize
    assert figure.get_suptitle() == r"Costs \$5"
    figure.draw_without_rendering()


@pytest.mark.parametrize("name", MAKE)
def test_nothing_is_cut_off_in_a_column(name):
    figure = MAKE[name](LABELS).to_figure(figsize="column")
    figure.draw_without_rendering()
    box = figure.bbox
    for text in texts_of(figure):
        if text.get_visible() and text.axes is not None and text.axes.axison:
            ends = text.get_window_extent()
            assert ends.x0 >= box.x0 - 1 and ends.x1 <= box.x1 + 1, text.get_text()


def test_a_size_that_means_nothing_is_refused():
    display = MAKE["ScoresDisplay"](LABELS)
    with pytest.raises(ValueError, match='"page" or "column", got \'wide\''):
        display.plot(figsize="wide")
    with pytest.raises(ValueError, match="figsize is for a new figure"):
        display.plot(plt.subplots()[1], figsize="column")


def test_a_pdf_keeps_its_letters_in_fonts_that_publishers_accept(tmp_path):
    path = tmp_path / "scores.pdf"
    MAKE["ScoresDisplay"](LABELS).save(path, figsize="column")
    content = path.read_bytes()
    assert content.startswith(b"%PDF")
    assert b"/Type3" not in content
    assert b"/CIDFontType2" in content or b"/TrueType" in content
    with pytest.raises(OSError, match="there is no folder"):
        MAKE["ScoresDisplay"](LABELS).save(tmp_path / "missing" / "scores.pdf")


ORDERED = {
    "LossCurvesDisplay": lambda order: (
        LossCurvesDisplay.from_frame(make_curves(), order=order).counts.index
    ),
    "ScoresDisplay": lambda order: (
        ScoresDisplay.from_frame(make_runs(), summarize(make_runs()), order=order).means.index
    ),
    "DifferencesDisplay": lambda order: make_differences(order=order).differences.index,
    "HeatmapDisplay": lambda order: (
        HeatmapDisplay.from_frame(make_runs(activations=("tanh", "relu")), order=order).means.index
    ),
    "TuningDisplay": lambda order: TuningDisplay.from_frame(
        make_trials(), parameter="learning_rate_init", order=order
    )._names(),
}


@pytest.mark.parametrize("name", ORDERED)
def test_candidates_come_in_the_order_that_is_asked_for(name):
    assert list(ORDERED[name](["random", "zeros"])) == ["random", "zeros"]
    with pytest.raises(ValueError, match=r"order: 'randon' is not a candidate. Did you mean 'rand"):
        ORDERED[name](["randon"])


def test_the_reference_of_differences_may_be_named_in_the_order():
    reference = make_differences().reference
    assert list(make_differences(order=[reference, "zeros"]).differences.index) == ["zeros"]


def test_words_in_a_plot_have_the_contrast_to_be_read():
    def luminance(color):
        c = [x / 12.92 if x <= 0.03928 else ((x + 0.055) / 1.055) ** 2.4 for x in color]
        return 0.2126 * c[0] + 0.7152 * c[1] + 0.0722 * c[2]

    # The darkest ground that a figure stands on: that of a page in the dark.
    ground = luminance(matplotlib.colors.to_rgb("#e9e9ec"))
    for name in MAKE:
        figure = MAKE[name](LABELS).to_figure()
        for text in texts_of(figure):
            if name == "HeatmapDisplay" and text.axes and text in text.axes.texts:
                continue  # on its cell
            ink = luminance(matplotlib.colors.to_rgb(text.get_color()))
            assert (ground + 0.05) / (ink + 0.05) >= 4.5, (name, text.get_text())


MANY = [f"candidate {i}" for i in range(11)] + ["my_own_initializer_with_a_label_without_any_blank"]


@pytest.mark.parametrize("name", MAKE)
@pytest.mark.parametrize("labels", [LABELS, MANY], ids=["few", "many"])
def test_all_text_is_inside_a_column_of_a_paper(name, labels):
    figure = MAKE[name](labels).to_figure(figsize="column")
    figure.draw_without_rendering()
    width, height = figure.bbox.size
    for text in filter(matplotlib.artist.Artist.get_visible, texts_of(figure)):
        box = text.get_window_extent()
        inside = box.x0 > -1 and box.x1 < width + 1 and box.y0 > -1 and box.y1 < height + 1
        # An axis keeps the labels of ticks beyond its ends, and draws none of them.
        assert inside or not re.search("[a-z]", text.get_text()), (text.get_text(), box)
