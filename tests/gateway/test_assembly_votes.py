"""A vote as a member meets it: what is at stake, the ballot, the receipt, the count."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from node.assembly import acting, casting, counts, reading
from protocol.kinds import receipts as receipts_kind
from protocol.kinds import stop as stop_kind
from protocol.kinds.proposal import Proposal
from protocol.kinds.withdraw_proposal import body as withdrawal
from storage import certificates, own, recount
from storage.own import Draft
from storage.standing import settle
from tests.gateway.floor import Floor, desk_of
from tests.gateway.hostile import PAYLOADS
from tests.gateway.own import text
from tests.gateway.reading import check_page
from tests.gateway.sending import find_form, follow, send, send_from
from tests.gateway.test_headers import BUDGET, weight
from tests.gateway.test_live import reading_of

CLAY, WOOD, WOOL = "Clay from the river bank", "Wood", "Wool"
OPEN_FOR_ALL = "everybody in the community sees how you vote, with your name, and it stays"
ADVICE = {"type": "advice"}


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    made = Floor(tmp_path)
    yield made
    made.close()


def path(proposal: str) -> str:
    return f"/assembly/{proposal[:16]}"


@pytest.mark.parametrize(
    ("method", "typed", "choice", "said", "other", "outcome"),
    [
        ("majority", {"choice": "yes"}, "yes", "Yes", "yes", "Adopted"),
        (
            "consent",
            {"choice": "object", "reason": "It scares the owls."},
            "object",
            "Object It scares the owls.",
            "object",
            "Not adopted",
        ),
        (
            "approval",
            {"option": ["A", "status-quo"]},
            ["A", "status-quo"],
            f"{CLAY} and Leave it as it is",
            "A,B",
            f"Adopted: {CLAY}",
        ),
        (
            "schulze",
            {"rank-B": "2", "rank-A": "1", "rank-status-quo": "2"},
            [["A"], ["B", "status-quo"]],
            f"1. {CLAY}, 2. {WOOD} = Leave it as it is",
            "A>B",
            f"Adopted: {CLAY}",
        ),
        (
            "irv",
            {"rank-C": "3", "rank-A": "1"},
            [["A"], ["C"]],
            f"1. {CLAY}, 2. {WOOL}",
            "A",
            f"Adopted: {CLAY}",
        ),
        (
            "star",
            {"stars-A": "5", "stars-B": "2"},
            {"A": 5, "B": 2},
            f"{CLAY}: 5, {WOOD}: 2",
            "A:4",
            f"Adopted: {CLAY}",
        ),
    ],
)
async def test_ana_votes_by_every_method_and_sees_what_became_of_it(
    tmp_path: Path, method: str, typed: Any, choice: Any, said: str, other: str, outcome: str
):
    floor = Floor(tmp_path, methods={"advice": method})
    options = [] if method in ("majority", "consent") else [CLAY, WOOD, WOOL]
    place = path(asked := floor.ask(floor.ben, *options))
    async with desk_of(floor.gateway()) as ana:
        before = text(await ana.get(place))
        sent = await send(ana, place, typed, button="Cast this vote")
        on_its_way = text(await follow(ana, sent))
        mine = reading.proposal(floor.ana.store, floor.ana.id, asked)["mine"]
        floor.act()
        held = await ana.get(place)
        floor.vote(floor.ben, asked, other, "Because." if other == "object" else "")
        floor.act(7)
        ended = text(await ana.get(place))
        count = text(await ana.get(f"{place}/count"))
    floor.close()

    assert OPEN_FOR_ALL in before
    assert "0 of 2 members have voted so far." in before
    assert mine["choice"] == choice
    assert "Your vote is on its way." in on_its_way
    assert f"Your vote {said} Held by 0 of 1 tellers: not yet safe." in on_its_way
    assert f"Your vote {said} Held by 1 of 1 tellers: it will be counted." in text(held)
    again = find_form(held.text, button="Cast this vote")  # filled in with what was cast
    for name, values in typed.items():
        wanted = [values] if isinstance(values, str) else values
        if name != "rank-C":  # a gap in the numbers is closed
            assert again.fields[name].values == wanted
    assert f"How it ended {outcome}" in ended
    assert "2 of 2 ballots are here. Counted anew on this computer, the outcome is equal." in ended
    assert "the outcome is equal" in count
    assert f"Ana {said.split(' It')[0]}" in count
    assert "Ben" in count.split("Who voted how")[1]


@pytest.mark.parametrize(
    ("method", "typed", "why"),
    [
        ("majority", {"reason": "Well."}, "Choose one of the answers; nothing was sent."),
        ("consent", {"choice": "object"}, "Say why you object"),
        ("irv", {"rank-A": "1", "rank-B": "1"}, "The number 1 stands twice"),
        ("schulze", {}, "Number what you like best with 1; nothing was sent."),
        ("majority", {"choice": "yes", "reason": "x" * 4001}, "4001 characters"),
    ],
)
async def test_a_ballot_that_says_nothing_clear_is_not_sent(
    tmp_path: Path, method: str, typed: Any, why: str
):
    floor = Floor(tmp_path, methods={"advice": method})
    options = [] if method in ("majority", "consent") else [CLAY, WOOD]
    place = path(asked := floor.ask(floor.ben, *options))
    async with desk_of(floor.gateway()) as ana:
        answer = await send(ana, place, typed, button="Cast this vote")
    mine = reading.proposal(floor.ana.store, floor.ana.id, asked)["mine"]
    floor.close()

    assert answer.status_code == 422
    assert why in text(answer)
    assert find_form(answer.text, ["reason"]).value("reason").strip() == typed.get("reason", "")
    assert mine is None


async def test_a_vote_may_be_changed_until_the_end_and_no_longer(floor: Floor):
    place = path(asked := floor.propose(floor.ben, "spending", effect=LAMP))
    async with desk_of(floor.gateway()) as ana:
        page = await ana.get(place)
        await send(ana, place, {"choice": "yes"}, button="Cast this vote")
        await send(ana, place, {"choice": "no"}, button="Cast this vote")
        floor.act()
        changed = text(await ana.get(place))
        floor.act(7)
        late = await send_from(ana, page, {"choice": "yes"}, button="Cast this vote")
        over = await ana.get(place)

    assert "Your vote No Held by 1 of 1 tellers: it will be counted. Change my vote" in changed
    assert late.status_code == 422
    assert "ballots" in text(late)
    assert "Cast this vote" not in over.text
    assert reading.proposal(floor.ana.store, None, asked)["tally"] == {
        "yes": 0,
        "no": 1,
        "abstain": 0,
    }


PAID = {"type": "spend", "amount": 4_500, "currency": "EUR", "to": None, "purpose": "A lamp"}
LAMP = {"type": "spend", "amount": 4_500, "to": None, "purpose": "A lamp for the stall"}


async def test_the_list_begins_with_what_waits_and_says_what_is_at_stake(floor: Floor):
    first = floor.propose(floor.ben, "spending", "A lamp", effect=LAMP)
    floor.propose(floor.ben, "advice", "Which day?", effect=ADVICE, options=[("A", "Friday")])
    async with desk_of(floor.gateway()) as ana:
        front = text(await ana.get("/"))
        await send(ana, path(first), {"choice": "yes"}, button="Cast this vote")
        page = text(await ana.get("/assembly"))
        one = text(await ana.get("/"))
        floor.act()
        floor.act(7)
        later = text(await ana.get("/assembly"))
        floor.act(2)
        done = text(await ana.get("/assembly"))
        quiet = text(await ana.get("/"))

    assert "2 votes wait for you" in front
    assert "1 vote waits for you" in one
    assert page.index("Which day?") < page.index("A lamp")  # the one that waits is first
    assert "The common fund pays €45.00" in page
    assert "until 28 Sept 2026" in page
    assert "in 7 days" in page
    assert "Your vote is awaited" in page
    assert "You have voted; it is on its way to who counts." in page
    assert "Passed, not yet in effect" in later
    assert "takes effect" in later
    assert "passed, in effect" in done
    assert "not passed" in done
    assert "wait" not in quiet.split("Riverside")[2]


async def test_a_hundred_proposals_are_listed_page_by_page_and_none_is_counted(
    floor: Floor, monkeypatch: pytest.MonkeyPatch
):
    body = Proposal(kind="spending", title="Lamp", text="", effect=PAID).body()
    drafts = [Draft("proposal", {**body, "title": f"Lamp {number}"}) for number in range(55)]
    written = own.append(floor.ben.store, floor.ben.device, drafts)
    taken_back = [Draft("withdraw-proposal", withdrawal(each.id)) for each in written]
    own.append(floor.ben.store, floor.ben.device, taken_back)
    floor.catch_up()
    monkeypatch.setattr(counts, "counted", None)
    async with desk_of(floor.gateway()) as ana:
        first, last = await ana.get("/assembly"), await ana.get("/assembly?page=3")
        beyond = text(await ana.get("/assembly?page=99"))
        odd = await ana.get("/assembly?page=-1")

    assert text(first).count("taken back") == 25
    assert "Page 1 of 3" in text(first)
    assert "Lamp 54" in text(first)
    assert "Lamp 4 Spending" in text(last)
    assert "Page 3 of 3" in beyond
    assert "this is the first one" in text(odd)


async def test_a_long_hall_fits_the_budget(floor: Floor):
    words = [
        "bread",
        "cup",
        "bowl",
        "blanket",
        "honey",
        "stool",
        "chair",
        "lamp",
        "repair",
        "lesson",
        "seed",
        "apple",
        "press",
    ]
    chance = random.Random(3)
    options = [" ".join(chance.choices(words, k=12)) for _ in range(20)]
    asked = floor.ask(floor.ben, *options)
    for _ in range(15):
        acting.comment(floor.home(floor.ben), asked, " ".join(chance.choices(words, k=60)))
    floor.catch_up()
    async with desk_of(floor.gateway()) as ana:
        pages = [(await ana.get(place)).text for place in (path(asked), "/assembly", "/charter")]

    assert all(weight(page) <= BUDGET for page in pages), [weight(page) for page in pages]


async def test_who_is_not_asked_is_told_why(floor: Floor):
    asked = floor.propose(floor.ana, "spending", effect=LAMP)
    async with desk_of(floor.gateway(floor.eva)) as eva:
        page = await eva.get(path(asked))
        hall = text(await eva.get("/assembly"))
        new = text(await eva.get("/assembly/new?kind=spending"))
    async with desk_of(floor.gateway()) as ana:
        missing = await ana.get("/assembly/0123456789abcdef")
        early = await ana.get(f"{path(asked)}/count")

    assert "Only members vote." in text(page)
    assert "Cast this vote" not in page.text
    assert "awaited" not in hall
    assert "Only members make proposals." in new
    assert missing.status_code == 404
    assert early.status_code == 200


async def test_hostile_texts_stay_text_in_the_hall(floor: Floor):
    for number in range(0, len(PAYLOADS) - 3, 9):
        title, said, option = (
            "".join(c for c in each if c.isprintable()) for each in PAYLOADS[number : number + 3]
        )
        asked = floor.propose(
            floor.ben,
            "advice",
            title[:120],
            text=said,
            effect=ADVICE,
            options=[("A", option[:200]), ("B", f"{title[:190]} B")],
        )
        acting.comment(floor.home(floor.ben), asked, said)
        floor.vote(floor.ben, asked, "B", said)
        async with desk_of(floor.gateway()) as ana:
            for place in (path(asked), f"{path(asked)}/count", "/assembly"):
                answer = await ana.get(place)
                assert answer.status_code == 200
                check_page(answer.text)
        floor.act(8)
    async with desk_of(floor.gateway()) as ana:
        for attack in PAYLOADS:
            answer = await ana.get("/charter/history", params={"from": attack, "to": "1"})
            check_page(answer.text)
            check_page(
                (await ana.get("/assembly/new", params={"kind": "fees", "category": attack})).text
            )


async def test_the_page_says_by_itself_when_a_ballot_is_safe(tmp_path: Path, autojump_clock):
    floor = Floor(tmp_path, methods={"advice": "majority"})
    asked = floor.ask(floor.ben)
    casting.cast(floor.home(floor.ana), asked, "yes")
    gateway = floor.gateway()
    async with desk_of(gateway) as ana:
        page = check_page((await ana.get(path(asked))).text)
    (place,) = [each for _, each in page.elements if each.get("data-live") == "held"]
    (about,) = [each["data-about"] for _, each in page.elements if "data-about" in each]

    async with reading_of(gateway)(f"/live?since=&about={about}") as reader:
        first = await reader.next()
        floor.act()
        then = await reader.next()

    assert place["role"] == "status"
    assert first["held"].startswith("Held by 0 of 1 tellers: not yet safe.")
    assert then["held"] == "Held by 1 of 1 tellers: it will be counted."
    for nothing in ("", "0" * 64, "no id", "%00"):
        async with reading_of(gateway)(f"/live?about={nothing}") as reader:
            assert "held" not in await reader.next()
    floor.close()


async def test_a_wrong_count_is_shown_with_the_button_against_it(tmp_path: Path):
    """Ana's node certifies what nobody has voted; Ben's desk says what he can do."""
    floor = Floor(tmp_path, methods={"advice": "majority"})
    asked = floor.ask(floor.ben)
    home = floor.home(floor.ana)
    casting.cast(home, asked, "no")
    store, device = floor.ana.store, floor.ana.device
    state = certificates.current(store)
    vote = state.votes[bytes.fromhex(asked)]
    ballot = bytes.fromhex(reading.proposal(store, floor.ana.id, asked)["mine"]["ballot"])
    floor.now += 8 * 86_400_000
    with store.transaction():
        body = receipts_kind.body(vote.round.open, [ballot], None)
        (listed,) = own.append(store, device, [Draft("receipts", body)])
        body = stop_kind.body(vote.round.open, listed.id)
        (stopped,) = own.append(store, device, [Draft("stop", body)])
        made = recount.closing(store, vote, [stopped.id])
        lie = {**made, "outcome": "adopted", "at": floor.now // 1000}
        certificates.certify(store, device, "close", lie)
        settle(store)
    floor.catch_up()

    async with desk_of(floor.gateway(floor.ben)) as ben:
        page = await ben.get(path(asked))
        sent = await send(ben, path(asked), {}, button="Challenge it")
        after = text(await follow(ben, sent))

    assert "the outcome differs from what was certified" in text(page)
    assert text(page).count("Challenge it") == 1
    assert "Say so while it can be challenged" in text(page)
    assert "has challenged the count" in after
    floor.act()
    floor.act()
    assert reading.proposal(floor.ben.store, floor.ben.id, asked)["outcome"] == "rejected"
    async with desk_of(floor.gateway(floor.ben)) as ben:
        assert "Say so while it can be challenged" not in text(await ben.get(path(asked)))
    floor.close()
