"""The page about the tellers, and the line on the front page while decisions wait for them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from node import people
from node.assembly import proposing
from node.gateway.context import Alone, Gateway
from tests.gateway.floor import Floor, desk_of, guest_of
from tests.gateway.own import text
from tests.gateway.village import DESK, Neighbourly
from tests.node.four import Four

ADVICE = {"type": "advice"}
HOUR = 3600
WAITS = "A decision waits for the tellers: 3 of 4 must agree"


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    made = Floor(tmp_path)
    yield made
    made.close()


def gateway_of(four: Four, name: str, node: Alone) -> Gateway:
    secret = b"0123456789abcdef0123456789abcdef"
    found = Gateway(secret=secret, home=four.homes[name], node=node, clock=four.clock)
    found.desk_is_at(DESK)
    return found


async def read(four: Four, name: str, path: str = "/tellers", node: Alone | None = None) -> str:
    async with desk_of(gateway_of(four, name, node or Neighbourly())) as desk:
        return text(await desk.get(path))


async def test_one_teller_needs_few_words(floor: Floor):
    async with desk_of(floor.gateway()) as ana, desk_of(floor.gateway(floor.ben)) as ben:
        own, others = text(await ana.get("/tellers")), text(await ben.get("/tellers"))
    async with guest_of(floor.gateway()) as guest:
        hidden = await guest.get("/tellers")

    assert "You are the one teller." in own
    assert "Ana is the one teller." in others
    for page in (own, others):
        assert "must agree" not in page
        assert "What is due" not in page
        assert "Who signed what" not in page
    assert hidden.status_code == 404


async def test_the_one_teller_who_is_away_has_something_to_do(floor: Floor):
    async with desk_of(floor.gateway(floor.ben)) as ben:
        before = text(await ben.get("/tellers"))
    options = [("A", "Rye"), ("B", "Wheat")]
    proposing.propose(
        floor.home(floor.ben),
        kind=None,
        title="Which bread?",
        text="",
        effect=ADVICE,
        options=options,
    )
    async with desk_of(floor.gateway(floor.ben)) as ben:
        after = text(await ben.get("/tellers"))

    assert "What is due" not in before
    assert "What is due Open the vote on “ Which bread? ”" in after


async def test_four_tellers_at_work(four: Four):
    four.wait(2 * HOUR)
    quiet = await read(four, "Fay")
    four.propose("Fay", "Which <bread>?", ADVICE, "Rye", "Wheat")
    due = await read(four, "Fay")
    four.gather("Ben", "Fay")
    four.act("Ben")
    assert four.act("Ben") == []  # from here on it waits
    four.gather("Ben", "Fay")
    proposed, own = await read(four, "Fay"), await read(four, "Ben")
    four.settle()
    done = await read(four, "Fay")

    assert "3 of 4 tellers must agree." in quiet
    assert "Ana Heard 2 hours ago Ben Heard 2 hours ago" in quiet
    assert "Who steps in for a teller who is gone Eva" in quiet
    assert "Nothing is due at the moment." in quiet
    assert "What each says" not in quiet
    assert "Hand over to the tellers whom “ Who counts? ” elected Signed by Ana" in quiet
    assert "Open the vote on “ Which <bread>? ” It is up to Ben to propose the next step." in due
    assert "Ben has proposed it." in proposed
    assert "Ana No word yet Ben Finds it right Cleo No word yet Dan No word yet" in proposed
    assert "You have proposed it. If nothing comes, your node asks in " in own
    assert "Ben This computer" in own
    assert "Ben Heard just now" in proposed
    assert "Step 5" in done
    assert done.split("Step 5")[1].split("Signed by")[1].split("Step 4")[0].count(",") == 1


async def test_who_can_not_sign_any_more_is_marked(four: Four):
    for name in ("Dan", "Ana"):  # Eva takes the first one's place
        people.leave(four.homes[name])
        four.settle()
        four.wait(5)
        four.settle()

    page = await read(four, "Fay")

    assert "Who steps in" not in page
    assert page.count("can't sign any more") == 1
    assert page.index("Ana") < page.index("can't sign any more") < page.index("Cleo")
    assert "Put an alternate in the place of Dan , who gave the seat up" in page


async def test_the_front_page_says_that_decisions_wait_and_leads_there(four: Four):
    four.wait(2 * HOUR)
    quiet = await read(four, "Fay", "/")
    four.propose("Fay", "Which bread?", ADVICE, "Rye", "Wheat")
    at_first = await read(four, "Fay", "/")
    four.wait(HOUR)
    waits, lonely = await read(four, "Fay", "/"), await read(four, "Fay", "/", Alone())
    async with desk_of(gateway_of(four, "Fay", Neighbourly())) as desk:
        links = (await desk.get("/")).text
        offices, settings = (await desk.get("/offices")).text, (await desk.get("/settings")).text
    async with guest_of(gateway_of(four, "Fay", Neighbourly())) as guest:
        shop = [(await guest.get(path)).text for path in ("/", "/offices")]
    four.settle()
    done = await read(four, "Fay", "/")

    assert WAITS not in quiet + at_first + lonely + done
    assert WAITS in waits and "See the tellers" in waits
    for page in (links, offices, settings):
        assert 'href="/tellers"' in page
    for page in shop:
        assert "/tellers" not in page and WAITS not in page


async def test_an_election_is_called_for_when_the_term_is_over(four: Four):
    before = await read(four, "Eva"), await read(four, "Eva", "/")
    four.wait(366 * 86_400)
    after = await read(four, "Eva"), await read(four, "Eva", "/")

    call = "term is over: it is time for an election"
    assert [call in page for page in (*before, *after)] == [False, False, True, True]
    assert "Begin an election" in after[0]
