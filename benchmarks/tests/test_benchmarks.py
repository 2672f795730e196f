"""The harness itself, on tiny sizes: do all do the same work, and is the arithmetic right?

Nothing here asserts a time.
"""

from __future__ import annotations

import importlib.util
import json
import warnings
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression

from benchmarks import __main__ as command
from benchmarks import (
    comparisons,
    costs,
    harness,
    memory,
    overheads,
    page,
    peers,
    report,
    threads,
    work,
)
from benchmarks.harness import GeometricMean, Goal, Measurement, Result, Row, Unmeasurable
from benchmarks.rows import FAST, FITS, FULL, OURS, QUICK, make_means, make_rows
from benchmarks.work import Fit

# Without shuffling, everybody sees the same batches, the last one smaller than the others.
MANY = Fit(work.clusters(50, 6, 3), (7, 5), epochs=4, batch_size=20, shuffle=False, alpha=0.1)
TWO = replace(MANY, data=work.clusters(50, 6, 2), activation="tanh")
NUMBERS = replace(MANY, data=work.waves(50, 6))
WIDE = replace(TWO, data=work.clusters(30, 90, 2), solver="sgd", batch_size=None)
# A few epochs are what is asked for.
pytestmark = pytest.mark.filterwarnings(
    f"ignore::{ConvergenceWarning.__module__}.{ConvergenceWarning.__name__}"
)

LIBRARY = {"skorch": "skorch", "torch": "torch", "jax": "jax", FAST: "numba"}

needs_proc = pytest.mark.skipif(
    not memory.RESET.exists(), reason="peak memory is read from /proc, which Linux alone has"
)


def import_library(contender):
    """Import what a contender needs, or skip the test."""
    for start, library in LIBRARY.items():
        if contender.startswith(start):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # what others warn of while imported is theirs
                pytest.importorskip(library)


# --- the same work ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", [name for name in FITS if name not in (OURS, "floor")])
@pytest.mark.parametrize("fit", [MANY, TWO], ids=["three classes", "two classes"])
def test_everybody_reaches_the_same_loss_from_the_same_start(name, fit):
    import_library(name)
    if name == "skorch" and fit is TWO:
        fit = MANY  # its classifier has one output a class
    start = work.log_loss(fit, fit.start())
    ours = peers.measure(FITS[OURS], fit)
    other = peers.measure(FITS[name], fit)
    assert abs(ours.quality - start) > 1e-3
    # torch divides the penalty of the last, smaller batch by the size of the others.
    assert other.quality == pytest.approx(ours.quality, rel=1e-4 if "orch" in name else 1e-6)


@pytest.mark.parametrize("name", ["scikit-learn", "torch"])
def test_predicting_numbers_is_the_same_work(name):
    import_library(name)
    start = work.log_loss(NUMBERS, NUMBERS.start())
    ours = peers.measure(FITS[OURS], NUMBERS)
    assert ours.quality < start - 1e-3
    other = peers.measure(FITS[name], NUMBERS)
    assert other.quality == pytest.approx(ours.quality, rel=1e-4 if name == "torch" else 1e-6)


@pytest.mark.parametrize("name", ["scikit-learn", "torch"])
def test_plain_descent_is_the_same_work(name):
    import_library(name)
    ours, other = (peers.measure(FITS[who], WIDE).quality for who in (OURS, name))
    assert other == pytest.approx(ours, rel=1e-9)


def test_lbfgs_is_the_same_work():
    fit = replace(MANY, solver="lbfgs", epochs=5)
    ours, other = (peers.measure(FITS[who], fit).quality for who in (OURS, "scikit-learn"))
    assert other == pytest.approx(ours, rel=1e-6)


def test_float32_stays_float32():
    fit = replace(MANY, dtype="float32")
    for name in FITS.keys() - {"floor", "jax, first call"}:
        import_library(name)
        assert {W.dtype for W, _ in FITS[name](fit)()} == {np.dtype("float32")}, name


def test_a_stack_under_vmap_is_as_good_as_each_network_alone():
    import_library("jax")
    stack = peers.jax_stack(MANY, [MANY.start(j) for j in range(3)], np.arange(50))()
    stacked = [work.log_loss(MANY, layers) for layers in comparisons.members(stack, 3)]
    for j, loss in enumerate(stacked):
        (alone,) = comparisons.members(peers.jax_stack(MANY, [MANY.start(j)], np.arange(50))(), 1)
        assert work.log_loss(MANY, alone) == pytest.approx(loss)
    assert len(set(np.round(stacked, 6))) == 3


