"""How time and memory of a fit grow with the sizes of data and network."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from functools import partial
from io import BytesIO

import numpy as np

from benchmarks import peers
from benchmarks.memory import in_fresh_process
from benchmarks.work import Fit, clusters

REPEATS = 3
LARGEST = 3  # sizes that an exponent is fitted to: below them, overhead hides it
# Okabe & Ito's blue and vermillion.
COLORS = {"skinit": "#0072B2", "scikit-learn": "#D55E00"}


def _fit(n=2000, d=64, width=64, depth=2) -> Fit:
    return Fit(clusters(n, d), (width,) * depth, epochs=5)


@dataclass(frozen=True)
class Axis:
    """One size that varies, the others fixed.

    Parameters
    ----------
    label : str
        What varies.
    sizes : tuple of int
        Its values.
    fit : callable
        Returns the Fit of a size.
    stacked : bool
        Whether the size is a number of networks.
    """

    label: str
    sizes: tuple[int, ...]
    fit: Callable[[int], Fit]
    stacked: bool = False

    def contenders(self, size: int) -> dict[str, Callable]:
        """Return what prepares the fit of a size, by library."""
        if self.stacked:
            return {
                "skinit": partial(peers.skinit_stack, size),
                "scikit-learn": partial(peers.sklearn_stack, size),
            }
        return {"skinit": peers.skinit, "scikit-learn": peers.sklearn}


AXES = (
    Axis("rows n", (1000, 4000, 16_000, 64_000), lambda n: _fit(n=n)),
    Axis("features d", (64, 256, 1024, 4096), lambda d: _fit(d=d)),
    Axis("width (units)", (32, 128, 512, 1024), lambda width: _fit(width=width)),
    Axis("depth (hidden layers)", (1, 4, 8, 16, 32), lambda depth: _fit(depth=depth)),
    Axis("stack (networks)", (1, 4, 8, 16, 32), lambda k: _fit(), stacked=True),
)
QUICK_AXES = (
    Axis("rows n", (100, 200), lambda n: _fit(n=n, d=8, width=8)),
    Axis("stack (networks)", (1, 2), lambda k: _fit(n=100, d=8, width=8), stacked=True),
)


@dataclass(frozen=True)
class Point:
    """Costs of one library at one size."""

    axis: str
    size: int
    library: str
    seconds: float
    mebibytes: float


def measure(axes=AXES) -> Iterator[Point]:
    """Yield the costs of all libraries along all axes."""
    for axis in axes:
        for size in axis.sizes:
            for library, prepare in axis.contenders(size).items():
                costs = in_fresh_process(prepare, axis.fit(size), REPEATS)
                yield Point(axis.label, size, library, costs.seconds, costs.mebibytes)


def exponent(sizes, values) -> float:
    """Return p of ``value = c * size ** p``, fitted to the largest sizes."""
    sizes, values = (np.log(array[-LARGEST:]) for array in (sizes, values))
    return float(np.polyfit(sizes, values, 1)[0])


def curves(points: list[Point]) -> list[dict]:
    """Return one record for each axis, library and cost: sizes, values and the exponent."""
    records = []
    for axis, library in dict.fromkeys((point.axis, point.library) for point in points):
        same = [asdict(p) for p in points if (p.axis, p.library) == (axis, library)]
        sizes = [point["size"] for point in same]
        for cost in ("seconds", "mebibytes"):
            values = [point[cost] for point in same]
            records.append(
                {
                    "axis": axis,
                    "library": library,
                    "cost": cost,
                    "sizes": sizes,
                    "values": values,
                    "exponent": exponent(sizes, values),
                }
            )
    return records


def plot(records: list[dict]) -> bytes:
    """Return a PNG: time above, memory below, a column for each size that varies."""
    from matplotlib.figure import Figure

    axes_labels = list(dict.fromkeys(record["axis"] for record in records))
    figure = Figure(figsize=(3.2 * len(axes_labels), 5.6), layout="constrained")
    grid = figure.subplots(2, len(axes_labels), squeeze=False)
    labels = {"seconds": "time of a fit (s)", "mebibytes": "peak memory of a fit (MiB)"}
    for record in records:
        row = list(labels).index(record["cost"])
        ax = grid[row, axes_labels.index(record["axis"])]
        marker = "o" if record["library"] == "skinit" else "s"
        ax.loglog(
            record["sizes"],
            record["values"],
            marker=marker,
            color=COLORS[record["library"]],
            label=f"{record['library']}, exponent {record['exponent']:.2f}",
        )
        ax.set(xlabel=record["axis"], ylabel=labels[record["cost"]])
        ax.legend(fontsize="small", frameon=False)
    buffer = BytesIO()
    figure.savefig(buffer, format="png", dpi=150)
    return buffer.getvalue()
