"""A picture file becomes two small WebP pictures that say nothing but what is to be seen."""

from __future__ import annotations

import io
import random
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from node.photos import MAX_FILE, Prepared, prepare, prepare_aside
from protocol.errors import Refused
from protocol.kinds.listing import LARGE_BYTES, SMALL_BYTES
from tests.photos import pictures
from tests.photos.pictures import BLUE, GREEN, QUARTERS, RED, WHITE, corners, file


def refused(data: bytes) -> str:
    """The reason why a file is not taken; its sentence is for people."""
    with pytest.raises(Refused) as caught:
        prepare(data)
    text = str(caught.value)
    assert text[0].isupper() and text.endswith((".", ")")) and "\n" not in text
    return caught.value.reason


def seen(data: bytes) -> list[tuple[int, ...]]:
    """The colours of the four quarters of a picture, from the left, the upper ones first."""
    image = pictures.read(data).convert("RGB")
    width, height = image.size
    spots = [(x, y) for y in (height // 4, height * 3 // 4) for x in (width // 4, width * 3 // 4)]
    return [_named(image.getpixel(spot)) for spot in spots]


def _named(colour: object) -> tuple[int, ...]:
    assert isinstance(colour, tuple)
    return min(
        (*QUARTERS, (0, 0, 0)),
        key=lambda each: sum(abs(a - b) for a, b in zip(each, colour, strict=True)),
    )


def test_a_photo_of_a_camera_comes_out_in_two_sizes() -> None:
    made = prepare(pictures.photo(4000, 3000))

    assert (made.large.width, made.large.height) == (1600, 1200)
    assert (made.small.width, made.small.height) == (480, 360)
    for picture, limit in ((made.small, SMALL_BYTES), (made.large, LARGE_BYTES)):
        assert pictures.read(picture.data).size == (picture.width, picture.height)
        assert len(picture.data) <= limit


def test_nothing_is_scaled_up_and_a_tiny_picture_is_both_sizes() -> None:
    made = prepare(file(corners(60, 40), "PNG"))

    assert (made.large.width, made.large.height) == (60, 40)
    assert made.small == made.large


@pytest.mark.parametrize(
    ("orientation", "quarters"),
    [
        (1, [RED, GREEN, BLUE, WHITE]),
        (2, [GREEN, RED, WHITE, BLUE]),
        (3, [WHITE, BLUE, GREEN, RED]),
        (4, [BLUE, WHITE, RED, GREEN]),
        (5, [RED, BLUE, GREEN, WHITE]),
        (6, [BLUE, RED, WHITE, GREEN]),
        (7, [WHITE, GREEN, BLUE, RED]),
        (8, [GREEN, WHITE, RED, BLUE]),
    ],
)
def test_however_the_camera_was_held_the_picture_is_upright(
    orientation: int, quarters: list[tuple[int, ...]]
) -> None:
    made = prepare(pictures.held(orientation))

    assert seen(made.large.data) == quarters
    assert (made.large.width > made.large.height) == (orientation < 5)


def test_where_a_photo_was_taken_is_in_nothing_that_comes_out() -> None:
    original = pictures.located()
    assert Image.open(io.BytesIO(original)).getexif().get_ifd(pictures.GPS)
    assert original.count(b"Secret") == 3

    made = prepare(original)

    for picture in (made.small, made.large):
        assert pictures.chunks(picture.data) == [b"VP8 "]
        assert b"Secret" not in picture.data
        assert not pictures.read(picture.data).getexif()


def test_words_in_a_png_don_t_come_along() -> None:
    words = b"Comment\0Secretword"
    plain = file(corners(), "PNG")
    end = plain.index(b"IEND") - 4
    noted = plain[:end] + pictures.chunk(b"tEXt", words) + plain[end:]

    assert b"Secretword" not in prepare(noted).large.data


def test_colours_of_another_colour_space_are_made_those_of_the_web() -> None:
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()

    made = prepare(file(corners(), icc_profile=profile))

    assert pictures.chunks(made.large.data) == [b"VP8 "]
    assert seen(made.large.data) == list(QUARTERS)


def test_a_damaged_colour_profile_does_not_spoil_a_picture() -> None:
    assert seen(prepare(file(corners(), icc_profile=b"acsp" * 50)).large.data) == list(QUARTERS)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16", "CMYK", "RGB"])
def test_every_way_to_hold_pixels_is_understood(mode: str) -> None:
    grey = Image.linear_gradient("L").resize((64, 64))
    if mode == "I;16":
        image = Image.frombytes("I;16", (64, 64), b"".join(bytes((0, v)) for v in grey.tobytes()))
    else:
        image = grey.convert("RGB").convert(mode)
    data = file(image, "JPEG" if mode == "CMYK" else "PNG")

    shown = pictures.read(prepare(data).large.data).convert("L")

    top, bottom = shown.getpixel((32, 1)), shown.getpixel((32, 62))
    assert isinstance(top, (int, float)) and isinstance(bottom, (int, float))
    assert top < 60 and bottom > 190


def test_black_lines_on_nothing_are_shown_on_white() -> None:
    drawing = Image.new("RGBA", (60, 60), (0, 0, 0, 0))
    drawing.paste((0, 0, 0, 255), (0, 0, 30, 60))

    made = prepare(file(drawing, "PNG"))

    assert seen(made.large.data) == [(0, 0, 0), WHITE, (0, 0, 0), WHITE]


def test_still_gif_and_webp_pictures_are_taken() -> None:
    for kind in ("GIF", "WEBP"):
        assert seen(prepare(file(corners(), kind)).large.data) == list(QUARTERS)


def test_a_picture_that_compresses_badly_still_fits() -> None:
    made = prepare(file(pictures.noise(1700, 1700), "PNG", compress_level=0))

    assert len(made.large.data) <= LARGE_BYTES
    assert len(made.small.data) <= SMALL_BYTES
    assert made.large.width > made.small.width >= 200


def test_a_photo_of_40_mb_is_too_large() -> None:
    assert refused(pictures.photo(60, 40) + bytes(40 * 1024 * 1024)) == "too-large"
    assert MAX_FILE < 40 * 1024 * 1024


def test_a_bomb_is_refused_by_its_header() -> None:
    assert refused(pictures.claims(20_000, 20_000)) == "too-many-pixels"
    assert refused(pictures.claims(10_001, 10_000)) == "too-many-pixels"


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_picture_that_is_cut_off_is_refused(kind: str) -> None:
    whole = file(corners(640, 480), kind)

    for share in (0.3, 0.9):
        assert refused(whole[: int(len(whole) * share)]) == "cut-off"


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_a_film_is_refused(kind: str) -> None:
    frames = [corners(), corners().transpose(Image.Transpose.ROTATE_180)]

    moving = file(frames[0], kind, save_all=True, append_images=frames[1:], duration=100)

    assert refused(moving) == "moving"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "not-a-picture"),
        (b"Bread, 3.50", "not-a-picture"),
        (b"%PDF-1.7 and so on", "not-a-picture"),
        (b"PK\x03\x04" + bytes(100), "not-a-picture"),
        (b"<html><img src=x></html>", "not-a-picture"),
        (b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', "other-format"),
        (b"%!PS-Adobe-3.0 EPSF-3.0", "other-format"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "other-format"),
        (b"\0\0\0\x18ftypavif\0\0\0\0", "other-format"),
        (b"II*\0" + bytes(100), "other-format"),
        (b"BM" + bytes(100), "other-format"),
        (pictures.claims(0, 0), "broken-picture"),
        (pictures.claims(9000, 9), "odd-shape"),
    ],
)
def test_what_is_no_photo_is_refused_with_its_reason(data: bytes, reason: str) -> None:
    assert refused(data) == reason