def test_stacks_of_the_cost_curves_train_every_network():
    alone = work.log_loss(MANY, peers.skinit(MANY)())
    for prepare in (peers.skinit_stack, peers.sklearn_stack):
        assert work.log_loss(MANY, prepare(3, MANY)()) == pytest.approx(alone, rel=1e-6)


def test_the_floor_has_the_multiplications_of_training(monkeypatch):
    products = []

    def matmul(a, b, out):
        products.append(a.shape[0] * a.shape[1] * b.shape[1])
        return original(a, b, out=out)

    train, original = peers.matrix_products(MANY), np.matmul
    monkeypatch.setattr(np, "matmul", matmul)
    assert train() is None
    # Forward, the gradients of the weights, and of the activations below all layers but the first.
    per_row = 3 * (6 * 7 + 7 * 5 + 5 * 3) - 6 * 7
    assert sum(products) == MANY.epochs * 50 * per_row


def test_log_loss_is_scikit_learns():
    from sklearn.metrics import log_loss

    for fit in (MANY, TWO):
        network = peers.skinit(fit)
        layers = network()
        estimator = network.args[0]
        expected = log_loss(fit.y, estimator.predict_proba(fit.X))
        assert work.log_loss(fit, layers) == pytest.approx(expected, rel=1e-9)


# --- data -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data",
    [work.digits, work.breast_cancer, work.clusters(200, 30), work.documents(200, 900)],
    ids=["digits", "breast cancer", "clusters", "documents"],
)
def test_labels_can_be_learned(data):
    X, y = data()
    assert X.shape[0] == len(y)
    np.testing.assert_array_equal(np.unique(y), np.arange(y.max() + 1))
    guess = np.bincount(y).max() / len(y)
    assert LogisticRegression(C=10, max_iter=2000).fit(X, y).score(X, y) > guess + 0.2


def test_documents_are_short_and_normalized():
    X, _ = work.documents(50, 900)()
    assert X.format == "csr" and X.shape == (50, 900)
    np.testing.assert_allclose(X.multiply(X).sum(axis=1), 1)
    assert X.getnnz(axis=1).max() <= 100


def test_pictures_are_drawn_or_come_from_a_folder(monkeypatch, tmp_path):
    monkeypatch.delenv("SKINIT_CATS_VS_DOGS", raising=False)
    X, y = work._load_pictures.__wrapped__(8)
    assert X.shape == (100, 192) and np.bincount(y).tolist() == [50, 50]
    monkeypatch.setenv("SKINIT_CATS_VS_DOGS", str(tmp_path / "missing"))
    with pytest.raises(OSError, match="missing"):
        work._load_pictures.__wrapped__(8)


# --- comparisons, predictions, imports --------------------------------------------------------


def test_comparisons_run_everywhere_and_score_alike(monkeypatch):
    monkeypatch.setattr(threads, "count", lambda: 1)
    fit = Fit(work.breast_cancer, (8,), epochs=10, batch_size=20)
    measured = [
        comparisons.compare(fit, init=("he", "sklearn"), repeats=1, curves=True),
        comparisons.compare(fit, init=("he", "sklearn"), repeats=1, curves=False),
        comparisons.grid_search(fit, k=2, repeats=1),
    ]
    import_library("jax")
    measured.append(comparisons.jax_stacks(fit, k=2, repeats=1))
    accuracies = [measurement.quality for measurement in measured]
    assert accuracies[0] == accuracies[1]
    assert np.ptp(accuracies) < 0.02 and min(accuracies) > 0.9


def test_eight_laws_exist_and_differ():
    from skinit import get_initializer

    assert len({get_initializer(name).formula for name in comparisons.EIGHT}) == 8


def test_a_scaled_measurement_says_so():
    (row,) = (row for row in make_rows() if "steps on the pictures" in row.name)
    assert any("scaled to 100" in name for name in row.contenders)


def test_scaled_fits_are_scaled(monkeypatch):
    monkeypatch.setattr(threads, "count", lambda: 1)
    monkeypatch.setattr(comparisons, "clock", lambda function: (2.0, function()))
    assert comparisons.scaled_fits(WIDE, n_fits=100) == Measurement(200.0, None)


