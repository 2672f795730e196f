"""Progress counts trainings, in all processes, and changes no result."""

from __future__ import annotations

import threading

import pytest
from sklearn.datasets import load_iris
from sklearn.preprocessing import scale

from skinit import InitMLPClassifier, compare_initializers
from skinit.comparison import jobs
from skinit.comparison.tally import StackCount, Tally, counted_in_a_file

X, y = load_iris(return_X_y=True)
X = scale(X)


def broken(fan_in, fan_out, rng):
    raise ValueError("no weights today")


CASES = {
    "one seed": {},
    "three seeds": {"n_seeds": 3},
    "tuned": {"tune": {"learning_rate_init": [0.01, 0.1, 1.0]}, "n_seeds": 2},
    "racing": {"tune": True, "racing": True, "n_seeds": 2},
    "failing": {"init": {"he": "he", "broken": broken}},
    "two activations": {"activation": ["tanh", "relu"]},
    "workers": {"n_jobs": 2},
}


def compare(progress, solver="adam", **options):
    network = InitMLPClassifier((4,), "tanh", solver=solver, max_iter=8)
    options = {"init": ["he", "zeros", "xavier"], "cv": 2, "random_state": 0} | options
    return compare_initializers(network, X, y, progress=progress, **options)


@pytest.fixture
def counts(monkeypatch):
    """Record what a tally has counted after every addition, and what there was to count."""
    seen, totals = [], []
    progress_bar = jobs.progress_bar

    def watched(text, total, *, count, **options):
        totals.append(total)
        is_over = threading.Event()

        def look():
            while not is_over.wait(0.001):
                seen.append(count())

        thread = threading.Thread(target=look, daemon=True)
        thread.start()

        class Bar:
            def __enter__(self):
                self.bar = progress_bar(text, total, count=count, **options)
                return self.bar.__enter__()

            def __exit__(self, *error):
                is_over.set()
                thread.join()
                seen.append(count())
                return self.bar.__exit__(*error)

        return Bar()

    monkeypatch.setattr(jobs, "progress_bar", watched)
    return seen, totals


@pytest.mark.parametrize("options", CASES.values(), ids=CASES)
@pytest.mark.parametrize("solver", ["adam", "lbfgs"])
def test_all_trainings_are_counted_and_nothing_changes(options, solver, counts):
    if solver == "lbfgs" and options.get("tune") is True:
        pytest.skip("L-BFGS has no learning rate to tune")
    if solver == "lbfgs" and "tune" in options:
        options = options | {"tune": {"alpha": [0.01, 0.1, 1.0]}}
    with_bar = compare(True, solver, **options)
    seen, (total,) = counts
    assert seen == sorted(seen)
    assert seen[-1] == pytest.approx(total, abs=0.05 * total)
    timeless = ["init_time", "fit_time"]
    one, other = (
        c.to_frame().drop(columns=timeless) for c in (with_bar, compare(False, solver, **options))
    )
    assert one.equals(other)


@pytest.mark.parametrize(
    ("options", "n"),
    [
        ({}, 2 * 3),
        ({"n_seeds": 3}, 2 * 3 * 3),
        ({"tune": {"learning_rate_init": [0.01, 0.1, 1.0]}, "n_seeds": 2}, 2 * 2 * (9 + 3)),
        # seven rates with the first seed, two with the second, and the runs themselves
        ({"tune": True, "racing": True, "n_seeds": 2}, 2 * (21 + 6 + 6)),
    ],
)
def test_the_total_is_that_of_all_networks(options, n, counts):
    compare(True, **options)
    assert counts[1] == [n]


class Progress:
    def __init__(self, members, n_iter):
        self.members = members
        self.histories = [type("History", (), {"n_iter": n})() for n in n_iter]


def test_a_stack_counts_its_epochs():
    with counted_in_a_file() as tally:
        count = StackCount(2, 10, tally)
        found = []
        for epoch in range(1, 11):
            members = [0, 1] if epoch <= 4 else [0]  # the second one converged
            count(Progress(members, [epoch] * len(members)))
            found.append(tally.count())
        assert found == sorted(found)
        assert found[3] == pytest.approx(0.8, abs=0.1)
        assert found[-1] == pytest.approx(1.4, abs=0.1)
        count.finish()
        assert tally.count() == 2
        count(Progress([0], [10]))  # nothing is counted twice
        assert tally.count() == 2


def test_another_answer_is_passed_on():
    with counted_in_a_file() as tally:
        assert StackCount(1, 10, tally, then=lambda progress: [0])(Progress([0], [1])) == [0]
        assert StackCount(1, 10, tally)(Progress([0], [1])) is None


def test_where_there_is_no_file_nothing_is_counted_or_made(tmp_path):
    tally = Tally(tmp_path / "elsewhere")
    tally.add(3)
    assert tally.count() == 0
    assert list(tmp_path.iterdir()) == []


def test_without_a_bar_there_is_no_tally(monkeypatch):
    monkeypatch.setattr(jobs, "counted_in_a_file", pytest.fail)
    compare(False)
