"""The charter with its history, the values with how they were decided, and who holds office."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway.floor import Floor, desk_of, guest_of
from tests.gateway.own import text
from tests.gateway.reading import check_page
from tests.gateway.village import DAY

AMENDED = {
    "type": "amend_values",
    "add": [{"id": "reuse", "text": "We wrap in old paper."}],
    "amend": [{"id": "mend", "text": "We mend what we sold."}],
    "retire": ["fair-hour"],
}
FEES = {"type": "set_fees", "categories": {"books": {"fee_bps": 0}}}
ELECTED = {"type": "elect", "office": "treasurer", "candidates": {"A": "Ben"}}


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    made = Floor(tmp_path)
    yield made
    made.close()


def decide(floor: Floor, kind: str, title: str, effect: dict[str, object], choice: str) -> str:
    """Ana and Ben pass it, and it takes effect."""
    asked = floor.propose(floor.ben, kind, title, effect=effect)
    floor.vote(floor.ana, asked, choice)
    floor.vote(floor.ben, asked, choice)
    floor.act(7)
    floor.act(2)
    return f"/assembly/{asked[:16]}"


async def test_the_charter_tells_all_of_it_and_what_each_version_changed(floor: Floor):
    first = decide(floor, "values", "Old paper", AMENDED, "consent")
    decide(floor, "fees", "Books at cost", FEES, "yes")
    async with desk_of(floor.gateway()) as ana, guest_of(floor.gateway()) as guest:
        charter, shown = text(await ana.get("/charter")), text(await guest.get("/charter"))
        page = await ana.get("/charter/history")
        history = text(page)
        guests = await guest.get("/charter/history")
        between = text(await guest.get("/charter/history?from=1&to=3"))
        same = text(await ana.get("/charter/history?from=3&to=3"))
        wrong = await guest.get("/charter/history?from=9&to=1")
        odd = text(await ana.get("/charter/history?page=7"))

    for told in (charter, shown):
        assert "Version 3, in force since 9 October 2026" in told
        assert "We wrap in old paper." in told
        assert "Majority At least 2 in 3 who take a side must be in favour." in told
        assert "Every sale" not in told
        assert "books" in told
        assert "Of a sale at €100.00, €5.00 are the fee:" in told
        assert "Whoever recommended it or else the community 40% €2.00" in told.replace(
            "whoe", "Whoe"
        )
        assert "Of a sale at €100.00, €0.00 are the fee:" in told
        assert "on probation for 30 days; they trade, and don't vote yet" in told
        assert "2 in 3 members can replace who counts votes at any time." in told
        assert "Guests see who belongs." in told
        assert "Class A, which covers how votes are counted" in told
    assert history.index("Version 3") < history.index("Version 2") < history.index("Version 1")
    assert "We mend what we sold." in history.split("Version 2")[-1]
    assert f'href="{first}"' in page.text
    assert "/assembly" not in guests.text.split("<main")[1]
    assert "Old paper" in text(guests)
    assert "From version 1 to version 3" in between
    assert "books" in between.split("What changed from")[0]
    assert "They say the same." in same
    assert wrong.status_code == 404
    assert "There is no version 9 of the charter" in text(wrong)
    assert "Version 1" in odd


async def test_guests_read_how_each_value_was_decided_and_not_by_whom(floor: Floor):
    place = decide(floor, "values", "Old paper", AMENDED, "consent")
    floor.ana.introduce("Ana", version=3)
    async with desk_of(floor.gateway()) as ana, guest_of(floor.gateway()) as guest:
        page, shown = await ana.get("/values"), await guest.get("/values")

    for told in (text(page), text(shown)):
        new = told.split("We wrap in old paper.")[1]
        assert "Added 30 September 2026 Old paper Consent: 2 · Stand aside: 0 · Object: 0" in new
        assert "2 of 2 members voted" in new
        assert "Put in other words" in told
        assert "We mend what we sold, or find someone who can." in told  # as it was before
        assert "Here since the community was founded." in told
        assert "A price pays the maker's hours decently." in told.split("Given up")[1]
    assert f'href="{place}"' in page.text
    assert place not in shown.text
    assert "Ben" not in text(shown)
    assert "Propose a change" not in text(shown)


async def test_offices_show_who_holds_them_until_when_and_what_is_free(floor: Floor):
    place = decide(floor, "offices", "Who keeps the purse?", ELECTED, "A")
    async with desk_of(floor.gateway()) as ana, guest_of(floor.gateway()) as guest:
        page, shown = await ana.get("/offices"), await guest.get("/offices")
    floor.now += 400 * DAY
    async with desk_of(floor.gateway()) as ana:
        late = text(await ana.get("/offices"))

    for told in (text(page), text(shown)):
        assert "Counting votes Their node confirms newcomers" in told
        assert (
            "Keeping the purse Looks after the common fund. Ben Since 30 September 2026 ." in told
        )
        assert "The term goes on until 30 September 2027 ." in told
        assert "3 seats are free." in told
    assert f'href="{place}"' in page.text
    assert place not in shown.text
    assert "it is time for an election" in late


async def test_a_closed_community_shows_its_charter_and_nobody(tmp_path: Path):
    guests = {"see_listings": False, "see_members": False, "may_order": False}
    floor = Floor(tmp_path, guests=guests)
    decide(floor, "offices", "Who keeps the purse?", ELECTED, "A")
    async with guest_of(floor.gateway()) as guest:
        charter, offices = await guest.get("/charter"), await guest.get("/offices")
        values = await guest.get("/values")
        votes = [await guest.get(f"/assembly{rest}") for rest in ("", "/new", "/follow")]
    floor.close()

    assert charter.status_code == values.status_code == 200
    assert "/offices" not in charter.text + values.text
    assert "/search" not in values.text.split("<main")[1]
    assert offices.status_code == 403
    assert "Ben" not in text(offices) + text(charter) + text(values)
    assert [answer.status_code for answer in votes] == [404, 404, 404]
    for answer in votes:
        check_page(answer.text)
