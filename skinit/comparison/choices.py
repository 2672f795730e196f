"""What the tuning of a comparison found: tables of trials, choices, and a comparison at each value.

Losses here are those of the inner parts: they decide about values and say nothing about the score
on new rows.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from skinit._wording import is_number, join_words, name_label, write_setting
from skinit.comparison.analysis import analyze, unit_of
from skinit.comparison.metrics import Metric
from skinit.comparison.schema import Settings, SplitRecord, TuningSettings
from skinit.comparison.tables import key_columns
from skinit.comparison.tuning import is_at_edge, next_values
from skinit.displays.base import word_metric

if TYPE_CHECKING:
    import pandas as pd

OFTEN = 0.5  # share of splits from which on the edge of a grid is worth a sentence


def trials_table(settings: Settings, records: Sequence[SplitRecord]) -> pd.DataFrame:
    """Return a row per trial; see `InitComparison.tuning`."""
    import pandas as pd

    assert settings.tuning is not None
    points, rows = settings.tuning.points, []
    for record in records:
        chosen = {(run.label, run.activation, run.point) for run in record.runs}
        for trial in record.trials:
            rows.append(
                {
                    "label": trial.label,
                    "activation": trial.activation,
                    "split": record.split,
                    "seed": trial.seed,
                    "point": trial.point,
                    **points[trial.point],
                    f"inner_{settings.tuning.loss}": trial.loss,
                    "n_iter": trial.n_iter,
                    "fit_time": trial.fit_time,
                    "diverged": trial.diverged,
                    "eliminated": trial.eliminated,
                    "chosen": (trial.label, trial.activation, trial.point) in chosen,
                }
            )
    return pd.DataFrame(rows)


def summarize_choices(runs: pd.DataFrame, settings: Settings) -> pd.DataFrame:
    """Return what candidates were tuned to: the middle choice, and how often a grid's edge.

    Parameters
    ----------
    runs : DataFrame
        As of `skinit.comparison.tables.runs_table`.
    settings : Settings
        With a tuning.

    Returns
    -------
    DataFrame
        Indexed by candidate: a column for each parameter with the median over splits (the lower of
        two middle values, so that it is one of the grid; of values that are not numbers the most
        frequent one), and ``edge_rate``, the share of splits where any of the parameters was the
        smallest or largest number of several.
    """
    import pandas as pd

    assert settings.tuning is not None
    values = settings.tuning.values
    keys = key_columns(settings)
    choices = runs.drop_duplicates([*keys, "split"]).groupby(keys, sort=False)
    table = {name: choices[name].agg(_middle) for name in values}
    at_edge = choices[list(values)].apply(
        lambda chosen: (
            math.fsum(_is_edge(row, values) for row in chosen.to_dict("records")) / len(chosen)
        )
    )
    return pd.DataFrame({**table, "edge_rate": at_edge})


def _middle(chosen) -> Any:
    values = list(chosen)
    if all(map(is_number, values)):
        return sorted(values)[(len(values) - 1) // 2]
    return max(values, key=values.count)


def _is_edge(row, values) -> bool:
    return any(is_at_edge(row[name], values[name]) for name in values)


def compare_at_each_point(
    trials: pd.DataFrame, settings: Settings, rope: float, control=None
) -> pd.DataFrame:
    """Return what a comparison at each value would have said; see `InitComparison`."""
    import pandas as pd

    assert settings.tuning is not None
    keys, tables, loss = key_columns(settings), [], settings.tuning.loss
    metric = Metric(loss, loss, greater_is_better=False, bounds=(0.0, math.inf))
    rho = settings.tuning.size / (1 - settings.tuning.size)
    for number, point in enumerate(settings.tuning.points):
        scores = trials[trials["point"] == number].assign(
            repetition=lambda rows: rows.groupby([*keys, "split"]).cumcount()
        )
        scores = scores.pivot(index=["split", "repetition"], columns=keys, values=f"inner_{loss}")
        scores = scores.rename_axis(index=["split", "seed"])[settings.keys]
        unit = unit_of(metric, float(np.nanmedian(scores.to_numpy(dtype=float))))
        found = analyze(scores, metric, rho=rho, rope=rope, control=control, unit=unit)
        summary = found.summary
        kept = ["mean", "difference", "difference_low", "difference_high", "p_holm", "outcome"]
        table = summary[kept].rename_axis(keys).reset_index()
        table.insert(0, "rank", table["mean"].rank())
        for place, (name, value) in enumerate(point.items()):
            table.insert(place, name, [value] * len(table))
        tables.append(table)
    return pd.concat(tables, ignore_index=True)


def ranks_side_by_side(at_each: pd.DataFrame, tuned: pd.Series, settings: Settings) -> pd.DataFrame:
    """Return the ranks of the candidates at each value, and tuned, a row per candidate.

    Parameters
    ----------
    at_each : DataFrame
        As of `compare_at_each_point`.
    tuned : Series
        Mean held-out loss of each candidate, tuned.
    settings : Settings
        With a tuning.
    """
    import pandas as pd

    assert settings.tuning is not None
    keys, names = key_columns(settings), list(settings.tuning.values)
    columns = {
        write_point(point): _at_point(at_each, point, names).set_index(keys)["rank"]
        for point in settings.tuning.points
    }
    table = pd.DataFrame({**columns, "tuned": tuned.rank()})
    return table.sort_values("tuned", kind="stable")


def _at_point(table, point, names):
    for name in names:
        table = table[[write_setting(value) == write_setting(point[name]) for value in table[name]]]
    return table


def write_point(point) -> str:
    """Write one combination of values.

    Examples
    --------
    >>> write_point({"learning_rate_init": 0.001}), write_point({"alpha": 0.1, "beta_1": 0.9})
    ('0.001', 'alpha 0.1, beta_1 0.9')
    """
    return write_setting(*point.values()) if len(point) == 1 else write_values(point)


def write_values(point) -> str:
    """Write one combination of values, each with the name of its parameter.

    Examples
    --------
    >>> write_values({"learning_rate_init": 0.001})
    'learning_rate_init 0.001'
    """
    return ", ".join(f"{name} {write_setting(value)}" for name, value in point.items())


# --- Words ------------------------------------------------------------------------------------


def describe_tuning(settings: Settings) -> str:
    """Say how values were chosen, or that all candidates ran at one learning rate."""
    tuning = settings.tuning
    if tuning is not None:
        return (
            f"Every candidate was tuned: its {join_words(_values_tried(tuning))} had the best "
            f"{word_metric(tuning.loss)} on {100 * tuning.size:g}% of each split's training rows, "
            "set aside for that."
        )
    rate = settings.network.learning_rate_init
    if rate is None:
        return ""
    return (
        f"All candidates were trained at one learning rate, {write_setting(rate)}. At another rate "
        "their order may differ (tune=True chooses each candidate's rate in each split)."
    )


def _values_tried(tuning: TuningSettings) -> list[str]:
    return [
        f"{name} (of {join_words(map(write_setting, values))})"
        for name, values in tuning.values.items()
    ]


def edge_sentences(runs: pd.DataFrame, settings: Settings, learned: Collection) -> list[str]:
    """Name the candidates that often chose the end of a grid, and what to try next.

    Parameters
    ----------
    runs : DataFrame
        As of `skinit.comparison.tables.runs_table`.
    settings : Settings
        With or without a tuning.
    learned : collection
        The candidates to tell of: those that learned nothing choose at random.
    """
    if settings.tuning is None:
        return []
    keys, found = key_columns(settings), []
    choices = runs.drop_duplicates([*keys, "split"]).set_index(keys, drop=False)
    choices = choices.loc[choices.index.isin(learned)]
    for name, values in settings.tuning.values.items():
        for value, word in ((values[0], "smallest"), (values[-1], "largest")):  # in their order
            if is_at_edge(value, values):
                found += _edge_sentence(choices, settings, name, value, word)
    return found


def _edge_sentence(choices, settings, name, value, word) -> list[str]:
    n_splits = choices["split"].nunique()
    counts = (choices[name] == value).groupby(level=key_columns(settings), sort=False).sum()
    often = counts[counts >= max(1, OFTEN * n_splits)]
    if often.empty:
        return []
    who = join_words(f"{name_label(key)} ({n} of {n_splits} splits)" for key, n in often.items())
    more = next_values(value, settings.tuning.values[name])
    cure = f"; try {join_words(map(write_setting, more))} too" if more else ""
    return [
        f"The best {name} may lie outside the grid: its {word} value, {write_setting(value)}, was "
        f"often chosen for {who}{cure}."
    ]
