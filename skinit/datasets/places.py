"""Places where the drawn pets sit; lengths are in pictures, from (0, 0) to (1, 1)."""

from __future__ import annotations

import numpy as np

from skinit.datasets.colors import BRIGHT, FURS, WALLS, WHITE, Color, mix, pick
from skinit.datasets.pen import Pen


def draw_room(pen: Pen, rng: np.random.Generator) -> None:
    """Paint a wall with striped paper, a skirting board and a floor."""
    wall, floor = pick(rng, WALLS), pick(rng, FURS)
    horizon, n_stripes = rng.uniform(0.45, 0.62), rng.integers(3, 12)
    _box(pen, 0, 0, 1, 1, wall)
    stripe = mix(wall, WHITE, rng.uniform(-0.1, 0.35))
    for i in range(n_stripes):
        _box(pen, i / n_stripes, 0, (i + 0.5) / n_stripes, 1, stripe)
    _box(pen, 0, horizon, 1, 1, floor)
    _box(pen, 0, horizon, 1, horizon + 0.03, mix(floor, WHITE, 0.6))


def draw_meadow(pen: Pen, rng: np.random.Generator) -> None:
    """Paint a sky with a sun and clouds over two hills."""
    sky = mix((120, 184, 232), pick(rng, WALLS), rng.uniform(0, 0.7))
    grass = mix((122, 178, 84), (196, 176, 92), rng.uniform(0, 1))
    _box(pen, 0, 0, 1, 1, sky)
    pen.ellipse(rng.uniform(0, 1), rng.uniform(0, 0.3), 0.09, 0.09, (255, 236, 160))
    for x, y in rng.uniform((0, 0.05), (1, 0.35), size=(2, 2)):
        for shift, radius in [(-0.08, 0.04), (0, 0.06), (0.08, 0.045)]:
            pen.ellipse(x + shift, y, radius * 1.4, radius, mix(sky, WHITE, 0.75))
    pen.ellipse(rng.uniform(-0.2, 0.4), 1.1, 0.9, rng.uniform(0.4, 0.65), mix(grass, sky, 0.3))
    pen.ellipse(rng.uniform(0.6, 1.2), 1.1, 1.1, rng.uniform(0.3, 0.5), grass)


def draw_blanket(pen: Pen, rng: np.random.Generator) -> None:
    """Paint a checked blanket."""
    color, n = pick(rng, BRIGHT + WALLS), int(rng.integers(3, 8))
    _box(pen, 0, 0, 1, 1, color)
    for i in range(n):
        _box(pen, i / n, 0, (i + 0.5) / n, 1, mix(color, WHITE, 0.2))
    for i, j in np.ndindex(n, 2 * n):
        shade = 0.5 if j % 2 else 0.2
        _box(pen, j / 2 / n, i / n, (j + 1) / 2 / n, (i + 0.5) / n, mix(color, WHITE, shade))


def draw_evening(pen: Pen, rng: np.random.Generator) -> None:
    """Paint lights out of focus before something dark or pale."""
    color = pick(rng, WALLS)
    _box(pen, 0, 0, 1, 1, color)
    for x, y in rng.uniform(size=(rng.integers(5, 18), 2)):
        radius, lamp = rng.uniform(0.03, 0.12), mix(pick(rng, BRIGHT), WHITE, 0.4)
        pen.ellipse(x, y, radius, radius, mix(color, lamp, rng.uniform(0.2, 0.7)))


PLACES = [draw_room, draw_meadow, draw_blanket, draw_evening]


def _box(pen: Pen, left: float, top: float, right: float, bottom: float, color: Color) -> None:
    pen.canvas.rectangle([pen.unit * side for side in (left, top, right, bottom)], fill=color)
