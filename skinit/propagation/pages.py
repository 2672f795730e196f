"""The pages that explain the verdicts: those of the documentation, which travel in the wheel."""

from __future__ import annotations

from pathlib import Path

from skinit._wording import suggest
from skinit.propagation.rules import RULES

PACKAGE = Path(__file__).parents[1]
# Where a wheel has them, and where a checkout has.
FOLDERS = (PACKAGE / "pages", PACKAGE.parent / "docs" / "verdicts")
CALIBRATION = "calibration"


def list_pages() -> dict[str, str]:
    """Return the title of every page, by code.

    Examples
    --------
    >>> list_pages()["INIT03"]
    'saturated or exploding'
    """
    titles = {code: RULES[code].title for code in sorted(RULES)}
    return titles | {CALIBRATION: "how often the verdicts are right"}


def read_page(code: str) -> str:
    """Return the page of a verdict, in Markdown.

    Parameters
    ----------
    code : str
        "INIT01" to "INIT13", or "calibration"; case does not matter.

    Raises
    ------
    ValueError
        For any other code.
    FileNotFoundError
        If this installation has no pages.

    Examples
    --------
    >>> read_page("init03").splitlines()[0]
    '# INIT03: saturated or exploding'
    """
    known = {name.lower(): name for name in list_pages()}
    if code.lower() not in known:
        raise ValueError(
            f"There is no verdict {code!r}.{suggest(code, known.values())} Use one of "
            f"{', '.join(known.values())}."
        )
    for folder in FOLDERS:
        page = folder / f"{code.lower()}.md"
        if page.exists():
            return page.read_text(encoding="utf-8")
    raise FileNotFoundError("This installation has no pages about verdicts: install skinit again.")