@pytest.mark.parametrize("name", ["skinit", "sklearn", "torch", "jax"])
def test_predictors_answer_alike(name):
    import_library(name)
    expected = work.raw_outputs(MANY.X, MANY.start(), "relu").argmax(axis=1)
    np.testing.assert_array_equal(getattr(overheads, name)(MANY)(MANY.X), expected)
    measured = overheads.measure_predictor(getattr(overheads, name), MANY, 20, calls=2)
    assert measured.quality == np.mean(expected[:20] == MANY.y[:20])


def test_import_time_is_of_an_import_that_worked():
    assert overheads.import_time("json").value > 0
    with pytest.raises(Exception, match="non-zero exit status"):
        overheads.import_time("there_is_no_such_module")


# --- memory and costs -------------------------------------------------------------------------


@needs_proc
def test_peak_memory_counts_what_is_needed_at_once():
    # Freed before: memory that malloc holds back must not hide anything.
    del [np.ones(2**20) for _ in range(30)][:]
    peak, total = memory._peak_of(lambda: sum(float(np.ones(2**21).sum()) for _ in range(3)))
    assert total == 3 * 2**21
    assert 15 < peak < 18


@needs_proc
def test_memory_of_a_fit_is_measured_in_a_process_of_its_own():
    X = 8 * 20_000 * 50 / 2**20
    fit = Fit(work.clusters(20_000, 50), (200,), epochs=1)
    costs_of_fit = memory.in_fresh_process(peers.sklearn, fit, repeats=1)
    assert 0 < costs_of_fit.mebibytes < 30 * X
    assert costs_of_fit.seconds > 0 and costs_of_fit.loss < np.log(10)


def test_memory_cannot_be_measured_everywhere(monkeypatch, tmp_path):
    monkeypatch.setattr(memory, "RESET", tmp_path / "missing")
    row = Row("memory", {"a": partial(memory.measure, peers.skinit, MANY)})
    assert "does not have" in harness.run_row(row, 1).skipped["a"]


def test_exponents_are_those_of_the_largest_sizes():
    sizes = np.array([1, 10, 100, 1000, 10_000])
    values = np.array([50.0, 50, *(3e-4 * sizes[2:] ** 1.5)])
    assert costs.exponent(sizes, values) == pytest.approx(1.5)


def test_cost_curves_hold_all_points_and_can_be_drawn():
    points = [
        costs.Point(axis, size, library, seconds=size**2 * 1e-3, mebibytes=float(size))
        for axis in ("rows n", "features d")
        for size in (10, 20, 40)
        for library in costs.COLORS
    ]
    records = costs.curves(points)
    assert len(records) == 2 * 2 * 2
    assert {record["cost"]: round(record["exponent"], 6) for record in records} == {
        "seconds": 2,
        "mebibytes": 1,
    }
    assert costs.plot(records).startswith(b"\x89PNG")


@pytest.mark.parametrize("axis", costs.AXES, ids=lambda axis: axis.label)
def test_an_axis_varies_one_size(axis):
    fits = [axis.fit(size) for size in axis.sizes]
    assert list(axis.sizes) == sorted(axis.sizes)
    assert len(set(fits)) == (1 if axis.stacked else len(fits))
    assert axis.contenders(2).keys() == costs.COLORS.keys()


# --- the table --------------------------------------------------------------------------------


@pytest.mark.parametrize("sizes", [FULL, QUICK], ids=["full", "quick"])
def test_goals_and_means_name_what_is_there(sizes):
    rows = {row.name: row for row in make_rows(sizes)}
    assert len(rows) == len(make_rows(sizes))
    for row in rows.values():
        assert next(iter(row.contenders)) == OURS
        for goal in row.goals:
            assert {goal.over, goal.under} <= row.contenders.keys(), row.name
            assert (goal.at_least is None) != (goal.at_most is None)
    for mean in make_means(sizes):
        for name in mean.of:
            assert {g.over for g in mean.goals} | {g.under for g in mean.goals} <= set(
                rows[name].contenders
            )


