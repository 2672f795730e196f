from __future__ import annotations

import pytest

from skinit.activations import ACTIVATIONS
from skinit.propagation import (
    RULES,
    describe_layers,
    find_verdicts,
)
from skinit.propagation.rules import EXPLAINS, OF_FITTED, OF_START
from skinit.propagation.verdict import Finding
from tests.propagation.propagation_cases import (
    codes,
    descent,
    make_case,
    make_layers,
    make_samples,
)


@pytest.mark.parametrize("size", [1e30, 1e60, 1e100, 1e150, 1e300])
@pytest.mark.parametrize("name", ACTIVATIONS.names())
def test_absurd_scales_are_judged_without_a_warning(name, size):
    config = descent(0.1)
    layers = make_layers((6, 8, 8, 3), gain=size)
    assert find_verdicts(make_case(layers, activation=ACTIVATIONS[name], config=config))
    inputs = make_samples()._replace(X=make_samples().X * size)
    case = make_case(samples=inputs, activation=ACTIVATIONS[name], config=config)
    assert find_verdicts(case)
    describe_layers(case)


def test_every_rule_is_asked_somewhere_and_explains_known_codes():
    assert set(OF_START) | set(OF_FITTED) == set(RULES)
    assert set(RULES) == {f"INIT{i:02}" for i in range(1, 14)}
    for code, explained in EXPLAINS.items():
        assert code in RULES
        order = list(RULES)
        assert all(order.index(other) > order.index(code) for other in explained)


def plant(case, code, finding):
    case._findings[RULES[code].find] = finding


def test_causes_hide_their_symptoms():
    case = make_case()
    for code in RULES:
        plant(case, code, Finding(None, code, ""))
    plant(case, "INIT10", None)
    plant(case, "INIT13", None)
    assert codes(case) == ["INIT06", "INIT07"]
    plant(case, "INIT06", None)
    assert codes(case) == ["INIT01", "INIT07"]
    plant(case, "INIT01", None)
    assert codes(case) == ["INIT02", "INIT07"]
    plant(case, "INIT02", None)
    assert codes(case) == ["INIT07", "INIT03", "INIT04", "INIT11"]
    plant(case, "INIT03", None)
    plant(case, "INIT04", None)
    assert codes(case) == ["INIT07", "INIT05", "INIT08", "INIT11"]


def test_without_hidden_layers_there_is_little_to_say():
    for gain in (0.0, 1.0):
        case = make_case([make_layers((6, 3), gain=gain)[0]])
        assert codes(case) == []
        assert len(describe_layers(case)["layer"]) == 1
