"""All numbers of the experiment, ready for a JSON file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from skinit.tutorial.pictures import Pictures
from skinit.tutorial.published import EVERY, HIDDEN, LEARNING_RATE
from skinit.tutorial.runs import Run


def to_json(pictures: Pictures, runs: Sequence[Run], *, seed: int) -> dict[str, Any]:
    """Return everything as numbers, texts and lists, ready for a JSON file."""
    return {
        "pictures": {
            "source": pictures.source,
            "from_the_blog_post": pictures.are_published,
            "count": len(pictures.y),
            "cats": int(pictures.y.sum()),
            "image_shape": list(map(int, pictures.image_shape)),
            "about_data": [] if pictures.account is None else pictures.account.entries(),
        },
        "network": {
            "layer_sizes": [pictures.X.shape[1], *HIDDEN, 1],
            "activation": "tanh",
            "learning_rate": LEARNING_RATE,
            "steps": len(runs[0].costs),
        },
        "cross_validation": {"folds": len(runs[0].fold_accuracies), "seed": seed},
        "accuracy_of_guessing_one_class": pictures.majority,
        "starts": {run.start.name: _run_to_json(run) for run in runs},
    }


def _run_to_json(run: Run) -> dict[str, Any]:
    return {
        "weights": run.start.formula,
        "published": {
            "steps": list(range(EVERY, EVERY * len(run.start.published.costs) + 1, EVERY)),
            "costs": list(run.start.published.costs),
            "accuracy": run.start.published.accuracy,
            "can_be_reproduced_within": run.start.published.tolerance,
        },
        "costs_before_each_step": run.costs,
        "training_accuracy": run.accuracy,
        "cross_validated_accuracy": float(np.mean(run.fold_accuracies)),
        "fold_accuracies": run.fold_accuracies,
        "final_costs_with_other_rounding": run.repeated_costs,
        "seconds": run.seconds,
    }