def test_the_page_gets_the_tables_of_a_run_and_keeps_the_rest(result, tmp_path):
    result.row = replace(result.row, name="a row")
    page_path = tmp_path / "benchmarks.md"
    page_path.write_text(f"# Title\n\n{page.BEGIN}\n\nold\n\n{page.END}\n\nThe end.\n")
    page.write_page(page_path, report.Report(facts={"python": "3"}, results=[result]))
    text = page_path.read_text()
    assert text.startswith(f"# Title\n\n{page.BEGIN}\n\nMeasured on: python 3.\n\n| work |")
    assert text.endswith(f"\n{page.END}\n\nThe end.\n") and "old" not in text
    assert "| 2 s |" in text and "**falls short**" in text
    page_path.write_text("no marks")
    with pytest.raises(ValueError, match="needs the lines"):
        page.write_page(page_path, report.Report(facts={}, results=[]))


def test_the_page_shows_the_quality_of_all_beside_the_time():
    row = Row("work", {}, quality="accuracy")
    result = Result(row, {OURS: [Measurement(1.0, 0.91234)], FAST: [Measurement(0.5, 0.91234)]})
    assert page._median_cells(result)[-1] == "accuracy 0.9123 (0.9123)"
    result.measured |= {"jax": [Measurement(2.0, 0.9)], "floor": [Measurement(0.1)]}
    *_, jax, floor, quality = page._median_cells(result)
    assert (jax, floor, quality) == ("4 x", "0.2 x", "accuracy 0.9123 (0.9 to 0.9123)")


def test_the_page_holds_jax_against_comparisons_without_curves():
    times = {OURS: 4.0, f"{OURS}, curves=False": 3.0, FAST: 2.0, f"{FAST}, curves=False": 1.0}
    measured = {name: [Measurement(time)] for name, time in (times | {"jax, vmap": 1.5}).items()}
    _, ours, fast, sklearn, *_, jax, _, quality = page._median_cells(Result(Row("", {}), measured))
    assert (ours, fast) == ("4 s (3 s without curves)", "2 s (1 s without curves)")
    assert (sklearn, jax, quality) == ("", "1.5 x", "")


def test_the_page_of_the_benchmarks_has_its_marks():
    page.check_page(Path(__file__).parents[2] / "docs" / "benchmarks.md")


# --- the harness ------------------------------------------------------------------------------


def contender(values, calls, name, quality=None):
    values = iter(values)

    def measure():
        calls.append(name)
        return Measurement(next(values), quality)

    return measure


@pytest.fixture
def result():
    calls = []
    row = Row(
        "work",
        {
            "skinit": contender([1.0, 2.0, 9.0], calls, "a", quality=0.25),
            "peer": contender([6.0, 5.0, 7.0], calls, "b"),
        },
        [Goal("peer", "skinit", at_least=4), Goal("skinit", "peer", at_most=0.5)],
    )
    measured = harness.run_row(row, 3)
    assert "".join(calls) == "ababab"
    return measured


def test_medians_ratios_and_verdicts(result):
    assert result.median("skinit") == 2 and result.median("peer") == 6
    assert result.quality("skinit") == 0.25 and result.quality("peer") is None
    found = [(ratio, verdict) for _, ratio, verdict in harness.verdicts(result)]
    assert found == [(3, "falls short"), (pytest.approx(1 / 3), "met")]


def fail_with(error):
    def measure():
        raise error

    return measure


def test_a_missing_peer_is_skipped_with_a_reason():
    missing = ModuleNotFoundError("No module named 'torch'", name="torch")
    row = Row(
        "work",
        {"skinit": lambda: Measurement(1.0), "torch": fail_with(missing)},
        [Goal("torch", "skinit", at_least=2)],
    )
    measured = harness.run_row(row, 2)
    assert list(measured.measured) == ["skinit"]
    assert measured.skipped == {"torch": "No module named 'torch'; pip install \"skinit[bench]\""}
    assert [verdict for *_, verdict in harness.verdicts(measured)] == ["not measured"]
    assert "torch skipped: No module" in report.to_text(measured)


@pytest.mark.parametrize(
    "error", [ModuleNotFoundError("No module named 'numpy'", name="numpy"), ValueError("wrong")]
)
def test_other_errors_are_not_hidden(error):
    with pytest.raises(type(error)):
        harness.run_row(Row("work", {"skinit": fail_with(error)}), 1)


def test_what_cannot_be_measured_here_is_skipped():
    measured = harness.run_row(Row("work", {"skinit": fail_with(Unmeasurable("no /proc"))}), 2)
    assert measured.skipped == {"skinit": "no /proc"}
    assert "no /proc" in report.to_text(measured)


