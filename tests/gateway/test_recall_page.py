"""The desk's page about recalls, and the line on the front page that leads there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from governance.folding import step
from node import recalling
from protocol.certificates import make_body, read_certificate, sign_certificate
from storage import certificates, chain
from storage.standing import settle
from tests.gateway.floor import Floor, desk_of
from tests.gateway.own import text
from tests.gateway.reading import check_page
from tests.gateway.sending import find_form, follow, read_forms, send_from
from tests.gateway.village import DAY
from tests.storage.world import h


@pytest.fixture
def floor(tmp_path: Path) -> Floor:
    return Floor(tmp_path)


def rival(floor: Floor) -> list[Any]:
    """Another certificate by Ana's device for the newest height."""
    store = floor.ana.store
    top = certificates.tip(store)[0]
    before = certificates.at(store, top - 1)
    decision: Any = {"cite": [h("something else")]}
    after = step(before, "roll", decision)
    raw = make_body(
        community=store.community,
        height=top,
        prev=before.id,
        kind="roll",
        charter_hash=after.charter_hash,
        roll_root=after.roll.root(),
        next_tellers=after.tellers,
        decision=decision,
    )
    return [raw, 0, [[0, sign_certificate(raw, 0, floor.ana.device)]]]


def cheat(floor: Floor) -> None:
    """Ana's device signs a second certificate, and Ben's node hears of both."""
    store = floor.ben.store
    with store.transaction():
        chain.hear(store, rival(floor))
        settle(store)


async def test_a_split_is_shown_with_its_proof_and_the_front_page_leads_there(
    floor: Floor,
) -> None:
    async with desk_of(floor.gateway(floor.ben)) as desk:
        assert "Replace the tellers" not in text(await desk.get("/"))
        assert "What is proved" not in text(await desk.get("/recall"))
        other = read_certificate(rival(floor)).id.hex()
        cheat(floor)

        front = await desk.get("/")
        assert "The tellers have signed two decisions on one step, so nothing goes on." in text(
            front
        )
        assert 'href="/recall"' in front.text
        page = await desk.get("/recall")
        check_page(page.text)
        assert "there are two different decisions. Both are signed by Ana." in text(page)
        assert "nothing goes on after it" in text(page)
        assert other in page.text
        check_page((await desk.get("/tellers")).text)


async def test_a_recall_is_begun_and_signed_at_two_desks(floor: Floor) -> None:
    """Of the two members both have to sign: Ana does so too, as she is tired of it."""
    async with desk_of(floor.gateway(floor.ben)) as bens, desk_of(floor.gateway(floor.ana)) as anas:
        page = await bens.get("/recall")
        check_page(page.text)
        refused = await send_from(bens, page, {}, button="Sign that they should be the tellers")
        assert refused.status_code == 422
        assert "Name one or four people" in text(refused)
        chosen = {"teller": floor.ben.id.hex()[:16]}
        answer = await send_from(
            bens, refused, chosen, button="Sign that they should be the tellers"
        )
        page = await follow(bens, answer)
        check_page(page.text)
        assert "Signed. Ask the others to sign it too." in text(page)
        assert "1 of 2 signatures" in text(page)
        assert "You have signed it." in text(page)
        assert not [form for form in read_forms(page.text) if "recall" in form.fields]

        floor.catch_up()
        page = await anas.get("/recall")
        check_page(page.text)
        assert "1 of 2 signatures" in text(page)
        page = await follow(anas, await send_from(anas, page, {}, button="Sign it"))
        assert "Signed. That was enough: they are the tellers now." in text(page)
        assert "in force" in text(page)

    floor.catch_up()
    state = certificates.current(floor.ben.store)
    assert state is not None
    assert [seat.person for seat in state.tellers] == [floor.ben.id]


async def test_a_recall_that_is_not_there_can_t_be_signed(floor: Floor) -> None:
    async with desk_of(floor.gateway(floor.ben)) as desk:
        recalling.propose(floor.home(floor.ana), [floor.ben.id.hex()])
        floor.catch_up()
        page = await desk.get("/recall")
        form = find_form(page.text, ["recall"])
        form.fields["recall"].values = ["00" * 32]
        answer = await desk.post("/recall", data={n: f.values for n, f in form.fields.items()})
        assert answer.status_code == 422
        assert "There is no recall" in text(answer)


async def test_after_a_week_in_which_nothing_of_what_is_due_was_done_it_is_said(
    floor: Floor,
) -> None:
    """Ana's node is away, and a vote is over; a week later Ben's desk proposes a recall."""
    proposal = floor.ask(floor.ben, "tea", "coffee")
    floor.vote(floor.ben, proposal, "A")
    floor.now += 13 * DAY
    assert recalling.reasons(floor.ben.store) == []
    floor.now += 2 * DAY
    assert recalling.reasons(floor.ben.store) == ["silent"]
    async with desk_of(floor.gateway(floor.ben)) as desk:
        assert "For a week the tellers have done nothing of what is due." in text(
            await desk.get("/")
        )
    floor.act()
    assert recalling.reasons(floor.ben.store) == []


async def test_where_nothing_is_due_nobody_is_blamed(floor: Floor) -> None:
    floor.act(60)
    floor.now += 60 * DAY
    assert recalling.reasons(floor.ana.store) == []
