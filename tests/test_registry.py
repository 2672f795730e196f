from __future__ import annotations

import re

import pytest

from skinit._registry import Registry


@pytest.fixture
def table():
    table = Registry("init")
    table.register("he", 2, aliases=["he_normal", "kaiming_normal"])
    table.register("zeros", 0)
    return table


def test_lookup_by_name_and_alias(table):
    assert table["he"] == table["kaiming_normal"] == 2
    assert "he_normal" in table
    assert "hee" not in table


def test_names_and_aliases_keep_their_order(table):
    assert table.names() == ["he", "zeros"]
    assert table.aliases("he") == ["he_normal", "kaiming_normal"]
    assert table.aliases("zeros") == []
    assert list(table.items()) == [("he", 2), ("zeros", 0)]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("hee", "Unknown init 'hee'. Did you mean 'he'? Known: he, zeros."),
        ("Zeros", "Unknown init 'Zeros'. Did you mean 'zeros'? Known: he, zeros."),
        ("kaiming", "Unknown init 'kaiming'. Did you mean 'kaiming_normal'? Known: he, zeros."),
        ("xyz", "Unknown init 'xyz'. Known: he, zeros."),
    ],
)
def test_unknown_name_gets_the_closest(table, name, message):
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        table[name]


@pytest.mark.parametrize("name", ["he", "he_normal"])
def test_nothing_is_overwritten(table, name):
    with pytest.raises(ValueError, match=f"The init '{name}' exists already"):
        table.register(name, 1)
    with pytest.raises(ValueError, match=f"The init '{name}' exists already"):
        table.register("new", 1, aliases=["newer", name])
    assert "new" not in table
    assert "newer" not in table
    assert table[name] == 2


@pytest.mark.parametrize("name", ["", None, 3])
def test_a_name_is_text(table, name):
    with pytest.raises(ValueError, match="non-empty str"):
        table.register(name, 1)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("HeNormal", " Did you mean 'he_normal'?"),
        ("he_normal_", " Did you mean 'he_normal'?"),
        ("ZerosInitializer", " Did you mean 'zeros'?"),
        ("he_init", " Did you mean 'he'?"),
        ("tf.keras.initializers.HeNormal", " Did you mean 'he_normal'?"),
        ("MSRA", " Did you mean 'he'?"),
        ("nought", " Did you mean 'zeros' or 'he'?"),
        ("xyz", ""),
    ],
)
def test_names_used_elsewhere_are_offered(name, hint):
    table = Registry("init", elsewhere={"msra": ("he",), "nought": ("zeros", "he")})
    table.register("he", 2, aliases=["he_normal"])
    table.register("zeros", 0)
    assert table.hint(name) == hint
    assert name not in table
