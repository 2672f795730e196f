"""Run everything and print the tables of ``docs/verdicts/calibration.md``.

python -m benchmarks.verdicts --quick
python -m benchmarks.verdicts
python -m benchmarks.verdicts --from benchmarks/verdicts/records.csv
python -m benchmarks.verdicts --numbers
"""

from __future__ import annotations

import argparse
import time
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from benchmarks.verdicts.cost import measure_cost
from benchmarks.verdicts.numbers import count_number_outcomes, draw_number_spec, record_numbers
from benchmarks.verdicts.records import read_records, record
from benchmarks.verdicts.starts import draw_spec
from benchmarks.verdicts.tables import (
    count_alarms,
    count_outcomes,
    list_misses,
    summarize_all,
    to_markdown,
)
from skinit import InitializationWarning

RECORDS = Path(__file__).with_name("records.csv")
NUMBER_RECORDS = Path(__file__).with_name("number_records.csv")


def draw_records(n: int, seed: int) -> pd.DataFrame:
    """Draw starts, diagnose and train them."""
    rng = np.random.default_rng(seed)
    return pd.DataFrame(record(draw_spec(rng) for _ in range(n)))


def print_records(records: pd.DataFrame) -> None:
    """Print the tables of a run."""
    for solver in ("adam", "sgd"):
        part = records[records["solver"] == solver]
        print(f"{solver}, {len(part)} starts\n\n{to_markdown(count_outcomes(part))}")
    print(f"All codes together\n\n{to_markdown(summarize_all(records))}")
    print(f"Failures without a verdict\n\n{to_markdown(list_misses(records))}")


def print_numbers(options) -> None:
    """Draw, diagnose and train starts of regressors, or read records; print what came of them."""
    if options.path:
        records = read_records(options.path)
    else:
        rng = np.random.default_rng(options.seed)
        specs = (draw_number_spec(rng) for _ in range(50 if options.quick else 400))
        with threadpool_limits(limits=1), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            records = pd.DataFrame(record_numbers(specs))
        if not options.quick:
            records.to_csv(NUMBER_RECORDS, index=False)
    print(f"{len(records)} starts of regressors\n\n{to_markdown(count_number_outcomes(records))}")


def main() -> None:
    """Run everything and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--quick", action="store_true", help="a minute instead of many")
    parser.add_argument("--seed", type=int, default=0, help="which starts are drawn")
    parser.add_argument("--from", dest="path", help="print the tables of these records")
    parser.add_argument(
        "--numbers", action="store_true", help="regressors, on targets of any scale"
    )
    options = parser.parse_args()
    if options.numbers:
        print_numbers(options)
        return
    if options.path:
        print_records(read_records(options.path))
        return
    warnings.simplefilter("ignore", ConvergenceWarning)
    warnings.simplefilter("ignore", InitializationWarning)
    started = time.perf_counter()
    with threadpool_limits(limits=1):
        records = draw_records(150 if options.quick else 1000, options.seed)
        if not options.quick:
            records.to_csv(RECORDS, index=False)
        print_records(records)
        print(f"Good starts\n\n{to_markdown(count_alarms(1 if options.quick else 3))}")
        print(f"Cost in milliseconds\n\n{to_markdown(measure_cost(5 if options.quick else 30))}")
    print(f"{time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
