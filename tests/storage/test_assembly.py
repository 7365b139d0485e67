"""What members say about votes, read back: only of those who may, wherever it is held."""

from __future__ import annotations

import pytest

from protocol.kinds import erase
from protocol.kinds.comment import Comment
from protocol.records import GOV, TALK, Record
from storage import assembly
from storage.digest import digest
from storage.store import Store
from storage.verify import rebuild, verify
from storage.views.assembly import APPEAL, CHALLENGE, RETIRE, VOUCH, WITHDRAW
from tests.storage.post import agree, deliver, log_of, send, told
from tests.storage.world import Branch, Device, World, h, village

ADVICE = {"type": "advice"}


def say(world: World, device: Device, about: bytes, text: str) -> Record:
    return world.write(device, "comment", Comment(about=about, text=text).body())


def test_everything_about_a_vote_is_read_back_as_it_was_written() -> None:
    world = village("ben")
    ana, ben = world.of["ana1"], world.of["ben1"]
    vote = world.poll(ben, "advice", ADVICE)
    (_, round_) = world.rounds()[0]
    better = world.vote(ben, round_.open, [["B"]], 2)
    first = world.vote(ana, round_.open, [["A"]], 1)
    some = world.receipt(round_.open, better.id)
    rest = world.receipt(round_.open, first.id)
    assert some is not None and rest is not None
    world.close(round_.open)
    close = certificates_of(told(world))[-1]
    challenge = {"proposal": vote.proposal, "close": close, "ballots": [better.id, first.id]}
    moved = world.write(ben, "challenge", challenge)  # type: ignore[arg-type]
    for kind, body in (
        ("withdraw-proposal", {"proposal": vote.proposal}),
        ("appeal", {"proposal": vote.proposal}),
        ("vouch", {"person": world.persons["gus"].public}),
        ("retire", {"device": ben.key, "heads": []}),
    ):
        world.write(ben, kind, body)  # type: ignore[arg-type]

    mia = told(world)

    (asked,) = assembly.proposals(mia)
    assert (asked.record, asked.device, asked.person) == (vote.proposal, ben.key, ben.person.public)
    found = assembly.proposal(mia, vote.proposal)
    assert found is not None and found[1].options == (("A", "Apples"), ("B", "Bread"))
    assert (asked.title, asked.made_ms) == (found[1].title, found[0].header.time_ms)
    cast = assembly.ballots(mia, round_.open)
    assert [(each.record, each.version, each.choice) for each in cast] == [
        (first.id, 1, [["A"]]),
        (better.id, 2, [["B"]]),
    ]
    chain = assembly.receipts_of(mia, ana.key, round_.open)
    assert [(each.record, each.before, each.ballots) for each in chain] == [
        (some.id, None, (better.id,)),
        (rest.id, some.id, (first.id,)),
    ]
    stop = assembly.stop_of(mia, ana.key, round_.open)
    assert stop is not None and stop.last == rest.id
    assert assembly.stop_of(mia, ben.key, round_.open) is None
    (said,) = assembly.motions(mia, CHALLENGE, vote.proposal)
    assert said.record == moved.id and said.detail == close + better.id + first.id
    for sort, about in (
        (WITHDRAW, vote.proposal),
        (APPEAL, vote.proposal),
        (VOUCH, world.persons["gus"].public),
        (RETIRE, ben.key),
    ):
        assert [m.person for m in assembly.motions(mia, sort, about)] == [ben.person.public]
        assert assembly.motions(mia, sort, h("nothing")) == []
        assert len(assembly.motions(mia, sort)) == 1


def certificates_of(store: Store) -> list[bytes]:
    rows = store.db.execute("SELECT id FROM certificate ORDER BY height")
    return [row[0] for row in rows]


