"""What a teller's node does when others write, or leave unwritten, whatever may hold it up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from governance import duties
from governance.certified import Certified, Round, Vote
from governance.effects import amending
from governance.opening import first_opening
from node import teller
from node.tellership import votes
from protocol.codec import Plain
from protocol.keys import Signer
from protocol.kinds import challenge, stop
from protocol.kinds.comment import Comment
from protocol.kinds.proposal import Proposal
from protocol.records import GOV, TALK, Record
from storage import certificates, own, recount
from storage.store import Store
from tests.storage.lines import Lines
from tests.storage.post import send, told
from tests.storage.world import TIME, Device, h

ADVICE = {"type": "advice"}
DAY = 86_400
WEEK = 7 * DAY


class Desk:
    """The node of somebody in a world, and its clock."""

    def __init__(self, world: Lines, name: str = "ana1") -> None:
        self.world, self.device = world, world.of[name]
        self.now = TIME // 1000 + DAY
        self.store: Store = told(world)
        self.store.device = self.device.key
        self.store.now_ms = lambda: self.now * 1000
        for device in world.devices:
            if device.logs[TALK]:
                send(self.store, world, device.logs[TALK][0].records)

    @property
    def state(self) -> Certified:
        found = certificates.current(self.store)
        assert found is not None
        return found

    def act(self) -> list[str]:
        """What it certifies by itself; nothing is left to do at once."""
        began = float(self.now)
        done = teller.act(self.store, self.device.signer)
        look = teller.next_look(self.store, began)
        assert look is None or look > 0
        return [each.kind for each in done.certificates]

    def hear(self, *records: Record) -> None:
        for record in records:
            send(self.store, self.world, [record])

    def write(self, kind: str, body: dict[str, Any]) -> None:
        own.append(self.store, self.device.signer, [own.Draft(kind, body)])

    def vote(self, record: Record) -> Vote:
        return self.state.votes[record.id]

    def cast(self, proposal: Record, choice: Any, *names: str) -> None:
        """Ballots of others."""
        last = self.vote(proposal).round
        assert last is not None
        for name in names:
            self.hear(self.world.vote(self.world.of[name], last.open, choice))


def hall(*names: str) -> Lines:
    """A world in which these are members beside Ana, the teller."""
    world = Lines()
    for slot, name in enumerate(names):
        world.do_welcome(world.of[f"{name}1"], slot, 1)
    return world


def proposal(
    world: Lines, name: str, kind: str, effect: dict[str, Any], options: Sequence[Any] = ()
) -> Record:
    said = Proposal(kind=kind, title="T", text="", effect=effect, options=tuple(options))
    return world.write(world.of[name], "proposal", said.body())


def more_devices(world: Lines, person: Signer, count: int, *, given_up: bool) -> None:
    """Further devices of a person, each with something in all its logs."""
    for number in range(count):
        device = Device("more", number, person)
        world.devices.append(device)
        world.do_enrol(device, 0, 0)
        world.do_list_device(device, 0, 0)
        world.offer(device)
        world.write(device, "comment", Comment(about=world.community, text="So").body())
        if given_up:
            ends = [
                [device.key, lane, len(each[0].records), each[0].records[-1].id]
                for lane, each in device.logs.items()
            ]
            world.certify({"retire": [[device.key, ends]]})


@pytest.mark.parametrize("given_up", [True, False])
def test_who_had_more_devices_than_a_certificate_names_is_expelled_all_the_same(
    given_up: bool,
) -> None:
    world = hall("ben", "eva")
    ben = world.of["ben1"]
    more_devices(world, ben.person, 22, given_up=given_up)
    desk = Desk(world)
    expel = {"type": "expel", "person": ben.person.public}
    asked = proposal(world, "eva1", "expulsion", expel)
    desk.hear(asked)
    desk.act()
    desk.cast(asked, "yes", "eva1")

    while desk.vote(asked).phase != "in_effect":
        desk.act()
        desk.now += DAY

    assert desk.state.roll.cuts[ben.key, GOV][0] == len(ben.logs[GOV][0].records)
    devices = desk.state.roll.persons[ben.person.public].devices
    assert all(desk.state.roll.is_cut(device) for device in devices)


def test_a_step_that_can_not_be_certified_holds_up_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = hall("ben", "eva")
    desk = Desk(world)
    expel = {"type": "expel", "person": world.of["ben1"].person.public}
    asked = proposal(world, "eva1", "expulsion", expel)
    desk.hear(asked)
    desk.act()
    desk.cast(asked, "yes", "eva1")
    monkeypatch.setattr(votes, "heads_of", lambda *_: [[]])
    for _ in range(3):
        desk.act()
        desk.now += DAY
    other = proposal(world, "eva1", "advice", ADVICE, [("A", "")])
    desk.hear(other)

    assert desk.act() == ["open"]

    assert (desk.vote(asked).phase, desk.vote(other).phase) == ("challenge", "open")


def test_a_teller_who_falls_silent_keeps_no_vote_for_ever() -> None:
    """Ana was teller when it began. Ben's node does not go round in circles, and waits a week."""
    world = hall("ben", "eva")
    world._made = TIME // 1000  # when the vote begins
    vote = world.poll(world.of["ana1"], "advice", ADVICE)
    world.elect("ben")
    desk = Desk(world, "ben1")
    last = vote.round
    assert last is not None and desk.act() == []
    over = duties.ends(vote, last)
    for now in (over - 1, over, over + 1, over + WEEK - 1):
        desk.now = now
        assert desk.act() == []

    desk.now = over + WEEK
    assert desk.act() == ["annul", "open"]

    again = desk.state.votes[vote.proposal].round
    assert again is not None
    assert [seat.device for seat in again.tellers] == [desk.device.key]
    desk.now += again.at + 1
    assert "close" in desk.act()
    # What Ana says now has come too late, and changes nothing.
    desk.hear(world.write(world.of["ana1"], "stop", stop.body(last.open, None)))
    assert desk.act() == []


