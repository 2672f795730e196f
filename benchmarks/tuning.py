"""Compare initializers at one learning rate, and each at its own: another order, and its price.

    python -m benchmarks.tuning --data digits breast_cancer wine iris --picture tuning.png

Prints a Markdown table per data set, and the CPU time of tuning over that of a comparison at one
rate. `python -m benchmarks.tuning --search` measures InitMLPSearchCV against GridSearchCV of
MLPClassifier.
"""

from __future__ import annotations

import argparse
import time
import warnings

from sklearn.model_selection import GridSearchCV, RepeatedStratifiedKFold
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skinit import InitMLPClassifier, InitMLPSearchCV, compare_initializers
from skinit._wording import write_number, write_setting
from skinit.datasets.named import SHIPPED, load_dataset

INITS = ["random", "he", "xavier", "torch", "orthogonal", "lsuv"]
SEARCHED = ["zeros", "random", "he", "xavier", "orthogonal", "sklearn", "torch", "lsuv"]
SEARCHED_RATES = [0.0003, 0.001, 0.003, 0.01]


def compare(data, args, **tuning):
    """Return a comparison and its CPU seconds."""
    network = InitMLPClassifier(
        tuple(args.hidden), args.activation, solver=args.solver, max_iter=args.max_iter
    )
    started = time.process_time()
    comparison = compare_initializers(
        make_pipeline(data.preprocessing, network),
        data.X,
        data.y,
        init=INITS,
        cv=RepeatedStratifiedKFold(n_splits=5, n_repeats=args.repeats, random_state=0),
        scoring="accuracy",
        random_state=0,
        progress=False,
        curves=not args.no_curves,
        **tuning,
    )
    return comparison, time.process_time() - started


def write_orders(one, tuned) -> str:
    """Return both orders as a Markdown table: rank, score and outcome at one rate, and tuned."""
    before, after = one.candidates(), tuned.candidates()
    lines = [
        "| initializer | at 0.001 | outcome | tuned | outcome | median rate |",
        "| --- | --- | --- | --- | --- | --- |",
    ]
    for label in after.index:
        cells = [label]
        for table in (before, after):
            rank = list(table.index).index(label) + 1
            mean, outcome = table.loc[label, ["mean", "outcome"]]
            cells += [f"{rank}. {write_number(mean)}", outcome]
        cells.append(write_setting(after.loc[label, "learning_rate_init"]))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def measure_search(load_name: str, hidden, max_iter: int) -> None:
    """Print the CPU seconds of a search over 8 x 4 candidates in 5 folds, ours and theirs."""
    data = load_dataset(load_name)
    ours = InitMLPSearchCV(
        make_pipeline(StandardScaler(), InitMLPClassifier(hidden, max_iter=max_iter)),
        {
            "initmlpclassifier__init": SEARCHED,
            "initmlpclassifier__learning_rate_init": SEARCHED_RATES,
        },
        refit=False,
        random_state=0,
    )
    theirs = GridSearchCV(
        make_pipeline(StandardScaler(), MLPClassifier(hidden, max_iter=max_iter)),
        {
            "mlpclassifier__random_state": list(range(len(SEARCHED))),
            "mlpclassifier__learning_rate_init": SEARCHED_RATES,
        },
        refit=False,
    )
    seconds = []
    for search in (ours, theirs):
        started = time.process_time()
        search.fit(data.X, data.y)
        seconds.append(time.process_time() - started)
    print(
        f"{load_name} {hidden}: {seconds[0]:.1f} s, GridSearchCV {seconds[1]:.1f} s, "
        f"{seconds[1] / seconds[0]:.1f} times as much"
    )


def main(argv: list[str] | None = None) -> None:
    """Print what was measured."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--data", nargs="+", choices=SHIPPED, default=["digits"])
    parser.add_argument("--hidden", nargs="+", type=int, default=[32])
    parser.add_argument("--activation", default="relu")
    parser.add_argument("--solver", default="sgd", choices=["adam", "sgd"])
    parser.add_argument("--max-iter", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--racing", action="store_true", help="measure racing too")
    parser.add_argument("--no-curves", action="store_true", help="record no loss curves")
    parser.add_argument("--picture", help="file for the plot of the first data set")
    parser.add_argument("--search", action="store_true", help="measure InitMLPSearchCV instead")
    args = parser.parse_args(argv)
    warnings.simplefilter("ignore")
    if args.search:
        measure_search("breast_cancer", (16, 16), 100)
        measure_search("digits", (100,), 40)
        return
    for place, name in enumerate(args.data):
        data = load_dataset(name)
        one, seconds = compare(data, args)
        tuned, more = compare(data, args, tune=True)
        print(f"\n{name}\n\n{write_orders(one, tuned)}\n\n{tuned.sentence()}")
        print(f"\n{seconds:.1f} CPU seconds at one rate, {more / seconds:.1f} times that tuned")
        if args.racing:
            raced, seconds_of_race = compare(data, args, tune=True, racing=True)
            print(f"{seconds_of_race / seconds:.1f} times with racing: {raced.sentences()[0]}")
        if args.picture and place == 0:
            tuned.plot_tuning().figure_.savefig(args.picture, dpi=150)


if __name__ == "__main__":
    main()
