"""A photo on its way: Ana's camera, her node, Ben's node, a guest's browser."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from hashlib import sha256
from pathlib import Path

from tests.photos import pictures
from tests.system.people import SAFETY, Person, settle, village

PICTURE = re.compile(r'<img [^>]*src="(/photo/[0-9a-f]{64})"[^>]*alt="([^"]*)"')


def picture(who: Person, path: str) -> tuple[int, bytes]:
    """(status, body) of a picture in who's shop window."""
    try:
        with urllib.request.urlopen(who.ready["shop"].rstrip("/") + path, timeout=SAFETY) as got:
            return got.status, got.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def test_a_photo_of_anas_is_seen_in_bens_shop_window_until_she_erases_it(tmp_path: Path) -> None:
    file = tmp_path / "bread.jpg"
    file.write_bytes(pictures.photo(2400, 1600))
    with village(tmp_path, "Ana", "Ben") as (ana, ben):
        settle(ana, ben)
        made = ana.do(
            "listing", "add", "--title", "Bread", "--mode", "give",
            "--photo", str(file), "--alt", "A round loaf",
        )["listing"]  # fmt: skip
        (photo,) = made["photos"]
        ben.until(lambda: "Bread" in ben.titles(), "there is bread")

        for path, size in (("/", "small"), (f"/listing/{made['id'][:16]}", "small")):
            ((address, alt),) = PICTURE.findall(ben.page(path))
            assert (address, alt) == (f"/photo/{photo[size]}", "A round loaf")
            status, data = picture(ben, address)
            assert status == 200
            assert sha256(data).hexdigest() == photo[size]
        assert f"/photo/{photo['large']} 1600w" in ben.page(f"/listing/{made['id'][:16]}")
        status, data = picture(ben, f"/photo/{photo['large']}")
        assert (status, sha256(data).hexdigest()) == (200, photo["large"])
        assert data == picture(ana, f"/photo/{photo['large']}")[1]
        assert ben.do("status")["faults"] == []

        ana.do("listing", "erase", made["id"], "--yes")
        ben.until(lambda: "Bread" not in ben.titles(), "the bread is gone")
        for who in (ana, ben):
            assert picture(who, f"/photo/{photo['large']}")[0] == 404
