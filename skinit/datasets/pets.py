"""A cat and a dog for the pen.

Coats, collars and poses are shared by both, as are place and light, so that no colour and no
single pixel gives the animal away: what tells them apart are ears, eyes, snout and tail.

Lengths are in heads: the head is about the circle of radius 1 around (0, 0), y points down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from skinit.datasets.colors import (
    BLACK,
    BRIGHT,
    EYES,
    FURS,
    PINK,
    TONGUE,
    WHITE,
    Color,
    mix,
    pick,
)
from skinit.datasets.pen import Pen, Points, arc, symmetric

# What cats and dogs share: coat, body, collar


@dataclass(frozen=True)
class Coat:
    """The colours of one fur: the main one, its light and dark parts, and the outline."""

    main: Color
    light: Color
    dark: Color
    line: Color


def _coat(rng: np.random.Generator) -> Coat:
    main = mix(pick(rng, FURS), pick(rng, FURS), rng.uniform(0, 0.3))
    return Coat(
        main,
        light=mix(main, (255, 250, 240), rng.uniform(0.35, 0.85)),
        dark=mix(main, (52, 36, 30), rng.uniform(0.3, 0.6)),
        line=mix(main, (34, 22, 24), 0.72),
    )


def _sit(pen: Pen, coat: Coat) -> None:
    """Draw a body that sits and looks at us."""
    _shadow(pen, 0, 2.7, 1.5)
    for side in (-1, 1):
        pen.ellipse(side * 0.82, 2.3, 0.5, 0.45, coat.main, coat.line)
    pen.shape(symmetric([(0.3, 0.5), (0.72, 1.2), (0.95, 2.1), (0.6, 2.65)]), coat.main, coat.line)
    pen.shape(symmetric([(0.25, 0.8), (0.42, 1.2), (0.2, 1.8)]), coat.light)
    for side in (-1, 1):
        pen.line([(side * 0.1, 1.75), (side * 0.08, 2.5)], coat.line, 0.05)
        pen.ellipse(side * 0.36, 2.62, 0.32, 0.2, coat.light, coat.line)


def _lie(pen: Pen, coat: Coat) -> None:
    """Draw a body that lies, its back to the right, its paws before it."""
    _shadow(pen, 0.8, 1.72, 2.0)
    back = [(-0.7, 0.9), (0.4, 0.35), (1.6, 0.4), (2.35, 1.0), (2.2, 1.7), (0.8, 1.75), (-0.6, 1.6)]
    pen.shape(back, coat.main, coat.line)
    pen.shape([(1.3, 1.6), (1.35, 1.0), (1.9, 0.8), (2.3, 1.3), (2.1, 1.7)], coat.main, coat.line)
    pen.shape(symmetric([(0.3, 0.8), (0.45, 1.15), (0.2, 1.5)]), coat.light)
    for x in (-0.5, 0.4, 1.75):
        pen.ellipse(x, 1.65, 0.42, 0.2, coat.light, coat.line)


def _shadow(pen: Pen, x: float, y: float, radius: float) -> None:
    for share in (0.8, 0.9, 1.0):
        pen.ellipse(x, y, radius * share, 0.3 * share, (20, 16, 30, 44))


def _collar(pen: Pen, rng: np.random.Generator) -> None:
    color = pick(rng, BRIGHT)
    pen.line(arc(0, 0.62, 0.62, 0.42, 0.45, 0.05), mix(color, BLACK, 0.5), 0.24)
    pen.line(arc(0, 0.62, 0.62, 0.42, 0.45, 0.05), color, 0.17)
    pen.ellipse(0, 1.16, 0.13, 0.13, (240, 204, 92), mix(color, BLACK, 0.5))


def _draw_body(pen: Pen, rng: np.random.Generator, coat: Coat, tail: Callable) -> None:
    if rng.random() < 0.6:
        tail(pen.moved(0.7, 2.4), rng, coat)
        _sit(pen, coat)
    else:
        tail(pen.moved(2.1, 1.3), rng, coat)
        _lie(pen, coat)
    if rng.random() < 0.6:
        _collar(pen, rng)


def _line_and_fill(pen: Pen, points: Points, coat: Coat, width: float) -> None:
    """Draw a thick line with an outline, such as a tail."""
    pen.line(points, coat.line, width + 0.11)
    pen.line(points, coat.main, width)


def _shine(pen: Pen, x: float, y: float, radius: float) -> None:
    """Put the light's reflection on an eye or a nose."""
    pen.ellipse(x, y, radius, radius, WHITE)


