"""The pages of verdicts, as parts of a page."""

from __future__ import annotations

from collections.abc import Iterable

from skinit.propagation.pages import read_page
from skinit.report.blocks import Disclosure, Markdown


def explain_codes(codes: Iterable[str]) -> list[Disclosure]:
    """Return the page of each verdict, each once, as far as this installation has them."""
    blocks = []
    for code in sorted({code for code in codes if code}):
        try:
            source = read_page(code)
        except FileNotFoundError:
            continue
        heading = source.partition("\n")[0].removeprefix("# ")
        text = source.partition("\n## Example")[0]
        blocks.append(Disclosure(heading, [Markdown(code.lower(), text)]))
    return blocks
