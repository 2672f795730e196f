"""What the records say: curves, ranks, answers; the numbers of the published page."""

from __future__ import annotations

from itertools import combinations, pairwise

import numpy as np
import pandas as pd
from scipy.stats import kendalltau

from skinit import InitRanking
from skinit.statistics import ALPHA, friedman, holm, mean_ranks, rank_biserial, signed_rank_p
from skinit.statistics.thresholds import is_sure
from studies.does_it_matter.design import ALL_INITS, AUTO, CHOSEN_ON, FLOOR, INITS
from studies.does_it_matter.shares import skill

ROPE = 0.01  # nats, and shares of the rows
PROTOCOLS = ("one rate", "tuned")


def curves(trials: pd.DataFrame, activation: str, depth: int) -> pd.DataFrame:
    """Return mean skill over tables and folds: a row per rate, a column per initializer."""
    part = trials[(trials["activation"] == activation) & (trials["depth"] == depth)]
    part = part.assign(skill=skill(part["log_loss"], part["prior_log_loss"]))
    return part.pivot_table(index="rate", columns="init", values="skill")[list(INITS[activation])]


def scores_by_table(
    runs: pd.DataFrame, activation: str, depth: int, protocol: str, metric: str = "log_loss"
) -> pd.DataFrame:
    """Return mean held-out scores, higher is better: a row per table, a column per initializer."""
    chosen = (runs["activation"] == activation) & (runs["depth"] == depth)
    part = runs[chosen & (runs["protocol"] == protocol)]
    means = part.pivot_table(index="table", columns="init", values=metric)
    return (-means if metric == "log_loss" else means)[list(INITS[activation])]


def rank(
    runs: pd.DataFrame,
    activation: str,
    depth: int,
    protocol: str,
    metric: str = "log_loss",
    tables=None,
) -> InitRanking:
    """Rank the initializers over tables, zeros left out, as `skinit.rank_initializers` does.

    Parameters
    ----------
    runs : DataFrame
        That of `read_records`.
    activation, depth, protocol
        Which part: ``protocol`` is "one rate" or "tuned".
    metric : {"log_loss", "accuracy"}
        Of the held-out rows.
    tables : sequence of str, default=None
        Only these; None takes all.
    """
    scores = scores_by_table(runs, activation, depth, protocol, metric).drop(columns=FLOOR)
    scores = scores if tables is None else scores.loc[list(tables)]
    return InitRanking(scores, friedman(scores), metric, ROPE)


def answers(runs: pd.DataFrame, metric: str = "log_loss") -> pd.DataFrame:
    """Return what the plan's rule says of each protocol, activation and depth.

    Returns
    -------
    DataFrame
        ``tables``, their number; ``best`` and ``worst``, by mean rank, and the median over
        tables of their ``difference``; ``p`` of Friedman's test, adjusted by Holm inside the
        protocol; ``worse``, the number of pairs with p (Holm) below .05; ``equivalent``, of those
        that are equivalent with probability .95; ``pairs``, of all; and the ``answer``.
    """
    rows = [
        {"protocol": protocol, "activation": activation, "depth": depth}
        | _summarize(rank(runs, activation, depth, protocol, metric))
        for protocol in PROTOCOLS
        for activation, depth in parts(runs)
    ]
    table = pd.DataFrame(rows)
    table["p"] = table.groupby("protocol", sort=False)["p"].transform(holm)
    table["answer"] = [_answer(row) for row in table.itertuples()]
    return table


def parts(runs: pd.DataFrame) -> list[tuple[str, int]]:
    """Return the activations and depths that there are."""
    return sorted(set(zip(runs["activation"], runs["depth"].astype(int), strict=True)))


def _summarize(ranking: InitRanking) -> dict:
    pairs, names = ranking.pairwise(), ranking.mean_ranks.index
    return {
        "tables": len(ranking.scores),
        "best": names[0],
        "worst": names[-1],
        "difference": (ranking.scores[names[0]] - ranking.scores[names[-1]]).median(),
        "p": ranking.test.p,
        "worse": int((pairs["p_holm"] < ALPHA).sum()),
        "equivalent": int(is_sure(pairs["p_equivalent"]).sum()),
        "pairs": len(pairs),
    }


