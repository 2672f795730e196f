"""Pictures from folders, and drawn cats and dogs."""

from __future__ import annotations

import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skinit.datasets import bunch, folder, load_image_folder, make_cats_vs_dogs

ROOT = Path(__file__).parents[1]
KEYS = {"data", "target", "target_names", "filenames", "image_shape"}


def save(path: Path, color="red", mode="RGB", size=(6, 4), **options) -> Path:
    """Save a picture of one colour; ``size`` is Pillow's (width, height)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new(mode, size, color).save(path, **options)
    return path


def save_huge_png(path: Path, width: int, height: int) -> Path:
    """Save a PNG of a few dozen bytes whose header promises ``width`` x ``height`` pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(b"\0" * 100))
        + chunk(b"IEND", b"")
    )
    return path


# From a folder: what is read


def test_the_tutorials_pictures_match_pillows_own_decode(pictures_folder):
    pets = load_image_folder(pictures_folder)
    assert set(pets) == KEYS
    assert pets.data.shape == (100, 67500)
    assert pets.data.dtype == np.float64
    assert pets.data.min() >= 0
    assert pets.data.max() <= 1
    assert pets.image_shape == (150, 150, 3)
    assert pets.target_names == ["cat", "dog"]
    assert list(pets.filenames) == sorted(str(path) for path in pictures_folder.glob("*.jpg"))
    for row, name, code in zip(pets.data, pets.filenames, pets.target, strict=True):
        with Image.open(name) as image:
            np.testing.assert_allclose(row, np.asarray(image).ravel() / 255, rtol=1e-15)
        assert Path(name).name.startswith(pets.target_names[code])


def test_size_resizes_the_tutorials_pictures(pictures_folder):
    pets = load_image_folder(pictures_folder, size=(20, 30))
    assert pets.data.shape == (100, 20 * 30 * 3)
    assert pets.image_shape == (20, 30, 3)
    whole = load_image_folder(pictures_folder)
    np.testing.assert_allclose(pets.data.mean(axis=1), whole.data.mean(axis=1), atol=0.01)


def test_white_is_one_and_black_is_zero(tmp_path):
    save(tmp_path / "cat.1.png", "white")
    save(tmp_path / "dog.1.png", "black")
    X, y = load_image_folder(tmp_path, return_X_y=True)
    np.testing.assert_array_equal(X, np.repeat([[1.0], [0.0]], 72, axis=1))
    np.testing.assert_array_equal(y, [0, 1])


def test_scale_multiplies_the_grey_levels(tmp_path):
    save(tmp_path / "cat.1.png", (10, 20, 30))
    row = load_image_folder(tmp_path, scale=1).data[0]
    np.testing.assert_array_equal(row.reshape(4, 6, 3)[2, 5], [10, 20, 30])


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("cat.123.jpg", "cat"),
        ("dog_7.png", "dog"),
        ("cat (1).png", "cat"),
        ("cat12_flipped.png", "cat"),
        ("golden_retriever_12.JPG", "golden_retriever"),
        ("rex.webp", "rex"),
        ("käthe-3.bmp", "käthe"),
    ],
)
def test_label_is_what_the_name_says_before_its_first_digit(tmp_path, name, label):
    save(tmp_path / name)
    assert load_image_folder(tmp_path).target_names == [label]


def test_label_is_the_sub_folder(tmp_path):
    for name in ("dogs/cat.2.png", "cats/9.png", "dogs/1.png"):
        save(tmp_path / name)
    pets = load_image_folder(str(tmp_path))
    assert pets.target_names == ["cats", "dogs"]
    assert pets.target.tolist() == [0, 1, 1]
    assert [Path(name).name for name in pets.filenames] == ["9.png", "1.png", "cat.2.png"]


def test_what_is_no_picture_or_hidden_is_left_out(tmp_path):
    save(tmp_path / "cat.1.png")
    (tmp_path / "README.txt").write_text("not a picture")
    (tmp_path / "._cat.1.png").write_bytes(b"what another system leaves beside a file")
    save(tmp_path / ".thumbnails" / "cat.1.png")
    (tmp_path / "notes").mkdir()
    assert len(load_image_folder(tmp_path).data) == 1