def test_a_row_may_ask_for_its_own_number_of_rounds():
    calls = []
    own = Row("own", {"skinit": contender(range(1, 9), calls, "a")}, rounds=3)
    plain = replace(own, name="plain", rounds=None)
    assert [len(r.values("skinit")) for r in harness.run([own, plain], [], None, 2)] == [3, 2]
    assert [len(r.values("skinit")) for r in harness.run([own], [], 1, 2)] == [1]


def test_the_mean_is_geometric_and_needs_all_of_its_rows():
    rows = [
        Row(f"row {j}", {"skinit": lambda: Measurement(1.0), "peer": partial(Measurement, value)})
        for j, value in enumerate([2.0, 8.0])
    ]
    mean = GeometricMean("mean", ["row 0", "row 1"], [Goal("peer", "skinit", at_least=4)])
    *_, last = harness.run(rows, [mean], 1, 1)
    assert last.ratio("peer", "skinit") == pytest.approx(4)
    assert last.ratio("absent", "skinit") is None
    assert all(isinstance(r, Result) for r in harness.run(rows[:1], [mean], 1, 1))


# --- reports and the command ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (2.5, "s", "2.5 s"),
        (0.0123, "s", "12.3 ms"),
        (4.5e-6, "s", "4.5 µs"),
        (0.5, "MiB", "0.5 MiB"),
    ],
)
def test_values_have_units(value, unit, text):
    assert report.in_unit(value, unit) == text


def test_reports_show_quality_beside_time_and_mark_what_falls_short(result, tmp_path):
    text = report.to_text(result)
    assert "loss 0.25" in text and "3 x" in text
    assert "goal peer / skinit ≥ 4: 3, FALLS SHORT" in text
    assert "goal skinit / peer ≤ 0.5: 0.333, met" in text
    files = tmp_path / "all.json", tmp_path / "all.md"
    written = report.Report(*files, facts={"threads": "2"}, results=[result])
    written.write()
    (row,) = json.loads(files[0].read_text())["rows"]
    assert row["contenders"]["skinit"]["values"] == [1, 2, 9]
    assert [goal["verdict"] for goal in row["goals"]] == ["falls short", "met"]
    page = files[1].read_text()
    assert "| work | peer / skinit ≥ 4 | 3 | **falls short** |" in page
    assert "| work | skinit | 2 s | 1 s to 9 s |  | loss 0.25 |" in page
    tables = [line for line in page.splitlines() if line.startswith("|")]
    assert all(line.endswith("|") for line in tables)


def test_the_environment_names_threads_and_versions():
    facts = report.environment()
    assert "cores" in facts["threads"] and facts["numpy"] == np.__version__
    assert facts["torch"] == "not installed" or importlib.util.find_spec("torch")


def test_the_command_measures_what_was_asked_for_and_writes_it(tmp_path, monkeypatch, capsys):
    # Fewer cores would stay with the whole test run.
    monkeypatch.setattr(threads, "limit", lambda n: None)
    path = tmp_path / "rows.json"
    command.main(["--quick", "--only", "LBFGS, at most", "--json", str(path)])
    (pictures, digits) = json.loads(path.read_text())["rows"]
    assert pictures["contenders"].keys() == digits["contenders"].keys() == {OURS, "scikit-learn"}
    assert "s in all" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--only", "nonsense"], "matches no row; there are:\n  the tutorial"),
        (["--rounds", "0"], "must be 1 or more"),
    ],
)
def test_wrong_arguments_are_explained(arguments, message, monkeypatch, capsys):
    monkeypatch.setattr(threads, "limit", lambda n: None)
    with pytest.raises(SystemExit):
        command.main(arguments)
    assert message in capsys.readouterr().err


def test_an_output_that_cannot_be_written_stops_before_anything_is_measured(monkeypatch):
    monkeypatch.setattr(threads, "limit", lambda n: None)
    with pytest.raises(OSError, match="no folder"):
        command.main(["--json", "/there/is/no/such/folder/x.json"])


def test_the_limit_of_threads_reaches_everybody(monkeypatch):
    asked = []
    for variable in threads.VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("os.sched_getaffinity", lambda pid: {3, 1, 2}, raising=False)
    monkeypatch.setattr(
        "os.sched_setaffinity", lambda pid, cores: asked.append(cores), raising=False
    )
    monkeypatch.setattr("os.environ", environment := {})
    threads.limit(2)
    assert asked == [[1, 2]] and environment == dict.fromkeys(threads.VARIABLES, "2")
    assert threads.count() == 2
