from __future__ import annotations

import matplotlib
import numpy as np
import pandas as pd
import pytest
from scipy import stats

from skinit import displays, statistics
from skinit.displays import (
    CriticalDifferenceDisplay,
    DifferencesDisplay,
    HeatmapDisplay,
    LossCurvesDisplay,
    ScoresDisplay,
)

matplotlib.use("Agg")
import matplotlib.pyplot as plt

LABELS = ["zeros", "random", "he", "xavier"]
HOSTILE = [
    "<script>alert(1)</script>",
    "$x^2$ and $5",
    r"\frac{",
    "_hidden",
    "VarianceScaling(distribution='normal', mode='fan_in', scale=2.0, and=so, on=and, on_=1)",
    "",
    "a b " * 40,
]
ROPE = 0.01


def make_runs(labels=LABELS, activations=("tanh",), n_splits=10, n_seeds=2, seed=0):
    """Return runs in which the first label is at chance and the later ones are ever better."""
    rng = np.random.default_rng(seed)
    keys = [(label, act, j, s) for label in labels for act in activations
            for j in range(n_splits) for s in range(n_seeds)]  # fmt: skip
    runs = pd.DataFrame(keys, columns=["label", "activation", "split", "seed"])
    runs["seed"] += 1000 * runs["split"]
    place = runs["label"].map({label: i for i, label in enumerate(labels)})
    better = np.where(place == 0, 0.5, 0.85 + 0.02 * place / len(labels))
    split_noise = rng.normal(0, 0.02, n_splits)[runs["split"]]
    runs["test_accuracy"] = better + split_noise + rng.normal(0, 0.01, len(runs))
    runs["train_accuracy"] = runs["test_accuracy"] + 0.05
    return runs


def make_curves(labels=LABELS, n_epochs=12, n_splits=5, activation="tanh", seed=0):
    rng = np.random.default_rng(seed)
    keys = [(label, activation, j, 7 * j, e) for label in labels for j in range(n_splits)
            for e in range(1, n_epochs + 1)]  # fmt: skip
    names = ["label", "activation", "split", "seed", "epoch"]
    curves = pd.DataFrame(keys, columns=names)
    curves["train_loss"] = 0.4 + 0.3 / curves["epoch"] + rng.uniform(0, 0.02, len(curves))
    curves["test_loss"] = curves["train_loss"] + 0.1
    return curves


def summarize(runs, control=None):
    """Return a summary as a comparison makes it, with the class prior in the last row."""
    several = runs["activation"].nunique() > 1
    keys = ["label", "activation"] if several else ["label"]
    place = runs.groupby([*keys, "split"]).cumcount().rename("seed")
    wide = runs.drop(columns="seed").join(place)
    wide = wide.pivot(index=["split", "seed"], columns=keys, values="test_accuracy")
    wide.columns = [key[0] if len(key) == 1 else key for key in wide.columns.to_flat_index()]
    table = statistics.summarize(wide, 0.25, ROPE, control=control)
    prior = pd.DataFrame({"mean": [0.5]}, index=[("class prior", "") if several else "class prior"])
    table = pd.concat([table, prior])
    if several:
        table.index = pd.MultiIndex.from_tuples(table.index, names=keys)
    return table


def make_differences(runs=None, **options):
    runs = make_runs() if runs is None else runs
    n_splits = runs["split"].nunique()
    return DifferencesDisplay.from_frame(
        summarize(runs, options.get("reference")), rope=ROPE, n_splits=n_splits, **options
    )


def make_dataset_scores(labels=LABELS, n=14):
    rng = np.random.default_rng(1)
    values = rng.normal(size=(n, len(labels))) + np.linspace(2, 0, len(labels))
    return pd.DataFrame(values, columns=labels)


# One display of each class, made for any labels; a new class cannot escape.
MAKE = {
    "LossCurvesDisplay": lambda labels: LossCurvesDisplay.from_frame(
        make_curves(labels), prior_loss=0.69
    ),
    "ScoresDisplay": lambda labels: ScoresDisplay.from_frame(
        make_runs(labels), summarize(make_runs(labels))
    ),
    "DifferencesDisplay": lambda labels: make_differences(make_runs(labels)),
    "HeatmapDisplay": lambda labels: HeatmapDisplay.from_frame(
        make_runs(labels, activations=("tanh", "relu"))
    ),
    "CriticalDifferenceDisplay": lambda labels: CriticalDifferenceDisplay.from_frame(
        make_dataset_scores(labels)
    ),
}


@pytest.fixture(autouse=True)
def close_figures():
    yield
    plt.close("all")


