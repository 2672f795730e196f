"""From what a person hands over to local lines of UTF-8, or a sentence that says what to do."""

from __future__ import annotations

import codecs
import gzip
import os
import re
import shutil
import stat
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from skinit._wording import write_name

MAX_BYTES = 64 * 2**30
"""Refuse to unpack more than this (64 GiB)."""
MAX_RATIO = 1000
"""Refuse to unpack more than this times the size of the packed file: it is a bomb."""
SAMPLE = 2**20  # bytes that are looked at before anything is read

SAVE_AS_CSV = "Open it with the program that made it, and save it as CSV (UTF-8)"
OTHER_KINDS = {
    ".xlsx": "an Excel workbook. Open it in a spreadsheet and save the sheet as CSV (UTF-8)",
    ".xls": "an Excel workbook. Open it in a spreadsheet and save the sheet as CSV (UTF-8)",
    ".xlsm": "an Excel workbook. Open it in a spreadsheet and save the sheet as CSV (UTF-8)",
    ".ods": "a spreadsheet. Open it and save the sheet as CSV (UTF-8)",
    ".arff": "an ARFF file. Read it in Python with scipy.io.arff.loadarff or "
    "sklearn.datasets.fetch_openml, and save the frame with to_csv",
    ".json": "a JSON file. Read it in Python with pandas.read_json, and save the frame with to_csv",
    ".jsonl": "a JSON file. Read it in Python with pandas.read_json(lines=True), and save the "
    "frame with to_csv",
    ".feather": "a Feather file. Read it in Python with pandas.read_feather, and save the frame "
    "with to_csv",
    ".h5": "an HDF5 file. Read it in Python with pandas.read_hdf or h5py, and save it as CSV",
    ".hdf5": "an HDF5 file. Read it in Python with pandas.read_hdf or h5py, and save it as CSV",
    ".mat": "a MATLAB file. Read it in Python with scipy.io.loadmat, and save it as CSV",
    ".npy": "a NumPy file. Load it in Python, and give the array to compare_initializers",
    ".npz": "a NumPy file. Load it in Python, and give the arrays to compare_initializers",
    ".pkl": "a pickle, which can run code when it is opened. Save the table as CSV or Parquet",
    ".pickle": "a pickle, which can run code when it is opened. Save the table as CSV or Parquet",
    ".joblib": "a pickle, which can run code when it is opened. Save the table as CSV or Parquet",
    ".rds": "an R object. Save it in R with write.csv(x, file, row.names = FALSE)",
    ".rdata": "an R object. Save it in R with write.csv(x, file, row.names = FALSE)",
    ".sav": "an SPSS file. Save it as CSV, or read it in Python with pandas.read_spss",
    ".dta": "a Stata file. Save it as CSV, or read it in Python with pandas.read_stata",
    ".sas7bdat": "a SAS file. Save it as CSV, or read it in Python with pandas.read_sas",
    ".db": "a database. Export the table as CSV",
    ".sqlite": "a database. Export the table as CSV",
    ".pdf": "a PDF. Copy its table into a spreadsheet, and save it as CSV (UTF-8)",
    ".html": "a web page. Copy its table into a spreadsheet, and save it as CSV (UTF-8)",
    ".xml": f"an XML file. {SAVE_AS_CSV}",
    ".orc": f"an ORC file. {SAVE_AS_CSV}",
    ".zst": "packed with zstd. Unpack it first, with unzstd",
    ".7z": "packed with 7-Zip. Unpack it first",
    ".rar": "packed with RAR. Unpack it first",
    ".tar": "an archive of files. Unpack it first, and give one file",
    ".tgz": "an archive of files. Unpack it first, and give one file",
}
"""Kinds of files that are not read, by suffix: what they are, and what to do."""

OTHER_STARTS = {
    b"\xd0\xcf\x11\xe0": ".xls",
    b"\x89HDF": ".h5",
    b"SQLite format 3": ".db",
    b"%PDF": ".pdf",
    b"\x93NUMPY": ".npy",
    b"ARROW1": ".feather",
    b"ORC": ".orc",
    b"\x28\xb5\x2f\xfd": ".zst",
    b"7z\xbc\xaf": ".7z",
    b"Rar!": ".rar",
    b"$FL2": ".sav",
    b"<!DOCTYPE": ".html",
    b"<html": ".html",
    b"<?xml": ".xml",
    b'{"': ".json",
    b'[{"': ".json",
    b"@relation": ".arff",
    b"@RELATION": ".arff",
    b"@Relation": ".arff",
}
"""First bytes of such files, whatever they are called."""

