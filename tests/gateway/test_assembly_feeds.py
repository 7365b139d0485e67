"""The assembly for other programs: Atom by RFC 4287, iCalendar by RFC 5545, and who gets them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import icalendar
import pytest
from lxml import etree

from tests.gateway.floor import DAY_S, Floor, desk_of, guest_of
from tests.gateway.hostile import PAYLOADS
from tests.gateway.own import text
from tests.gateway.test_feeds import ATOM, read_feed, titles
from tests.gateway.village import DAY, START

LAMP = {"type": "spend", "amount": 4_500, "to": None, "purpose": "A lamp for the stall"}
CALENDAR_TYPE = "text/calendar; charset=utf-8"


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    made = Floor(tmp_path)
    yield made
    made.close()


def events(answer: httpx.Response) -> list[tuple[str, datetime]]:
    """The calendar's entries in order, once it is checked against RFC 5545."""
    assert answer.status_code == 200
    assert answer.headers["content-type"] == CALENDAR_TYPE
    assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))
    read = icalendar.Calendar.from_ical(answer.content)
    assert read["version"] == "2.0"
    assert read["prodid"]
    found = []
    for event in read.walk("VEVENT"):
        assert not event.errors
        assert event["uid"].startswith("urn:uuid:")
        assert event.decoded("dtstamp").tzinfo is not None
        found.append((str(event["summary"]), event.decoded("dtstart")))
    assert len({event["uid"] for event in read.walk("VEVENT")}) == len(found)
    return sorted(found, key=lambda each: each[1])


def at(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds // 1000, tz=UTC)


async def test_a_feed_tells_proposals_and_outcomes_newest_first(floor: Floor):
    asked = floor.propose(floor.ben, "spending", "A lamp", effect=LAMP)
    floor.vote(floor.ben, asked, "yes")
    floor.act(7)
    floor.now += DAY // 2
    floor.propose(
        floor.ana, "advice", "Which day?", effect={"type": "advice"}, options=[("A", "x")]
    )
    async with guest_of(floor.gateway()) as guest, desk_of(floor.gateway()) as ana:
        shown = await guest.get("/assembly.atom")
        mine = await ana.get("/assembly.atom")
        again = await guest.get("/assembly.atom", headers={"if-none-match": shown.headers["etag"]})
        page = await guest.get("/charter")

    assert titles(shown) == titles(mine) == ["Which day?", "A lamp: Adopted", "A lamp"]
    root = read_feed(shown)
    links = [entry.find(f"{ATOM}link").get("href") for entry in root.findall(f"{ATOM}entry")]
    assert set(links) == {"http://shop.example/charter/history"}
    assert root.findall(f"{ATOM}entry")[2].findtext(f"{ATOM}author/{ATOM}name") == "Ben"
    assert f"/assembly/{asked[:16]}" in mine.text
    assert again.status_code == 304
    assert 'href="/assembly.atom"' in page.text


async def test_a_calendar_holds_what_is_still_to_come(tmp_path: Path):
    floor = Floor(tmp_path, notice_s=2 * DAY_S)
    first = floor.propose(floor.ben, "spending", "A lamp", effect=LAMP)
    async with desk_of(floor.gateway()) as ana:
        announced = events(await ana.get("/assembly.ics"))
        floor.act(2)
        begun = events(await ana.get("/assembly.ics"))
        floor.vote(floor.ben, first, "yes")
        floor.act(7)
        passed = events(await ana.get("/assembly.ics"))
        floor.act(2)
        over = events(await ana.get("/assembly.ics"))
    floor.close()

    assert announced == [("The vote begins: A lamp", at(START + 2 * DAY))]
    assert begun == [("Vote ends: A lamp", at(START + 9 * DAY))]
    assert passed == [("Takes effect: A lamp", at(START + 11 * DAY))]
    assert over == []


async def test_guests_hear_nothing_of_what_is_about_one_person_or_not_opened(floor: Floor):
    floor.propose(floor.ana, "expulsion", "Ben goes", effect={"type": "expel", "person": "Ben"})
    for number in range(4):
        floor.propose(floor.ben, "spending", f"Lamp {number}", effect=LAMP)
    async with guest_of(floor.gateway()) as guest, desk_of(floor.gateway()) as ana:
        shown, kept = await guest.get("/assembly.atom"), await ana.get("/assembly.atom")
        dates = [await each.get("/assembly.ics") for each in (guest, ana)]

    assert sorted(titles(shown)) == ["Lamp 0", "Lamp 1", "Lamp 2"]
    assert sorted(titles(kept)) == ["Ben goes", *(f"Lamp {n}" for n in range(4))]
    assert [len(events(each)) for each in dates] == [3, 4]


async def test_the_key_of_the_page_opens_the_two_at_the_desk_and_nothing_else(
    floor: Floor, tmp_path: Path
):
    floor.propose(floor.ben, "spending", "A lamp", effect=LAMP)
    gateway = floor.gateway()
    async with desk_of(gateway) as ana:
        page = await ana.get("/assembly/follow")
        told = text(page)
        calendar, feed = (word for word in told.split() if "?key=" in word)
        ana.cookies.clear()  # a calendar program
        read = [await ana.get(address) for address in (calendar, feed)]
        locked = [
            await ana.get(address)
            for address in (
                calendar[:-1],
                feed.partition("?")[0],
                f"{calendar.partition('=')[0]}=ä",
                calendar.replace("assembly.ics", "assembly"),
            )
        ]
        rebound = await ana.get(calendar, headers={"host": "evil.example"})

    assert len(events(read[0])) == 1
    assert titles(read[1]) == ["A lamp"]
    assert [answer.status_code for answer in locked] == [403] * 4
    assert all("A lamp" not in a.text and "Riverside" not in a.text for a in locked)
    assert rebound.status_code == 421


async def test_a_community_that_hides_its_members_has_no_feed_for_guests(tmp_path: Path):
    guests = {"see_listings": True, "see_members": False, "may_order": True}
    floor = Floor(tmp_path, guests=guests)
    floor.propose(floor.ben, "spending", "A lamp", effect=LAMP)
    async with guest_of(floor.gateway()) as guest:
        answers = [await guest.get(f"/assembly.{end}") for end in ("atom", "ics")]
        page = await guest.get("/charter")
    floor.close()

    assert [answer.status_code for answer in answers] == [403, 403]
    assert "assembly.atom" not in page.text
    assert "A lamp" not in "".join(answer.text for answer in answers)


async def test_hostile_titles_make_a_valid_feed_and_calendar(floor: Floor):
    odd = [*PAYLOADS[::6], "BEGIN:VEVENT;x=1,2", "]]>", "\U0010ffff" * 60, "ß" * 120]
    for number in range(0, len(odd), 3):
        for title in odd[number : number + 3]:
            kept = "".join(c for c in title if c.isprintable())[:120] or "x"
            floor.propose(
                floor.ben, "advice", kept, effect={"type": "advice"}, options=[("A", "x")]
            )
        async with guest_of(floor.gateway()) as guest:
            feed = await guest.get("/assembly.atom")
            assert len(titles(feed)) >= 3
            assert len(events(await guest.get("/assembly.ics"))) == len(odd[number : number + 3])
            etree.fromstring(feed.content)
        floor.act(8)