def texts_of(figure):
    return [text for text in figure.findobj(matplotlib.text.Text) if text.get_text()]


# All displays


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
        ("DifferencesDisplay", "difference in accuracy to xavier", ""),
        ("HeatmapDisplay", "activation", "init"),
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
    assert displays.name_metric(metric) == shown


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
    text = displays._text("VarianceScaling(distribution=normal, mode=fan_in, scale=2.0)", 30)
    assert text.split("\n") == [
        "VarianceScaling(",
        "distribution=normal,",
        "mode=fan_in, scale=2.0)",
    ]
    endless = displays._text("x" * 500, 30)
    assert endless == "\n".join(["x" * 30] * 3) + " …"


# Loss curves


def lines_by_label(ax):
    return {line.get_label(): line for line in ax.get_lines()}


def test_curves_are_the_medians_and_quartiles_of_the_frame():
    curves = make_curves()
    display = LossCurvesDisplay.from_frame(curves).plot()
    own = curves[curves["label"] == "he"].groupby("epoch")
    lines = lines_by_label(display.ax_)
    for curve, column in [("training", "train_loss"), ("held-out", "test_loss")]:
        line = lines[f"he, {curve}"]
        np.testing.assert_array_equal(line.get_xdata(), range(1, 13))
        np.testing.assert_allclose(line.get_ydata(), own[column].median())
        band = display.bands.loc[("he", curve)]
        np.testing.assert_allclose(band["low"], own[column].quantile(0.25))
        np.testing.assert_allclose(band["high"], own[column].quantile(0.75))
    assert lines["he, training"].get_linestyle() == "-"
    assert lines["he, held-out"].get_linestyle() == "--"


def test_each_candidate_has_its_own_colour_and_marker():
    labels = [f"i{k}" for k in range(LossCurvesDisplay.TOGETHER)]
    lines = lines_by_label(LossCurvesDisplay.from_frame(make_curves(labels)).plot().ax_)
    own = [lines[f"{label}, training"] for label in labels]
    assert len({line.get_color() for line in own}) == len(labels)
    assert len({line.get_marker() for line in own}) == len(labels)


def curves_of(*losses):
    """Return a frame with one run of "he" for each list of losses, training and held-out alike."""
    return pd.DataFrame(
        [
            ("he", "tanh", split, 1, epoch, loss, loss)
            for split, run in enumerate(losses)
            for epoch, loss in enumerate(run, 1)
        ],
        columns=["label", "activation", "split", "seed", "epoch", "train_loss", "test_loss"],
    )


def test_a_run_that_stopped_early_keeps_its_last_loss():
    display = LossCurvesDisplay.from_frame(curves_of([0.5, 0.1], [0.5, 0.4, 0.3], [0.5, 0.5, 0.5]))
    np.testing.assert_allclose(display.bands.loc[("he", "training"), "median"], [0.5, 0.4, 0.3])
    assert display.counts.loc["he"].tolist() == [3, 0]
    assert display.ends.empty


@pytest.mark.parametrize("end", [np.nan, np.inf])
def test_a_diverged_run_counts_as_infinite_and_ends_in_a_cross(end):
    runs = [[0.5, 0.9, end], [0.5, 0.4, 0.3], [0.5, 0.5, 0.5], [0.5, 0.6, 0.6]]
    display = LossCurvesDisplay.from_frame(curves_of(*runs)).plot()
    band = display.bands.loc[("he", "training")]
    np.testing.assert_allclose(band["median"], [0.5, 0.55, 0.55])  # of .3, .5, .6 and infinity
    assert np.isnan(band.loc[3, "high"])
    assert display.counts.loc["he"].tolist() == [4, 1]
    (cross,) = (line for line in display.ax_.get_lines() if line.get_marker() == "x")
    np.testing.assert_allclose(cross.get_xydata(), [[2, 0.9]])
    legend = [text.get_text() for text in display.ax_.get_legend().get_texts()]
    assert legend == ["he\n1 of 4 runs diverged", "training", "held-out", "run diverged"]


def test_curves_end_where_most_runs_have_diverged():
    nan = np.nan
    display = LossCurvesDisplay.from_frame(curves_of([0.5, 1, nan], [0.5, 1, nan], [0.5, 0.4, 0.3]))
    median = display.bands.loc[("he", "training"), "median"]
    np.testing.assert_array_equal(median, [0.5, 1, nan])
    display.to_figure().draw_without_rendering()