@pytest.mark.parametrize(
    ("mode", "color", "expected"),
    [
        ("1", 1, (255, 255, 255)),
        ("L", 100, (100, 100, 100)),
        ("LA", (100, 0), (255, 255, 255)),
        ("P", 0, (0, 0, 0)),
        ("RGBA", (200, 0, 0, 255), (200, 0, 0)),
        ("RGBA", (200, 0, 0, 0), (255, 255, 255)),
        ("RGBA", (200, 0, 0, 51), (244, 204, 204)),
    ],
)
def test_every_mode_becomes_rgb_and_transparency_white(tmp_path, mode, color, expected):
    save(tmp_path / "cat.1.png", color, mode)
    row = load_image_folder(tmp_path, scale=1).data[0]
    np.testing.assert_array_equal(row.reshape(-1, 3), np.tile(expected, (24, 1)))


def test_transparent_palette_colour_becomes_white(tmp_path):
    image = Image.new("P", (6, 4), 0)
    image.putpalette([0, 0, 200, 200, 0, 0])
    image.putpixel((0, 0), 1)
    image.save(tmp_path / "cat.1.png", transparency=bytes([0, 255]))
    picture = load_image_folder(tmp_path, scale=1).data[0].reshape(4, 6, 3)
    assert picture[0, 0].tolist() == [200, 0, 0]
    assert picture[1, 1].tolist() == [255, 255, 255]


def test_cmyk_becomes_rgb(tmp_path):
    save(tmp_path / "cat.1.jpg", (0, 0, 0, 0), "CMYK")
    np.testing.assert_allclose(load_image_folder(tmp_path).data, 1, atol=0.02)


def test_exif_orientation_is_applied(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    image = Image.new("RGB", (6, 4), "black")
    image.putpixel((0, 0), (255, 255, 255))
    image.save(tmp_path / "cat.1.png", exif=exif)
    pets = load_image_folder(tmp_path)
    assert pets.image_shape == (6, 4, 3)
    assert np.argwhere(pets.data.reshape(6, 4, 3)[..., 0]).tolist() == [[0, 3]]


def test_first_frame_of_an_animation(tmp_path):
    frames = [Image.new("RGB", (6, 4), color) for color in ("white", "black")]
    frames[0].save(tmp_path / "cat.1.gif", save_all=True, append_images=frames[1:])
    assert load_image_folder(tmp_path).data.min() == 1


# From a folder: what is refused


def test_missing_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"no folder .*nowhere"):
        load_image_folder(tmp_path / "nowhere")


def test_file_instead_of_folder(tmp_path):
    path = save(tmp_path / "cat.1.png")
    with pytest.raises(NotADirectoryError, match=r"cat\.1\.png is a file; give the folder"):
        load_image_folder(path)


def test_no_pictures(tmp_path):
    (tmp_path / "cats").mkdir()
    (tmp_path / "cats.csv").write_text("1,2")
    with pytest.raises(ValueError, match=r"no pictures in .*\.jpg"):
        load_image_folder(tmp_path)


def test_mixed_layout_names_one_picture_of_each(tmp_path):
    save(tmp_path / "cat" / "1.png")
    save(tmp_path / "dog.1.png")
    with pytest.raises(ValueError, match=r"(?s)1\.png.* beside them .*dog\.1\.png"):
        load_image_folder(tmp_path)


def test_too_deep_says_which_folder_to_give(tmp_path):
    save(tmp_path / "train" / "cat" / "1.png")
    with pytest.raises(ValueError, match=r"two folders deep.*such as .*train\.$"):
        load_image_folder(tmp_path)


def test_name_without_a_label(tmp_path):
    save(tmp_path / "0001.png")
    with pytest.raises(ValueError, match=r"0001\.png does not begin with a label"):
        load_image_folder(tmp_path)


def test_unequal_sizes_name_both_pictures_and_the_cure(tmp_path):
    save(tmp_path / "cat.1.png", size=(6, 4))
    save(tmp_path / "cat.2.png", size=(6, 4))
    save(tmp_path / "dog.1.png", size=(5, 7))
    message = r"cat\.1\.png is 4 x 6 and .*dog\.1\.png is 7 x 5 .*Pass size="
    with pytest.raises(ValueError, match=message):
        load_image_folder(tmp_path)
    assert load_image_folder(tmp_path, size=8).data.shape == (3, 8 * 8 * 3)


