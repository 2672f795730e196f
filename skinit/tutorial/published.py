"""What Dabbura's blog post published: its experiment, its pictures and its numbers [1]_.

References
----------
.. [1] Imad Dabbura (20 April 2018), "Coding Neural Network - Parameters' Initialization",
   https://imaddabbura.github.io/posts/coding-nn/param-initialization/Coding-Neural-Network-Parameters-Initialization.html
"""

from __future__ import annotations

from dataclasses import dataclass

SOURCE = "Dabbura's blog post (2018)"
TITLE = "Coding Neural Network - Parameters' Initialization"
URL = (
    "https://imaddabbura.github.io/posts/coding-nn/param-initialization/"
    "Coding-Neural-Network-Parameters-Initialization.html"
)

HIDDEN = (5, 5)
LEARNING_RATE = 0.01
STEPS = 1000
EVERY = 100  # steps between two published costs

FILES = {f"cat.{i}.jpg" for i in range(2671, 2722) if i != 2691} | {
    f"dog.{i}.jpg" for i in range(12450, 12500)
}
IMAGE_SHAPE = (150, 150, 3)


@dataclass(frozen=True)
class Published:
    """The numbers that the blog post prints for one start.

    Parameters
    ----------
    costs : tuple of float
        Costs after 100, 200, ... steps, in nats.
    accuracy : float
        Accuracy on the training pictures, 0 to 1.
    tolerance : float or None
        How closely the costs can be reproduced; None where every rounding error grows.
    """

    costs: tuple[float, ...]
    accuracy: float
    tolerance: float | None


PUBLISHED = {
    "zeros": Published((0.6931471805599453,) * 10, 0.50, 1e-15),
    "random": Published(
        (
            1.2413142077549013, 1.1258751902393416, 1.0989052435267657, 1.0840966471282327,
            1.0706953292105978, 1.0574847320236294, 1.0443168708889223, 1.031157857251139,
            1.0179838815204902, 1.004767088515343,
        ),
        0.55,
        1e-9,
    ),
    "he": Published(
        (
            0.6300611704834093, 0.49092836452522753, 0.46579423512433943, 0.6516254192289226,
            0.32487779301799485, 0.4631461605716059, 0.8050310690163623, 0.31739195517372376,
            0.3094592175030812, 0.19934509244449203,
        ),
        0.99,
        None,
    ),
    "xavier": Published(
        (
            0.6351961521800779, 0.548973489787121, 0.47982386652748565, 0.32811768889968684,
            0.2793453045790634, 0.3258507563809604, 0.2873032724176074, 0.0924974839405706,
            0.07418011931058155, 0.06204402572328295,
        ),
        0.99,
        None,
    ),
}  # fmt: skip
