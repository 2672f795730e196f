"""What a page is made of: sections of texts, tables, figures and disclosures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from skinit._drawing.base import Display


class Block:
    """Part of a section."""

    kind: ClassVar[str]


@dataclass(frozen=True)
class Text(Block):
    """A paragraph; a note is smaller and paler."""

    kind: ClassVar[str] = "text"

    text: str
    is_note: bool = False


@dataclass(frozen=True)
class Table(Block):
    """A table of texts; the first column names the rows."""

    kind: ClassVar[str] = "table"

    name: str
    frame: pd.DataFrame
    caption: str = ""


@dataclass(frozen=True)
class Plot(Block):
    """A figure; its caption is also the alternative text.

    Narrow screens show the narrow figure, if there is one: there the wide one would shrink until
    nobody can read its letters.
    """

    kind: ClassVar[str] = "plot"

    name: str
    caption: str
    figure: Figure
    narrow: Figure | None = None

    @classmethod
    def of_display(cls, name: str, caption: str, display: Display) -> Plot:
        """Return a display as wide as a printed page, and as narrow as one of two columns."""
        return cls(name, caption, display.to_figure(), display.to_figure(figsize="column"))


@dataclass(frozen=True)
class Facts(Block):
    """Texts by their names, side by side where there is room."""

    kind: ClassVar[str] = "facts"

    entries: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class References(Block):
    """A numbered list, [1] first."""

    kind: ClassVar[str] = "references"

    texts: Sequence[str]


@dataclass(frozen=True)
class Code(Block):
    """Lines of code."""

    kind: ClassVar[str] = "code"

    text: str


@dataclass(frozen=True)
class Markdown(Block):
    """A page of the documentation; ``anchor`` is what links within the file call it."""

    kind: ClassVar[str] = "markdown"

    anchor: str
    source: str


@dataclass(frozen=True)
class Terms(Block):
    """What the words of a comparison mean."""

    kind: ClassVar[str] = "terms"


@dataclass(frozen=True)
class Disclosure(Block):
    """Blocks that are shown on demand, and on paper unless they are too long for it."""

    kind: ClassVar[str] = "disclosure"

    heading: str
    blocks: Sequence[Block]
    is_printed: bool = True


@dataclass(frozen=True)
class Section:
    """A heading and the blocks below it."""

    heading: str
    blocks: Sequence[Block]
