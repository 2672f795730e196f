"""Does the initializer matter? Fourteen initializers, 32 tables, each at its own learning rate.

    python -m studies.does_it_matter --help

`PLAN.md` was written before the runs; `docs/studies/does-it-matter.md` has the results.
"""

from studies.does_it_matter.findings import (
    answers,
    chosen_rates,
    curves,
    gain_by_tuning,
    order_agreement,
    order_along_rates,
    rank,
    ranks_of_auto,
)
from studies.does_it_matter.records import read_records
from studies.does_it_matter.shares import variance_shares

__all__ = [
    "answers",
    "chosen_rates",
    "curves",
    "gain_by_tuning",
    "order_agreement",
    "order_along_rates",
    "rank",
    "ranks_of_auto",
    "read_records",
    "variance_shares",
]
