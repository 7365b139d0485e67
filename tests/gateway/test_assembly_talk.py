"""What people say about a proposal, and what they can do besides voting."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from node.assembly import acting, reading
from tests.gateway.floor import DAY_S, Floor, desk_of
from tests.gateway.own import text
from tests.gateway.reading import check_page
from tests.gateway.sending import follow, read_forms, send, send_from

LAMP = {"type": "spend", "amount": 4_500, "to": None, "purpose": "A lamp for the stall"}


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    made = Floor(tmp_path)
    yield made
    made.close()


def path(proposal: str) -> str:
    return f"/assembly/{proposal[:16]}"


def button(page: httpx.Response, name: str) -> bool:
    """Whether some form of the page has a button with this text."""
    return any(name in (each[2] for each in form.buttons) for form in read_forms(page.text))


async def test_ana_and_ben_talk_and_each_may_delete_their_own_words(floor: Floor):
    place = path(asked := floor.propose(floor.ben, "spending", effect=LAMP))
    first = acting.comment(floor.home(floor.ben), asked, "Is **brass** fine?")["comment"]
    floor.catch_up()
    async with desk_of(floor.gateway()) as ana:
        form = await ana.get(f"{place}?reply={first[:16]}")
        answered = await send_from(ana, form, {"text": "Brass it is."}, button="Say it")
        page = await follow(ana, answered)
        empty = await send(ana, place, {"text": " "}, button="Say it")
        gone = text(await follow(ana, await send_from(ana, page, button="Delete it for good")))
        floor.catch_up()
    async with desk_of(floor.gateway(floor.ben)) as ben:
        bens = text(await ben.get(place))
        only = await send(ben, place, button="Delete it for good")
        last = text(await follow(ben, only))

    assert "Your answer to Ben" in text(form)
    said = text(page)
    assert "Is brass fine? Answer Ben" in said
    assert said.index("Is brass fine?") < said.index("Brass it is.")
    assert empty.status_code == 422
    assert "is empty; nothing was written" in text(empty)
    assert "Deleted, here and on every node" in gone
    assert "Brass it is." not in gone
    assert "Brass it is." not in bens
    assert "Nobody has said anything yet." in last


async def test_only_own_words_can_be_deleted(floor: Floor):
    place = path(asked := floor.propose(floor.ben, "spending", effect=LAMP))
    bens = acting.comment(floor.home(floor.ben), asked, "Is brass fine?")["comment"]
    acting.comment(floor.home(floor.ana), asked, "Brass it is.")
    floor.catch_up()
    async with desk_of(floor.gateway()) as ana:
        page = await ana.get(place)
        said = reading.proposal(floor.ana.store, floor.ana.id, asked)["comments"]
        own = next(each["id"] for each in said if each["mine"])
        forged = page.text.replace(own[:16], bens[:16])
        form = next(f for f in read_forms(forged) if "comment" in f.fields)
        fields = {name: one.values[0] for name, one in form.fields.items()} | {"do": "erase"}
        answer = await ana.post(place, data=fields, headers={"origin": str(ana.base_url)})

    assert answer.status_code == 422
    assert "You have written no comment" in text(answer)
    assert len(reading.proposal(floor.ana.store, None, asked)["comments"]) == 2


async def test_ben_is_told_that_he_is_to_go_answers_and_appeals(floor: Floor):
    asked = floor.propose(
        floor.ana, "expulsion", "Ben has to go", effect={"type": "expel", "person": "Ben"}
    )
    place = path(asked)
    async with desk_of(floor.gateway(floor.ben)) as ben:
        front = text(await ben.get("/"))
        page = await ben.get(place)
        answered = await send(ben, place, {"text": "I paid for it."}, button="Say it")
        await follow(ben, answered)
        floor.vote(floor.ana, asked, "yes")
        floor.act(7)
        passed = await ben.get(place)
        appealed = text(await follow(ben, await send(ben, place, button="Appeal")))
        floor.act()
        again = text(await ben.get(place))
    async with desk_of(floor.gateway()) as ana:
        seen = text(await ana.get(place))
        quiet = text(await ana.get("/"))

    assert (
        "There is a proposal about you: Ben has to go . You are told, and you can answer." in front
    )
    assert "This is about you." in text(page)
    assert "It is about you, so you have no vote in it." in text(page)
    assert "Cast this vote" not in page.text
    assert "passed, not yet in effect" in text(passed)
    assert "You have appealed: the members decide once more." in appealed
    assert "Appeal: it began." in again
    assert "What Ben says" in seen
    assert seen.index("I paid for it.") < seen.index("Discussion")
    assert "about you" not in quiet


async def test_a_proposal_is_taken_back_before_its_vote_and_not_after(tmp_path: Path):
    floor = Floor(tmp_path, notice_s=2 * DAY_S)
    first, second = (floor.propose(floor.ana, "spending", effect=LAMP) for _ in "ab")
    async with desk_of(floor.gateway()) as ana:
        announced = await ana.get(path(first))
        said = text(await follow(ana, await send(ana, path(first), button="Take it back")))
        floor.act(2.1)
        gone, begun = await ana.get(path(first)), await ana.get(path(second))
        late = await send_from(ana, announced, button="Take it back")
        hall = text(await ana.get("/assembly"))
    floor.close()

    assert "The vote begins." in text(announced)
    assert "The vote has not begun yet." in text(announced)
    assert "You have taken your proposal back." in said
    assert "taken back" in text(gone)
    assert "Its author took it back." in text(gone)
    assert not button(begun, "Take it back")
    assert late.status_code == 422
    assert "taken back" in hall


async def test_a_count_is_challenged_only_with_reason(floor: Floor):
    place = path(asked := floor.propose(floor.ana, "spending", effect=LAMP))
    floor.vote(floor.ben, asked, "yes")
    floor.act(7)
    async with desk_of(floor.gateway()) as ana:
        refused = await send(ana, place, button="Challenge it")

    assert refused.status_code == 422
    check_page(refused.text)
    assert "gives no reason to" in text(refused)
