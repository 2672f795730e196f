"""The report of an InitComparison: what its page says and shows, section by section."""

from __future__ import annotations

import math
from functools import partial

from skinit._wording import (
    MISSING,
    SEVERAL,
    is_missing,
    name_label,
    write_count,
    write_number,
    write_seconds,
    write_setting,
)
from skinit.comparison import pictures
from skinit.comparison.calls import write_call
from skinit.comparison.choices import describe_tuning, ranks_side_by_side
from skinit.comparison.methods import describe_data
from skinit.comparison.trainings import convergence_sentences
from skinit.displays.base import word_metric
from skinit.report import format_estimates, format_pairwise, format_summary, render_page
from skinit.report.blocks import (
    Block,
    Code,
    Disclosure,
    Facts,
    Plot,
    References,
    Section,
    Table,
    Terms,
    Text,
)
from skinit.report.verdicts import explain_codes

MOST_PRINTED = 70  # pairs, two pages of them


def write_report(comparison, path, title: str | None = None, repeat: str | None = None) -> str:
    """Write the report of a comparison, and return the page."""
    return render_page(
        path,
        title=name_report(comparison) if title is None else title,
        subtitle=_describe_run(comparison),
        sentences=comparison.sentences(),
        sections=sections(comparison, repeat),
    )


def name_report(comparison) -> str:
    """Return the title: what was compared, on which data, and when."""
    on = f" on {comparison.data_name}" if comparison.data_name else ""
    day = comparison.provenance.write_date()
    return f"Initializers compared{on}{f', {day}' if day else ''}"


def _describe_run(comparison) -> str:
    splits = comparison.settings.splits
    runs = write_count(splits.n_seeds, "run")
    return (
        f"{describe_data(comparison.settings)[len('data of ') :]}; "
        f"{write_count(len(comparison.records), 'split')}, {runs} of each candidate on each"
    )


def sections(comparison, repeat: str | None = None) -> list[Section]:
    """Return all that a page shows below the conclusion."""
    return [
        Section("Summary", _summary(comparison)),
        Section("What went wrong", _problems(comparison)),
        Section("Loss curves", [*_curves(comparison), *_trainings(comparison)]),
        Section("Scores", _scores(comparison)),
        Section("Differences", _differences(comparison)),
        *_tuning(comparison),
        Section("Initializers and activations", _heatmap(comparison)),
        Section("Other metrics", _other_metrics(comparison)),
        Section("Data", [Facts(comparison.about_data)] if comparison.about_data else []),
        Section("Methods", _methods(comparison, repeat)),
        Section("Verdicts explained", explain_codes(comparison.candidates()["diagnosis"])),
    ]


# --- Tables -----------------------------------------------------------------------------------


def _summary(comparison) -> list[Block]:
    write = partial(
        format_summary,
        comparison.summary(),
        metric=comparison.metrics[0],
        reference=comparison.reference,
        greater_is_better=comparison.settings.scoring[0].greater_is_better,
    )
    more = [Disclosure("More columns", [Table("More columns", write(columns="rest"))])]
    if len(comparison.settings.candidates) > 1:
        pairs = format_pairwise(comparison.pairwise())
        is_printed = len(pairs) <= MOST_PRINTED
        more.append(Disclosure("All pairs", [Table("All pairs", pairs)], is_printed))
    notes = [Text(note, is_note=True) for note in _notes(comparison)]
    terms = Disclosure("What these terms mean", [Terms()])
    return [Table("Summary", write(columns="first")), *notes, *more, terms]


def _notes(comparison) -> list[str]:
    """Return how the numbers of the summary are to be read."""
    notes = convergence_sentences(comparison.trainings(), comparison.settings)
    notes += detectable_sentences(comparison)
    honest = comparison.honest_best
    several = comparison.candidates()["mean"].count() > 1  # else nobody was picked
    if several and not math.isnan(honest) and comparison.control is None:
        notes.append(
            f"The winner's mean is optimistic: {write_number(honest)} after correcting for picking "
            "the winner."
        )
    return notes + list(filter(None, [describe_tuning(comparison.settings)]))