def test_a_run_that_diverged_at_once_leaves_no_cross_but_is_counted():
    display = LossCurvesDisplay.from_frame(curves_of([np.nan], [0.5, 0.4]))
    assert display.ends.empty
    assert display.counts.loc["he"].tolist() == [2, 1]
    display.to_figure().draw_without_rendering()


@pytest.mark.parametrize(("last", "scale"), [(0.3, "linear"), (0.001, "log")])
def test_losses_that_span_decades_get_a_logarithmic_axis(last, scale):
    display = LossCurvesDisplay.from_frame(curves_of([0.7, 0.5, last])).plot()
    assert display.ax_.get_yscale() == scale


def test_a_loss_on_its_way_to_infinity_does_not_flatten_the_others():
    explodes = [0.7 * 10.0**epoch for epoch in range(30)]
    display = LossCurvesDisplay.from_frame(curves_of([*explodes, np.nan], [0.7, 0.5], [0.7, 0.4]))
    display.plot()
    assert display.ax_.get_ylim()[1] < 100
    (cross,) = (line for line in display.ax_.get_lines() if line.get_marker() == "x")
    assert cross.get_ydata()[0] < display.ax_.get_ylim()[1]


def test_the_class_prior_is_a_dotted_line():
    display = LossCurvesDisplay.from_frame(make_curves(), prior_loss=0.6931).plot()
    (line,) = (line for line in display.ax_.get_lines() if line.get_linestyle() == ":")
    np.testing.assert_allclose(line.get_ydata(), 0.6931)


def test_many_candidates_get_a_panel_each():
    labels = [f"init {k}" for k in range(8)]
    display = LossCurvesDisplay.from_frame(make_curves(labels), prior_loss=0.69).plot()
    panels = [ax for ax in display.ax_.flat if ax is not None]
    assert display.ax_.shape == (3, 3)
    assert [ax.get_title(loc="left") for ax in panels] == labels
    assert {ax.get_ylim() for ax in panels} == {panels[0].get_ylim()}
    for label, ax in zip(labels, panels, strict=True):
        median = display.bands.loc[(label, "held-out"), "median"]
        np.testing.assert_allclose(lines_by_label(ax)[f"{label}, held-out"].get_ydata(), median)
    assert [ax.get_xlabel() for ax in panels] == [""] * 5 + ["epoch"] * 3
    assert panels[3].get_ylabel() == "log loss (nats)"


def test_panels_need_axes_of_a_grid():
    display = LossCurvesDisplay.from_frame(make_curves([f"init {k}" for k in range(8)]))
    ax = plt.figure().add_axes((0.1, 0.1, 0.8, 0.8))
    with pytest.raises(ValueError, match=r"8 candidates need panels.*plt\.subplots"):
        display.plot(ax)


def test_activations_make_candidates_of_their_own():
    curves = pd.concat([make_curves(["he"]), make_curves(["he"], activation="relu")])
    display = LossCurvesDisplay.from_frame(curves)
    assert list(display.counts.index) == ["he (tanh)", "he (relu)"]


# Scores


def test_scores_are_those_of_the_runs_with_seeds_averaged():
    runs = make_runs()
    display = ScoresDisplay.from_frame(runs, summarize(runs)).plot()
    expected = runs.groupby(["label", "split"])[["test_accuracy", "train_accuracy"]].mean()
    dots = display.ax_.collections[: 2 * len(LABELS)]
    for row, label in enumerate(display.means.index):
        train, test = (np.asarray(d.get_offsets()) for d in dots[2 * row : 2 * row + 2])
        np.testing.assert_allclose(test[:, 0], expected.loc[label, "test_accuracy"])
        np.testing.assert_allclose(train[:, 0], expected.loc[label, "train_accuracy"])
        assert (test[:, 1] < row).all()
        assert (train[:, 1] > row).all()


def test_means_intervals_order_and_baseline_are_those_of_the_summary():
    runs = make_runs()
    summary = summarize(runs)
    display = ScoresDisplay.from_frame(runs, summary).plot()
    names = [text.get_text() for text in display.ax_.get_yticklabels()]
    assert names == list(summary.index[:-1])
    assert display.ax_.yaxis_inverted()
    marks, _, (bars,) = display.ax_.containers[0]
    np.testing.assert_allclose(marks.get_xdata().astype(float), summary["mean"].iloc[:-1])
    ends = np.array([segment[:, 0] for segment in bars.get_segments()])
    np.testing.assert_allclose(ends, summary[["ci_low", "ci_high"]].iloc[:-1].astype(float))
    (prior,) = (line for line in display.ax_.get_lines() if line.get_linestyle() == ":")
    np.testing.assert_allclose(prior.get_xdata(), 0.5)


