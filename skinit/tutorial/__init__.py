"""The experiment of the tutorial: one network, four starts, pictures of cats and dogs.

It repeats the experiment of Dabbura's blog post (2018; see `skinit.tutorial.published`) with the
public estimator, and adds what the post leaves open: accuracy on held-out pictures, and runs that
differ by rounding only. `skinit reproduce` prints the results.
"""

from __future__ import annotations

from skinit.tutorial.conclusions import conclude, explain
from skinit.tutorial.drawing import draw
from skinit.tutorial.export import to_json
from skinit.tutorial.page import write_page
from skinit.tutorial.pictures import Pictures, load_pictures
from skinit.tutorial.published import EVERY, HIDDEN, LEARNING_RATE, STEPS
from skinit.tutorial.runs import FOLDS, REPEATS, Run, count_trainings, network, run
from skinit.tutorial.starts import STARTS, Start, first_weights

__all__ = [
    "EVERY",
    "FOLDS",
    "HIDDEN",
    "LEARNING_RATE",
    "REPEATS",
    "STARTS",
    "STEPS",
    "Pictures",
    "Run",
    "Start",
    "conclude",
    "count_trainings",
    "draw",
    "explain",
    "first_weights",
    "load_pictures",
    "network",
    "run",
    "to_json",
    "write_page",
]
