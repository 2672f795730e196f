"""Records as tables: a row per run, a row per epoch, a column per candidate."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations
from typing import TYPE_CHECKING

from skinit.comparison.metrics import allow_infinite
from skinit.comparison.schema import Run, Settings, SplitRecord

if TYPE_CHECKING:
    import pandas as pd


def key_columns(settings: Settings) -> list[str]:
    """Return the columns that name a candidate."""
    return ["label", "activation"] if settings.several_activations else ["label"]


def runs_table(settings: Settings, records: Sequence[SplitRecord]) -> pd.DataFrame:
    """Return all runs with everything that is known of them, curves included."""
    import pandas as pd

    candidates = {(c.label, c.activation): c for c in settings.candidates}
    points = [] if settings.tuning is None else settings.tuning.points
    rows = []
    for record in records:
        for run in record.runs:
            candidate = candidates[run.label, run.activation]
            named = {"init": candidate.init, "formula": candidate.formula, "split": record.split}
            point = {} if run.point is None else points[run.point]
            rows.append(named | point | _row(run, settings))
    return pd.DataFrame(rows)


def _row(run: Run, settings: Settings) -> dict:
    row: dict = {
        "label": run.label,
        "activation": run.activation,
        "seed": run.seed,
        **dict(run.scores.items()),
        "n_iter": run.n_iter,
        "fit_time": run.fit_time,
        "init_time": run.init_time,
        "stopped": run.stopped,
        "diverged": run.diverged,
        "same_answer": run.same_answer,
        "predictions": run.predictions,
    }
    if settings.target is not None:
        row["epochs_to_target"] = run.epochs_to_target
    if settings.curves:
        row |= {"train_loss": run.train_loss, "test_loss": run.test_loss}
    return row


def frame_columns(settings: Settings) -> list[str]:
    """Return the columns of the public table of runs, in their order."""
    scorers = [metric.name for metric in settings.scoring]
    columns = ["label", "init", "activation", "formula", "split", "seed"]
    columns += [] if settings.tuning is None else settings.tuning.values
    columns += [f"{side}_{name}" for side in ("test", "train") for name in scorers]
    loss = settings.kind.loss.name
    columns += [] if loss in scorers else [f"test_{loss}", f"train_{loss}"]
    columns += ["n_iter", "init_time", "fit_time"]
    columns += ["stopped", "diverged"]
    return columns if settings.target is None else [*columns, "epochs_to_target"]


def curves_table(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the loss of every run by epoch, a row per run and epoch; the start is epoch 0."""
    keys = ["label", "activation", "split", "seed"]
    long = runs.loc[runs["train_loss"].notna(), [*keys, "train_loss", "test_loss"]]
    long = long.explode(["train_loss", "test_loss"], ignore_index=True)
    long = long.astype({"train_loss": float, "test_loss": float})
    long.insert(4, "epoch", long.groupby(keys).cumcount())
    return long


def scores_table(runs: pd.DataFrame, settings: Settings, column: str) -> pd.DataFrame:
    """Return one score, indexed by split and seed number, a column per candidate."""
    keys = key_columns(settings)
    numbered = runs.assign(repetition=runs.groupby([*keys, "split"]).cumcount())
    table = numbered.pivot(index=["split", "repetition"], columns=keys, values=column)
    return table.rename_axis(index=["split", "seed"])[settings.keys]


def identical_pairs(runs: pd.DataFrame, settings: Settings) -> set[frozenset]:
    """Return the pairs of candidates that predicted the same in all runs, row by row."""
    predictions = scores_table(runs, settings, "predictions")
    known = predictions.loc[:, predictions.notna().all()]
    return {
        frozenset(pair)
        for pair in combinations(known.columns, 2)
        if known[pair[0]].equals(known[pair[1]])
    }


def baseline_table(records: Sequence[SplitRecord]) -> pd.DataFrame:
    """Return the scores of the baseline, a row per split."""
    import pandas as pd

    splits = [record.split for record in records]
    rows = [dict(record.baseline.items()) for record in records]
    return pd.DataFrame(rows, index=splits, dtype=float).rename_axis("split")


@allow_infinite
def baseline_row(settings: Settings, baseline: pd.DataFrame, metric: str) -> pd.DataFrame:
    """Return the baseline as a row of a summary.

    Parameters
    ----------
    settings : Settings
        Of the comparison.
    baseline : DataFrame
        As of `baseline_table`.
    metric : str
        Which score.
    """
    import pandas as pd

    row = {
        "mean": baseline[f"test_{metric}"].mean(),
        "sd_splits": baseline[f"test_{metric}"].std(),
        "train_mean": baseline[f"train_{metric}"].mean(),
    }
    name = settings.kind.baseline
    index = pd.Index([(name, "")] if settings.several_activations else [name])
    return pd.DataFrame(row, index=index)