def _answer(row) -> str:
    if row.p < ALPHA and row.worse and row.difference > ROPE:
        return "matters"
    return "does not matter" if row.equivalent == row.pairs else "open"


def order_agreement(runs: pd.DataFrame, metric: str = "log_loss") -> pd.Series:
    """Return Kendall's tau between mean ranks at one rate and tuned, by activation and depth."""
    taus = {}
    for part in parts(runs):
        fixed, tuned = (rank(runs, *part, protocol, metric).mean_ranks for protocol in PROTOCOLS)
        taus[part] = kendalltau(fixed, tuned[fixed.index]).statistic
    return pd.Series(taus).rename_axis(["activation", "depth"])


def order_along_rates(trials: pd.DataFrame) -> pd.DataFrame:
    """Return Kendall's tau between mean ranks at each rate and at the next larger one.

    Ranks are those of inner log loss, zeros left out. A row per activation and depth, a column
    per rate but the last.
    """
    trials = trials[trials["init"] != FLOOR]
    keys = ["activation", "depth", "rate"]
    losses = trials.pivot_table(index=[*keys, "table"], columns="init", values="log_loss")
    ranks = losses.rank(axis=1).groupby(keys).mean()
    taus = {part: _taus_along(table) for part, table in ranks.groupby(["activation", "depth"])}
    return pd.DataFrame(taus).T.rename_axis(["activation", "depth"])


def _taus_along(ranks: pd.DataFrame) -> dict[float, float]:
    """Return Kendall's tau between each row and the next one, by the rate of the first."""
    ranks = ranks.dropna(axis=1).droplevel(["activation", "depth"])
    return {
        rate: kendalltau(ranks.loc[rate], ranks.loc[larger]).statistic
        for rate, larger in pairwise(ranks.index)
    }


def gain_by_tuning(runs: pd.DataFrame, metric: str = "log_loss") -> pd.DataFrame:
    """Return what tuning gains over one rate, in the median over tables; positive is better.

    A row per activation and depth, a column per initializer, NaN where one is not for the
    activation. The plan did not ask for it.
    """
    gains = {}
    for part in parts(runs):
        fixed, tuned = (scores_by_table(runs, *part, each, metric) for each in PROTOCOLS)
        gains[part] = (tuned - fixed).median()
    table = pd.DataFrame(gains).T.rename_axis(["activation", "depth"])
    return table.reindex(columns=list(ALL_INITS))


def ranks_of_auto(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the mean rank of isometric, on all tables and on those that it was not chosen on.

    A row per protocol, activation and depth: ``all`` and ``new`` tables, and how many initializers
    it is separated from by Wilcoxon's test with Holm's adjustment, for better and for worse,
    on all tables.
    """
    rows = []
    for protocol in PROTOCOLS:
        for activation, depth in parts(runs):
            ranking = rank(runs, activation, depth, protocol)
            new = ranking.scores.index.difference(CHOSEN_ON)
            better, worse = _separated(ranking.scores, AUTO)
            rows.append(
                {
                    "protocol": protocol,
                    "activation": activation,
                    "depth": depth,
                    "all": ranking.mean_ranks[AUTO],
                    "new": mean_ranks(ranking.scores.loc[new])[AUTO],
                    "better than": better,
                    "worse than": worse,
                }
            )
    return pd.DataFrame(rows)


def _separated(scores: pd.DataFrame, name: str) -> tuple[int, int]:
    """Return how many initializers are worse and how many are better, with p (Holm) below .05."""
    pairs = list(combinations(scores.columns, 2))
    differences = [(scores[a] - scores[b]).to_numpy() for a, b in pairs]
    signs = [
        (1 if a == name else -1) * np.sign(rank_biserial(x)) * (name in (a, b))
        for (a, b), x in zip(pairs, differences, strict=True)
    ]
    sure = np.where(holm([signed_rank_p(x) for x in differences]) < ALPHA, signs, 0)
    return int(np.sum(sure > 0)), int(np.sum(sure < 0))


def chosen_rates(runs: pd.DataFrame, activation: str, depth: int) -> pd.DataFrame:
    """Return how often each rate was chosen: a row per initializer, shares of the folds."""
    part = runs[(runs["protocol"] == "tuned") & (runs["activation"] == activation)]
    part = part[part["depth"] == depth]
    return pd.crosstab(part["init"], part["rate"], normalize="index").loc[list(INITS[activation])]
