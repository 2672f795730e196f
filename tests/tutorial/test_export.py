from __future__ import annotations

import json

import numpy as np
import pytest

from skinit import tutorial


def test_json_holds_every_number(pictures, runs):
    numbers = json.loads(json.dumps(tutorial.to_json(pictures, runs, seed=7), allow_nan=False))
    assert numbers["cross_validation"] == {"folds": 3, "seed": 7}
    assert numbers["pictures"]["from_the_blog_post"] is False
    assert numbers["network"]["layer_sizes"] == [48, 5, 5, 1]
    for run in runs:
        stored = numbers["starts"][run.start.name]
        assert stored["costs_before_each_step"] == run.costs
        assert stored["published"]["costs"] == list(run.start.published.costs)
        assert stored["fold_accuracies"] == run.fold_accuracies
        assert stored["cross_validated_accuracy"] == pytest.approx(np.mean(run.fold_accuracies))
