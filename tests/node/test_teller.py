"""The teller's duties where something stands in their way: what one member does stops nobody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import trio

from node import duties, farewell, teller
from node.assembly import proposing
from node.home import Home
from node.steady import RETRY_SECONDS, keep_on
from node.tellership import votes
from protocol.certificates import read_certificate
from protocol.kinds import challenge as challenge_kind
from protocol.records import GOV
from storage import assembly as held
from storage import certificates
from storage.own import Draft
from tests.cli.council import Council, kitchen_table
from tests.node.room import Room, opened, shown

HOUR = 3600
SLOW = {"challenge_s": HOUR}


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> Council:
    council = Council(tmp_path_factory.mktemp("table"))
    council.found(kitchen_table(expulsion=SLOW, fees=SLOW))
    return council


@pytest.fixture
def room(table: Council, tmp_path: Path) -> Iterator[Room]:
    """Fees and expulsions may be challenged for an hour; the rest comes in force at once."""
    with opened(table.copy(tmp_path)) as found:
        yield found


def state_of(home: Home) -> Any:
    state = certificates.current(home.store)
    assert state is not None
    return state


def test_a_removal_does_not_name_logs_that_have_ended(room: Room) -> None:
    """Otherwise nobody could be removed who gave up more devices than a certificate can name."""
    ana, _, eva = room.homes
    state = state_of(ana)
    ends = {tuple(each[:2]) for each in votes.heads_of(ana.store, state, eva.person)}
    assert (eva.device, GOV) in ends
    cuts = {**state.roll.cuts, (eva.device, GOV): (1, bytes(32))}

    without = votes.heads_of(
        ana.store, replace(state, roll=replace(state.roll, cuts=cuts)), eva.person
    )

    assert {tuple(each[:2]) for each in without} == ends - {(eva.device, GOV)}


def test_who_was_removed_hears_of_it_and_of_nothing_later(room: Room) -> None:
    ana, ben, eva = room.homes
    asked = room.propose(ana, {"type": "expel", "person": "Eva"})
    room.vote(asked, "yes", ana, ben)
    assert room.wait(HOUR) == ["remove"]
    height, removal = certificates.tip(ana.store)
    room.propose(ben, {"type": "advice"}, ("A", "Apples"))
    assert certificates.tip(ana.store)[0] > height

    news = [read_certificate(each) for each in farewell.told(ana.store, eva.device, 2)]

    assert [each.height for each in news] == list(range(2, height + 1))
    assert news[-1].id == removal
    assert farewell.told(ana.store, eva.device, height + 1) == []
    assert farewell.told(ana.store, ben.device, 0) == []


def test_a_step_that_can_not_be_certified_holds_up_no_other(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, ben, eva = room.homes
    stuck = room.propose(ana, {"type": "expel", "person": "Eva"})
    room.vote(stuck, "yes", ana, ben)
    too_many = [[eva.device, GOV, 1, bytes(32)]] * 65
    monkeypatch.setattr(votes, "heads_of", lambda *_: too_many)
    assert room.wait(HOUR) == []

    asked = room.propose(ben, {"type": "advice"}, ("A", "Apples"))

    assert shown(eva, asked)["status"] == "open"
    assert shown(eva, stuck)["status"] == "challenge"
    monkeypatch.undo()
    assert room.turn() == ["remove"]


def test_what_can_not_be_opened_is_judged_once_a_certificate(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A teller's node asks after every record that comes."""
    ana, ben, _ = room.homes
    for text in ("We say this.", "We say that."):
        effect = {"type": "amend_values", "amend": [{"id": "say-it", "text": text}]}
        asked = proposing.propose(ben, kind=None, title=text, text="", effect=effect)
    first = held.proposals(ben.store)[0].record.hex()
    room.turn()
    room.vote(first, "consent", *room.homes)  # now the other one is stale, if it was not opened
    said = held.proposal(ben.store, bytes.fromhex(asked["proposal"]))
    assert said is not None
    ben.append([Draft("proposal", said[1].body())])  # as a program of Ben's own making would
    judged: list[bytes] = []
    right = votes.first_opening

    def counting(state: Any, **asked: Any) -> Any:
        judged.append(asked["proposal"])
        return right(state, **asked)

    monkeypatch.setattr(votes, "first_opening", counting)

    for _ in range(3):
        room.gather()
        assert room.act() == []
    assert len(judged) == 1
    room.propose(ana, {"type": "advice"}, ("A", "Apples"))
    room.gather()
    assert judged.count(judged[0]) == 2


def test_many_challenges_of_one_count_cost_one_recount(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    ana, ben, _ = room.homes
    asked = room.propose(ana, {"type": "set_fees", "default": {"fee_bps": 300}})
    assert room.vote(asked, "yes", *room.homes) == ["close"]
    last = state_of(ben).votes[bytes.fromhex(asked)].round
    body = challenge_kind.body(bytes.fromhex(asked), last.close, [])
    ben.append([Draft("challenge", body)] * 5)
    room.gather()
    counts: list[bytes] = []

    def right(*about: Any) -> bool:
        counts.append(about[2].open)
        return False

    monkeypatch.setattr(votes.recount, "is_wrong", right)

    assert room.act() == []

    assert counts == [last.open]


async def test_a_fault_in_a_duty_is_tried_again_and_ends_nothing(
    room: Room, autojump_clock: trio.abc.Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[float] = []
    done: list[float] = []
    words: list[set[str]] = []

    def act(*_: object, **__: object) -> teller.Acted:
        looked.append(trio.current_time())
        if len(looked) == 1:
            raise TypeError("what others wrote is stranger than we thought")
        return teller.Acted([], records=len(looked) == 2, words=[])

    async def note() -> None:
        done.append(trio.current_time())

    async def publish() -> None:
        work.wake()

    monkeypatch.setattr(duties.teller, "act", act)

    async def say(message: bytes) -> None:
        raise AssertionError("nothing is certified, so nothing is gossiped")

    work = duties.Duties(
        room.ben.store,
        room.ben.unlock().device,
        kept=words.append,
        publish=publish,
        say=say,
        acted=note,
    )

    with trio.move_on_after(100 * RETRY_SECONDS):
        await keep_on("the duty", work.run)

    begun = looked[0]
    assert [at - begun for at in looked] == [0, RETRY_SECONDS, RETRY_SECONDS]
    assert done == looked
    assert words == [{"gov"}]
