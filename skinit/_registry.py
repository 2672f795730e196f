"""The one way from a name to a row of a table: activations, initializers, losses, optimizers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Generic, TypeVar

Row = TypeVar("Row")


class Registry(Generic[Row]):
    """Hold the rows of one table by name and alias.

    Parameters
    ----------
    kind : str
        What the rows are called in error messages, such as ``"activation"``.

    Examples
    --------
    >>> from skinit._registry import Registry
    >>> colours = Registry("colour")
    >>> colours.register("grey", "#777777", aliases=["gray"])
    >>> colours["gray"]
    '#777777'
    """

    def __init__(self, kind: str):
        self.kind = kind
        self._rows: dict[str, Row] = {}
        self._aliases: dict[str, str] = {}

    def register(self, name: str, row: Row, *, aliases: Iterable[str] = ()) -> None:
        """Add a row; a name or alias that is taken already is a ValueError."""
        aliases = tuple(aliases)
        for new in (name, *aliases):
            if not isinstance(new, str) or not new:
                raise ValueError(f"A name for an {self.kind} is a non-empty str, got {new!r}.")
            if new in self:
                raise ValueError(f"The {self.kind} {new!r} exists already: choose another name.")
        self._rows[name] = row
        self._aliases.update(dict.fromkeys(aliases, name))

    def names(self) -> list[str]:
        """Return the names in the order of registration, aliases left out."""
        return list(self._rows)

    def aliases(self, name: str) -> list[str]:
        """Return the other names of the row called ``name``."""
        return [alias for alias, target in self._aliases.items() if target == name]

    def items(self) -> Iterator[tuple[str, Row]]:
        """Iterate over the pairs of name and row."""
        return iter(self._rows.items())

    def __contains__(self, name: object) -> bool:
        return name in self._rows or name in self._aliases

    def __getitem__(self, name: str) -> Row:
        """Return the row of a name or alias; an unknown one is a ValueError with the closest."""
        if name not in self:
            raise ValueError(self._unknown(name))
        return self._rows[self._aliases.get(name, name)]

    def _unknown(self, name: str) -> str:
        close = get_close_matches(str(name).lower(), [*self._rows, *self._aliases], n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        return f"Unknown {self.kind} {name!r}.{hint} Known: {', '.join(self._rows)}."
