"""Tables of records: what became of the starts, code by code and solver by solver."""

from __future__ import annotations

from collections import Counter
from itertools import product

import pandas as pd

from benchmarks.verdicts.records import MILD, class_entropy, final_loss, outcome_of
from benchmarks.verdicts.starts import load_data
from skinit import InitMLPClassifier
from skinit.diagnosis import diagnose

OUTCOMES = ["fails", "lags", "trains"]
GOOD = {
    "tanh": ["xavier", "glorot_normal", "glorot_uniform", "lecun_normal", "orthogonal", "lsuv"],
    "relu": ["he", "he_uniform", "lsuv"],
    "leaky_relu": ["he", "he_uniform", "lsuv"],
    "elu": ["he", "lsuv"],
    "gelu": ["he", "lsuv"],
    "silu": ["he", "lsuv"],
    "selu": ["lecun_normal", "lsuv"],
    # Not lsuv: logistic's outputs are all near 1/2, and scaling what varies makes large ones.
    "logistic": ["glorot_normal", "glorot_uniform"],
}
GOOD_RATES = {"adam": 0.001, "sgd": 0.02}


def to_markdown(frame: pd.DataFrame) -> str:
    """Return a frame as a Markdown table."""
    rows = [frame.columns, ["---"] * frame.shape[1], *frame.itertuples(index=False)]
    return "\n".join("| " + " | ".join(map(str, row)) + " |" for row in rows) + "\n"


def first_codes(records: pd.DataFrame) -> pd.Series:
    """Return the first code of every record, with its mark if it is mild; "none" without one."""
    return records["codes"].str.split().str[0].fillna("none")


def count_outcomes(records: pd.DataFrame) -> pd.DataFrame:
    """Count what became of the starts of every first verdict.

    The precision of a fatal verdict is the share of starts that fail, that of a mild one the
    share that fail or lag.
    """
    counts = pd.crosstab(first_codes(records), records["outcome"])
    counts = counts.reindex(columns=OUTCOMES, fill_value=0)
    names = sorted(counts.index, key=lambda name: (name != "none", name))
    rows = []
    for name in names:
        fails, lags, trains = counts.loc[name]
        right, total = fails + lags * name.endswith(MILD), fails + lags + trains
        precision = "" if name == "none" else f"{right / total:.2f}"
        label = name.replace(MILD, ", mild")
        rows.append((label, total, fails, lags, trains, precision))
    return pd.DataFrame(rows, columns=["first verdict", "starts", *OUTCOMES, "precision"])


def summarize(records: pd.DataFrame) -> dict:
    """Return recall and precision over all codes, and the share of good ends with a verdict."""
    codes, outcome = first_codes(records), records["outcome"]  # fatal ones come first
    fatal, some = (codes != "none") & ~codes.str.endswith(MILD), codes != "none"
    fails, trains = outcome == "fails", outcome == "trains"
    return {
        "starts": len(records),
        "fail": int(fails.sum()),
        "with a verdict": f"{(some & fails).sum() / fails.sum():.2f}",
        "with a fatal one": f"{(fatal & fails).sum() / fails.sum():.2f}",
        "fatal: fails": f"{(fatal & fails).sum() / fatal.sum():.2f}",
        "fatal: fails or lags": f"{(fatal & ~trains).sum() / fatal.sum():.2f}",
        "trains: fatal": f"{(fatal & trains).sum() / trains.sum():.3f}",
        "trains: any": f"{(some & trains).sum() / trains.sum():.3f}",
    }


def summarize_all(records: pd.DataFrame) -> pd.DataFrame:
    """Summarize by solver, for usual learning rates and for all of them."""
    rows = []
    for solver, rates in product(["adam", "sgd"], ["usual", "all"]):
        part = records[records["solver"] == solver]
        part = part[part["usual"].astype(str) == "True"] if rates == "usual" else part
        rows.append({"solver": solver, "learning rates": rates} | summarize(part))
    return pd.DataFrame(rows)


def list_misses(records: pd.DataFrame) -> pd.DataFrame:
    """Say which starts fail without a verdict most often."""
    missed = records[(first_codes(records) == "none") & (records["outcome"] == "fails")]
    keys = ["solver", "activation", "init"]
    counts = missed.groupby(keys)["depth"].agg(
        starts="size", depths=lambda d: f"{d.min()} to {d.max()}"
    )
    return counts.sort_values("starts", ascending=False).head(12).reset_index()


def count_alarms(seeds: int) -> pd.DataFrame:
    """Diagnose starts that are known to be good; logistic is one only up to three layers.

    Those with a verdict are trained, to tell whether the verdict is right after all.
    """
    data, rows = load_data(), []
    for solver, depth in product(["adam", "sgd"], [1, 3, 5, 10]):
        codes: Counter[str] = Counter()
        total = failed = 0
        for activation, width, name in product(GOOD, [16, 100], ["breast_cancer", "digits"]):
            if activation == "logistic" and (depth > 3 or solver == "sgd"):
                continue
            for init, seed in product(GOOD[activation], range(seeds)):
                estimator = InitMLPClassifier(
                    (width,) * depth,
                    activation,
                    init=init,
                    solver=solver,
                    learning_rate_init=GOOD_RATES[solver],
                    random_state=seed,
                )
                total += 1
                if verdicts := diagnose(estimator, *data[name], random_state=0).verdicts:
                    codes[verdicts[0].code + MILD * (verdicts[0].severity == "mild")] += 1
                    loss = final_loss(estimator, *data[name])
                    failed += outcome_of(loss, class_entropy(data[name][1])) != "trains"
        said = ", ".join(f"{code} {n}" for code, n in sorted(codes.items())) or "-"
        alarms = sum(codes.values())
        rows.append((solver, depth, total, alarms, f"{100 * alarms / total:.2f} %", failed, said))
    names = ["solver", "depth", "starts", "alarms", "rate", "of these fail or lag", "which"]
    return pd.DataFrame(rows, columns=names)
