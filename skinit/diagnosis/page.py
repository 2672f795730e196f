"""The page about several starts: verdicts, one figure, layers, and what the numbers mean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from skinit._wording import MISSING, name_labels, write_count, write_date
from skinit.diagnosis.layers import COLUMNS, format_layers
from skinit.displays.starts import StartsDisplay
from skinit.report.blocks import Block, Code, Disclosure, Facts, Plot, Section, Table, Text
from skinit.report.page import render_page
from skinit.report.verdicts import explain_codes


def write_page(
    diagnoses: Mapping[str, Any],
    path=None,
    *,
    title: str | None = None,
    data_name: str = "",
    about_data: Sequence[tuple[str, str]] = (),
    repeat: str = "",
) -> str:
    """Write the page about several starts, and return it.

    Parameters
    ----------
    diagnoses : mapping of label to Diagnosis
        What `diagnose` found about each.
    path : path-like, default=None
        Where; None only returns the page.
    title : str, default=None
        Its title; None is made of the name of the data and the date.
    data_name : str, default=""
        What the data are called.
    about_data : sequence of (heading, text), default=()
        What was understood of the data.
    repeat : str, default=""
        The command that repeats it.
    """
    if title is None:
        on = f" on {data_name}" if data_name else ""
        title = f"Starts diagnosed{on}, {write_date(date.today())}"
    sections = [
        Section("Verdicts", _verdicts(diagnoses)),
        Section("Through depth", [_plot(diagnoses)]),
        Section("Layers", [*_layers(diagnoses), _explain_columns()]),
        Section("Data", [Facts(about_data)] if about_data else []),
        Section("To reproduce", [Code(repeat)] if repeat else []),
        Section("Verdicts explained", explain_codes(_codes(diagnoses))),
    ]
    return render_page(path, title=title, sentences=conclude(diagnoses), sections=sections)


def conclude(diagnoses: Mapping[str, Any]) -> list[str]:
    """Say which starts are sound, and which are expected to fail or to be slower."""
    sound = [name for name, found in diagnoses.items() if not found.verdicts]
    fatal = [name for name, found in diagnoses.items() if _is_fatal(found)]
    mild = [name for name in diagnoses if name not in (*sound, *fatal)]
    texts = []
    for names, one, several in (
        (fatal, "is not expected to learn", "are not expected to learn"),
        (mild, "is expected to be slower or poorer", "are expected to be slower or poorer"),
        (sound, "has no verdict: signal and gradient are sound",
         "have no verdict: signal and gradient are sound"),
    ):  # fmt: skip
        if names:
            texts.append(f"{name_labels(names)} {one if len(names) == 1 else several}.")
    return texts


def _is_fatal(diagnosis: Any) -> bool:
    return any(verdict.severity == "fatal" for verdict in diagnosis.verdicts)


def _codes(diagnoses) -> list[str]:
    return [verdict.code for found in diagnoses.values() for verdict in found.verdicts]


def _verdicts(diagnoses) -> list[Block]:
    import pandas as pd

    rows = []
    for name, found in diagnoses.items():
        texts = [f"{verdict.evidence} {verdict.cure}" for verdict in found.verdicts]
        rows.append(
            {
                "Start": name_labels([name]),
                "Verdict": "; ".join(f"{v.code}, {v.title}" for v in found.verdicts) or "none",
                "Severity": found.verdicts[0].severity if found.verdicts else MISSING,
                "Evidence and cure": " ".join(texts) or MISSING,
            }
        )
    return [Table("Verdicts", pd.DataFrame(rows))]


def _plot(diagnoses) -> Plot:
    frames = {name: found.to_frame() for name, found in diagnoses.items()}
    caption = (
        f"Measured on a batch at the first weights of {write_count(len(frames), 'start')}: from "
        "the first layer to the last, the output layer. A sound start keeps signal and gradient "
        "at one height."
    )
    return Plot.of_display("Through depth", caption, StartsDisplay(frames))


def _layers(diagnoses) -> list[Block]:
    blocks: list[Block] = []
    for name, found in diagnoses.items():
        heading = name_labels([name])
        blocks.append(Disclosure(heading, [Table(heading, format_layers(found.to_frame()))]))
    return blocks


def _explain_columns() -> Disclosure:
    entries = [(column.heading, f"{column.meaning}.") for column in COLUMNS]
    note = Text("What a layer does not have is left out. z are the sums before the activation.")
    return Disclosure("What these columns mean", [Facts(entries), note])