# Cats


def draw_cat(pen: Pen, rng: np.random.Generator) -> None:
    """Draw a cat whose head is at the pen's origin."""
    coat, tabby = _coat(rng), rng.random() < 0.6
    _draw_body(pen, rng, coat, _cat_tail)
    head = pen.moved(0, 0, rng.uniform(-0.35, 0.35))
    face = head.moved(*rng.uniform((-0.16, -0.08), (0.16, 0.1)))
    _cat_ears(head, rng, coat)
    head.shape(
        symmetric([(0.3, -0.86), (0.82, -0.5), (1.0, 0.1), (1.08, 0.42), (0.62, 0.78), (0.2, 0.9)]),
        coat.main,
        coat.line,
    )
    if tabby:
        _stripes(head, coat)
    _cat_eyes(face, rng, coat)
    _cat_muzzle(face, coat)
    _whiskers(face, rng, coat)


def _cat_tail(pen: Pen, rng: np.random.Generator, coat: Coat) -> None:
    """Draw a long tail that rises and curls."""
    reach, height = rng.uniform(0.5, 1.0), rng.uniform(1.1, 2.0)
    t = np.linspace(0, 1, 24)
    x = reach * np.sin(np.pi * 0.75 * t) + 0.35 * np.sin(2 * np.pi * t) * t
    _line_and_fill(pen, np.column_stack([x, 0.1 - height * t**1.3]), coat, 0.28)


def _cat_ears(pen: Pen, rng: np.random.Generator, coat: Coat) -> None:
    """Draw pointed ears, pink inside."""
    height, spread = rng.uniform(1.3, 1.55), rng.uniform(0.8, 0.98)
    ear = np.array([(0.12, -0.78), (spread - 0.1, -height), (spread, -height), (1.0, -0.2)])
    for side in (-1, 1):
        pen.polygon(ear * (side, 1), coat.main, coat.line)
        inside = ear.mean(axis=0) + 0.55 * (ear - ear.mean(axis=0)) + (0.03, 0.05)
        pen.polygon(inside * (side, 1), mix(PINK, coat.main, 0.25))


def _stripes(pen: Pen, coat: Coat) -> None:
    """Draw a tabby's forehead and cheeks."""
    for x, length in [(-0.25, 0.24), (0, 0.36), (0.25, 0.24)]:
        pen.line([(x, -0.82), (x * 0.8, -0.82 + length)], coat.dark, 0.1)
    for side in (-1, 1):
        for y in (0.12, 0.36):
            pen.line([(side * 1.0, y), (side * 0.74, y + 0.02)], coat.dark, 0.09)


def _cat_eyes(pen: Pen, rng: np.random.Generator, coat: Coat) -> None:
    """Draw slanted eyes in a bright colour, with a slit for a pupil."""
    iris, slit = pick(rng, EYES), rng.uniform(0.05, 0.1)
    for side in (-1, 1):
        pen.ellipse(side * 0.42, -0.08, 0.27, 0.23, iris, coat.line, turn=-0.35 * side)
        pen.ellipse(side * 0.42, -0.08, slit, 0.2, BLACK)
        _shine(pen, side * 0.42 + 0.08, -0.17, 0.06)


def _cat_muzzle(pen: Pen, coat: Coat) -> None:
    """Draw a small triangle of a nose over two round lips."""
    for side in (-1, 1):
        pen.ellipse(side * 0.2, 0.46, 0.27, 0.21, coat.light)
    pen.ellipse(0, 0.62, 0.18, 0.14, coat.light)
    pen.polygon([(-0.13, 0.24), (0.13, 0.24), (0, 0.38)], PINK, coat.line)
    for side in (-1, 1):
        pen.line(arc(side * 0.15, 0.44, 0.15, 0.14, 0.0, 0.5), coat.line, 0.05)