BOMS = {  # the longer ones first: that of UTF-32 begins like that of UTF-16
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
NO_ENCODINGS = ("idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape")
"""Codecs of Python that no file is written in."""
NO_TEXT = re.compile("[\0-\x08\x0e-\x19]")
PACKED = {b"\x1f\x8b": "gzip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"PK\x03\x04": "zip"}


@dataclass(frozen=True)
class Source:
    """A local file that can be read as lines of UTF-8, or as Parquet.

    Parameters
    ----------
    name : str
        What the person called it.
    path : Path
        The file to read; a temporary one if the original had to be unpacked or recoded.
    encoding : str
        The encoding of the original; "" for Parquet.
    container : str
        "", "gzip", "bzip2", "xz", "zip" or "Parquet".
    scratch : Path
        A folder for temporary files, removed afterwards.
    """

    name: str
    path: Path
    encoding: str
    container: str
    scratch: Path


def check_local_file(path: str | os.PathLike) -> Path:
    """Return the path of a regular local file; refuse all else by name.

    Raises
    ------
    ValueError
        If it is an address, a folder, a device or a pipe, is missing, or is of another kind.
    """
    name = os.fspath(path)
    if "\0" in name:
        raise ValueError(f"{write_name(name)!r} is not the name of a file.")
    if re.match(r"[A-Za-z][A-Za-z0-9+.-]+:(//|\\\\)", name):
        raise ValueError(
            f"{name!r} is an address: only local files are read. Download it, and give the file."
        )
    local = Path(name).expanduser()
    try:
        mode = local.stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise ValueError(f"There is no file {name!r} (looked for it from {Path.cwd()}).") from error
    except (OSError, ValueError) as error:
        raise ValueError(f"Cannot read {name!r}: {_reason(error)}.") from error
    if stat.S_ISDIR(mode):
        raise ValueError(f"{name!r} is a folder, not a table: give one file of it.")
    if not stat.S_ISREG(mode):
        raise ValueError(f"{name!r} is a pipe or a device, not a file: save the table to a file.")
    return local.resolve()


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


@contextmanager
def open_source(path: str | os.PathLike, encoding: str | None = None) -> Iterator[Source]:
    """Unpack and recode a file where that is needed; what is temporary ends with the block.

    Parameters
    ----------
    path : path-like
        A local file: Parquet, or text, perhaps packed with gzip, bzip2, xz or zip.
    encoding : str, default=None
        Its encoding; None takes the byte order mark, UTF-8, and at last cp1252.
    """
    local, name = check_local_file(path), os.fspath(path)
    with TemporaryDirectory(prefix="skinit-") as folder:
        try:
            source = _prepare(name, local, encoding, Path(folder))
        except (OSError, EOFError) as error:
            raise ValueError(f"Cannot read {name!r}: {_reason(error)}.") from error
        yield source


def _prepare(name: str, local: Path, encoding: str | None, scratch: Path) -> Source:
    start = _start_of(local)
    _refuse_other_kinds(name, start, local)
    if start.startswith(b"PAR1"):
        return Source(name, _without_pattern(local, scratch), "", "Parquet", scratch)
    container = next((kind for sign, kind in PACKED.items() if start.startswith(sign)), "")
    if container:
        local = _unpack(local, container, scratch, name)
        _refuse_other_kinds(name, _start_of(local))
    encoding, plain = _recode(local, encoding, scratch, name)
    return Source(name, _without_pattern(plain, scratch), encoding, container, scratch)


def _without_pattern(path: Path, scratch: Path) -> Path:
    """Return another name of a file whose name DuckDB would take for a pattern of names."""
    if not set(str(path)) & set("*?["):
        return path
    other = scratch / "named"
    try:
        other.symlink_to(path)
    except OSError:  # not every system lets us
        shutil.copyfile(path, other)
    return other


def _start_of(local: Path) -> bytes:
    with local.open("rb") as file:
        return file.read(16)


def _refuse_other_kinds(name: str, start: bytes, local: Path | None = None) -> None:
    """Say what to do with a file of another kind, known by its first bytes or its suffix."""
    stripped = start.removeprefix(codecs.BOM_UTF8).lstrip()
    kinds = [kind for sign, kind in OTHER_STARTS.items() if stripped.startswith(sign)]
    if local is not None and start.startswith(b"PK"):
        kinds += _kind_of_zip(local)
    if local is not None and not kinds and not start.startswith(b"PAR1"):
        kinds.append(Path(name).suffix.lower())
    for kind in kinds:
        if kind in OTHER_KINDS:
            raise ValueError(
                f"{name!r} is {OTHER_KINDS[kind]}; then give that file. CSV and Parquet are read."
            )
    if local is not None and start.startswith((b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM")):
        raise ValueError(f"Cannot read {name!r} as a table: it is a picture.")
    if local is not None and Path(name).suffix.lower() == ".parquet" and start[:4] != b"PAR1":
        raise ValueError(f"Cannot read {name!r} as a table: it is not a Parquet file.")


def _kind_of_zip(local: Path) -> list[str]:
    """Tell workbooks, which are archives too, from packed tables."""
    try:
        with zipfile.ZipFile(local) as archive:
            members = set(archive.namelist())
    except zipfile.BadZipFile:
        return []
    if "xl/workbook.xml" in members or "[Content_Types].xml" in members:
        return [".xlsx"]
    return [".ods"] if "mimetype" in members and "content.xml" in members else []


# --- Packed files -----------------------------------------------------------------------------


def _unpack(local: Path, container: str, scratch: Path, name: str) -> Path:
    """Unpack a file into the scratch folder, within bounds."""
    import bz2
    import lzma
    import zlib

    plain = scratch / "unpacked"
    limit = min(MAX_BYTES, max(MAX_RATIO * local.stat().st_size, 2**20))
    limit = min(limit, shutil.disk_usage(scratch).free // 2)
    try:
        if container == "zip":
            with (
                zipfile.ZipFile(local) as archive,
                archive.open(_only_member(archive, name)) as packed,
            ):
                _copy(packed, plain, limit, name)
        else:
            openers: dict[str, Any] = {"gzip": gzip.open, "bzip2": bz2.open, "xz": lzma.open}
            with openers[container](local, "rb") as packed:
                _copy(packed, plain, limit, name)
    except (
        EOFError, zlib.error, lzma.LZMAError, zipfile.BadZipFile, RuntimeError, NotImplementedError,
        gzip.BadGzipFile,
    ) as error:  # fmt: skip
        raise ValueError(f"Cannot unpack {name!r}, which is damaged or locked: {error}.") from error
    return plain


def _only_member(archive: zipfile.ZipFile, name: str) -> str:
    """Return the one file in an archive."""
    members = [
        member
        for member in archive.namelist()
        if not member.endswith("/") and not member.startswith("__MACOSX/")
    ]
    if len(members) != 1:
        raise ValueError(
            f"{name!r} is an archive of {len(members)} files: unpack it, and give one of them."
        )
    return members[0]


def _copy(packed, plain: Path, limit: int, name: str) -> None:
    with plain.open("wb") as file:
        written = 0
        while block := packed.read(2**20):
            written += len(block)
            if written > limit:
                raise ValueError(
                    f"{name!r} unpacks to more than {limit / 2**20:,.0f} MiB and was not read: if "
                    "that is right, unpack it first."
                )
            file.write(block)


# --- Encodings --------------------------------------------------------------------------------


def _recode(local: Path, encoding: str | None, scratch: Path, name: str) -> tuple[str, Path]:
    """Return the encoding of a text file, and a path of the same text in UTF-8."""
    with local.open("rb") as file:
        start = file.read(SAMPLE)
    guesses = [encoding] if encoding else _guess_encodings(start)
    for guess in guesses:
        try:
            codec = codecs.lookup(guess)
            "a".encode(guess)  # a codec that is not for text raises LookupError
            if codec.name in NO_ENCODINGS:
                raise LookupError(guess)
            if codec.name == "utf-8" and not start.startswith(codecs.BOM_UTF8):
                _check_utf8(local)
                return "utf-8", local
            return codec.name, _write_utf8(local, guess, scratch / "recoded")
        except LookupError as error:
            raise ValueError(
                f"There is no encoding {guess!r}: usual ones are utf-8, cp1252, latin-1, utf-16, "
                "cp1251, shift_jis and gb18030."
            ) from error
        except UnicodeError:
            continue
    if encoding:
        raise ValueError(
            f"{name!r} is not written in {encoding}: name its encoding with --encoding (in Python "
            "encoding=), or leave the option out."
        )
    raise ValueError(
        f"Cannot read {name!r} as a table: it is not text in UTF-8, UTF-16 or cp1252. If it is a "
        "table, name its encoding with --encoding (in Python encoding=)."
    )


def _guess_encodings(start: bytes) -> list[str]:
    """Return encodings to try, the surest first."""
    for mark, encoding in BOMS.items():
        if start.startswith(mark):
            return [encoding]
    pairs = len(start) // 2
    if pairs and start[: 2 * pairs : 2].count(0) > 0.4 * pairs:
        return ["utf-16-be"]
    if pairs and start[1 : 2 * pairs : 2].count(0) > 0.4 * pairs:
        return ["utf-16-le"]
    return ["utf-8", "cp1252"]


def _decoded(local: Path, encoding: str) -> Iterator[str]:
    """Yield blocks of text; what no text contains is refused."""
    decoder = codecs.getincrementaldecoder(encoding)()
    with local.open("rb") as file:
        while block := file.read(2**20):
            text = decoder.decode(block)
            if NO_TEXT.search(text):
                raise UnicodeError("no text has this character")
            yield text
    yield decoder.decode(b"", final=True)


def _check_utf8(local: Path) -> None:
    for _ in _decoded(local, "utf-8"):
        pass


def _write_utf8(local: Path, encoding: str, plain: Path) -> Path:
    with plain.open("w", encoding="utf-8", newline="") as file:
        for text in _decoded(local, encoding):
            file.write(text)
    return plain
