from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from skinit.tutorial import load_pictures
from skinit.tutorial.published import FILES


def save(folder, *names, size=8):
    """Save a picture for each name, each in a grey of its own."""
    for grey, name in enumerate(names):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (size, size), (40 * (grey % 6),) * 3).save(path)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["ape.1.png", "ape.2.png", "cat.1.png"], ("ape", "cat")),
        (["dog.1.png", "dog.2.png", "cat.1.png"], ("dog", "cat")),
        (["Dogs/1.png", "Dogs/2.png", "Cats/1.png"], ("Dogs", "Cats")),
    ],
)
def test_label_1_is_cat_wherever_it_stands_in_the_alphabet(names, expected, tmp_path):
    save(tmp_path, *names)
    pictures = load_pictures(tmp_path)
    greys = {0.0, 40 / 255}, {80 / 255}
    for label in (0, 1):
        shades = {round(float(x), 9) for x in pictures.X[pictures.y == label, 0]}
        assert shades == {round(grey, 9) for grey in greys[label]}
    assert (pictures.names, pictures.image_shape, pictures.are_published) == (
        expected,
        (8, 8, 3),
        False,
    )


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["cat.1.png", "dog.1.png", "owl.1.png"], "are 3 classes .'cat', 'dog', 'owl'."),
        (["dog.1.png", "owl.1.png"], "are 2 classes .'dog', 'owl'."),
        (["cat.1.png"], "is one class .'cat'."),
        (["cat/1.png", "Cats/1.png"], "are 2 classes .'Cats', 'cat'."),
        ([f"{letter}.1.png" for letter in "abcdefg"], "'e', [.]{3}[)]"),
    ],
)
def test_other_classes_than_cat_and_one_more_are_refused(names, found, tmp_path):
    save(tmp_path, *names)
    with pytest.raises(ValueError, match=f"two classes, one of them called cat.*{found}") as error:
        load_pictures(tmp_path)
    assert "Name the pictures like cat.1.jpg and dog.1.jpg" in str(error.value)


def test_the_pictures_of_the_blog_post_are_known_by_names_and_shape(tmp_path, monkeypatch):
    save(tmp_path, *FILES)
    assert not load_pictures(tmp_path).are_published
    monkeypatch.setattr("skinit.tutorial.pictures.IMAGE_SHAPE", (8, 8, 3))
    assert load_pictures(tmp_path).are_published
    (tmp_path / "cat.2671.jpg").rename(tmp_path / "cat.1.jpg")
    assert not load_pictures(tmp_path).are_published


def test_pictures_are_drawn_without_a_folder_by_seed():
    first, same, other = (load_pictures(size=8, seed=seed) for seed in (3, 3, 4))
    assert first.X.shape == (100, 192)
    assert first.y.sum() == 50
    assert (first.source, first.are_published) == ("drawn, seed 3", False)
    np.testing.assert_array_equal(first.X, same.X)
    assert (first.X != other.X).any()