def detectable_sentences(comparison) -> list[str]:
    """Say which differences from the reference these splits could detect.

    Of candidates that are worse nothing is said: their difference was detected.
    """
    detectable = comparison.resolution()
    outcomes = comparison.candidates()["outcome"]
    sizes = detectable[outcomes[detectable.index] != "worse"].dropna()
    sizes = sizes[sizes > 0]
    if sizes.empty:
        return []
    n_splits = write_count(len(comparison.records), "split")
    reference = name_label(comparison.reference)
    if sizes.map(write_number).nunique() == 1:
        found = write_number(sizes.iloc[0])
    elif len(sizes) <= SEVERAL:
        found = ", ".join(f"{write_number(x)} ({name_label(key)})" for key, x in sizes.items())
    else:
        found = f"{write_number(sizes.min())} to {write_number(sizes.max())}"
    return [
        f"With 80% power, {n_splits} can detect a difference from {reference} of {found}. More "
        "seeds, more repeats and above all more data detect smaller ones."
    ]


def _problems(comparison) -> list[Block]:
    entries = [*comparison.failures.items(), *comparison.diagnoses.items()]
    return [Facts(entries)] if entries else []


def _trainings(comparison) -> list[Block]:
    import pandas as pd

    table = comparison.trainings()
    n_runs = table["n_runs"]
    trained = table["epochs"].notna()
    cells = {
        "Candidate": [name_label(key) for key in table.index],
        "Epochs (median)": [write_number(x, decimals=0) for x in table["epochs"]],
        "Ended at max_iter": _write_counts(table["unconverged_rate"].where(trained), n_runs),
        "Diverged": _write_counts(table["diverged_rate"].where(trained), n_runs),
        "Initialization (median)": table["init_time"].map(write_seconds),
        "Training (median)": table["train_time"].map(write_seconds),
    }
    caption = (
        "Times are those of one run. Initialization draws the first weights. Candidates that train "
        "together share the time of each step."
    )
    return [Table("Trainings", pd.DataFrame(cells), caption)]


def _write_counts(rates, n_runs) -> list[str]:
    return [
        MISSING if is_missing(rate) else f"{rate * n:.0f} of {n}"
        for rate, n in zip(rates, n_runs, strict=True)
    ]


def _other_metrics(comparison) -> list[Block]:
    """Return the means of every metric but the first, with their outcomes."""
    others = comparison.metrics[1:]
    if not others:
        return []
    caption = "The candidates in the order of the summary."
    if len(comparison.settings.candidates) > 1:
        primary = word_metric(comparison.metrics[0])
        caption += f" Outcomes are exploratory: the primary metric is {primary}."
    frame = format_estimates(
        comparison.candidates().index,
        {name: comparison.candidates(name) for name in others},
    )
    return [Table("Other metrics", frame, caption)]


# --- Figures ----------------------------------------------------------------------------------


def _curves(comparison) -> list[Block]:
    if not comparison.settings.curves or comparison.curves().empty:
        return []
    display, loss = pictures.show_curves(comparison), word_metric(comparison.settings.curve_loss)
    if display.shows_training:
        caption = (
            f"{_begin(loss)} by epoch, without the L2 penalty: median and quartiles of all runs. "
            "Solid: training rows; dashed: held-out rows, which no training uses."
        )
    else:
        caption = (
            f"{_begin(loss)} by epoch on held-out rows, which no training uses: median of all runs."
        )
    return [Plot.of_display("Loss curves", caption, display)]


def _scores(comparison) -> list[Block]:
    caption = (
        f"The {word_metric(comparison.metrics[0])} of every split, held-out (filled) beside "
        "training (open), and the 95% interval of the mean held-out score."
    )
    return [Plot.of_display("Scores", caption, pictures.show_scores(comparison))]


