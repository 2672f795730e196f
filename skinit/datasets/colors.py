"""Colours of the drawn pictures, and how to mix them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

Color = tuple[int, ...]  # red, green, blue and perhaps alpha, 0 to 255

WHITE, BLACK = (255, 255, 255), (24, 20, 22)
PINK, TONGUE = (238, 158, 160), (236, 112, 122)
FURS = [
    (228, 142, 66),  # ginger
    (238, 212, 168),  # cream
    (146, 148, 156),  # grey
    (66, 62, 68),  # black
    (244, 240, 234),  # white
    (150, 102, 68),  # brown
    (104, 72, 56),  # chocolate
    (216, 168, 98),  # golden
    (116, 128, 146),  # blue
]
EYES = [(132, 176, 84), (226, 172, 60), (108, 170, 212)]  # green, amber, blue
BRIGHT = [(206, 62, 66), (48, 116, 182), (58, 150, 108), (238, 186, 62), (136, 88, 168)]
WALLS = [
    (206, 222, 226), (232, 214, 190), (196, 210, 178), (226, 196, 196), (118, 134, 158),
    (88, 106, 102), (160, 120, 110), (240, 228, 168), (78, 78, 104), (178, 168, 200),
]  # fmt: skip


def mix(color: Color, other: Color, share: float) -> Color:
    """Return ``color`` with a ``share`` (0 to 1) of ``other`` mixed in."""
    return tuple(round(a + share * (b - a)) for a, b in zip(color, other, strict=True))


def pick(rng: np.random.Generator, choices: Sequence):
    """Return one of ``choices`` (unlike ``rng.choice``, without making an array of them)."""
    return choices[int(rng.integers(len(choices)))]
