"""A comparison as one JSON file: written by ``save``, read by ``load``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from skinit._files import write_atomically
from skinit.comparison.checkpoint import Checkpoint, check_format
from skinit.comparison.codec import SchemaError, from_dict, to_json
from skinit.comparison.provenance import UNKNOWN, Provenance
from skinit.comparison.schema import FORMAT, Settings, SplitRecord, StartVerdict, check_record


@dataclass(frozen=True)
class SavedComparison:
    """Everything that an InitComparison is made of."""

    settings: Settings
    diagnoses: tuple[StartVerdict | None, ...]
    records: tuple[SplitRecord, ...]
    control: str | tuple[str, ...] | None = None
    rope: float | dict[str, float] | None = None
    format: str = FORMAT
    about_data: tuple[tuple[str, str], ...] = ()
    provenance: Provenance = UNKNOWN


def write_saved(path, saved: SavedComparison) -> None:
    """Write one JSON file, whole or not at all."""
    write_atomically(path, to_json(saved))


def read_saved(path) -> SavedComparison:
    """Read a file of `write_saved`, or what a checkpoint holds."""
    document = _read_document(path)
    if document is None:
        header, records = Checkpoint.read(path)
        if not records:
            raise ValueError(f"{str(path)!r} holds no finished split yet: continue the comparison.")
        return SavedComparison(header.settings, header.diagnoses, tuple(records))
    check_format(document, path)
    try:
        saved = from_dict(SavedComparison, {"about_data": [], **document})
        for record in saved.records:
            check_record(record, saved.settings)
    except SchemaError as error:
        raise ValueError(f"{str(path)!r}: {error}.") from error
    return saved


def _read_document(path):
    """Return the content of a file that is one JSON document with records; else None."""
    try:
        document = json.loads(Path(path).read_bytes())
    except ValueError:
        return None
    return document if isinstance(document, Mapping) and "records" in document else None
