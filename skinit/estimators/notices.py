"""Warnings that name the line of the user's code, and come once for one call of it.

Most fits are made by loops of scikit-learn: those warnings would name a line of scikit-learn, and
come again for every fold, because its loops reset what Python remembers of warnings.
"""

from __future__ import annotations

import sys
import warnings
from types import FrameType

LIBRARIES = {"skinit", "sklearn", "joblib"}  # between the user's code and ``fit``
_GIVEN = "__skinit_warnings__"


def notify(warning: Warning, topic: str | None = None) -> None:
    """Warn the user, unless the same call has warned of the same topic.

    Parameters
    ----------
    warning : Warning
        What to say.
    topic : str, default=None
        What it is about, such as the code of a verdict, where the text differs from fold to fold;
        None is the text.
    """
    called, user = _find_call(sys._getframe(1))
    # Kept with the call of the library, and gone with it: the next call warns again.
    given = called.f_locals.setdefault(_GIVEN, set())
    if (key := topic or str(warning)) in given:
        return
    given.add(key)
    warnings.warn_explicit(
        warning,
        type(warning),
        user.f_code.co_filename,
        user.f_lineno,
        str(user.f_globals.get("__name__", "<unknown>")),
        user.f_globals.setdefault("__warningregistry__", {}),
    )


def _find_call(frame: FrameType) -> tuple[FrameType, FrameType]:
    """Return the call of a library that led here, and the frame of the user who made it."""
    called = frame
    while _is_library(frame) and frame.f_back is not None:
        called, frame = frame, frame.f_back
    return called, frame


def _is_library(frame: FrameType) -> bool:
    return str(frame.f_globals.get("__name__")).partition(".")[0] in LIBRARIES
