"""All splits of a plan, in parallel; what is finished is kept in a checkpoint."""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from itertools import islice
from typing import Any

from joblib import effective_n_jobs
from joblib.parallel import MultiprocessingBackend, get_active_backend
from sklearn.utils.parallel import Parallel, delayed

from skinit._blas import all_on_one_thread
from skinit._progress import is_shown, progress_bar
from skinit.comparison.checkpoint import Checkpoint, open_checkpoint
from skinit.comparison.choices import write_values
from skinit.comparison.networks import make_network
from skinit.comparison.plan import Plan
from skinit.comparison.prepared import PreparedSplit
from skinit.comparison.runs import prepare_split, run_split
from skinit.comparison.schema import Settings, SplitRecord, StartVerdict
from skinit.comparison.tally import counted_in_a_file
from skinit.comparison.workers import follow, without_interrupts
from skinit.diagnosis import diagnose
from skinit.estimators.callbacks import shows_progress

Diagnoses = tuple[StartVerdict | None, ...]


def run_all(
    plan: Plan, settings: Settings, X, y, n_jobs, checkpoint, progress
) -> tuple[Diagnoses, list[SplitRecord]]:
    """Run what a checkpoint does not hold yet; return diagnoses, and records in their order."""
    with open_checkpoint(checkpoint, settings) as kept:
        records = {} if kept is None else dict(kept.records)
        if kept is not None and kept.records:
            found = f"{len(records)} of {len(plan.splits)} splits"
            print(f"Checkpoint {kept.path}: found {found}.", file=sys.stderr)
        with _shown_progress(plan, len(records), progress) as (plan, advance):
            diagnoses, jobs = _start(plan, kept, X, y)
            try:
                for record in _run_jobs(jobs, n_jobs):
                    if kept is not None:
                        kept.append(record)
                    records[record.split] = record
                    advance()
            except BrokenProcessPool as error:
                raise ChildProcessError(_explain_death(kept, len(plan.splits))) from error
    return diagnoses, [records[j] for j in sorted(records)]


@contextmanager
def _shown_progress(plan: Plan, n_finished: int, show) -> Iterator[tuple[Plan, Callable[[], None]]]:
    """Show how many trainings are done; yield the plan that counts them, and what ends a split."""
    # Two bars at once would overwrite each other.
    if not is_shown(show) or (show == "auto" and shows_progress(plan.network)):
        yield plan, lambda: None
        return
    n = plan.n_trainings
    done, total = n * n_finished, n * len(plan.splits)
    with (
        counted_in_a_file() as tally,
        progress_bar(
            "Training",
            total,
            unit="trainings",
            done=done,
            count=lambda: done + tally.count(),
            show=show,
        ) as advance,
    ):
        yield replace(plan, tally=tally), partial(advance, n=n)


def _explain_death(kept: Checkpoint | None, n_splits: int) -> str:
    saved = "Nothing was saved: a checkpoint keeps finished splits."
    if kept is not None and kept.is_begun(kept.path):
        n_saved = len(Checkpoint.read(kept.path)[1])
        saved = f"{n_saved} of {n_splits} splits are saved in {kept.path}: the same call continues."
    return (
        "A worker was killed, perhaps because memory ran out: use fewer jobs (n_jobs or --jobs). "
        f"{saved}"
    )


def _start(plan, kept, X, y):
    """Return the diagnoses, found or made, and the jobs that are still to be done."""
    finished = () if kept is None else kept.records
    todo = [j for j in range(len(plan.splits)) if j not in finished]
    if kept is not None and kept.diagnoses is not None:
        return kept.diagnoses, _jobs(plan, todo, X, y, None)
    prepared = prepare_split(plan, 0, X, y)
    diagnoses = diagnose_starts(plan, prepared)
    if kept is not None:
        kept.begin(diagnoses)
    return diagnoses, _jobs(plan, todo, X, y, prepared)


def _jobs(plan, todo, X, y, prepared):
    """Yield a job for each split; rows that are prepared already are those of the first one."""
    for j in todo:
        yield delayed(_run_for)(os.getpid(), plan, j, X, y, prepared)
        prepared = None  # and may then be forgotten


def _run_for(parent: int, *args) -> SplitRecord:
    """Call `run_split`, perhaps in a worker of the process ``parent``."""
    follow(parent)
    return run_split(*args)


def _run_jobs(jobs: Any, n_jobs) -> Iterator[SplitRecord]:
    """Yield records as they are finished, under the scikit-learn configuration of the caller."""
    backend = {}
    if type(get_active_backend()[0]) is MultiprocessingBackend:  # Ray's backend is a subclass
        # Python's pool would wait for ever for a worker that is killed, and returns lists only.
        n_jobs, backend = effective_n_jobs(n_jobs), {"backend": "loky"}
    try:
        parallel = Parallel(n_jobs=n_jobs, return_as="generator_unordered", **backend)
    except ValueError:  # a backend that returns lists only: one after each round of jobs
        yield from _run_rounds(jobs, n_jobs)
    else:
        records = jobs  # what there is to close if Ctrl-C comes at once
        try:
            with without_interrupts():  # here workers are started
                records = parallel(jobs)
            for record in records:  # noqa: UP028 - "yield from" would close it with a warning
                yield record
        finally:
            with warnings.catch_warnings():
                warnings.filterwarnings("ignore", ".* tasks which were still being processed")
                records.close()


def _run_rounds(jobs, n_jobs) -> Iterator[SplitRecord]:
    """Yield records after each round of as many jobs as there are workers."""
    with ExitStack() as stack:
        with without_interrupts():
            parallel = stack.enter_context(Parallel(n_jobs=n_jobs))
        while batch := list(islice(jobs, effective_n_jobs(n_jobs))):
            yield from parallel(batch)


def diagnose_starts(plan: Plan, prepared: PreparedSplit) -> Diagnoses:
    """Return the first verdict about each candidate's start on the first split, or None.

    One split is enough: verdicts are about an initializer, and all splits start by the same one.
    Where something is tuned, a verdict counts that no value escapes.
    """
    with all_on_one_thread:
        return tuple(_diagnose(plan, resolved, prepared) for resolved in plan.candidates)


def _diagnose(plan, resolved, prepared) -> StartVerdict | None:
    """Return the verdict of the middle value, unless another value has none."""
    points = [None] if plan.tuning is None else list(range(len(plan.tuning.points)))
    middle = points[len(points) // 2]
    found = []
    for point in sorted(points, key=lambda point: point != middle):
        values = plan.values_of(point)
        verdict = _diagnose_start(plan, resolved, values, prepared)
        if verdict is None:
            return None
        found.append((verdict, values))
    verdict, values = found[0]
    if len({other.text for other, _ in found}) == 1:
        return verdict
    return replace(verdict, text=f"At {write_values(values)}: {verdict.text}")


def _diagnose_start(plan, resolved, values, prepared) -> StartVerdict | None:
    network = make_network(plan.network, resolved, plan.splits[0].seeds[0], values)
    try:
        verdicts = diagnose(network, *prepared.fit, random_state=0).verdicts
    except Exception:  # it cannot be started at all, which its runs tell
        return None
    return StartVerdict(verdicts[0].code, str(verdicts[0])) if verdicts else None
