"""What reaches a terminal or a pipe: nothing that it would obey, and only signs that it has."""

from __future__ import annotations

import sys
from collections.abc import Iterable

from rich.console import Console, ConsoleOptions, RenderableType
from rich.segment import Segment
from rich.text import Text

from skinit._wording import printable

# For streams whose encoding lacks them; what is not here is written as Python escapes it.
_PLAIN = {
    "\N{NO-BREAK SPACE}": " ", "±": "+/-", "−": "-", "–": "-", "—": "-", "…": "...", "×": "x",
    "·": "*", "•": "*", "≥": ">=", "≤": "<=", "≈": "~", "→": "->", "√": "sqrt ", "²": "^2",
    "³": "^3", "⁻": "^-", "¹": "1", "₀": "0", "₁": "1", "₂": "2", "’": "'", "‘": "'",
    "“": '"', "”": '"', "σ": "sigma", "μ": "mu", "π": "pi", "α": "alpha", "β": "beta",
    "ρ": "rho", "Φ": "Phi", "φ": "phi", "½": "1/2", "é": "e", "ö": "oe", "ä": "ae",
    "ü": "ue", "ß": "ss",
}  # fmt: skip


def plain(text: str, encoding: str) -> str:
    r"""Write a text with the characters that an encoding has.

    Examples
    --------
    >>> plain("σ² = 0.5 ±0.1", "ascii"), plain("ő", "ascii"), plain("±", "utf-8")
    ('sigma^2 = 0.5 +/-0.1', '\\u0151', '±')
    """
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return "".join(_plain_sign(sign, encoding) for sign in text)
    return text


def _plain_sign(sign: str, encoding: str) -> str:
    try:
        sign.encode(encoding)
    except UnicodeEncodeError:
        return _PLAIN.get(sign) or sign.encode(encoding, "backslashreplace").decode(encoding)
    return sign


class Terminal(Console):
    """A console that escapes what is not printable, and writes plain signs where it must."""

    def clean(self, text: str) -> str:
        """Return a text that can be printed here."""
        return plain(printable(text, keep="\n\t"), self.encoding)

    def clean_cell(self, cell: Text | str) -> Text:
        """Return a text with its styles, that can be printed here."""
        text = Text(cell) if isinstance(cell, str) else cell
        if self.clean(text.plain) == text.plain:
            return text
        cleaned = text.blank_copy()
        pieces = [*text.render(self)]
        for piece in pieces[: -1 if text.end else None]:
            cleaned.append(self.clean(piece.text), piece.style)
        return cleaned

    def on_broken_pipe(self) -> None:
        """Leave a closed pipe to the command, which may have files to write."""
        raise BrokenPipeError

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Render what is left to render of a text after cleaning it, and bullets of lists."""
        if isinstance(renderable, Text):
            renderable = self.clean_cell(renderable)
        for segment in super().render(renderable, options):
            text, style, control = segment
            yield segment if control else Segment(plain(text, self.encoding), style)


def say(text: str, err: bool = False) -> None:
    """Print lines that are never wrapped, cleaned as everything that is printed."""
    stream = sys.stderr if err else sys.stdout
    encoding = getattr(stream, "encoding", None) or "utf-8"
    print(plain(printable(text, keep="\n\t"), encoding), file=stream, flush=True)
