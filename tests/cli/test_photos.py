"""Photos on the command line: `--photo FILE --alt TEXT`, in pairs, in order."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from PIL import Image

from storage import blobs
from tests.cli.people import Person
from tests.photos import pictures


def bread(ana: Person, name: str = "bread.jpg", seed: int = 1) -> str:
    """A photo of bread, as a file."""
    return ana.file(name, pictures.photo(900, 600, seed))


def stored(ana: Person, name: str) -> bytes | None:
    """A picture's bytes, as Ana's home holds them."""
    with ana.home() as home:
        return blobs.get(home.store, bytes.fromhex(name))


def test_photos_are_kept_in_order_with_their_texts(ana: Person) -> None:
    made = ana.add(
        "Bread",
        *("--photo", bread(ana), "--alt", "A round  loaf"),
        *("--photo", bread(ana, "crumb.png", 2), "--alt", "The crumb"),
    )

    first, second = made["photos"]
    assert (first["alt"], second["alt"]) == ("A round loaf", "The crumb")
    assert (first["width"], first["height"]) == (900, 600)
    assert len({photo[size] for photo in made["photos"] for size in ("small", "large")}) == 4
    for size, width in (("small", 480), ("large", 900)):
        data = stored(ana, first[size])
        assert data is not None and Image.open(io.BytesIO(data)).size[0] == width
    assert ana.do("listing", "show", made["id"])["listing"]["photos"] == made["photos"]
    shown = ana.text("listing", "show", made["id"])
    assert "photo 1   A round loaf\nphoto 2   The crumb\n" in shown


def test_where_ana_lives_is_in_no_byte_of_her_home(ana: Person) -> None:
    made = ana.add("Bread", "--photo", ana.file("home.jpg", pictures.located()))

    assert made["photos"][0]["alt"] == ""
    for path in ana.folder.iterdir():
        for word in (b"Secretcam", b"Secretplace", b"Secretword", b"Exif"):
            assert word not in path.read_bytes()


def test_a_photo_without_a_text_is_remarked_on(ana: Person) -> None:
    answer = ana.call("listing", "add", "--title", "Bread", "--mode", "give", "--photo", bread(ana))

    assert answer.code == 0
    assert "--alt" in answer.err


def test_an_edit_replaces_photos_describes_them_or_takes_them_away(ana: Person) -> None:
    made = ana.add("Bread", "--photo", bread(ana), "--photo", bread(ana, "b.jpg", 2))

    def edit(*options: str) -> list[dict[str, object]]:
        photos: list[dict[str, object]] = ana.do("listing", "edit", made["id"], *options)[
            "listing"
        ]["photos"]
        return photos

    assert edit("--title", "Rye bread") == made["photos"]
    assert [photo["alt"] for photo in edit("--alt", "A loaf")] == ["A loaf", ""]
    (replaced,) = edit("--photo", bread(ana, "c.jpg", 3), "--alt", "The crumb")
    assert replaced["large"] not in [photo["large"] for photo in made["photos"]]
    assert edit("--no-photos") == []


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not-a-picture"),
        (b"Bread", "not-a-picture"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "other-format"),
        (pictures.claims(20_000, 20_000), "too-many-pixels"),
        (pictures.photo()[:5000], "cut-off"),
        (bytes(40 * 1024 * 1024), "too-large"),
    ],
)
def test_what_is_no_photo_is_refused_and_nothing_is_written(
    ana: Person, content: bytes, reason: str
) -> None:
    good, bad = bread(ana), ana.file("bad.jpg", content)

    answer = ana.call(
        *("--json", "listing", "add", "--title", "Bread", "--mode", "sell"),
        *("--photo", good, "--photo", bad),
    )

    assert (answer.code, answer.reason) == (1, reason)
    assert "bad.jpg" in answer.err and "Nothing was written" in answer.err
    assert ana.do("listing", "list")["total"] == 0
    with ana.home() as home:
        assert home.store.db.execute("SELECT count(*) FROM blob").fetchone() == (0,)


def test_other_mistakes_with_photos_have_their_own_reasons(ana: Person) -> None:
    one = bread(ana)
    add = ("listing", "add", "--title", "Bread", "--mode", "sell")

    assert ana.refused(*add, "--photo", one, "--alt", "a", "--alt", "b") == "too-many"
    assert ana.refused(*add, "--alt", "a") == "too-many"
    assert ana.refused(*add, *("--photo", one) * 9) == "too-many"
    assert ana.refused(*add, "--photo", one, "--alt", "x" * 301) == "too-long"
    assert ana.refused(*add, "--photo", str(Path(one).parent / "none.jpg")) == "no-file"
    assert ana.refused(*add, "--photo", str(Path(one).parent)) == "no-file"
    assert ana.refused(*add, "--no-photos", "--photo", one, code=2) == "usage"


def test_an_erased_listing_leaves_no_picture_in_any_file(ana: Person) -> None:
    made = ana.add("Bread", "--photo", bread(ana))
    picture = stored(ana, made["photos"][0]["large"])
    assert picture is not None
    assert found_in(ana, picture)

    ana.do("listing", "erase", made["id"], "--yes")

    assert not found_in(ana, picture)


def test_a_draft_s_photo_is_published_with_it_or_thrown_away(ana: Person) -> None:
    kept = ana.add("Bread", "--draft", "--photo", bread(ana))
    gone = ana.add("Cake", "--draft", "--photo", bread(ana, "b.jpg", 2))

    published = ana.do("listing", "publish", kept["id"])["listing"]
    ana.do("listing", "withdraw", gone["id"])

    assert published["photos"] == kept["photos"]
    assert stored(ana, kept["photos"][0]["large"]) is not None
    assert stored(ana, gone["photos"][0]["large"]) is None


def found_in(ana: Person, data: bytes) -> bool:
    """Whether a piece of this is in any file of Ana's home."""
    return any(data[1000:1200] in path.read_bytes() for path in ana.folder.iterdir())
