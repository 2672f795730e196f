"""The one way from a name to a row of a table: activations, initializers, losses, optimizers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, TypeVar

from skinit._wording import offer, suggest

Row = TypeVar("Row")


class Registry(Generic[Row]):
    """Hold the rows of one table by name and alias.

    Parameters
    ----------
    kind : str
        What the rows are called in error messages, such as ``"activation"``.
    elsewhere : mapping of str to tuple of str, optional
        What other libraries call things, in small letters and digits alone, and the names here
        that may be meant. They are offered in the error message, never accepted.

    Examples
    --------
    >>> from skinit._registry import Registry
    >>> colours = Registry("colour")
    >>> colours.register("grey", "#777777", aliases=["gray"])
    >>> colours["gray"]
    '#777777'
    """

    def __init__(self, kind: str, elsewhere: Mapping[str, tuple[str, ...]] | None = None):
        self.kind = kind
        self.elsewhere = dict(elsewhere or {})
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

    def take(self, names: Iterable[str]) -> dict[str, Row]:
        """Return the rows of those names and aliases that are known; see `adopt`."""
        return {name: self[name] for name in names if name in self}

    def adopt(self, rows: Mapping[str, Row]) -> None:
        """Add the rows that are missing here: what a script registered, in its workers.

        Examples
        --------
        >>> from skinit._registry import Registry
        >>> here, there = Registry("colour"), Registry("colour")
        >>> here.register("grey", "#777777")
        >>> there.adopt(here.take(["grey", "no colour"]))
        >>> there["grey"]
        '#777777'
        """
        for name, row in rows.items():
            if name not in self:
                self.register(name, row)

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
        return f"Unknown {self.kind} {name!r}.{self.hint(name)} Known: {', '.join(self._rows)}."

    def hint(self, name: str) -> str:
        """Return " Did you mean 'he'?" for a name that is close to a known one, else nothing.

        Examples
        --------
        >>> from skinit._registry import Registry
        >>> inits = Registry("init", elsewhere={"msra": ("he",)})
        >>> inits.register("he", 2, aliases=["he_normal"])
        >>> inits.hint("HeNormal"), inits.hint("MSRA")
        (" Did you mean 'he_normal'?", " Did you mean 'he'?")
        """
        known = [*self._rows, *self._aliases]
        folded = _fold(name)
        for word in (folded, folded.removesuffix("init")):
            meant = self.elsewhere.get(word) or [other for other in known if _fold(other) == word]
            if meant:
                return offer(meant)
        return suggest(name, known)


def _fold(name: str) -> str:
    """Return a name as it is compared: "nn.init.HeNormal", "he_normal_" and "he-normal" are one."""
    word = str(name).rpartition(".")[2]
    return "".join(filter(str.isalnum, word)).lower().removesuffix("initializer")