def test_who_brings_a_heic_picture_hears_what_to_do() -> None:
    with pytest.raises(Refused, match="JPEG"):
        prepare(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("run.txt", "surprise")
    return out.getvalue()


@pytest.mark.parametrize(
    "tail",
    [
        archive(),
        b"<script>alert(1)</script>",
        b"<!DOCTYPE html>x",
        b"\x7fELF\2",
        b"MZ\x90\0",
        b"%PDF-1.4",
    ],
)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
def test_a_picture_that_is_something_else_as_well_is_refused(kind: str, tail: bytes) -> None:
    assert refused(file(corners(), kind) + tail) == "trailing"


def test_what_a_phone_appends_to_a_photo_is_left_out() -> None:
    film = b"\0\0\0\x18ftypmp42Secretfilm" + random.Random(3).randbytes(50_000)

    made = prepare(pictures.photo(800, 600) + film)

    assert made == prepare(pictures.photo(800, 600))
    assert b"Secretfilm" not in made.large.data


def test_a_picture_drawn_in_a_thousand_passes_is_refused() -> None:
    whole = file(corners(), "JPEG", progressive=True)
    scan = whole[whole.index(b"\xff\xda") : whole.rindex(b"\xff\xd9")]

    assert refused(whole[:-2] + scan * 1000 + b"\xff\xd9") == "broken-picture"


@settings(max_examples=150, deadline=None)
@given(data=st.data(), kind=st.sampled_from(["JPEG", "PNG", "WEBP", "GIF"]))
def test_damaged_bytes_give_a_picture_or_a_sentence_never_a_crash(
    data: st.DataObject, kind: str
) -> None:
    whole = bytearray(WHOLE[kind])
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(12, len(whole) - 1))
        whole[at] = data.draw(st.integers(0, 255))

    try:
        made: Prepared | Refused = prepare(bytes(whole))
    except Refused as error:
        made = error

    assert isinstance(made, Refused) or pictures.chunks(made.large.data) == [b"VP8 "]


WHOLE = {kind: file(corners(64, 48), kind) for kind in ("JPEG", "PNG", "WEBP", "GIF")}


async def test_a_picture_is_drawn_in_a_thread_as_it_would_be_here() -> None:
    data = pictures.photo(600, 400)

    assert await prepare_aside(data) == prepare(data)
    with pytest.raises(Refused):
        await prepare_aside(b"Bread")