@pytest.mark.parametrize("size", [0, -1, 1.5, "150", (1, 2, 3), (4, 0), (4, 2.5)])
def test_bad_size(tmp_path, size):
    save(tmp_path / "cat.1.png")
    with pytest.raises(ValueError, match="size must be a positive int"):
        load_image_folder(tmp_path, size=size)


@pytest.mark.parametrize("scale", [None, "1/255", np.nan, np.inf])
def test_bad_scale(tmp_path, scale):
    save(tmp_path / "cat.1.png")
    with pytest.raises(ValueError, match="scale must be a finite number"):
        load_image_folder(tmp_path, scale=scale)


@pytest.mark.parametrize("suffix", sorted(folder.SUFFIXES))
def test_a_file_that_is_no_picture_inside_is_named(tmp_path, suffix):
    save(tmp_path / "cat.1.png")
    (tmp_path / f"dog.1{suffix}").write_bytes(b"<html>404 not found</html>")
    with pytest.raises(ValueError, match=rf"dog\.1\{suffix} cannot be read as a picture"):
        load_image_folder(tmp_path)


@pytest.mark.parametrize("suffix", ["jpg", "png", "webp", "tif"])
def test_a_truncated_picture_is_named(tmp_path, suffix):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    path = tmp_path / f"cat.1.{suffix}"
    Image.fromarray(noise).save(path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ValueError, match=r"cat\.1\..* cannot be read as a picture"):
        load_image_folder(tmp_path)


def test_a_link_to_a_picture_that_is_gone_is_named(tmp_path):
    try:
        (tmp_path / "cat.1.png").symlink_to(tmp_path / "gone.png")
    except OSError:
        pytest.skip("this system does not let us make symbolic links")
    with pytest.raises(ValueError, match=r"cat\.1\.png cannot be read as a picture"):
        load_image_folder(tmp_path)


def test_postscript_is_never_interpreted(tmp_path):
    Image.new("RGB", (6, 4)).save(tmp_path / "cat.1.png", format="EPS")
    with pytest.raises(ValueError, match=r"cat\.1\.png cannot be read as a picture"):
        load_image_folder(tmp_path)


@pytest.mark.parametrize(("mode", "suffix"), [("I;16", "png"), ("F", "tif"), ("I", "tif")])
def test_more_than_eight_bits_are_not_clipped_silently(tmp_path, mode, suffix):
    save(tmp_path / f"cat.1.{suffix}", 1000, mode)
    with pytest.raises(ValueError, match=r"cat\.1\..*more than 8 bits per channel"):
        load_image_folder(tmp_path)


@pytest.mark.parametrize(
    "side",
    # Above our limit, above the one where Pillow warns, above the one where Pillow raises.
    [8_001, 10_000, 50_000],
)
def test_a_decompression_bomb_is_named_and_not_decoded(tmp_path, monkeypatch, side):
    save_huge_png(tmp_path / "cat.1.png", side, side)
    monkeypatch.setattr(Image.Image, "convert", lambda *_: pytest.fail("decoded"))
    with pytest.raises(ValueError, match=r"cat\.1\.png has more than 64,000,000 pixels"):
        load_image_folder(tmp_path, size=8)


def test_a_picture_of_just_the_limit_is_read(tmp_path, monkeypatch):
    monkeypatch.setattr(folder, "MAX_PIXELS", 24)
    save(tmp_path / "cat.1.png", size=(6, 4))
    assert len(load_image_folder(tmp_path).data) == 1
    save(tmp_path / "cat.2.png", size=(5, 5))
    with pytest.raises(ValueError, match=r"cat\.2\.png has more than 24 pixels"):
        load_image_folder(tmp_path)


def test_memory_is_bounded(tmp_path, monkeypatch):
    for i in range(3):
        save(tmp_path / f"cat.{i}.png")
    monkeypatch.setattr(bunch, "MAX_BYTES", 3 * 4 * 6 * 3 * 8)
    assert len(load_image_folder(tmp_path).data) == 3
    monkeypatch.setattr(bunch, "MAX_BYTES", 3 * 4 * 6 * 3 * 8 - 1)
    with pytest.raises(ValueError, match=r"3 pictures of 4 x 6 pixels would need .*smaller size="):
        load_image_folder(tmp_path)


# Drawn


def test_drawn_pets_have_the_tutorials_dimensions():
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
