"""Groups of options: what several commands take is declared once, as a dataclass."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from functools import wraps
from typing import Any, get_type_hints


def spread_groups(command: Callable[..., None]) -> Callable[..., None]:
    """Let a command take groups of options where Typer knows single options only.

    A parameter whose type is a dataclass becomes one option for each of its fields, with the
    default of the field; the command gets the object that is made of them.

    Parameters
    ----------
    command : callable
        All its parameters are annotated, and given by name.

    Returns
    -------
    callable
        The same command, with the signature that Typer reads.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass
    ... class Place:
    ...     city: str = "Bonn"
    >>> @spread_groups
    ... def travel(*, days: int = 1, place: Place):
    ...     print(place, days)
    >>> str(inspect.signature(travel))
    "(*, days: int = 1, city: str = 'Bonn')"
    >>> travel(city="Rome", days=2)
    Place(city='Rome') 2
    """
    hints = get_type_hints(command, include_extras=True)
    declared = inspect.signature(command).parameters.values()
    groups = {p.name: hints[p.name] for p in declared if is_dataclass(hints[p.name])}
    options: list[inspect.Parameter] = []
    for parameter in declared:
        if parameter.name in groups:
            options += _options_of(groups[parameter.name])
        else:
            options.append(parameter.replace(annotation=hints[parameter.name]))
    signature = inspect.Signature(options)

    @wraps(command)
    def spread(**given: Any) -> None:
        bound = signature.bind(**given)
        bound.apply_defaults()
        values = bound.arguments
        objects = {
            name: group(**{f.name: values.pop(f.name) for f in fields(group)})
            for name, group in groups.items()
        }
        command(**objects, **values)

    # Typer reads the signature; mypy does not know that functions may have another one.
    spread.__signature__ = signature  # type: ignore[attr-defined]
    spread.__annotations__ = {option.name: option.annotation for option in options}
    return spread


def _options_of(group: Any) -> list[inspect.Parameter]:
    """Return a parameter for each field of a dataclass."""
    hints = get_type_hints(group, include_extras=True)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            annotation=hints[field.name],
            default=inspect.Parameter.empty if field.default is MISSING else field.default,
        )
        for field in fields(group)
    ]