def _differences(comparison) -> list[Block]:
    if len(comparison.records) < 2 or comparison.pairwise()["difference"].isna().all():
        return []
    caption = (
        "What is known of each difference, and the region of practical equivalence of "
        f"±{comparison._rope_of(comparison.metrics[0]):g}."
    )
    return [Plot.of_display("Differences", caption, pictures.show_differences(comparison))]


def _heatmap(comparison) -> list[Block]:
    if not comparison.settings.several_activations:
        return []
    caption = (
        "Mean held-out score of every pair. The best mean is framed; the frame is dashed where it "
        "is not separated from all others."
    )
    display = pictures.show_heatmap(comparison)
    return [Plot.of_display("Initializers and activations", caption, display)]


def _tuning(comparison) -> list[Section]:
    tuning = comparison.settings.tuning
    if tuning is None:
        return []
    caption = (
        f"{_begin(word_metric(tuning.loss))} on the rows that decide: median and quartiles of all "
        "splits and seeds. A dot is a choice, and its size how many splits made it. Where lines "
        "cross, the order of the candidates depends on the value."
    )
    displays = {
        f"Tuning of {name}": pictures.show_tuning(comparison, name)
        for name, values in tuning.values.items()
        if len(values) > 1
    }
    sections = [
        Section(name, [Plot.of_display(name, caption, display)])
        for name, display in displays.items()
    ]
    return [*sections, Section("At one value, and tuned", _ranks(comparison))]


def _ranks(comparison) -> list[Block]:
    tuning = comparison.settings.tuning
    if tuning.racing or len(comparison.settings.candidates) < 2:
        return []
    ranks = ranks_side_by_side(
        comparison.compare_at_each_rate(),
        comparison.candidates(comparison.settings.kind.loss.name)["mean"],
        comparison.settings,
    )
    cells = ranks.map(lambda rank: write_number(rank, decimals=0 if rank % 1 == 0 else 1))
    cells.insert(0, "Candidate", [name_label(key) for key in ranks.index])
    caption = (
        f"Ranks by {word_metric(tuning.loss)} at each {' and '.join(tuning.values)}, as a "
        "comparison at this value alone would have had them (on the inner parts), and tuned (on "
        "the held-out rows)."
    )
    return [Table("At one value, and tuned", cells, caption)]


# --- Methods ----------------------------------------------------------------------------------


def _methods(comparison, repeat: str | None) -> list[Block]:
    settings = comparison.settings
    if repeat is None:
        repeat = write_call(settings, comparison.control, comparison.rope)
    methods = comparison.methods()
    data = settings.data
    facts = {
        **comparison.configuration,
        **_describe_target(data),
        "Fingerprint of the data": f"{data.X}-{data.y}",
        "Versions": ", ".join(f"{name} {number}" for name, number in settings.versions.items()),
        "Machine": comparison.provenance.describe_machine(),
        "Date": comparison.provenance.write_date(),
    }
    return [
        Text(methods.paragraph),
        References(methods.references),
        Disclosure("The whole configuration", [Facts([pair for pair in facts.items() if pair[1]])]),
        Disclosure("To reproduce", [Code(repeat)]),
    ]


def _describe_target(data) -> dict[str, str]:
    """Return what is predicted, by heading."""
    if data.classes:
        rows = ", ".join(f"{name}: {count}" for name, count in data.classes.items())
        return {"Rows per class": rows}
    words = {"mean": "mean", "sd": "standard deviation", "min": "from", "max": "to"}
    spread = [f"{words[name]} {write_setting(value)}" for name, value in data.numbers.items()]
    return {"Target": ", ".join(spread) or "several numbers"}


def _begin(text: str) -> str:
    """Return a text with which a sentence can begin."""
    return text[:1].upper() + text[1:]
