"""A pen that draws soft shapes in the coordinates of a pet, wherever it sits and looks."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from skinit.datasets.colors import Color

Points = Sequence[tuple[float, float]] | np.ndarray


def symmetric(half: Points) -> np.ndarray:
    """Return an outline from its right half, given from top to bottom."""
    half = np.asarray(half, dtype=float)
    return np.vstack([half, half[::-1] * (-1, 1)])


def rounded(corners: Points, n_between: int = 8) -> np.ndarray:
    """Return the closed Catmull-Rom curve through ``corners``."""
    p = np.asarray(corners, dtype=float)
    neighbours = np.stack([np.roll(p, shift, axis=0) for shift in (1, 0, -1, -2)])
    return np.einsum("tc,cnd->ntd", _catmull_rom(n_between), neighbours).reshape(-1, 2)


@cache
def _catmull_rom(n_between: int) -> np.ndarray:
    t = np.arange(n_between)[:, None] / n_between
    basis = np.array([[0, 2, 0, 0], [-1, 0, 1, 0], [2, -5, 4, -1], [-1, 3, -3, 1]]) / 2
    return t ** np.arange(4) @ basis


@cache
def _circle(n_points: int = 36) -> np.ndarray:
    angle = 2 * np.pi * np.arange(n_points) / n_points
    return np.column_stack([np.cos(angle), np.sin(angle)])


def turned(points: np.ndarray, angle: float) -> np.ndarray:
    """Return ``points`` turned about the origin by ``angle`` radians."""
    cos, sin = np.cos(angle), np.sin(angle)
    return points @ np.array([[cos, sin], [-sin, cos]])


class Pen:
    """Draw on ``canvas`` in coordinates with this origin, unit length and tilt; y points down."""

    def __init__(
        self, canvas, origin: Sequence[float] | np.ndarray, unit: float, tilt: float = 0.0
    ):
        self.canvas = canvas
        self.origin = np.asarray(origin, dtype=float)
        self.unit = unit
        self.tilt = tilt

    def moved(self, x: float, y: float, tilt: float = 0.0) -> Pen:
        """Return a pen whose origin is this one's (x, y), tilted further by ``tilt`` radians."""
        return Pen(self.canvas, self._place([(x, y)])[0], self.unit, self.tilt + tilt)

    def _place(self, points: Points) -> np.ndarray:
        return self.origin + self.unit * turned(np.asarray(points, dtype=float), self.tilt)

    def shape(self, corners: Points, color: Color, outline: Color | None = None) -> None:
        """Fill the rounded shape through ``corners``."""
        self._fill(rounded(corners), color, outline)

    def polygon(self, corners: Points, color: Color, outline: Color | None = None) -> None:
        """Fill the shape with sharp ``corners``."""
        self._fill(np.asarray(corners, dtype=float), color, outline)

    def ellipse(self, x, y, rx, ry, color: Color, outline: Color | None = None, turn=0.0) -> None:
        """Fill an ellipse around (x, y), turned by ``turn`` radians."""
        self._fill(np.add(turned(_circle() * (rx, ry), turn), (x, y)), color, outline)

    def line(self, points: Points, color: Color, width: float) -> None:
        """Draw a line of some ``width`` with round ends."""
        placed, radius = self._place(points), self.unit * width / 2
        self._stroke(placed, color, width)
        for x, y in placed[[0, -1]]:
            self.canvas.ellipse([x - radius, y - radius, x + radius, y + radius], fill=color)

    def _fill(self, points: np.ndarray, color: Color, outline: Color | None) -> None:
        placed = self._place(points)
        self.canvas.polygon(placed.ravel().tolist(), fill=color)
        if outline is not None:
            self._stroke(placed[[*range(len(placed)), 0, 1]], outline, 0.055)

    def _stroke(self, placed: np.ndarray, color: Color, width: float) -> None:
        pixels = max(1, round(self.unit * width))
        self.canvas.line(placed.ravel().tolist(), fill=color, width=pixels, joint="curve")


def arc(x: float, y: float, rx: float, ry: float, start: float, end: float) -> np.ndarray:
    """Return a part of an ellipse as points, from ``start`` to ``end`` (in turns, clockwise)."""
    angle = 2 * np.pi * np.linspace(start, end, 12)
    return np.column_stack([x + rx * np.cos(angle), y + ry * np.sin(angle)])