def test_a_vote_that_claims_to_begin_in_a_thousand_years_is_closed_in_time() -> None:
    world = hall("ben", "eva")
    world._made = TIME // 1000 + 365_000 * DAY
    vote = world.poll(world.of["ana1"], "advice", ADVICE)
    world.elect("ben")
    desk = Desk(world, "ben1")
    assert desk.act() == []  # they came to Ben, and to his clock, a day ago

    desk.now += vote.rule.open_s + WEEK
    assert desk.act() == ["annul", "open"]


def test_a_heap_of_proposals_that_lead_nowhere_is_soon_judged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = hall("ben", "eva")
    desk = Desk(world)
    judged: list[bytes] = []

    def noted(*args: Any, **more: Any) -> Any:
        judged.append(more["proposal"])
        return first_opening(*args, **more)

    monkeypatch.setattr(votes, "first_opening", noted)
    now: Plain = {"text": "x" * 300, "rationale": ""}
    changes = [amending.change(desk.state.charter, ("values", f"v{n}"), now) for n in range(41)]
    unsound = {"type": "amend_values", **amending.record_of(changes)}
    heap = [proposal(world, "ben1", "values", unsound) for _ in range(60)]
    desk.hear(*heap)
    assert desk.act() == []
    assert len(judged) == votes.MOST_WAITING
    assert desk.act() == [] and len(judged) == votes.MOST_WAITING  # nothing has changed
    good = proposal(world, "eva1", "advice", ADVICE, [("A", "")])
    desk.hear(good)
    desk.hear(newest := proposal(world, "ben1", "advice", ADVICE, [("A", "")]))

    assert desk.act() == ["open", "open"]

    assert {good.id, newest.id} == set(desk.state.votes)
    assert len(judged) < 5 * votes.MOST_WAITING


def test_a_thousand_challenges_are_one_count(monkeypatch: pytest.MonkeyPatch) -> None:
    world = hall("ben", "eva")
    desk = Desk(world)
    asked = proposal(world, "eva1", "advice", ADVICE, [("A", "")])
    desk.hear(asked)
    desk.act()
    desk.now += DAY * 365
    assert desk.act() == ["close"]
    last = desk.vote(asked).round
    assert last is not None and last.close is not None
    for number in range(30):
        body = challenge.body(asked.id, last.close, [h("none", number)])
        desk.hear(world.write(world.of["ben1"], "challenge", body))
    counts: list[Vote] = []
    found = recount.is_wrong

    def noted(store: Store, vote: Vote, round_: Round) -> bool:
        counts.append(vote)
        return found(store, vote, round_)

    monkeypatch.setattr(recount, "is_wrong", noted)

    assert desk.act() == []

    assert 1 <= len(counts) <= 2
