"""Settings and records to JSON and back."""

from __future__ import annotations

import json
import math
from dataclasses import fields, is_dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from skinit.comparison.codec import SchemaError, from_dict, to_dict, to_json
from skinit.comparison.schema import (
    Divergence,
    Run,
    Scores,
    SplitRecord,
    SplitSettings,
    differences,
)

NUMBERS = st.floats(allow_nan=False) | st.just(math.inf) | st.just(-math.inf)
SCORES = st.builds(
    Scores,
    st.dictionaries(st.text(), NUMBERS, max_size=3),
    st.dictionaries(st.text(), NUMBERS, max_size=3),
)
CURVES = st.none() | st.lists(NUMBERS, max_size=4).map(tuple)
RUNS = st.builds(
    Run,
    label=st.text(),
    activation=st.text(),
    seed=st.integers(0),
    scores=SCORES,
    n_iter=st.integers(0),
    fit_time=NUMBERS,
    divergence=st.none() | st.builds(Divergence, st.integers(1), st.integers(1)),
    same_answer=st.booleans(),
    predictions=st.none() | st.text(),
    error=st.none() | st.text(),
    epochs_to_target=st.none() | NUMBERS,
    train_loss=CURVES,
    test_loss=CURVES,
)


@given(RUNS)
def test_what_was_written_is_read_again(run):
    text = to_json(run)
    assert from_dict(Run, json.loads(text, parse_constant=pytest.fail)) == run


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf, -0.0, 0.1, 1e-310])
def test_every_float_keeps_its_bits(number):
    (found,) = from_dict(tuple[float, ...], json.loads(json.dumps(to_dict((number,)))))
    assert repr(found) == repr(number)


def test_a_whole_comparison_is_read_again(comparison):
    for value in (comparison.settings, *comparison.records):
        assert to_dict(from_dict(type(value), json.loads(to_json(value)))) == to_dict(value)


def paths(value, path=()):
    """Yield the path of every field of a dataclass, of one entry of each list and mapping."""
    if is_dataclass(value):
        for field in fields(value):
            yield (*path, field.name)
            yield from paths(getattr(value, field.name), (*path, field.name))
    elif isinstance(value, tuple) and value:
        yield from paths(value[0], (*path, 0))


def write_path(path):
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)[1:]


def parent_of(content, path):
    for part in path[:-1]:
        content = content[part]
    return content


def test_every_missing_unknown_or_wrong_field_is_named(comparison):
    record = comparison.records[0]
    for path in paths(record):
        whole = to_dict(record)
        for change, message in (
            (lambda part, name: part.pop(name), f"field {write_path(path)!r} is missing"),
            (
                lambda part, name: part.update({name: [[]] * 7}),
                rf"field '{write_path(path)}.*' must be ",
            ),
            (
                lambda part, name: part.update({f"{name}?": 1}),
                f"there is an unknown field {write_path(path) + '?'!r}",
            ),
        ):
            content = json.loads(json.dumps(whole))
            change(parent_of(content, path), path[-1])
            with pytest.raises(SchemaError, match=message.replace("[", r"\[").replace("?", r"\?")):
                from_dict(SplitRecord, content)


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        (int, True, "must be a whole number, got True"),
        (int, 1.0, r"must be a whole number, got 1\.0"),
        (float, "many", "must be a number, got 'many'"),
        (float, None, "must be a number, got None"),
        (bool, 0, "must be true or false, got 0"),
        (str, 3, "must be a text, got 3"),
        (tuple[int, ...], {}, "must be a list"),
        (tuple[float, float], [1.0], "must have 2 entries"),
        (dict[str, int], [], "must be an object"),
        (str | tuple[str, ...] | None, 3, "must be a text or a list, got 3"),
        (float | dict[str, float], "x", "must be a number or an object, got 'x'"),
    ],
)
def test_a_wrong_type_is_said_in_words(kind, value, message):
    with pytest.raises(SchemaError, match=f"field 'it' {message}"):
        from_dict(kind, value, "it")


def test_settings_that_differ_are_named_with_their_parts():
    base = SplitSettings(5, 1, "5", None, "12ab", 80, None)
    assert differences(base, base) == []
    other = SplitSettings(4, 1, "4", None, "12ab", 80, (0,))
    assert differences(base, other) == ["n", "cv", "repeats"]
