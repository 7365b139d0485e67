"""Every node counts for itself, and says what it finds: equal, differs, or not all here yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import Any

import pytest

from governance.certified import Round, Vote
from protocol.certificates import Seat
from protocol.kinds import receipts, stop
from protocol.records import GOV
from storage import certificates, cited, recount
from storage.store import Store
from tests.storage.post import CERTIFICATE, deliver, send, told
from tests.storage.world import Device, World, h, village

ADVICE = {"type": "advice"}
PEOPLE = ("ana1", "ben1", "eva1", "dan1")


def asked(kind: str = "advice") -> tuple[World, bytes]:
    """Four people, of whom ana tells votes, and the certificate that opens one."""
    world = village("ben", "eva", "dan")
    effect = {"type": "spend", "amount": 5, "currency": "EUR", "to": None, "purpose": "Flour"}
    world.poll(world.of["ana1"], kind, ADVICE if kind == "advice" else effect)
    return world, world.rounds()[0][1].open


def newest(world: World) -> tuple[Vote, Round]:
    return world.rounds()[-1]


def counted(world: World, store: Store) -> recount.Recount:
    return recount.recount(store, *newest(world))


def test_a_close_is_counted_again_as_far_as_it_is_here() -> None:
    world, open_ = asked()
    for name, choice in zip(PEOPLE, ("A", "B", "A", "A"), strict=True):
        world.vote(world.of[name], open_, [[choice]])
        world.receipt(open_)
    world.close(open_)
    ben, eva = world.of["ben1"], world.of["eva1"]
    mia = told(world, without=[ben, eva])

    found = counted(world, mia)
    assert (found.status, found.here, found.of) == ("incomplete", 2, 4)
    assert [str(each) for each in found.why] == [
        "Not here yet, of what the close rests on: 2."
    ]
    assert recount.closing(mia, newest(world)[0], newest(world)[1].stops) is None

    for device in (ben, eva):
        send(mia, world, device.logs[GOV][0].records)

    found = counted(world, mia)
    assert (found.status, found.here, found.of, found.why) == ("equal", 4, 4, ())
    assert (found.count.outcome, found.count.winners) == ("adopted", ("A",))
    assert {each.person for each in found.ballots} == {world.of[n].person.public for n in PEOPLE}
    assert not recount.is_wrong(mia, *newest(world))


def test_while_the_tellers_own_log_is_not_here_nothing_is() -> None:
    world, open_ = asked()
    world.vote(world.of["ben1"], open_, [["A"]])
    world.receipt(open_)
    world.close(open_)

    found = counted(world, told(world, without=[world.of["ana1"]]))

    assert (found.status, found.here, found.of) == ("incomplete", 0, 1)


def close_as(world: World, store: Store, **otherwise: Any) -> recount.Recount:
    """A close that says otherwise than it should, counted again."""
    vote, last = newest(world)
    right = recount.closing(store, vote, otherwise.pop("stops", None) or stops(store, last))
    said = {**(right or {}), "proposal": vote.proposal, "open": last.open, "at": 9, **otherwise}
    before = len(world.certificates)
    world.certify(said, "close")
    assert len(world.certificates) == before + 1
    deliver(store, (CERTIFICATE, world.certificates[-1]))
    return counted(world, store)


def stops(store: Store, last: Round) -> list[bytes]:
    rows = store.db.execute("SELECT record FROM stop WHERE open = ? ORDER BY record", [last.open])
    return [row[0] for row in rows]


def ended(choices: Sequence[str] = "AAB") -> tuple[World, Store]:
    """A vote that ana stopped and has not closed."""
    world, open_ = asked()
    for name, choice in zip(PEOPLE, choices, strict=False):
        world.vote(world.of[name], open_, [[choice]])
    world.receipt(open_)
    last = world.chain(open_)[-1].id
    world.write(world.of["ana1"], "stop", stop.body(open_, last))
    return world, told(world)


@pytest.mark.parametrize(
    "lie",
    [
        {"outcome": "rejected", "winners": []},
        {"winners": ["B"]},
        {"ballots": 2},
        {"root": h("other ballots")},
        {"tally": {"columns": [], "rows": {}}},
        {"outcome": "tie", "winners": [], "tied": ["A", "B"]},
    ],
)
def test_a_close_that_says_otherwise_differs(lie: dict[str, Any]) -> None:
    world, mia = ended()

    found = close_as(world, mia, **lie)

    assert found.status == "differs"
    assert found.why
    assert (found.count.outcome, found.count.winners) == ("adopted", ("A",))


def test_a_close_on_what_is_no_stop_of_the_round_differs() -> None:
    world, open_ = asked()
    ben = world.of["ben1"]
    strange = world.write(ben, "stop", stop.body(open_, None))
    mia = told(world)

    ids: dict[str, Any] = {"winners": [], "tied": [], "seats": 0, "ballots": 0}
    nothing = sha256(b"").digest()
    found = close_as(
        world, mia, stops=[strange.id], outcome="missed", root=nothing, tally={}, **ids
    )

    assert found.status == "differs"
    assert strange.id.hex()[:16] in str(found.why[0])


def test_ballots_that_may_not_count_do_not_whatever_the_teller_lists() -> None:
    world, open_ = asked()
    ana, ben, eva, dan = (world.of[name] for name in PEOPLE)
    stranger = world.of["gus1"]
    world.do_enrol(stranger, 0, 0)
    world.poll(ana, "advice", ADVICE)
    other_open = newest(world)[1].open
    (vote, last), _ = world.rounds()
    good = world.vote(ben, open_, [["A"]])
    others = [
        world.vote(stranger, open_, [["A"]]),  # no member
        world.vote(eva, other_open, [["A"]]),  # another vote
        world.vote(eva, open_, [["C"]]),  # no such option
        world.vote(dan, open_, [["A"], ["A"]]),  # twice
        world.vote(ana, open_, "yes"),  # no ranking
    ]
    world.receipt(open_, *(each.id for each in (*others[2:], good)))
    stopped = world.write(ana, "stop", stop.body(open_, world.chain(open_)[-1].id))
    mia = told(world)

    made = recount.closing(mia, vote, [stopped.id])
    assert made is None  # it is about the newest round of that vote alone, and `last` is it
    assert recount.tally_now(mia, vote, last).safe.keys() == {ben.person.public}
