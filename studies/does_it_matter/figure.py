"""The figures: curves that cross, ranks at one rate and tuned, and shares of variance."""

from __future__ import annotations

from itertools import product

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from skinit._wording import write_count
from skinit.displays.base import (
    BLUE,
    COLORS,
    GREEN,
    LIGHT,
    MARKERS,
    PURPLE,
    SMALL,
    VERMILLION,
)
from studies.does_it_matter.design import ALL_INITS, FLOOR, ONE_RATE
from studies.does_it_matter.findings import PROTOCOLS, curves, parts, rank
from studies.does_it_matter.records import Records
from studies.does_it_matter.shares import variance_shares

SHOWN = ("relu", 4)  # what the plan chose before any result
STYLES = ["-", "--", ":"]
LOOKS = dict(zip(ALL_INITS, product(STYLES, zip(COLORS, MARKERS, strict=True)), strict=False))
COLOR_OF = {
    "rate": BLUE,
    "rate x init": PURPLE,
    "init": VERMILLION,
    "split": GREEN,
    "rest": LIGHT,
}


def draw_study(records: Records) -> Figure:
    """Draw the three panels: curves, ranks at one rate and tuned, shares of variance.

    Curves and ranks are those of one activation and depth: what the plan chose, or where the
    records do not have it, the first that they have.
    """
    there = parts(records.runs)
    shown = SHOWN if SHOWN in there else there[0]
    figure = Figure(figsize=(11, 8.6), layout="constrained")
    above, below = figure.subfigures(2, 1, height_ratios=[1.1, 1])
    axes = above.subplot_mosaic([["curves", "shares"]]) | below.subplot_mosaic([list(PROTOCOLS)])
    draw_curves(axes["curves"], curves(records.trials, *shown))
    axes["curves"].legend(
        loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, fontsize=SMALL, handlelength=3
    )
    draw_shares(axes["shares"], variance_shares(records.trials))
    for protocol in PROTOCOLS:
        ranking = rank(records.runs, *shown, protocol)
        ranking.plot(axes[protocol])
        axes[protocol].set_title(f"mean rank, {protocol}", fontsize=SMALL + 2)
    where = f"{shown[0]}, {_name_depth(shown[1])}"
    axes["curves"].set_title(f"skill against the learning rate ({where})", fontsize=SMALL + 2)
    return figure


def draw_all_curves(records: Records) -> Figure:
    """Draw the curves of every activation and depth."""
    there = parts(records.runs)
    n_rows = len({activation for activation, _ in there})
    n_columns = len(there) // n_rows
    figure = Figure(figsize=(3.4 * n_columns, 3.3 * n_rows), layout="constrained")
    axes = figure.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False)
    for ax, (activation, depth) in zip(axes.flat, there, strict=True):
        draw_curves(ax, curves(records.trials, activation, depth))
        ax.set_title(f"{activation}, {_name_depth(depth)}", fontsize=SMALL + 1)
        ax.label_outer()
    handles = {
        handle.get_label(): handle
        for ax in axes.flat
        for handle in ax.get_legend_handles_labels()[0]
    }
    figure.legend(
        handles.values(), handles.keys(), loc="outside right center", frameon=False,
        fontsize=SMALL, handlelength=3,
    )  # fmt: skip
    return figure


def _name_depth(depth: int) -> str:
    return write_count(depth, "hidden layer")


def draw_curves(ax: Axes, table: pd.DataFrame) -> None:
    """Draw mean skill against the rate, a line per initializer."""
    for name in table:
        style, (color, marker) = LOOKS[name]
        color = "black" if name == FLOOR else color
        ax.plot(
            table.index, table[name], style, color=color, marker=marker, markersize=4,
            linewidth=1.3, label=name,
        )  # fmt: skip
    ax.axvline(ONE_RATE, color=LIGHT, linewidth=5, zorder=0)
    ax.set(xscale="log", xlabel="learning rate", ylabel="mean skill", ylim=(0, None))
    ax.spines[["top", "right"]].set_visible(False)


def draw_shares(ax: Axes, shares: pd.DataFrame) -> None:
    """Draw the shares of the variation within tables, a bar per activation and depth."""
    names = [f"{activation}\n{depth}" for activation, depth in shares.index]
    bottom = pd.Series(0.0, shares.index)
    for part, color in COLOR_OF.items():
        ax.bar(names, shares[part], bottom=bottom, color=color, label=part, width=0.75)
        bottom += shares[part]
    ax.set_title("shares of the variation within tables, by depth", fontsize=SMALL + 2)
    ax.set(ylim=(0, 1), xlabel="activation, hidden layers")
    ax.spines[["top", "right"]].set_visible(False)
    ax.legend(
        loc="center left", bbox_to_anchor=(1, 0.5), frameon=False, fontsize=SMALL, reverse=True
    )
