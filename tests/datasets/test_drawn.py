"""Drawn cats and dogs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skinit.datasets import bunch, load_image_folder, make_cats_vs_dogs

ROOT = Path(__file__).parents[2]
KEYS = {"data", "target", "target_names", "filenames", "image_shape"}


def test_drawn_pets_have_the_size_of_the_blog_posts_pictures():
    pets = make_cats_vs_dogs(random_state=0)
    assert set(pets) == KEYS
    assert pets.data.shape == (100, 67500)
    assert pets.data.dtype == np.float64
    assert pets.data.min() >= 0
    assert pets.data.max() <= 1
    assert pets.image_shape == (150, 150, 3)
    assert pets.target_names == ["cat", "dog"]
    assert np.bincount(pets.target).tolist() == [50, 50]
    assert len(np.unique(pets.data, axis=0)) == 100


def test_the_odd_one_is_a_cat():
    assert make_cats_vs_dogs(7, size=16, random_state=0).target.tolist() == [0] * 4 + [1] * 3


def test_the_same_seed_draws_the_same_pets():
    first, again, other = (
        make_cats_vs_dogs(6, size=32, random_state=seed, return_X_y=True)[0] for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any(axis=1).all()


def test_a_random_state_instance_moves_on():
    rng = np.random.RandomState(0)
    first, second = (make_cats_vs_dogs(2, size=16, random_state=rng).data for _ in range(2))
    assert (first != second).any()


def test_more_samples_add_pets_and_change_none():
    few, many = (make_cats_vs_dogs(n, size=32, random_state=0) for n in (4, 11))
    rows = [many.filenames.tolist().index(name) for name in few.filenames]
    np.testing.assert_array_equal(few.data, many.data[rows])


def test_saved_pets_load_as_the_same_bunch(tmp_path):
    drawn = make_cats_vs_dogs(12, size=24, random_state=1)
    for row, name in zip(drawn.data, drawn.filenames, strict=True):
        pixels = np.rint(row * 255).astype(np.uint8).reshape(drawn.image_shape)
        Image.fromarray(pixels).save(tmp_path / name)
    loaded = load_image_folder(tmp_path)
    np.testing.assert_array_equal(loaded.data, drawn.data)
    np.testing.assert_array_equal(loaded.target, drawn.target)
    assert [Path(name).name for name in loaded.filenames] == drawn.filenames.tolist()
    assert loaded.target_names == drawn.target_names
    assert loaded.image_shape == drawn.image_shape


@pytest.mark.parametrize(
    ("seed", "model"),
    [
        (0, LogisticRegression(max_iter=1000)),
        (1, make_pipeline(StandardScaler(), LogisticRegression())),
    ],
)
def test_a_linear_model_does_better_than_chance_and_far_from_perfect(seed, model):
    X, y = make_cats_vs_dogs(random_state=seed, return_X_y=True)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    assert 0.55 <= cross_val_score(model, X, y, cv=folds).mean() <= 0.85


def test_brightness_and_colour_do_not_give_the_animal_away():
    pets = make_cats_vs_dogs(400, size=32, random_state=0)
    colors = pets.data.reshape(400, -1, 3)
    X = np.hstack([colors.mean(axis=1), colors.std(axis=1)])
    model = make_pipeline(StandardScaler(), SVC())
    assert cross_val_score(model, X, pets.target, cv=5).mean() < 0.7


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_samples": 1}, "n_samples must be an int of at least 2, got 1"),
        ({"n_samples": 10.0}, "n_samples must be an int of at least 2, got 10.0"),
        ({"size": 7}, "size must be an int of at least 8, got 7"),
        ({"size": (150, 150)}, "size must be an int of at least 8"),
    ],
)
def test_bad_parameters_of_drawn_pets(parameters, message):
    with pytest.raises(ValueError, match=message):
        make_cats_vs_dogs(**parameters)


def test_memory_of_drawn_pets_is_bounded(monkeypatch):
    monkeypatch.setattr(bunch, "MAX_BYTES", 1000)
    with pytest.raises(ValueError, match="4 pictures of 16 x 16 pixels would need"):
        make_cats_vs_dogs(4, size=16)


def test_pillow_is_imported_only_when_used():
    code = "import sys, skinit.datasets; sys.exit('PIL' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
