"""All scores of the study in one small file: lines of JSON, compressed.

The first line tells the versions, the rates and the tables (their sizes and fingerprints, none of
their rows). Each other line is one fold of one table, activation and depth:

- ``table, activation, depth, split``; splits 0 to 4 are the folds of the first repetition;
- ``prior``: log loss and accuracy of the class prior;
- ``inner``: for each initializer the log loss at every rate, on rows set aside inside the training
  part;
- ``one rate`` and ``tuned``: for each initializer the rate, and log loss and accuracy on the
  held-out rows;
- ``diverged``: how many trainings ended with infinite weights; they score as the class prior.
"""

from __future__ import annotations

import json
import lzma
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from skinit import InitComparison
from studies.does_it_matter.design import FOLDS, ONE_RATE, Cell

RECORDS = Path(__file__).with_name("records.jsonl.xz")
KEYS = ["table", "activation", "depth", "split"]
DIGITS = 6  # significant ones


class Records(NamedTuple):
    """What the file holds, as data frames.

    Attributes
    ----------
    about : dict
        The first line.
    trials : DataFrame
        A row per table, activation, depth, split, init and rate: ``log_loss`` on the rows that
        were set aside, and ``prior_log_loss``.
    runs : DataFrame
        A row per table, activation, depth, split, protocol and init: the ``rate``, ``log_loss``
        and ``accuracy`` on the held-out rows, and those of the class prior.
    """

    about: dict
    trials: pd.DataFrame
    runs: pd.DataFrame


def condense(cell: Cell, comparisons: Mapping[str, InitComparison]) -> Iterator[dict]:
    """Yield a line for each fold of a cell."""
    trials = comparisons["tuned"].tuning()
    losses = trials.pivot(index=["split", "label"], columns="learning_rate_init")["inner_log_loss"]
    frames = {name: comparison.to_frame() for name, comparison in comparisons.items()}
    for split, prior in comparisons["tuned"].baseline.iterrows():
        runs = {name: frame[frame["split"] == split] for name, frame in frames.items()}
        diverged = [part["diverged"].sum() for part in runs.values()]
        yield {
            **{key: getattr(cell, key) for key in KEYS[:3]},
            "split": cell.repeat * FOLDS + int(split),
            "prior": [_round(prior["test_log_loss"]), _round(prior["test_accuracy"])],
            "inner": {init: list(map(_round, row)) for init, row in losses.loc[split].iterrows()},
            **{name: _scores(part) for name, part in runs.items()},
            "diverged": int(sum(diverged) + trials.loc[trials["split"] == split, "diverged"].sum()),
        }


def _scores(runs: pd.DataFrame) -> dict[str, list[float]]:
    """Return rate, log loss and accuracy of every initializer on one fold."""
    rates = runs.get("learning_rate_init", pd.Series(ONE_RATE, runs.index))
    columns = zip(runs["label"], rates, runs["test_log_loss"], runs["test_accuracy"], strict=True)
    return {label: list(map(_round, scores)) for label, *scores in columns}


def _round(value) -> float:
    return float(f"{value:.{DIGITS}g}")


def write_records(path, about: Mapping, lines: Iterable[Mapping]) -> None:
    """Write the file."""
    with lzma.open(path, "wt", encoding="utf-8") as file:
        for line in (about, *lines):
            file.write(json.dumps(line, separators=(",", ":")) + "\n")


def read_records(path=RECORDS) -> Records:
    """Read the file.

    Parameters
    ----------
    path : path-like
        Where; the default is the published file.
    """
    with lzma.open(path, "rt", encoding="utf-8") as file:
        about, *lines = map(json.loads, file)
    trials = [row for line in lines for row in _trial_rows(line, about["rates"])]
    runs = [row for line in lines for row in _run_rows(line)]
    return Records(about, pd.DataFrame(trials), pd.DataFrame(runs))


def _trial_rows(line, rates) -> Iterator[dict]:
    keys = {key: line[key] for key in KEYS} | {"prior_log_loss": line["prior"][0]}
    for init, losses in line["inner"].items():
        for rate, loss in zip(rates, losses, strict=True):
            yield keys | {"init": init, "rate": rate, "log_loss": loss}


def _run_rows(line) -> Iterator[dict]:
    keys = {key: line[key] for key in KEYS}
    prior = dict(zip(["prior_log_loss", "prior_accuracy"], line["prior"], strict=True))
    for protocol in ("one rate", "tuned"):
        for init, scores in line[protocol].items():
            named = dict(zip(["rate", "log_loss", "accuracy"], scores, strict=True))
            yield keys | {"protocol": protocol, "init": init} | named | prior
