"""Pictures' bytes: kept under their hash alone, and let go when nothing names them."""

from __future__ import annotations

import random
from hashlib import sha256
from pathlib import Path

import pytest

from protocol.errors import Invalid
from protocol.kinds import erase, withdraw
from protocol.kinds.listing import LARGE_BYTES, Photo, Rendition
from protocol.records import Record
from storage import blobs
from storage.digest import digest
from storage.store import Store
from storage.verify import rebuild, verify
from tests.storage.post import new_store, send, told
from tests.storage.world import Device, World, village


def webp(seed: int, size: int = 5000) -> bytes:
    """Bytes that begin as a WebP picture of 9 times 9 pixels does."""
    head = b"RIFF" + bytes(4) + b"WEBPVP8X\x0a\0\0\0" + bytes(4) + b"\x08\0\0\x08\0\0"
    return head + random.Random(seed).randbytes(size - len(head))


def photo(seed: int) -> Photo:
    """A photo whose small rendition is picture `seed`, and its large one `seed + 100`."""
    small, large = (
        Rendition(hash=sha256(webp(n)).digest(), width=9, height=9, size=5000)
        for n in (seed, seed + 100)
    )
    return Photo(alt="A loaf", small=small, large=large)


def keep(store: Store, *seeds: int, own: bool = False) -> None:
    with store.transaction():
        for seed in seeds:
            blobs.put(store, sha256(webp(seed)).digest(), webp(seed), own=own)


def kept(store: Store, *seeds: int) -> list[int]:
    """Which of these pictures are here."""
    return [seed for seed in seeds if blobs.here(store, sha256(webp(seed)).digest())]


def swept(store: Store) -> int:
    with store.transaction():
        return blobs.sweep(store)


def stall(**changes: object) -> tuple[World, Device, Record, Store]:
    """Ben shows bread with picture 1, and Mia has heard of it and has the picture."""
    world = village("ben", "eva")
    ben = world.of["ben1"]
    bread = world.offer(ben, title="Bread", photos=(photo(1),), **changes)
    mia = told(world)
    keep(mia, 1, 101)
    return world, ben, bread, mia


def test_bytes_are_kept_under_their_own_hash_and_no_other() -> None:
    mia = new_store(village("ben"))
    data = webp(1)
    name = sha256(data).digest()

    for wrong in (sha256(b"else").digest(), bytes(32)):
        with pytest.raises(Invalid, match="not the bytes"):
            blobs.put(mia, wrong, data, own=False)
    for other in (b"", b"<html>", b"RIFFxxxxWAVE", webp(1, LARGE_BYTES + 1)):
        with pytest.raises(Invalid, match="no picture"):
            blobs.put(mia, sha256(other).digest(), other, own=True)
    assert mia.db.execute("SELECT count(*) FROM blob").fetchone() == (0,)

    keep(mia, 1)
    keep(mia, 1)
    assert blobs.get(mia, name) == data


def test_a_picture_that_the_disk_spoiled_is_found_out_and_told_to_nobody() -> None:
    _, _, _, mia = stall()
    spoiled = webp(1)[:-1] + b"x"
    mia.db.execute("UPDATE blob SET data = ? WHERE hash = ?", [spoiled, sha256(webp(1)).digest()])

    assert blobs.get(mia, sha256(webp(1)).digest()) is None
    assert blobs.published(mia, sha256(webp(1)).digest()) is None
    assert blobs.published(mia, sha256(webp(101)).digest()) == webp(101)
    (fault,) = map(str, verify(mia)[1])
    assert fault == f"picture {sha256(webp(1)).hexdigest()[:16]}: its bytes are damaged"


def test_pictures_are_in_no_digest_and_a_rebuild_leaves_them() -> None:
    world, _, _, mia = stall()
    other = told(world)
    assert digest(mia) == digest(other)

    assert rebuild(mia)[1] == digest(other)

    assert kept(mia, 1, 101) == [1, 101]
    assert swept(mia) == 0
    assert blobs.sizes(mia, sha256(webp(1)).digest()) == {5000}


def test_an_edit_that_drops_a_photo_lets_go_of_it() -> None:
    world, ben, bread, mia = stall()
    keep(mia, 2)

    send(
        mia, world, [world.offer(ben, title="Bread", photos=(photo(2),), root=bread.id, version=2)]
    )

    assert swept(mia) == 2
    assert kept(mia, 1, 101, 2) == [2]


def test_a_withdrawn_listing_lets_go_of_its_photos() -> None:
    world, ben, bread, mia = stall()

    send(mia, world, [world.write(ben, "withdraw", withdraw.body(bread.id))])

    assert swept(mia) == 2


def test_an_erased_listing_takes_its_photos_along_at_once(tmp_path: Path) -> None:
    world = village("ben", "eva")
    ben = world.of["ben1"]
    bread = world.offer(ben, title="Bread", photos=(photo(1), photo(2)))
    world.offer(ben, title="Cake", photos=(photo(2),))
    mia = told(world, path=tmp_path / "mia.db")
    keep(mia, 1, 101, 2, 102)

    send(mia, world, [world.write(ben, "erase", erase.body([bread.id]))])

    assert kept(mia, 1, 101, 2, 102) == [2, 102]
    mia.wipe_trail()
    file = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert webp(2)[2000:2050] in file
    assert webp(1)[2000:2050] not in file


def test_what_was_just_brought_here_has_a_day_to_be_named() -> None:
    mia = new_store(village("ben"))
    keep(mia, 1, own=True)
    keep(mia, 2)

    assert swept(mia) == 1
    assert kept(mia, 1, 2) == [1]

    before = mia.now_ms()
    mia.now_ms = lambda: before + blobs.PATIENCE_MS + 1
    assert swept(mia) == 1


def test_above_the_limit_the_longest_unused_of_others_pictures_goes_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(blobs, "FETCHED_BYTES", 15_000)
    mia = new_store(village("ben"))
    keep(mia, 9, own=True)
    start = mia.now_ms()
    for hour, seed in enumerate((1, 2, 3)):
        mia.now_ms = lambda hour=hour: start + hour * blobs.HOUR_MS  # type: ignore[misc]
        keep(mia, seed)
    mia.now_ms = lambda: start + 9 * blobs.HOUR_MS
    with mia.transaction():
        blobs.used(mia, [sha256(webp(1)).digest()])

    keep(mia, 4)

    assert kept(mia, 1, 2, 3, 4, 9) == [1, 3, 4, 9]


def test_guests_get_pictures_of_what_is_for_everyone() -> None:
    world, ben, _, mia = stall()
    send(mia, world, [world.offer(ben, title="Cake", photos=(photo(2),), audience="members")])

    for seed, seen in ((1, True), (101, True), (2, False), (3, False)):
        assert blobs.for_guests(mia, sha256(webp(seed)).digest()) is seen
