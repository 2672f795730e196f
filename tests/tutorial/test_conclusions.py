from __future__ import annotations

import dataclasses

import pytest

from skinit.tutorial import conclude, explain


def as_published(pictures):
    return dataclasses.replace(pictures, are_published=True)


def test_repeated_numbers_are_called_repeated(pictures, run_that_ended, by_name):
    moved = [cost + 3e-11 for cost in by_name["random"].published.costs]
    runs = [run_that_ended("zeros"), run_that_ended("random", moved), run_that_ended("he")]
    told = explain(as_published(pictures), runs)[0]
    assert "zeros reproduces its 10 published costs exactly." in told
    assert "random reproduces its 10 published costs; the largest difference is 3e-11." in told


@pytest.mark.parametrize("place", [0, 9])
def test_a_number_that_is_not_repeated_is_said_so(place, pictures, run_that_ended, by_name):
    costs = list(by_name["random"].published.costs)
    costs[place] -= 2e-9
    run = run_that_ended("random", costs)
    told = explain(as_published(pictures), [run])[0]
    assert "random does NOT reproduce its published costs within 1e-09" in told
    assert "largest difference is 2e-09" in told


@pytest.mark.parametrize(
    ("accuracy", "last", "word"),
    [(0.98, 0.35, "inside"), (0.97, 0.2, "OUTSIDE"), (0.99, 0.36, "OUTSIDE")],
)
def test_he_and_xavier_are_held_to_their_range_only(accuracy, last, word, pictures, run_that_ended):
    told = explain(as_published(pictures), [run_that_ended("he", [0.6] * 9 + [last], accuracy)])
    assert f"he ended {word} this range, at {accuracy:.0%} and {last:.3f}." in told[1]
    assert "learning rate times curvature" in told[1]


def test_no_match_is_claimed_on_other_pictures(pictures, runs):
    told = " ".join(explain(pictures, runs))
    assert told.startswith("* These are not the pictures of Dabbura's blog post (2018).")
    assert "reproduces its" not in told
    assert "side this range" not in told


def test_the_spread_over_roundings_is_told(pictures, run_that_ended):
    wild = dataclasses.replace(run_that_ended("he"), repeated_costs=[0.05, 0.1, 0.1, 0.1, 0.51])
    told = explain(pictures, [run_that_ended("random"), wild])[-1]
    assert told.endswith("random 1.005, he 0.050 to 0.510.")


@pytest.mark.parametrize(
    ("accuracies", "first"),
    [
        ((0.5, 0.99), "he reached 98% accuracy or more on the training pictures; zeros did not."),
        ((0.5, 0.6), "No start reached 98% accuracy or more on the training pictures."),
        ((0.98, 1.0), "All starts reached 98% accuracy or more on the training pictures."),
    ],
)
def test_the_conclusion_says_who_learned_and_what_it_is_worth(
    accuracies, first, pictures, run_that_ended
):
    runs = [
        run_that_ended(name, accuracy=accuracy)
        for name, accuracy in zip(("zeros", "he"), accuracies, strict=True)
    ]
    assert conclude(pictures, runs) == [
        first,
        "On held-out pictures the accuracy is 55% from zeros and 55% from he; always guessing one "
        "class gives 60%.",
    ]