def test_only_devices_on_the_roll_propose_vote_and_move_and_the_rest_counts_once_they_are() -> None:
    world = village("ben")
    (ana, ben, second) = (world.of[name] for name in ("ana1", "ben1", "ben2"))
    world.poll(ana, "advice", ADVICE)
    open_ = world.rounds()[0][1].open
    world.do_enrol(second, 0, 0)
    draft = {"kind": "advice", "title": "Mine", "text": "", "effect": ADVICE, "options": []}
    world.write(second, "proposal", draft)  # type: ignore[arg-type]
    world.vote(second, open_, [["A"]])
    world.write(second, "vouch", {"person": world.persons["gus"].public})
    mia = told(world)

    assert [each.device for each in assembly.proposals(mia)] == [ana.key]
    assert assembly.ballots(mia, open_) == assembly.motions(mia, VOUCH) == []

    world.certify({"enrol": [[ben.person.public, second.key, second.logs[GOV][0].records[0].id]]})
    deliver(mia, ("certificate", world.certificates[-1]))

    assert [each.device for each in assembly.proposals(mia)] == [ana.key, second.key]
    assert [each.person for each in assembly.ballots(mia, open_)] == [ben.person.public]
    assert [each.device for each in assembly.motions(mia, VOUCH)] == [second.key]


def test_a_proposal_that_was_opened_is_shown_though_its_author_forked_or_left() -> None:
    world = village("ben", "eva")
    ben = world.of["ben1"]
    ben.logs[GOV].append(Branch(ben.logs[GOV][0].records[:2], 2))
    lost = {"kind": "advice", "title": "Lost", "text": "", "effect": ADVICE, "options": []}
    world.write(ben, "proposal", lost, which=1)  # type: ignore[arg-type]
    vote = world.poll(ben, "advice", ADVICE)
    mia, leo = told(world), told(world, "leo", without=[ben])
    send(leo, world, ben.logs[GOV][1].records)

    agree([mia, leo])

    for store in (mia, leo):
        assert log_of(store, ben, GOV).prefix_seq == 2
        assert [each.record for each in assembly.proposals(store)] == [vote.proposal]
        assert rebuild(store)[1] == digest(store)
        assert [each.record for each in assembly.proposals(store)] == [vote.proposal]
    assert digest(mia) == digest(leo)


def test_a_comment_is_shown_until_its_author_erases_it() -> None:
    world = village("ben", "eva")
    ben, eva, gus = (world.of[name] for name in ("ben1", "eva1", "gus1"))
    vote = world.poll(ben, "advice", ADVICE)
    first = say(world, ben, vote.proposal, "Apples keep longer.")
    secret = say(world, ben, vote.proposal, "Between us: Eva can't bake.")
    say(world, eva, h("something else"), "Nice weather.")
    world.do_enrol(gus, 0, 0)
    say(world, gus, vote.proposal, "Buy my pills!")  # nobody knows Gus
    mia = told(world)
    for device in (ben, eva, gus):
        send(mia, world, device.logs[TALK][0].records)
    assert [each.text for each in assembly.comments(mia, [vote.proposal])] == [
        "Apples keep longer.",
        "Between us: Eva can't bake.",
    ]

    send(mia, world, [world.write(ben, "erase", erase.body([secret.id]))])

    (left,) = assembly.comments(mia, [vote.proposal, h("nothing")])
    assert (left.record, left.person) == (first.id, ben.person.public)
    assert log_of(mia, ben, TALK).prefix_seq == 2
    assert verify(mia)[1] == []
    before = digest(mia)
    assert rebuild(mia)[1] == before
    assert assembly.comments(mia, [vote.proposal]) == [left]


@pytest.mark.parametrize("kind", ["ballot", "receipts", "stop", "proposal", "vouch", "challenge"])
def test_what_can_not_be_read_is_kept_and_in_no_view(kind: str) -> None:
    world = village("ben")
    ben = world.of["ben1"]
    for body in ({}, {"open": 1, "proposal": [], "ballots": "x", "version": -1, "person": b""}):
        world.write(ben, kind, body)  # type: ignore[arg-type]

    mia = told(world)

    assert log_of(mia, ben, GOV).prefix_seq == len(ben.logs[GOV][0].records)
    tables = ("proposal", "ballot", "receipts", "stop", "motion")
    assert not any(mia.db.execute(f"SELECT 1 FROM {table}").fetchone() for table in tables)