def test_scores_of_several_activations():
    runs = make_runs(activations=("tanh", "relu"), n_splits=4)
    display = ScoresDisplay.from_frame(runs, summarize(runs))
    assert set(display.means.index) == {f"{i} ({a})" for i in LABELS for a in ("tanh", "relu")}
    assert display.baseline == 0.5


def test_one_split_and_missing_scores_can_be_drawn():
    runs = make_runs(n_splits=1, n_seeds=1)
    runs.loc[runs["label"] == "he", "test_accuracy"] = np.nan
    display = ScoresDisplay.from_frame(runs, summarize(runs)).plot()
    display.figure_.draw_without_rendering()
    assert np.isnan(display.means.loc["he", "mean"])


# Differences


def annotations_of(ax):
    return [text for text in ax.texts if isinstance(text, matplotlib.text.Annotation)]


def hill_areas(ax, row):
    """Return the shares of the hill in a row that are left of, inside and right of the rope."""
    areas = np.zeros(3)
    for part in ax.collections:
        vertices = part.get_paths()[0].vertices
        middle = vertices[:, 0].mean()
        if row - 0.5 < vertices[:, 1].mean() < row + 0.5:
            x, y = vertices.T
            area = abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
            areas[int(middle > -ROPE) + int(middle > ROPE)] += area
    return areas / areas.sum()


def test_the_areas_of_a_hill_are_the_probabilities():
    display = make_differences().plot()
    row = list(display.differences.index).index("random")
    values = display.differences.loc["random"]
    expected = values[["p_worse", "p_equivalent", "p_better"]].astype(float)
    assert expected.between(0.02, 0.98).sum() >= 2  # otherwise there is nothing to see
    np.testing.assert_allclose(hill_areas(display.ax_, row), expected, atol=0.005)


def test_bars_are_the_intervals_and_texts_the_probabilities():
    display = make_differences().plot()
    row = list(display.differences.index).index("he")
    values = display.differences.loc["he"]
    bars = [
        line.get_xdata() for line in display.ax_.get_lines() if line.get_ydata()[0] == row + 0.22
    ]
    np.testing.assert_allclose(bars[0], values[["difference_low", "difference_high"]].astype(float))
    np.testing.assert_allclose(bars[1], values["difference"])
    texts = {text.get_text() for text in annotations_of(display.ax_) if text.xy[1] == row}
    shown = [displays.write_percent(values[c]) for c in ("p_worse", "p_equivalent", "p_better")]
    assert texts == {*shown, values["verdict"]}


def test_the_scale_of_the_posterior_is_recovered_from_its_interval():
    x = np.random.default_rng(0).normal(0.02, 0.03, size=10)
    fitted = statistics.corrected_t(x, 0.25)
    low, high = fitted.interval()
    assert (high - low) / 2 / stats.t.ppf(0.975, fitted.df) == pytest.approx(fitted.scale)


def test_the_reference_and_the_class_prior_are_no_rows():
    assert sorted(make_differences().differences.index) == ["he", "random", "zeros"]
    controlled = make_differences(reference="random")
    assert sorted(controlled.differences.index) == ["he", "xavier", "zeros"]
    assert controlled.plot().ax_.get_xlabel() == "difference in accuracy to random"


def test_a_far_loser_is_an_arrow_with_its_numbers():
    ax = make_differences().plot().ax_
    left, right = ax.get_xlim()
    assert -0.2 < left < -ROPE < ROPE < right < 0.2
    (arrow,) = (line for line in ax.get_lines() if line.get_marker() == "<")
    assert arrow.get_ydata() == [2]
    (text,) = (text.get_text() for text in ax.texts if " to " in text.get_text())
    assert text.startswith("−0.3")


@pytest.mark.parametrize("n_splits", [1, 2])
def test_differences_without_a_posterior_can_be_drawn(n_splits):
    runs = make_runs(n_splits=n_splits, n_seeds=1)
    twin = runs[runs["label"] == "he"].assign(label="he again")
    display = make_differences(pd.concat([runs, twin], ignore_index=True), reference="he").plot()
    display.figure_.draw_without_rendering()
    texts = [text.get_text() for text in display.ax_.texts]
    assert texts.count("–") == (0 if n_splits > 1 else 3 * 4)
    assert ("tie" in texts) == (n_splits > 1)


