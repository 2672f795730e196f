"""The table: what is measured, who does it, and what it must show.

A goal is a ratio of medians. Those for torch and scikit-learn differ by precision, since half of
the bytes help whoever is bound by memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial

from benchmarks import comparisons, memory, overheads, peers
from benchmarks.harness import GeometricMean, Goal, Row
from benchmarks.work import Fit, breast_cancer, clusters, digits, documents, pictures, waves


@dataclass(frozen=True)
class Sizes:
    """How much of the work is done."""

    picture: int = 150  # pixels of a side
    steps: int = 1000
    iterations: int = 200
    small_epochs: int = 20
    large_rows: int = 20_000
    large_widths: tuple[tuple[int, ...], ...] = ((256, 128), (1024, 1024))
    epochs: int = 50  # of a comparison
    repeats: int = 2  # of five folds
    k: int = 8
    picture_repeats: int = 5
    documents: int = 4000
    terms: int = 20_000
    deep: int = 30  # layers
    calls: int = 300
    predicted_rows: int = 10_000
    imports: int = 10


FULL = Sizes()
QUICK = Sizes(
    picture=16,
    steps=20,
    iterations=10,
    small_epochs=2,
    large_rows=400,
    large_widths=((16, 8),),
    epochs=2,
    repeats=1,
    k=2,
    picture_repeats=1,
    documents=100,
    terms=500,
    deep=5,
    calls=2,
    predicted_rows=50,
    imports=1,
)

OURS, FAST, SKLEARN = "skinit", "skinit, compiled", "scikit-learn"
FUSED = "torch, fused Adam"
FITS: dict[str, Callable] = {
    OURS: peers.skinit,
    FAST: partial(peers.skinit, engine="compiled"),
    SKLEARN: peers.sklearn,
    "torch": peers.torch,
    FUSED: partial(peers.torch, fused=True),
    "skorch": peers.skorch,
    "jax": peers.jax_later_call,
    "jax, first call": peers.jax_first_call,
    "floor": peers.matrix_products,
}


def _of_fits(fit: Fit, *names: str) -> dict[str, Callable]:
    """Return contenders that train ``fit``: skinit and others by name."""
    return {name: partial(peers.measure, FITS[name], fit) for name in (OURS, *names)}


def _slower(goals: Mapping[str, float], ours: str = OURS) -> list[Goal]:
    """Return goals of how many times as long as skinit others need."""
    return [Goal(name, ours, at_least=ratio) for name, ratio in goals.items()]


def make_rows(sizes: Sizes = FULL) -> list[Row]:
    """Return all rows."""
    return [
        *_tutorial(sizes),
        *_digits(sizes),
        *_small(sizes),
        *_large(sizes),
        *_numbers(sizes),
        *_comparisons(sizes),
        *_others(sizes),
        *_memory(sizes),
        _imports(sizes),
    ]


def make_means(sizes: Sizes = FULL) -> list[GeometricMean]:
    """Return the summaries of several rows."""
    rows = _problem_comparisons(sizes)
    goals = [
        Goal(SKLEARN, OURS, at_least=4),
        Goal(SKLEARN, FAST, at_least=5),
        Goal(SKLEARN, f"{FAST}, curves=False", at_least=6),
        Goal("jax, vmap", f"{FAST}, curves=False", at_least=1.2),
    ]
    name = f"{_comparison_name(sizes)}: geometric mean over {len(rows)} problems"
    return [GeometricMean(name, [row.name for row in rows], goals)]


# --- single fits ------------------------------------------------------------------------------


def _tutorial_fit(sizes) -> Fit:
    return Fit(
        pictures(sizes.picture),
        hidden=(5, 5),
        epochs=sizes.steps,
        batch_size=None,
        activation="tanh",
        solver="sgd",
        shuffle=False,
    )


def _tutorial(sizes) -> list[Row]:
    fit = _tutorial_fit(sizes)
    what = f"the tutorial: 100 pictures x {3 * sizes.picture**2:,}, (5,5) tanh"
    lbfgs = replace(fit, solver="lbfgs", epochs=sizes.iterations)
    return [
        Row(
            f"{what}, {sizes.steps} full-batch steps, float64",
            _of_fits(fit, FAST, SKLEARN, "torch"),
            _slower({SKLEARN: 100, "torch": 40}),
            rounds=3,
        ),
        Row(
            f"{what}, lbfgs, at most {sizes.iterations} iterations, float64",
            _of_fits(lbfgs, SKLEARN),
            _slower({SKLEARN: 20}),
            rounds=3,
        ),
    ]


# What others need, in times of NumPy's engine, and of the compiled one.
_DIGITS_GOALS = {
    ((32,), 32, "float64"): ({SKLEARN: 3.5}, {SKLEARN: 12, FUSED: 20, "jax": 1.8}),
    ((32,), 32, "float32"): ({SKLEARN: 4}, {SKLEARN: 15, FUSED: 25, "jax": 1.4}),
    ((100,), 200, "float64"): ({SKLEARN: 2.2}, {SKLEARN: 3, FUSED: 3.5, "jax": 1.5}),
    ((100,), 200, "float32"): ({SKLEARN: 2.8}, {SKLEARN: 4.5, FUSED: 5, "jax": 1.3}),
}


def _digits(sizes) -> list[Row]:
    return [_digits_row(sizes, *key, *goals) for key, goals in _DIGITS_GOALS.items()]


def _digits_row(sizes, hidden, batch_size, dtype, of_numpy, of_compiled) -> Row:
    fit = Fit(digits, hidden, sizes.small_epochs, batch_size, dtype=dtype)
    others = (FAST, SKLEARN, "torch", FUSED, "skorch", "jax", "jax, first call", "floor")
    goals = [*_slower(of_numpy), *_slower(of_compiled, FAST), Goal(FAST, "floor", at_most=1.3)]
    name = f"digits {_tuple(hidden)} batch {batch_size}, adam, {dtype}"
    return Row(name, _of_fits(fit, *others), goals)


def _small(sizes) -> list[Row]:
    """Return fits whose time is calls and validation."""
    cancer = Fit(breast_cancer, (16, 16), sizes.small_epochs)
    least = Fit(partial(_first_digits, 200), (8,), min(5, sizes.small_epochs))
    return [
        Row(
            "breast cancer (16,16) batch 200, adam, float64",
            _of_fits(cancer, FAST, SKLEARN, "torch", FUSED, "jax", "floor"),
            _slower({SKLEARN: 4, "jax": 1.1}, FAST),
        ),
        Row(f"200 digits (8,), {least.epochs} epochs, adam", _of_fits(least, FAST, SKLEARN)),
    ]


def _first_digits(n: int):
    X, y = digits()
    return X[:n], y[:n]


_LARGE_GOALS = [  # by the widths, in their order: scikit-learn, torch fused, jax
    (200, {"float64": (1.5, 1.3, 1.0), "float32": (2, 1.5, 1.2)}, 1.3),
    (512, {"float64": (1.3, 1.15, 1.15), "float32": (1.5, 1.0, 1.0)}, 1.2),
]


def _large(sizes) -> list[Row]:
    rows = []
    data = clusters(sizes.large_rows, 784)
    for hidden, (batch_size, goals, floor) in zip(sizes.large_widths, _LARGE_GOALS, strict=False):
        for dtype, (sklearn, fused, jax) in goals.items():
            fit = Fit(data, hidden, epochs=1, batch_size=batch_size, dtype=dtype)
            others = (FAST, SKLEARN, "torch", FUSED, "skorch", "jax", "floor")
            bounds = _slower({SKLEARN: sklearn, FUSED: fused, "jax": jax}, FAST)
            bounds.append(Goal(FAST, "floor", at_most=floor))
            what = f"{sizes.large_rows:,} x 784 {_tuple(hidden)} batch {batch_size}, adam"
            rows.append(Row(f"{what}, {dtype}", _of_fits(fit, *others), bounds, rounds=3))
    return rows


def _numbers(sizes) -> list[Row]:
    rows = []
    for dtype in ("float64", "float32"):
        fit = Fit(waves(sizes.large_rows, 100), (100,), epochs=3, dtype=dtype)
        name = f"regression: {sizes.large_rows:,} x 100 (100,) batch 200, adam, {dtype}"
        rows.append(Row(name, _of_fits(fit, FAST, SKLEARN, "torch", "floor"), rounds=3))
    return rows


# --- comparisons ------------------------------------------------------------------------------


def _comparisons(sizes) -> list[Row]:
    return [*_problem_comparisons(sizes), _number_comparison(sizes), _picture_comparison(sizes)]


def _comparison_name(sizes) -> str:
    return (
        f"comparison of {sizes.k} initializers x {5 * sizes.repeats} splits x "
        f"{sizes.epochs} epochs, batch 200, adam"
    )


def _problem_comparisons(sizes) -> list[Row]:
    problems = {
        "digits (32,)": (digits, (32,)),
        "digits (100,)": (digits, (100,)),
        "breast cancer (16,16)": (breast_cancer, (16, 16)),
    }
    k, repeats, rows = sizes.k, sizes.repeats, []
    for name, (data, hidden) in problems.items():
        fit = Fit(data, hidden, sizes.epochs)
        ours = partial(comparisons.compare, fit, init=comparisons.EIGHT[:k], repeats=repeats)
        contenders = {
            OURS: partial(ours, curves=True),
            f"{OURS}, curves=False": partial(ours, curves=False),
            FAST: partial(ours, curves=True, engine="compiled"),
            f"{FAST}, curves=False": partial(ours, curves=False, engine="compiled"),
            SKLEARN: partial(comparisons.grid_search, fit, k=k, repeats=repeats),
            "jax, vmap": partial(comparisons.jax_stacks, fit, k=k, repeats=repeats),
        }
        rows.append(
            Row(f"{_comparison_name(sizes)}: {name}", contenders, quality="accuracy", rounds=3)
        )
    return rows


def _number_comparison(sizes) -> Row:
    hidden = (32,)
    given = {"k": sizes.k, "repeats": sizes.repeats}
    return Row(
        f"{_comparison_name(sizes)}: diabetes {_tuple(hidden)}, R²",
        {
            OURS: partial(comparisons.compare_numbers, sizes.epochs, hidden, **given),
            SKLEARN: partial(comparisons.grid_search_numbers, sizes.epochs, hidden, **given),
        },
        quality="R²",
        rounds=3,
    )


def _picture_comparison(sizes) -> Row:
    fit = _tutorial_fit(sizes)
    n_splits = 5 * sizes.picture_repeats
    n_fits = len(comparisons.FOUR) * n_splits
    scaled = f"scikit-learn, one fit a core, scaled to {n_fits}"
    ours = partial(
        comparisons.compare,
        fit,
        init=comparisons.FOUR,
        repeats=sizes.picture_repeats,
        curves=True,
    )
    return Row(
        f"comparison of {len(comparisons.FOUR)} initializers x {n_splits} splits x {sizes.steps} "
        "steps on the pictures",
        {
            OURS: ours,
            FAST: partial(ours, engine="compiled"),
            scaled: partial(comparisons.scaled_fits, fit, n_fits=n_fits),
        },
        [Goal(scaled, OURS, at_least=150), Goal(scaled, FAST, at_least=200)],
        quality="accuracy",
        rounds=2,
    )


# --- what might be lost, and what is paid beside training -------------------------------------


def _others(sizes) -> list[Row]:
    n, terms = sizes.documents, sizes.terms
    sparse = Fit(documents(n, terms), (100,), epochs=2)
    deep = Fit(digits, (8,) * sizes.deep, sizes.small_epochs, activation="tanh")
    lbfgs = Fit(digits, (100,), sizes.iterations, solver="lbfgs")
    return [
        Row(f"text: {n:,} x {terms:,} CSR, (100,) batch 200, adam", _of_fits(sparse, SKLEARN)),
        Row(
            f"digits, {sizes.deep} layers of 8, tanh, batch 200, adam",
            _of_fits(deep, FAST, SKLEARN, "torch", FUSED, "jax"),
        ),
        Row(
            f"digits (100,) lbfgs, at most {sizes.iterations} iterations", _of_fits(lbfgs, SKLEARN)
        ),
        _prediction(1, sizes.calls),
        _prediction(sizes.predicted_rows, max(1, sizes.calls // 30)),
    ]


def _prediction(n_rows: int, calls: int) -> Row:
    # Ten rows stand for the classes; a single row is predicted from among them.
    fit = Fit(clusters(max(10, n_rows), 64), (100,), epochs=1)
    contenders = {
        OURS: overheads.skinit,
        SKLEARN: overheads.sklearn,
        "torch": overheads.torch,
        "jax": overheads.jax,
    }
    return Row(
        f"predict {n_rows:,} x 64, (100,), mean of {calls} calls",
        {
            name: partial(overheads.measure_predictor, make, fit, n_rows, calls)
            for name, make in contenders.items()
        },
        quality="accuracy",
    )


def _memory(sizes) -> list[Row]:
    large = Fit(clusters(sizes.large_rows, 784), sizes.large_widths[0], epochs=1)
    fits = {
        f"{sizes.large_rows:,} x 784 {_tuple(large.hidden)} batch 200, adam": large,
        f"100 pictures x {3 * sizes.picture**2:,}, full-batch sgd": replace(
            _tutorial_fit(sizes), epochs=10
        ),
        "digits (100,) batch 200, adam": Fit(digits, (100,), epochs=5),
    }
    return [
        Row(
            f"peak memory of a fit: {name}",
            {
                who: partial(memory.measure, FITS[who], fit)
                for who in (OURS, FAST, SKLEARN, "torch")
            },
            [Goal(OURS, SKLEARN, at_most=1.0)],
            unit="MiB",
            rounds=1,
        )
        for name, fit in fits.items()
    ]


def _imports(sizes) -> Row:
    # `import skinit` alone loads nothing; its estimators do.
    modules = {OURS: "skinit.estimators", SKLEARN: "sklearn.neural_network"}
    return Row(
        "import skinit.estimators against sklearn.neural_network, the interpreter's start included",
        {name: partial(overheads.import_time, module) for name, module in modules.items()},
        [Goal(OURS, SKLEARN, at_most=1.1)],
        rounds=sizes.imports,
    )


def _tuple(widths) -> str:
    return f"({','.join(map(str, widths))}{',' if len(widths) == 1 else ''})"
