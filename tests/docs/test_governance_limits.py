"""What `docs/governance.md` admits: where the one teller has to be believed, and where not."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from governance import duties
from governance.opening import first_opening
from governance.roll import admit
from node import home as homes
from node import teller
from node.assembly import casting, counts, proposing, reading
from node.assembly.words import plainly
from node.devices import heads
from node.home import Home
from node.recovery import Surroundings
from protocol.records import GOV
from storage import assembly as held
from storage import certificates, chain
from storage.rows import find_log, id_at
from storage.standing import settle
from tests.cli.council import Council, kitchen_table
from tests.governance.hall import PEOPLE, Hall, key
from tests.governance.test_votes import ADVICE, effect
from tests.node.room import Room, meet, opened, shown
from tests.protocol.people import h

HOUR = 3600


def test_a_false_teller_can_do_what_the_page_admits() -> None:
    """It passes over times, begins rounds again, and makes up what others said."""
    hall = Hall(members=4, notice_s=HOUR, challenge_s=HOUR, delay_s=HOUR)
    expel = hall.open("expulsion", effect(hall, type="expel", person="eva"))
    hall.begin(expel, "")
    assert hall.refused("remove", {"proposal": expel, "heads": [], "at": 1})
    hall.close(expel, "adopted")
    assert hall.effect(expel, "remove", heads=[]).phase == "in_effect"

    lost = hall.open("advice", ADVICE, "A")
    hall.begin(lost, "")
    assert hall.close(lost, "rejected").phase == "failed"
    hall.certify("annul", {"proposal": lost, "why": "recount", "record": None, "at": 1})
    assert hall.state.votes[lost].phase == "open"
    hall.certify("annul", {"proposal": lost, "why": "again", "record": None, "at": 1})
    assert hall.state.votes[lost].phase == "again"

    taken = hall.open("advice", ADVICE, "B")
    back = {"proposal": taken, "why": "withdrawn", "record": h("never written"), "at": 1}
    hall.certify("annul", back)  # type: ignore[arg-type]
    assert hall.state.votes[taken].phase == "withdrawn"

    ben, gus = PEOPLE["ben"].device.public, PEOPLE["gus"].device.public
    hall.certify("roll", {"admit": [admit(key("gus"), gus, key("ben"), (ben, 7, 0), h("none"))]})
    hall.certify("roll", {"leave": [[key("dan"), h("no record"), []]]})
    assert key("gus") in hall.state.members()
    assert hall.state.roll.persons[key("dan")].standing == "left"
    for inviter, slot in (("eva", (PEOPLE["eva"].device.public, 0, 0)), ("ben", (ben, 7, 0))):
        line = admit(h("new"), h("device"), key(inviter), slot, h("none"))
        assert hall.refused("roll", {"admit": [line]})  # of who was removed; used already


def test_sixty_votes_are_under_way_at_most() -> None:
    hall = Hall()
    asked = hall.open("advice", ADVICE, "A")
    vote = hall.state.votes[asked]

    def may(number: int, phase: str = "open") -> bool:
        some = {h(n): replace(vote, author=h("author", n), phase=phase) for n in range(number)}
        return duties.may_open(replace(hall.state, votes=some), key("ben"))

    assert may(59)
    assert not may(60)
    assert not may(60, "challenge")
    assert may(60, "in_effect")


@pytest.fixture(scope="module")
def council(tmp_path_factory: pytest.TempPathFactory) -> Council:
    made = Council(tmp_path_factory.mktemp("council"))
    slow = {"open_s": HOUR, "early_close": False, "revise": True}
    made.found(kitchen_table(fees=slow))
    return made


@pytest.fixture
def room(council: Council, tmp_path: Path) -> Iterator[Room]:
    with opened(council.copy(tmp_path)) as room:
        yield room


FEE = {"type": "set_fees", "default": {"fee_bps": 500}}


def write(home: Home) -> str:
    """A proposal that the teller has not heard of."""
    made = proposing.propose(home, kind=None, title="A fee", text="", effect=FEE)
    return str(made["proposal"])


def test_ballots_cast_in_time_that_reach_the_teller_too_late_are_not_counted(room: Room) -> None:
    asked = room.propose(room.ben, FEE)
    for home in (room.ben, room.eva):
        assert not casting.cast(home, asked, "yes")["late"]

    assert room.wait(HOUR) == ["close"]

    count = counts.count(room.eva.store, asked)
    assert (count["ballots"], count["outcome"], count["agrees"]) == (0, "missed", True)
    assert shown(room.ben, asked)["mine"]["safe"] is False


def test_a_false_teller_can_put_something_else_to_the_vote_and_all_see_what(room: Room) -> None:
    asked = write(room.ben)
    room.gather()
    state = certificates.current(room.ana.store)
    found = held.proposal(room.ana.store, bytes.fromhex(asked))
    assert state is not None and found is not None
    record, said = found
    ((path, was, now),) = said.effect["changes"]
    other = {"type": "set_fees", "changes": [[path, was, {**now, "fee_bps": 900}]]}
    opening = first_opening(
        state,
        proposal=record.id,
        author=room.ben.person,
        kind=said.kind,
        effect=other,
        options=[],
        at=1,
    )
    with room.ana.store.transaction():
        certificates.certify(room.ana.store, room.ana.unlock().device, "open", opening)
        settle(room.ana.store)
    room.gather()

    at_eva = plainly(shown(room.eva, asked))

    assert (at_eva["status"], at_eva["title"]) == ("counting", "A fee")  # of a time long ago
    assert at_eva["stake"] == ["The fee of a sale is 9% of the price instead of 0%."]
    assert at_eva["problem"].startswith("This vote was opened for something else")


def test_without_the_teller_nothing_is_decided(room: Room) -> None:
    asked = room.propose(room.ben, FEE)
    room.vote(asked, "yes", room.ben)
    draft = write(room.eva)
    casting.cast(room.eva, asked, "yes")
    room.now_ms += 1000 * 30 * HOUR
    room.gather()

    found = {each["proposal"]: each for each in reading.proposals(room.eva.store)["proposals"]}

    assert found[draft]["status"] == "draft"
    assert (found[asked]["status"], found[asked]["outcome"]) == ("counting", None)
    assert shown(room.eva, asked)["mine"]["safe"] is False
    assert room.eva.charter().fees.default.fee_bps == 0


def test_a_tellers_copy_certifies_nothing(council: Council, tmp_path: Path) -> None:
    shutil.copytree(council.ana.folder, tmp_path / "twin")
    with opened(council.copy(tmp_path)) as room:
        asked = room.propose(room.ben, FEE)
        room.vote(asked, "yes", room.ben)  # the receipt is a record of Ana's
        write(room.eva)
        meet(room.eva, room.ben)
        with closing(homes.open_home(tmp_path / "twin", room.clock)) as twin:
            assert teller.has_duties(twin.store)
            meet(twin, room.ben)

            assert not teller.act(twin.store, twin.unlock().device)

        assert room.turn() == ["open"]


def test_open_votes_begin_anew_where_the_seat_has_moved(council: Council, tmp_path: Path) -> None:
    with opened(council.copy(tmp_path)) as room:
        asked = room.propose(room.ben, FEE)
        room.vote(asked, "yes", room.ben)
        assert shown(room.ben, asked)["mine"]["safe"]
        ana = room.ana.unlock().person
        around = Surroundings("Ana")
        community = room.ben.store.community
        new = homes.recover(tmp_path / "new", community, ana, around, None, room.clock)
        room.homes.append(new)
        meet(new, room.ben)
        gov = find_log(new.store, new.device, GOV)
        enrolment = None if gov is None else id_at(new.store, gov.no, 1)
        assert enrolment is not None
        with new.store.transaction():
            chain.move(new.store, ana, new.device, enrolment, heads(new, room.ana.device))
            settle(new.store)

        kinds = [each.kind for each in teller.act(new.store, new.unlock().device).certificates]

        assert kinds == ["annul", "open"]
        meet(new, room.ben)
        assert shown(room.ben, asked)["mine"] is None
        assert shown(room.ben, asked)["may_vote"]
        assert casting.cast(room.ben, asked, "yes")["version"] == 1
