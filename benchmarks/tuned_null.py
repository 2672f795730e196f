"""What outcomes are worth when candidates are tuned: one initializer against itself, and another.

Each replicate makes two comparisons with the same splits and different seeds, both tuned, and
joins them. An initializer against itself: "worse" is false. Against another one: the truth is the
mean difference over all replicates; a tie is false where that is beyond the region of practical
equivalence, and "worse" of the better one is false. Against one that is much worse: a region of
practical equivalence that ends at the true difference is where false ties are most likely. Data
and splits are the same in all replicates.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from sklearn.model_selection import RepeatedStratifiedKFold
from sklearn.pipeline import make_pipeline

from skinit import InitMLPClassifier, compare_initializers
from skinit.comparison.analysis import analyze, held_out_rows
from skinit.comparison.metrics import LOG_LOSS, make_metric
from skinit.comparison.metrics import accuracy as accuracy_scorer
from skinit.datasets.named import load_dataset
from skinit.statistics import rate_interval

RATES = [0.003, 0.01, 0.03, 0.1]
SAME, OTHER, WORSE = "xavier", "he", "random"
METRICS = {"accuracy": make_metric("accuracy", accuracy_scorer), "log_loss": LOG_LOSS}


def tuned_scores(name: str, replicates: int, *, folds=5, repeats=2, seed=0, jobs=1):
    """Yield, for each replicate, the two comparisons' held-out scores as one table a metric.

    Columns are "one" and "two", the same initializer in both comparisons, and "other" and "worse",
    other initializers in the second one; rows are splits. The second item is the first comparison.
    """
    data = load_dataset(name)
    network = InitMLPClassifier((4,), "tanh", max_iter=30)
    for replicate in range(replicates):
        one, two = (
            compare_initializers(
                make_pipeline(data.preprocessing, network),
                data.X,
                data.y,
                init=[SAME, OTHER, WORSE],
                cv=RepeatedStratifiedKFold(n_splits=folds, n_repeats=repeats, random_state=seed),
                tune={"learning_rate_init": RATES},
                curves=False,
                n_jobs=jobs,
                random_state=1000 * seed + 2 * replicate + half,
                progress=False,
            )
            for half in (0, 1)
        )
        yield {metric: _join(one, two, metric) for metric in METRICS}, one


def _join(one, two, metric) -> pd.DataFrame:
    columns = {"one": (one, SAME), "two": (two, SAME), "other": (two, OTHER), "worse": (two, WORSE)}
    scores = {
        name: comparison.to_frame().query("label == @label").set_index("split")[f"test_{metric}"]
        for name, (comparison, label) in columns.items()
    }
    return pd.DataFrame(scores)


def judge(table: pd.DataFrame, pair: tuple[str, str], metric: str, comparison, rope=0.01) -> str:
    """Return the outcome of a pair of columns: "tie", "undecided", or which of them is worse."""
    runs = table[list(pair)]
    runs = runs.set_axis(pd.MultiIndex.from_product([runs.index, [0]], names=["split", "seed"]))
    rows = held_out_rows(
        runs,
        METRICS[metric],
        [record.n_test for record in comparison.records],
        comparison.settings.splits.n_tested,
    )
    summary = analyze(runs, METRICS[metric], rho=comparison.rho, rope=rope, rows=rows).summary
    loser = summary.index[1]
    outcome = summary.loc[loser, "outcome"]
    return f"{loser} worse" if outcome == "worse" else outcome


def tuned_lines(name: str, replicates: int, **design) -> Iterator[str]:
    """Yield the rates of false outcomes, with Clopper-Pearson limits."""
    replicas = list(tuned_scores(name, replicates, **design))

    def outcomes(metric, pair, rope=0.01):
        return [judge(table[metric], pair, metric, each, rope) for table, each in replicas]

    def true_difference(metric, other) -> float:
        tables = [METRICS[metric].turn(table[metric]) for table, _ in replicas]
        return float(np.mean([(table["one"] - table[other]).mean() for table in tables]))

    yield f"tuned, {name}, {replicates} replicates"
    for metric in METRICS:
        same = outcomes(metric, ("one", "two"))
        yield _rate(f"{metric}: {SAME} worse than itself", [w.endswith("worse") for w in same])
        yield _rate(f"{metric}: {SAME} tied with itself (right)", [w == "tied" for w in same])
        truth = true_difference(metric, "other")
        better = "one" if truth > 0 else "other"
        yield _rate(
            f"{metric}: false outcome of {SAME} - {OTHER} = {truth:+.3f}",
            [
                w == f"{better} worse" or (w == "tied" and abs(truth) > 0.01)
                for w in outcomes(metric, ("one", "other"))
            ],
        )
        edge = true_difference(metric, "worse")
        yield _rate(
            f"{metric}: false tie of {SAME} and {WORSE}, rope {edge:.3f}, the difference",
            [w == "tied" for w in outcomes(metric, ("one", "worse"), rope=abs(edge))],
        )


def _rate(text: str, found: list[bool]) -> str:
    low, high = rate_interval(sum(found), len(found))
    return f"  {text:<70} {np.mean(found):6.1%}  ({low:.1%} to {high:.1%})"
