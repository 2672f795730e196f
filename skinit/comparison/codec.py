"""Frozen dataclasses to JSON and back, every field checked on the way in.

JSON has no word for numbers that are not finite: they are written as "NaN", "Infinity" and
"-Infinity", and read back as such where a field holds numbers.
"""

from __future__ import annotations

import json
import math
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from functools import cache
from reprlib import repr as shorten
from typing import Any, TypeVar, Union, cast, get_args, get_origin, get_type_hints

T = TypeVar("T")

_NOT_FINITE = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}
_WORDS = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
    tuple: "a list",
    dict: "an object",
    types.NoneType: "null",
}


class SchemaError(ValueError):
    """JSON that does not hold what a field needs; the message names the field."""


def to_dict(value) -> Any:
    """Return what JSON can hold of a dataclass, a mapping, a sequence or a plain value.

    Examples
    --------
    >>> to_dict({"scores": (1.0, float("-inf"))})
    {'scores': [1.0, '-Infinity']}
    """
    if is_dataclass(value):
        return {field.name: to_dict(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {key: to_dict(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [to_dict(entry) for entry in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def to_json(value) -> str:
    """Return a dataclass as JSON that every reader accepts, in one line."""
    return json.dumps(to_dict(value), allow_nan=False)


def from_dict(kind: type[T], value: Any, field: str = "") -> T:
    """Return what `to_dict` was given; every field must be there, also those with a default.

    Parameters
    ----------
    kind : type
        A dataclass, or the type of one of its fields: bool, int, float, str, ``tuple[...]``,
        ``dict[str, ...]``, or a union of them with None.
    value : object
        What JSON holds.
    field : str, default=""
        What the value is called in error messages.

    Raises
    ------
    SchemaError
        For a wrong type, and for a missing or an unknown field.

    Examples
    --------
    >>> from_dict(tuple[float, ...], [1, "NaN"])
    (1.0, nan)
    >>> from_dict(dict[str, int], {"a": "x"}, "counts")
    Traceback (most recent call last):
    skinit.comparison.codec.SchemaError: field 'counts.a' must be a whole number, got 'x'
    """
    if is_dataclass(kind):
        return _read_fields(kind, value, field)
    origin = get_origin(kind)
    if origin in (Union, types.UnionType):
        return _read_union(kind, value, field)
    if origin is tuple:
        return _read_tuple(kind, value, field)
    if origin is dict:
        _check(isinstance(value, dict), dict, value, field)
        entry_kind = get_args(kind)[1]
        entries = {key: from_dict(entry_kind, x, f"{field}.{key}") for key, x in value.items()}
        return cast(T, entries)
    return _read_plain(kind, value, field)


@cache
def _types_of(kind) -> dict[str, Any]:
    return get_type_hints(kind)


def _read_fields(kind, value, field):
    _check(isinstance(value, dict), dict, value, field)
    known = _types_of(kind)
    prefix = f"{field}." if field else ""
    for name in value:
        if name not in known:
            raise SchemaError(f"there is an unknown field {prefix + name!r}")
    for entry in fields(kind):
        if entry.name not in value:
            raise SchemaError(f"field {prefix + entry.name!r} is missing")
    return kind(
        **{name: from_dict(known[name], entry, prefix + name) for name, entry in value.items()}
    )


def _read_union(kind, value, field):
    options = [option for option in get_args(kind) if option is not types.NoneType]
    if value is None and len(options) < len(get_args(kind)):
        return None
    if len(options) == 1:
        return from_dict(options[0], value, field)
    for option in options:
        try:
            return from_dict(option, value, field)
        except SchemaError:
            continue
    words = " or ".join(_WORDS[get_origin(option) or option] for option in options)
    raise SchemaError(f"field {field!r} must be {words}, got {shorten(value)}")


def _read_tuple(kind, value, field):
    _check(isinstance(value, list), tuple, value, field)
    entry_kinds = get_args(kind)
    if entry_kinds[-1] is not Ellipsis:
        if len(value) != len(entry_kinds):
            raise SchemaError(f"field {field!r} must have {len(entry_kinds)} entries")
    elif entry_kinds[0] is float and all(type(entry) is float for entry in value):
        return tuple(value)  # a curve, most of which are finite
    else:
        entry_kinds = entry_kinds[:1] * len(value)
    return tuple(
        from_dict(entry_kind, entry, f"{field}[{i}]")
        for i, (entry_kind, entry) in enumerate(zip(entry_kinds, value, strict=True))
    )


def _read_plain(kind, value, field):
    if kind is float:
        if isinstance(value, str) and value in _NOT_FINITE:
            return _NOT_FINITE[value]
        _check(type(value) in (int, float), kind, value, field)
        return float(value)
    _check(type(value) is kind, kind, value, field)
    return value


def _check(condition, kind, value, field):
    if not condition:
        name = f"field {field!r}" if field else "it"
        raise SchemaError(f"{name} must be {_WORDS[kind]}, got {shorten(value)}")
