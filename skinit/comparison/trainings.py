"""How the trainings went: epochs, how they ended, what they took."""

from __future__ import annotations

from typing import TYPE_CHECKING

from skinit._wording import SEVERAL, join_words, name_label, name_some, write_count
from skinit.comparison.configuration import parameters
from skinit.comparison.schema import Settings
from skinit.comparison.tables import key_columns
from skinit.engine.solvers import SOLVERS

if TYPE_CHECKING:
    import pandas as pd


def trainings_table(runs: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Return a row per candidate: epochs, ends and times of its trainings.

    Parameters
    ----------
    runs : DataFrame
        As of `skinit.comparison.tables.runs_table`.
    settings : Settings
        Of the comparison.

    Returns
    -------
    DataFrame
        Indexed by candidate, in their given order: ``n_runs``; ``epochs``, the median of those
        that trained; ``unconverged_rate``, the share of all runs that ended at `max_iter` without
        converging; ``diverged_rate``; and the medians ``init_time`` and ``train_time``, in seconds
        for one training: what drawing the weights took, and the training after it.
    """
    import pandas as pd

    keys = key_columns(settings)
    trained = runs[runs["stopped"] != ""]
    trained = trained.assign(train_time=trained["fit_time"] - trained["init_time"])
    by_candidate, by_trained = runs.groupby(keys), trained.groupby(keys)
    table = pd.DataFrame(
        {
            "n_runs": by_candidate.size(),
            "epochs": by_trained["n_iter"].median(),
            "unconverged_rate": runs["stopped"].eq("max_iter").groupby(_by(runs, keys)).mean(),
            "diverged_rate": by_candidate["diverged"].mean(),
            "init_time": by_trained["init_time"].median(),
            "train_time": by_trained["train_time"].median(),
        }
    )
    return table.rename_axis(keys).loc[settings.keys]


def _by(runs, keys):
    return [runs[name] for name in keys]


def convergence_sentences(table: pd.DataFrame, settings: Settings) -> list[str]:
    """Say how many trainings ended at `max_iter` without converging, and what to do.

    Parameters
    ----------
    table : DataFrame
        As of `trainings_table`.
    settings : Settings
        Of the comparison.

    Returns
    -------
    list of str
        Nothing where all converged.
    """
    counts = (table["unconverged_rate"] * table["n_runs"]).round().astype(int)
    found = counts[counts > 0]
    if found.empty:
        return []
    max_iter = settings.network.max_iter
    solver = parameters(settings.network)["solver"]
    unit = "epoch" if SOLVERS[solver].minibatches else "iteration"
    return [
        f"{_which_runs(found, table['n_runs'])} ended at max_iter, after "
        f"{write_count(max_iter, unit)}, before they had converged: the initializers are compared "
        "at that budget. Raise max_iter to compare them fully trained."
    ]


def _which_runs(counts: pd.Series, n_runs: pd.Series) -> str:
    """Name runs: all, all of some candidates, or so many of each."""
    if (counts == n_runs[counts.index]).all():
        everyone = len(counts) == len(n_runs)
        return "All runs" if everyone else f"All runs of {name_some(counts.index)}"
    if len(counts) > SEVERAL:
        return f"{counts.sum()} of {n_runs.sum()} runs, of {name_some(counts.index)},"
    clauses = [f"{n} of {n_runs[key]} of {name_label(key)}" for key, n in counts.items()]
    return f"Some runs ({join_words(clauses)})"


def failure_counts(runs: pd.DataFrame, settings: Settings, metric: str) -> pd.DataFrame:
    """Return how many runs of each candidate have no score of a metric.

    Returns
    -------
    DataFrame
        Indexed by candidate, in their given order: ``failed_runs`` of ``n_runs``.
    """
    keys = key_columns(settings)
    missing = runs[f"test_{metric}"].isna().groupby(_by(runs, keys))
    table = missing.agg(["sum", "size"]).set_axis(["failed_runs", "n_runs"], axis=1)
    return table.rename_axis(keys).loc[settings.keys]
