"""The tables of the study, in Markdown and in LaTeX."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial

import pandas as pd

from skinit._wording import write_number, write_p, write_setting, write_share
from studies.does_it_matter.design import ALL_INITS, FLOOR, ONE_RATE
from studies.does_it_matter.findings import (
    PROTOCOLS,
    answers,
    chosen_rates,
    gain_by_tuning,
    order_agreement,
    order_along_rates,
    parts,
    rank,
    ranks_of_auto,
)
from studies.does_it_matter.records import Records
from studies.does_it_matter.shares import variance_shares

HEAD = """# Does the initializer matter? All tables

Written by `python -m studies.does_it_matter --from studies/does_it_matter/records.jsonl.xz`.
[The study](does-it-matter.md) says what they mean."""
METRICS = ("log_loss", "accuracy")
MIDDLE_RATES = (2e-4, ONE_RATE, 5e-3)


def table_makers(records: Records) -> dict[str, Callable[[], pd.DataFrame]]:
    """Return what makes each table of the page, numbers as text, by its title."""
    trials, runs = records.trials, records.runs
    return {
        "Shares of variance, all rates": lambda: _shares(trials),
        "Shares of variance, middle rates": lambda: _shares(trials, MIDDLE_RATES),
        **{f"Answers, {metric}": partial(_answers, runs, metric) for metric in METRICS},
        **{f"Mean ranks, {protocol}": partial(_ranks, runs, protocol) for protocol in PROTOCOLS},
        "The rank of auto": lambda: _ranks_of_auto(runs),
        "Order at one rate and tuned": lambda: _taus(order_agreement(runs).to_frame("tau")),
        "Order along the rates": lambda: _taus(order_along_rates(trials)),
        **{f"What tuning gains, {metric}": partial(_gains, runs, metric) for metric in METRICS},
        **{
            f"Chosen rates, {activation}, {depth}": partial(_chosen, runs, activation, depth)
            for activation, depth in parts(runs)
        },
    }


def make_tables(records: Records) -> dict[str, pd.DataFrame]:
    """Return all tables of the page by their titles; this takes some minutes."""
    return {title: make() for title, make in table_makers(records).items()}


def _shares(trials, rates=None) -> pd.DataFrame:
    """Return shares of variance in percent."""
    shares = variance_shares(trials, rates)
    return shares.map(lambda share: write_number(100 * share, decimals=1)).reset_index()


def _ranks_of_auto(runs) -> pd.DataFrame:
    table = ranks_of_auto(runs)
    return table.assign(all=table["all"].map(_two), new=table["new"].map(_two))


def _taus(table: pd.DataFrame) -> pd.DataFrame:
    return table.map(_two).rename(columns=write_setting).reset_index()


def _chosen(runs, activation, depth) -> pd.DataFrame:
    shares = chosen_rates(runs, activation, depth)
    return shares.map(write_share).rename(columns=write_setting).reset_index()


def _two(value: float) -> str:
    return write_number(value, "", decimals=2)


def _answers(runs, metric) -> pd.DataFrame:
    """Return the answers, with p-values that are not torn apart in narrow columns."""
    table = answers(runs, metric).drop(columns="pairs")
    table = table.assign(
        difference=table["difference"].map(write_number),
        p=[write_p(p, relation=False).replace(" ", "\N{NO-BREAK SPACE}") for p in table["p"]],
    )
    table.insert(3, "answer", table.pop("answer"))
    return table


def _gains(runs, metric) -> pd.DataFrame:
    """Return what tuning gains: a row per initializer, a column per activation and depth."""
    gains = gain_by_tuning(runs, metric).map(write_number)
    return gains.T.set_axis([f"{a} {d}" for a, d in gains.index], axis=1).reset_index(names="init")


def _ranks(runs, protocol) -> pd.DataFrame:
    """Return mean ranks: a row per initializer, a column per activation and depth."""
    ranks = {f"{a} {d}": rank(runs, a, d, protocol).mean_ranks for a, d in parts(runs)}
    order = [init for init in ALL_INITS if init != FLOOR]
    return pd.DataFrame(ranks).reindex(order).map(_two).reset_index(names="init")


def to_markdown(table: pd.DataFrame) -> str:
    """Return a table of texts in Markdown.

    Examples
    --------
    >>> print(to_markdown(pd.DataFrame({"init": ["he"], "rank": ["1.5"]})))
    | init | rank |
    | --- | --- |
    | he | 1.5 |
    """
    rows = [table.columns, ["---"] * table.shape[1], *table.itertuples(index=False)]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows)


def to_latex(table: pd.DataFrame) -> str:
    r"""Return a table of texts in LaTeX, for the package booktabs.

    Examples
    --------
    >>> print(to_latex(pd.DataFrame({"init": ["edge_of_chaos"], "rank": ["1.5"]})))
    \begin{tabular}{ll}
    \toprule
    init & rank \\
    \midrule
    edge\_of\_chaos & 1.5 \\
    \bottomrule
    \end{tabular}
    """
    rows = [list(map(_escape, row)) for row in (table.columns, *table.itertuples(index=False))]
    head, *body = [" & ".join(row) + r" \\" for row in rows]
    ends = [r"\bottomrule", r"\end{tabular}"]
    start = rf"\begin{{tabular}}{{{'l' * table.shape[1]}}}"
    return "\n".join([start, r"\toprule", head, r"\midrule", *body, *ends])


def _escape(value) -> str:
    """Return what LaTeX prints as the text of a value."""
    text = re.sub(r"[_%&#]", r"\\\g<0>", str(value))
    return text.replace("<", "$<$").replace("\N{NO-BREAK SPACE}", "~")


def write_tables(tables: Mapping[str, pd.DataFrame], write=to_markdown) -> str:
    """Return tables under their titles, in Markdown or by another of these functions."""
    mark, start = ("## ", f"{HEAD}\n\n") if write is to_markdown else ("% ", "")
    texts = [f"{mark}{title}\n\n{write(table)}\n" for title, table in tables.items()]
    return start + "\n".join(texts)
