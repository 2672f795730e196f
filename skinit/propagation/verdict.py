"""Verdicts: what is wrong with a start, the evidence, the cure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class InitializationWarning(UserWarning):
    """The initial weights cannot learn, or the inputs are not scaled.

    Examples
    --------
    >>> import warnings
    >>> from sklearn.datasets import load_iris
    >>> from skinit import InitializationWarning, InitMLPClassifier
    >>> X, y = load_iris(return_X_y=True)
    >>> with warnings.catch_warnings():
    ...     warnings.simplefilter("ignore", InitializationWarning)
    ...     _ = InitMLPClassifier((8,), init="zeros").fit(X, y)
    """


@dataclass(frozen=True)
class Verdict:
    """What is wrong with a start, the evidence for it, and what to do.

    Parameters
    ----------
    code : str
        "INIT01" to "INIT13".
    title : str
        The verdict in two or three words.
    layer : int or None
        The layer it is about, from 1; None where it is about all of them.
    evidence : str
        What was measured, in words.
    cure : str
        What to do about it.
    url : str
        The page of the documentation that explains it.
    severity : {"fatal", "mild"}, default="fatal"
        Whether training is expected to end no better than the class shares (for numbers: their
        mean), or only to be slower, rougher or poorer than from a good start.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from skinit import InitMLPClassifier, diagnose
    >>> X, y = load_iris(return_X_y=True)
    >>> (verdict,) = diagnose(InitMLPClassifier((8,), "tanh", init="zeros"), X, y).verdicts
    >>> verdict.code, verdict.title, verdict.severity
    ('INIT01', 'no gradient', 'fatal')
    """

    code: str
    title: str
    layer: int | None
    evidence: str
    cure: str
    url: str
    severity: str = "fatal"

    def __str__(self) -> str:
        return f"{self.code}, {self.title}: {self.evidence} {self.cure}"

    @property
    def hint(self) -> str:
        """Where to read more about it: a sentence."""
        return f"More: skinit explain {self.code}."


class Finding(NamedTuple):
    """What a rule has found: the layer, from 1, or None; evidence, cure and severity.

    A title of its own replaces that of the rule.
    """

    layer: int | None
    evidence: str
    cure: str
    severity: str = "fatal"
    title: str = ""


def page_of(code: str) -> str:
    """Return where a verdict is explained, relative to the project's root."""
    return f"docs/verdicts/{code.lower()}.md"
