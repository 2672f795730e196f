"""Inner scores against the values that were tried."""

from __future__ import annotations

import numpy as np
import pandas as pd

from skinit.displays import TuningDisplay
from tests.displays.display_tools import LABELS, make_trials


def make_display(trials=None, parameter="learning_rate_init", **options):
    trials = make_trials(**options) if trials is None else trials
    return TuningDisplay.from_frame(trials, parameter=parameter)


def test_bands_are_quartiles_over_splits_and_seeds():
    display, trials = make_display(), make_trials()
    losses = trials.query("label == 'he' and learning_rate_init == 0.01")["inner_log_loss"]
    expected = np.quantile(losses, [0.25, 0.5, 0.75])
    np.testing.assert_allclose(display.bands.loc[("he", 0.01)], expected)


def test_choices_are_marked_by_how_often_they_were_made():
    trials = make_trials(["he"])
    trials["chosen"] = (trials["learning_rate_init"] == 0.1) == (trials["split"] < 4)
    trials.loc[trials["learning_rate_init"] == 0.001, "chosen"] = False
    display = make_display(trials).plot()
    assert list(display.choices["share"]) == [0.0, 0.2, 0.8]
    sizes = display.ax_.collections[1].get_sizes()
    assert sizes[0] == 0 and sizes[2] == 4 * sizes[1]


def test_of_other_parameters_the_best_value_counts():
    trials = pd.concat([make_trials(["he"]).assign(alpha=a) for a in (0.1, 1.0)])
    trials["inner_log_loss"] += 5 * (trials["alpha"] == 0.1)
    found = make_display(trials).bands["median"]
    np.testing.assert_allclose(found, make_display(make_trials(["he"])).bands["median"])


def test_rates_are_on_a_logarithmic_axis_and_words_side_by_side():
    assert make_display().plot().ax_.get_xscale() == "log"
    words = make_display(parameter="solver", name="solver", values=("adam", "sgd")).plot().ax_
    assert [label.get_text() for label in words.get_xticklabels()] == ["adam", "sgd"]


def test_candidates_keep_their_order_and_differ_in_more_than_colour():
    labels = [f"init {i}" for i in range(12)]
    ax = make_display(labels=labels).plot().ax_
    handles, names = ax.get_legend_handles_labels()
    assert names[:12] == labels
    looks = {(h.get_color(), h.get_linestyle(), h.get_marker()) for h in handles[:12]}
    assert len(looks) == 12
    assert list(make_display().bands.index.unique("candidate")) == LABELS


def test_a_candidate_far_off_does_not_flatten_the_others():
    trials = make_trials(["he", "random"])
    trials.loc[trials["label"] == "random", "inner_log_loss"] *= 1000
    ax = make_display(trials).plot().ax_
    best = (
        trials["inner_log_loss"].groupby([trials["label"], trials["learning_rate_init"]]).median()
    )
    assert ax.get_ylim()[1] < 40 * best.min()
    assert ax.get_ylim()[1] > 29 * best.min()
    said = [text.get_text() for text in ax.get_legend().get_texts()]
    assert f"at {30 * best.min():.2g}: {30 * best.min():.2g} or more" in said
    said = [text.get_text() for text in make_display().plot().ax_.get_legend().get_texts()]
    assert not any(" or more" in text or " or less" in text for text in said)