def test_a_candidate_without_scores_has_an_empty_row():
    runs = make_runs()
    runs.loc[(runs["label"] == "he") & (runs["split"] == 3), "test_accuracy"] = np.nan
    display = make_differences(runs).plot()
    display.figure_.draw_without_rendering()
    assert [text.get_text() for text in display.ax_.texts].count("–") == 3


def test_a_single_candidate_has_no_difference():
    display = make_differences(make_runs(["he"])).plot()
    assert display.differences.empty


@pytest.mark.parametrize(
    ("probability", "text"),
    [(0, "< 1%"), (0.004, "< 1%"), (0.01, "1%"), (0.5, "50%"), (0.99, "99%"), (0.996, "> 99%"),
     (1, "> 99%"), (np.nan, "–")],
)  # fmt: skip
def test_probabilities_never_read_as_certain(probability, text):
    assert displays.write_percent(probability) == text


# Heat map


@pytest.mark.parametrize("greater_is_better", [True, False])
def test_the_heatmap_shows_the_means_and_frames_the_best(greater_is_better):
    runs = make_runs(activations=("tanh", "relu", "elu"))
    display = HeatmapDisplay.from_frame(runs, greater_is_better=greater_is_better).plot()
    expected = runs.groupby(["label", "activation"])["test_accuracy"].mean()
    assert list(display.means.columns) == ["tanh", "relu", "elu"]
    np.testing.assert_allclose(display.ax_.images[0].get_array(), display.means)
    for (label, activation), value in expected.items():
        assert display.means.loc[label, activation] == pytest.approx(value)
    (frame,) = display.ax_.patches
    best = display.means.iloc[round(frame.get_center()[1]), round(frame.get_center()[0])]
    assert best == pytest.approx(expected.max() if greater_is_better else expected.min())
    numbers = [text.get_text() for text in display.ax_.texts]
    assert numbers == [f"{value:.3f}" for value in display.means.to_numpy().ravel()]


def test_equal_rows_keep_their_order():
    runs = make_runs(["xavier", "he"], activations=("tanh", "relu"))
    runs["test_accuracy"] = 0.5
    assert list(HeatmapDisplay.from_frame(runs).means.index) == ["xavier", "he"]


def test_a_missing_score_is_a_dash_and_is_never_framed():
    runs = make_runs(["he", "xavier"], activations=("tanh", "relu"))
    gap = (runs["label"] == "he") & (runs["activation"] == "relu") & (runs["split"] == 0)
    runs.loc[gap, "test_accuracy"] = np.nan
    display = HeatmapDisplay.from_frame(runs, greater_is_better=False).plot()
    assert [text.get_text() for text in display.ax_.texts].count("–") == 1
    (frame,) = display.ax_.patches
    best = display.means.iloc[round(frame.get_center()[1]), round(frame.get_center()[0])]
    assert best == np.nanmin(display.means)
    empty = HeatmapDisplay(display.means * np.nan).plot()
    assert len(empty.ax_.patches) == 0


# Critical differences


def test_the_diagram_shows_ranks_cliques_and_critical_difference():
    scores = make_dataset_scores()
    display = CriticalDifferenceDisplay.from_frame(scores).plot()
    ranks = statistics.mean_ranks(scores)
    pd.testing.assert_series_equal(display.mean_ranks, ranks.sort_values(), check_names=False)
    expected = {f"{rank:.2f}" for rank in ranks}
    names = {text.get_text(): text.xy[0] for text in annotations_of(display.ax_)}
    assert {number for text in names for number in text.split() if "." in number} == expected
    for text, x in names.items():
        (label,) = (label for label in LABELS if label in text)
        assert x == ranks[label]
    bars = [line for line in display.ax_.get_lines() if line.get_linewidth() == 3.5]
    groups = statistics.cliques(ranks, statistics.nemenyi_cd(4, 14))
    assert len(bars) == len(groups) > 0
    for bar, group in zip(bars, groups, strict=True):
        low, high = bar.get_xdata()
        np.testing.assert_allclose([low, high], [ranks[group].min(), ranks[group].max()], atol=0.05)
    (scale,) = display.ax_.containers
    segment = scale[2][0].get_segments()[0][:, 0]
    assert np.ptp(segment) == pytest.approx(statistics.nemenyi_cd(4, 14))


def test_fewer_than_five_datasets_give_ranks_only():
    display = CriticalDifferenceDisplay.from_frame(make_dataset_scores(n=4)).plot()
    assert np.isnan(display.critical_difference)
    assert not [line for line in display.ax_.get_lines() if line.get_linewidth() == 3.5]
    assert "4 datasets: too few for a test" in [text.get_text() for text in display.ax_.texts]
