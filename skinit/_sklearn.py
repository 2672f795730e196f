"""The private names of scikit-learn that skinit uses, all of them, in one place.

They may move or change with any release of scikit-learn; this is then the file to mend.
"""

from __future__ import annotations

from contextlib import nullcontext

import sklearn
from sklearn.base import _fit_context as fit_context
from sklearn.metrics._scorer import _MultimetricScorer as MultimetricScorer
from sklearn.model_selection._validation import _insert_error_scores as insert_error_scores
from sklearn.model_selection._validation import _score as score_estimator
from sklearn.model_selection._validation import (
    _warn_or_raise_about_fit_failures as report_fit_failures,
)
from sklearn.utils import _safe_indexing as take_rows
from sklearn.utils._param_validation import Interval, Options, StrOptions
from sklearn.utils._repr_html.estimator import _VisualBlock as VisualBlock
from sklearn.utils.multiclass import _check_partial_fit_first_call as check_first_partial_fit
from sklearn.utils.validation import _check_method_params as split_params
from sklearn.utils.validation import _check_sample_weight as check_sample_weight

try:
    from sklearn.callback import CallbackSupportMixin
    from sklearn.callback._callback_support import (
        callback_management_context as callbacks_torn_down,
    )
except ModuleNotFoundError:
    callbacks_torn_down = nullcontext

    # One of the two definitions exists at a time, which mypy cannot know.
    class CallbackSupportMixin:  # type: ignore[no-redef]
        """Stand in for the mixin of scikit-learn 1.9."""

        def set_callbacks(self, *callbacks):
            """Raise an error: there are no callbacks before scikit-learn 1.9."""
            raise NotImplementedError(
                "set_callbacks needs scikit-learn 1.9 or later, and this is "
                f'{sklearn.__version__}: python -m pip install --upgrade "scikit-learn>=1.9".'
            )


def is_negated(scorer) -> bool:
    """Whether a scorer is made of a loss, and returns minus its value."""
    return getattr(scorer, "_sign", 1) < 0


__all__ = [
    "CallbackSupportMixin",
    "Interval",
    "MultimetricScorer",
    "Options",
    "StrOptions",
    "VisualBlock",
    "callbacks_torn_down",
    "check_first_partial_fit",
    "check_sample_weight",
    "fit_context",
    "insert_error_scores",
    "is_negated",
    "report_fit_failures",
    "score_estimator",
    "split_params",
    "take_rows",
]
