"""Pictures from folders."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from skinit.datasets import bunch, folder, listing, load_image_folder

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


def test_the_blog_posts_pictures_match_pillows_own_decode(pictures_folder):
    pets = load_image_folder(pictures_folder)
    assert set(pets) == KEYS | {"account"}
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


def test_size_resizes_the_blog_posts_pictures(pictures_folder):
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


def test_copies_of_a_picture_are_counted_and_named(tmp_path):
    for color in ("red", "green", "blue", "white"):
        save(tmp_path / "cat" / f"{color}.png", color)
        save(tmp_path / "dog" / f"{color}.png", f"dark{color}" if color != "white" else "black")
    assert load_image_folder(tmp_path).account.doubts == ()
    save(tmp_path / "dog" / "the same.bmp", "blue")
    (doubt,) = load_image_folder(tmp_path).account.doubts
    assert doubt.startswith(
        "2 of 9 pictures have an exact copy, such as blue.png and the same.bmp; 2 of them have "
        "other labels than their copies. With 5 folds about 2 of them are held out while a copy"
    )


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


@pytest.mark.parametrize("suffix", sorted(listing.SUFFIXES))
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


# From a folder: what is said


def save_deep_png(path: Path, bits: int) -> Path:
    """Save a colour PNG of 2 x 2 pixels with so many bits per channel."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    rows = (b"\0" + b"\x0f\xff" * (3 * 2 * bits // 16)) * 2
    header = struct.pack(">IIBBBBB", 2, 2, bits, 2, 0, 0, 0)
    content = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + content)
    return path


def test_the_account_names_classes_counts_and_what_is_left_out(tmp_path):
    for name in ("cat/1.png", "cat/2.png", "dog/1.png"):
        save(tmp_path / name)
    (tmp_path / "dog" / "notes.txt").write_text("none")
    (tmp_path / "dog" / "phone.heif").write_bytes(b"\0\0\0\x18ftypheic")
    (tmp_path / "owl").mkdir()
    account = load_image_folder(tmp_path).account
    assert account.classes == {"cat": 2, "dog": 1}
    assert account.size == (4, 6)
    assert account.skipped == {
        "dog/notes.txt": "not a picture",
        "dog/phone.heif": ".heif is not read: save it as JPEG or PNG",
        "owl": "a folder without pictures",
    }
    assert "3 pictures of 4 x 6 pixels" in str(account)
    assert "2 classes: cat 2, dog 1" in str(account)
    assert "Warning: owl holds no picture, and is no class" in str(account)


@pytest.mark.parametrize("name", ["a.heif", "a.HEIF", "a.jxl", "noise"])
def test_a_class_does_not_vanish_because_its_pictures_cannot_be_read(tmp_path, name):
    save(tmp_path / "cat" / "1.png")
    (tmp_path / "owl").mkdir()
    (tmp_path / "owl" / name).write_bytes(b"\0\0\0\x18ftypheic")
    with pytest.raises(ValueError, match=r"No picture of the class 'owl' can be read: owl/"):
        load_image_folder(tmp_path)


def test_a_picture_without_a_suffix_is_read(tmp_path):
    save(tmp_path / "cat" / "1.png").rename(tmp_path / "cat" / "picture")
    save(tmp_path / "dog" / "1.png").rename(tmp_path / "dog" / "1.photo")
    assert load_image_folder(tmp_path).target_names == ["cat", "dog"]


@pytest.mark.parametrize(
    ("names", "labels"),
    [
        (["boeing737_0", "boeing747_0", "boeing747_1"], ["boeing737", "boeing747"]),
        (["class1_1", "class1_2", "class2_1"], ["class1", "class2"]),
        (["class1 (1)", "class1 (2)", "class2 (1)"], ["class1", "class2"]),
        (["class1.001", "class2.001"], ["class1", "class2"]),
        (["boeing_737_0", "boeing_737_1", "boeing_747_0", "boeing_747_1"],
         ["boeing_737", "boeing_747"]),
        (["cat1", "cat2", "dog1"], ["cat", "dog"]),
        ([f"cat_2020-01-{day}_1" for day in range(10, 16)], ["cat"]),
    ],
)  # fmt: skip
def test_labels_keep_their_digits(tmp_path, names, labels):
    for name in names:
        save(tmp_path / f"{name}.png")
    assert load_image_folder(tmp_path).target_names == labels


def test_sixteen_bits_per_channel_are_refused(tmp_path):
    save_deep_png(tmp_path / "cat.1.png", 8)
    assert len(load_image_folder(tmp_path).data) == 1
    save_deep_png(tmp_path / "cat.2.png", 16)
    with pytest.raises(ValueError, match=r"cat\.2\.png cannot .* more than 8 bits per channel"):
        load_image_folder(tmp_path)


def test_a_pipe_is_refused_by_name_and_never_opened(tmp_path):
    save(tmp_path / "cat.1.png")
    os.mkfifo(tmp_path / "notes")
    assert load_image_folder(tmp_path).account.skipped == {"notes": "a pipe or a device"}
    os.mkfifo(tmp_path / "cat.2.png")
    with pytest.raises(ValueError, match=r"cat\.2\.png is a pipe or a device"):
        load_image_folder(tmp_path)


@pytest.mark.parametrize("name", ["cat.2.png", "dogs"])
def test_a_link_out_of_the_folder_is_refused_by_name(tmp_path, name):
    outside = save(tmp_path / "outside" / "1.png")
    save(tmp_path / "pets" / "cat.1.png")
    (tmp_path / "pets" / name).symlink_to(outside if "png" in name else outside.parent)
    with pytest.raises(ValueError, match=rf"{name} is a link out of the folder, to .*outside"):
        load_image_folder(tmp_path / "pets")


@pytest.mark.parametrize("name", ["loop", "cat/loop"])
def test_a_link_in_a_circle_is_left_out(tmp_path, name):
    for label in ("cat", "dog"):
        save(tmp_path / label / "0.png")
    (tmp_path / name).symlink_to("loop")
    bunch = load_image_folder(tmp_path)
    assert list(bunch.account.skipped) == [name]


def test_a_link_inside_the_folder_is_read(tmp_path):
    inside = save(tmp_path / "pets" / "cat.1.png")
    (tmp_path / "pets" / "cat.2.png").symlink_to(inside)
    assert len(load_image_folder(tmp_path / "pets").data) == 2