def _whiskers(pen: Pen, rng: np.random.Generator, coat: Coat) -> None:
    length = rng.uniform(1.2, 1.55)
    color = mix(coat.line, WHITE, 0.85) if sum(coat.main) < 420 else coat.line
    for side in (-1, 1):
        for slope in (-0.12, 0.05, 0.22):
            start, end = (side * 0.4, 0.45 + slope * 0.4), (side * length, 0.4 + slope * 1.6)
            pen.line([start, end], color, 0.035)


# Dogs


def draw_dog(pen: Pen, rng: np.random.Generator) -> None:
    """Draw a dog whose head is at the pen's origin."""
    coat, patched = _coat(rng), rng.random() < 0.5
    _draw_body(pen, rng, coat, _dog_tail)
    head = pen.moved(0, 0, rng.uniform(-0.35, 0.35))
    face = head.moved(*rng.uniform((-0.14, -0.06), (0.14, 0.08)))
    head.shape(
        symmetric([(0.3, -0.95), (0.76, -0.55), (0.8, 0.05), (0.66, 0.6), (0.25, 0.98)]),
        coat.main,
        coat.line,
    )
    if patched:
        side = pick(rng, [-1, 1])
        face.ellipse(side * 0.36, -0.2, 0.34, 0.42, coat.dark, turn=0.3 * side)
    _dog_eyes(face, coat)
    _snout(face, rng, coat)
    _dog_ears(head, rng, coat)


def _dog_tail(pen: Pen, rng: np.random.Generator, coat: Coat) -> None:
    """Draw a short tail that wags."""
    wag = rng.uniform(-0.3, 0.5)
    points = [(0, 0), (0.45, -0.25), (0.7 + wag / 2, -0.6), (0.75 + wag, -0.95)]
    _line_and_fill(pen, points, coat, 0.26)


def _dog_ears(pen: Pen, rng: np.random.Generator, coat: Coat) -> None:
    """Draw ears that hang down, dark or in the colour of the head."""
    length, color = rng.uniform(0.3, 1.0), pick(rng, [coat.dark, coat.main])
    hem = [(1.12, length), (0.86, length + 0.12)]
    ear = np.array([(0.45, -0.9), (0.85, -0.85), (1.15, -0.2), *hem, (0.7, -0.1)])
    for side in (-1, 1):
        lift = rng.normal(scale=0.08)
        pen.moved(0, 0, lift).shape(ear * (side, 1), color, coat.line)


def _dog_eyes(pen: Pen, coat: Coat) -> None:
    """Draw round dark eyes under raised brows."""
    for side in (-1, 1):
        pen.ellipse(side * 0.36, -0.2, 0.17, 0.19, (66, 40, 28), coat.line)
        _shine(pen, side * 0.36 + 0.05, -0.27, 0.06)
        pen.line(arc(side * 0.37, -0.4, 0.16, 0.12, 0.6, 0.9), coat.line, 0.06)


def _snout(pen: Pen, rng: np.random.Generator, coat: Coat) -> None:
    """Draw a long snout with a big black nose and, often, the tongue out."""
    if rng.random() < 0.7:
        length = rng.uniform(0.25, 0.5)
        pen.ellipse(0, 0.95 + length / 2, 0.2, length, TONGUE, mix(TONGUE, BLACK, 0.5))
        pen.line([(0, 0.95), (0, 1.0 + length)], mix(TONGUE, BLACK, 0.25), 0.05)
    width = rng.uniform(0.42, 0.54)
    pen.shape(
        symmetric([(0.16, -0.12), (width * 0.8, 0.3), (width, 0.7), (0.26, 1.02)]), coat.light
    )
    pen.line([(0, 0.4), (0, 0.74)], coat.line, 0.05)
    for side in (-1, 1):
        pen.line(arc(side * 0.2, 0.72, 0.2, 0.16, 0.0, 0.5), coat.line, 0.055)
    pen.ellipse(0, 0.3, 0.25, 0.18, BLACK)
    _shine(pen, 0.07, 0.23, 0.055)


PETS = {"cat": draw_cat, "dog": draw_dog}
