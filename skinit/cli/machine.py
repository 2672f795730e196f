"""Results as JSON for other programs: what a command prints, with all numbers."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from skinit._files import write_atomically
from skinit.cli.terminal import say

if TYPE_CHECKING:
    import pandas as pd

    from skinit.comparison import InitComparison
    from skinit.datasets.account import Account
    from skinit.diagnosis import Diagnosis

STDOUT = Path("-")


def write_comparison(comparison: InitComparison) -> str:
    """Return sentences, summary with outcomes, trainings and all runs of a comparison as JSON."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "comparison.json"
        comparison.save(path)
        saved = json.loads(path.read_text(encoding="utf-8"))
    content = {
        "sentences": comparison.sentences(),
        "summary": to_records(comparison.summary()),
        "trainings": to_records(comparison.trainings()),
        "comparison": saved,
    }
    return json.dumps(content, indent=1)


def write_diagnoses(diagnoses: dict[str, Diagnosis], account: Account | None = None) -> str:
    """Return verdicts and layers of several starts as JSON, and what was read from a file."""
    content = {
        name: {
            "verdicts": [
                {
                    "code": verdict.code,
                    "title": verdict.title,
                    "evidence": verdict.evidence,
                    "cure": verdict.cure,
                }
                for verdict in diagnosis.verdicts
            ],
            "layers": to_records(diagnosis.to_frame()),
        }
        for name, diagnosis in diagnoses.items()
    }
    about = {} if account is None else {"about_data": account.entries()}
    return json.dumps(content | about, indent=1)


def write_names(initializers: pd.DataFrame) -> str:
    """Return initializers and activations with their formulas as JSON."""
    from skinit.activations import ACTIVATIONS

    activations = [
        {
            "name": name,
            "aliases": list(ACTIVATIONS.aliases(name)),
            "formula": activation.formula,
            "gain": activation.gain,
            "default_init": activation.default_init,
        }
        for name, activation in ACTIVATIONS.items()
    ]
    rows = initializers.to_dict("records")
    names = [row | {"aliases": [*filter(None, row["aliases"].split(", "))]} for row in rows]
    return json.dumps({"initializers": names, "activations": activations}, indent=1)


def deliver_json(text: str, path: Path | None) -> None:
    """Print a text that other programs read, or write it to a file; None does neither."""
    if path == STDOUT:
        say(text)
    elif path is not None:
        write_atomically(path, f"{text}\n")
        say(f"Numbers: {path}")


def to_records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the rows of a table, index included; missing numbers are null."""
    return json.loads(frame.reset_index().to_json(orient="records", double_precision=15))
