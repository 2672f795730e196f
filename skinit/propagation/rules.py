"""All rules in order of precedence, and the verdicts that they give.

Thresholds were calibrated by training what they judge: ``benchmarks/verdicts.py`` and
``docs/verdicts/calibration.md``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from skinit.propagation.case import Case
from skinit.propagation.inputs import SYMPTOMS, find_unscaled_inputs, shows_in_the_network
from skinit.propagation.rates import find_large_steps, find_small_steps
from skinit.propagation.signal import (
    find_divergence,
    find_faded_signal,
    find_gradient_ratio,
    find_large_signal,
    find_overconfidence,
)
from skinit.propagation.targets import find_gone_with_scaled_targets, find_unscaled_targets
from skinit.propagation.trained import find_no_better_than_prior
from skinit.propagation.units import find_copies, find_dead, find_no_gradient
from skinit.propagation.verdict import Finding, Verdict, page_of


class Rule(NamedTuple):
    """A verdict's title, and the function that looks for it."""

    title: str
    find: Callable[[Case], Finding | None]


# In order of precedence: causes before their symptoms.
RULES = {
    "INIT06": Rule("dead units", find_dead),
    "INIT01": Rule("no gradient", find_no_gradient),
    "INIT02": Rule("symmetric units", find_copies),
    "INIT10": Rule("unscaled inputs", find_unscaled_inputs),
    "INIT13": Rule("unscaled targets", find_unscaled_targets),
    "INIT07": Rule("diverges", find_divergence),
    "INIT03": Rule("saturated or exploding", find_large_signal),
    "INIT04": Rule("signal vanishes", find_faded_signal),
    "INIT05": Rule("gradient vanishes or explodes", find_gradient_ratio),
    "INIT08": Rule("over-confident start", find_overconfidence),
    "INIT11": Rule("learning rate too large for this start", find_large_steps),
    "INIT12": Rule("learning rate too small for this start", find_small_steps),
    "INIT09": Rule("no better than the class prior", find_no_better_than_prior),
}
OF_START = tuple(code for code in RULES if code != "INIT09")
# Large outputs and saturation are normal after training.
OF_FITTED = ("INIT06", "INIT01", "INIT02", "INIT07", "INIT09")
RATES = {"INIT11", "INIT12"}
SIGNAL = {"INIT03", "INIT04", "INIT05", "INIT08", "INIT13"} | RATES
# What a verdict explains is not said again, except that a mild one explains no learning rate.
EXPLAINS = {
    "INIT06": {"INIT01", "INIT02"} | SIGNAL,
    "INIT01": {"INIT02"} | SIGNAL,
    "INIT02": SIGNAL,
    "INIT03": {"INIT05", "INIT08", "INIT12"},
    "INIT04": {"INIT05", "INIT08", "INIT12"},
    "INIT05": {"INIT12"},
}


@np.errstate(all="ignore")  # what overflows is a finding
def find_verdicts(case: Case, codes: Iterable[str] | None = None) -> tuple[Verdict, ...]:
    """Return the verdicts of a case, the cause first, without the symptoms that it explains.

    Parameters
    ----------
    case : Case
        The network and its rows.
    codes : iterable of str, default=None
        The rules to apply; by default those for a start, or for a fitted network.
    """
    wanted = set(codes or (OF_FITTED if case.fitted else OF_START))
    verdicts = []
    for code, rule in RULES.items():
        if code not in wanted or not (finding := case.find(rule.find)):
            continue
        verdicts.append(make_verdict(code, finding))
        wanted -= _explained(case, code, finding.severity)
    # Of several, what stops training comes before what slows it down.
    return tuple(sorted(verdicts, key=lambda verdict: verdict.severity == "mild"))


def make_verdict(code: str, finding: Finding) -> Verdict:
    """Return what a rule has found as a verdict."""
    layer, evidence, cure, severity, title = finding
    title = title or RULES[code].title
    return Verdict(code, title, layer, evidence, cure, page_of(code), severity)


def _explained(case, code, severity) -> set[str]:
    """Return the codes that need not be said after this one."""
    if code == "INIT13":
        gone = find_gone_with_scaled_targets(case)
        return {c for c, (_, rule) in RULES.items() if rule in gone}
    explained = EXPLAINS.get(code, set()) | _gone_with_scaled_inputs(case, code)
    return explained - RATES if severity == "mild" else explained


def _gone_with_scaled_inputs(case, code) -> set[str]:
    """Return the codes that INIT10 explains: those that standardized inputs do not get."""
    if code != "INIT10" or not shows_in_the_network(case):
        return set()
    symptoms = {*SYMPTOMS, find_divergence, find_large_steps, find_small_steps}
    return {
        c for c, (_, rule) in RULES.items() if rule in symptoms and not case.standardized.find(rule)
    }
