"""From a name, or anything else that `init` may be, to an initializer."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sklearn.base import clone

from skinit._registry import Registry
from skinit.initializers.base import FromCallable, Given, Initializer

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["INITIALIZERS", "get_initializer", "list_initializers", "register_initializer"]


@dataclass(frozen=True)
class _Named:
    """A row of the table: an initializer and where it comes from."""

    initializer: Initializer
    source: str


# What other libraries call some of them; where a name means several things, all are offered.
ELSEWHERE = {
    "autoinit": ("gain",),
    "dense": ("keras",),
    "default": ("auto", "sklearn", "torch", "keras"),
    "eye": ("identity",),
    "gaussian": ("normal",),
    "glorot": ("glorot_uniform", "glorot_normal"),
    "initnw": ("nguyen_widrow",),
    "kaiming": ("kaiming_normal", "kaiming_uniform", "torch"),
    "lecun": ("lecun_normal", "lecun_uniform"),
    "linear": ("torch",),
    "meanfield": ("edge_of_chaos",),
    "msra": ("he",),
    "none": ("auto", "zeros"),
    "nw": ("nguyen_widrow",),
    "rand": ("uniform",),
    "randn": ("normal", "random"),
    "randomnormal": ("normal",),
    "randomuniform": ("uniform",),
    "truncnormal": ("truncated_normal",),
    "zero": ("zeros", "ZerO"),
}

INITIALIZERS: Registry[_Named] = Registry("init", ELSEWHERE)

# Objects and functions of these packages fill or return arrays in another way.
_OTHER_LIBRARIES = {"torch", "keras", "tf_keras", "tensorflow", "jax", "flax"}


def register_initializer(
    name: str,
    initializer: Initializer | type[Initializer] | Callable[..., object],
    *,
    aliases: Iterable[str] = (),
    source: str = "",
) -> None:
    """Add a name to the table, so that grids, tables and reports can use it.

    Parameters
    ----------
    name : str
        The new name; one that exists already is a ValueError.
    initializer : Initializer, class of one, or callable
        What the name stands for, anything that `get_initializer` accepts.
    aliases : iterable of str, default=()
        Other names for it.
    source : str, default=""
        The paper or library it comes from.

    Notes
    -----
    The table belongs to the running process. `compare_initializers` and `InitMLPSearchCV` tell
    their workers what a name stands for; scikit-learn's own tools with ``n_jobs`` > 1 do not, so
    pass the object itself there.

    Examples
    --------
    >>> from skinit.initializers import VarianceScaling, get_initializer, register_initializer
    >>> register_initializer("half_he", VarianceScaling(scale=1.0, mode="fan_avg"))
    >>> get_initializer("half_he").formula
    'N(0, 2/(fan_in + fan_out))'
    """
    aliases = tuple(aliases)
    if "auto" in (name, *aliases):
        raise ValueError(
            "The init 'auto' asks the activation for its default: choose another name."
        )
    INITIALIZERS.register(name, _Named(get_initializer(initializer), source), aliases=aliases)


def get_initializer(init) -> Initializer:
    """Return a fresh Initializer for any value that `init` may take for one layer.

    Parameters
    ----------
    init : str, Initializer, class of one, callable, array, or tuple (W, b)
        A name from `list_initializers`; an Initializer, which is cloned; a callable
        ``(fan_in, fan_out, rng) -> W or (W, b)``; or the numbers themselves.

    Returns
    -------
    Initializer

    Raises
    ------
    ValueError
        For an unknown name, with the closest known one, and for anything else.

    Examples
    --------
    >>> from skinit.initializers import get_initializer
    >>> get_initializer("he")
    <VarianceScaling(bias=False, distribution='normal', mode='fan_in', scale=2.0): N(0, 2/fan_in)>
    """
    if isinstance(init, str):
        return clone(INITIALIZERS[init].initializer)
    if isinstance(init, Initializer):
        return clone(init)
    if isinstance(init, type) and issubclass(init, Initializer):
        return init()
    if isinstance(init, tuple) and len(init) == 2:
        return Given(*init)
    if hasattr(init, "__array__"):
        return Given(init)
    if callable(init):
        _refuse_other_libraries(init)
        return FromCallable(init)
    raise ValueError(
        "init must be a name, an Initializer, a callable (fan_in, fan_out, rng) -> W or (W, b), "
        f"an array W or a tuple (W, b), got {init!r}."
    )


def _refuse_other_libraries(init) -> None:
    """Raise an error for an initializer of torch, Keras or JAX, with the name it has here."""
    function = getattr(init, "func", init)  # of a functools.partial
    named = function if hasattr(function, "__name__") else type(function)
    library = str(getattr(named, "__module__", "")).partition(".")[0]
    # What he_normal() of JAX returns is its inner function init.
    outer, _, inner = getattr(named, "__qualname__", named.__name__).partition(".<locals>")
    name = outer if inner == ".init" else named.__name__
    if library in _OTHER_LIBRARIES:
        raise ValueError(
            f"init is {name} of {library}, which cannot start a network of skinit: an "
            "init callable takes (fan_in, fan_out, rng) and returns W of shape (fan_in, fan_out)."
            f"{INITIALIZERS.hint(name)}"
        )


def list_initializers() -> pd.DataFrame:
    """Return the table of all names as a frame.

    Returns
    -------
    DataFrame
        One row per name, with the columns name, formula, bias, aliases and source, all str.

    Examples
    --------
    >>> from skinit.initializers import list_initializers
    >>> list_initializers().set_index("name").loc["he", "formula"]
    'N(0, 2/fan_in)'
    """
    import pandas as pd

    rows = [
        (
            name,
            row.initializer.formula,
            row.initializer.bias_formula,
            ", ".join(INITIALIZERS.aliases(name)),
            row.source,
        )
        for name, row in INITIALIZERS.items()
    ]
    return pd.DataFrame(rows, columns=["name", "formula", "bias", "aliases", "source"])
