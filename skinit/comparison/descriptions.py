"""Values as Python writes them, the same in every process."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from inspect import signature

import joblib
import numpy as np
from scipy.sparse import issparse

DEFAULT_CV = "5 stratified folds, repeated twice"
DEFAULT_GROUP_CV = "5 stratified folds of whole groups, repeated twice"
DEFAULT_NUMBER_CV = "5 folds, repeated twice"
DEFAULT_NUMBER_GROUP_CV = "5 folds of whole groups, repeated twice"
DEFAULT_CVS = (DEFAULT_CV, DEFAULT_GROUP_CV, DEFAULT_NUMBER_CV, DEFAULT_NUMBER_GROUP_CV)


def describe(value) -> str:
    """Write a value as Python would, and as another process would write it, too."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return f"float('{value}')"
    if value is None or isinstance(value, (bool, int, float, str)):
        return repr(value)
    if issparse(value) or (hasattr(value, "__array__") and not isinstance(value, type)):
        return f"array{value.shape}:{joblib.hash(value)[:12]}"
    if isinstance(value, Mapping):
        pairs = (f"{describe(key)}: {describe(entry)}" for key, entry in value.items())
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, (list, tuple)):
        entries = ", ".join(map(describe, value))
        if isinstance(value, list):
            return f"[{entries}]"
        return f"({entries},)" if len(value) == 1 else f"({entries})"
    if hasattr(value, "get_params") and not isinstance(value, type):
        return _describe_estimator(value)
    name = getattr(value, "__qualname__", None) or getattr(value, "name", None)
    # An address in memory says nothing to another process.
    return str(name) if name else re.sub(" at 0x[0-9a-fA-F]+", "", repr(value))


def _describe_estimator(estimator) -> str:
    """Write an estimator with the parameters that are not their defaults."""
    defaults = signature(type(estimator)).parameters
    changed = {
        name: describe(value)
        for name, value in estimator.get_params(deep=False).items()
        if name not in defaults or describe(value) != describe(defaults[name].default)
    }
    return f"{type(estimator).__name__}({write_arguments(changed)})"


def describe_cv(cv, groups=None, *, stratify: bool = True) -> str:
    """Describe how rows are split; a list of splits is identified by its rows elsewhere."""
    if cv is None:
        rows, whole = DEFAULT_CVS[:2] if stratify else DEFAULT_CVS[2:]
        return rows if groups is None else whole
    return describe(cv) if hasattr(cv, "split") or isinstance(cv, int) else "given by the caller"


def write_arguments(params) -> str:
    """Write parameters, given as code, as a call has them."""
    return ", ".join(f"{name}={code}" for name, code in params.items())
