"""What a liar among four tellers, a member or a stranger may send: nodes come to hold the same."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest
import trio

from governance.agreement import Height
from governance.folding import step
from governance.handover import RESIGNED, stepping_in
from node import gossip, seat, teller
from node import home as homes
from node.assembly import casting
from node.home import Home
from node.peers import Peers
from node.recovery import Surroundings
from node.tellership import agreeing, judging, roll, votes
from protocol.certificates import make_body, read_certificate, sign_certificate
from protocol.codec import decode, encode
from protocol.errors import Invalid, StoreError
from protocol.evidence import SPLIT, Rivals, read_object, rivals_proof
from protocol.keys import Signer
from protocol.kinds import leave as leave_kind
from protocol.kinds import present
from protocol.kinds import retire as retire_kind
from protocol.records import GOV, ZERO
from protocol.teller_messages import (
    MAX_VIEW,
    About,
    Double,
    Message,
    Prepared,
    commit,
    double,
    gather,
    move_on,
    prepare,
    propose,
    read_message,
)
from storage import agreement, certificates, halts, heard, own, recalls, sideset
from storage import assembly as held
from storage.own import Draft
from storage.rows import find_log, id_at
from storage.standing import settle
from storage.store import Store
from tests.node import four as fours
from tests.node.four import Four
from tests.node.room import meet
from tests.storage.lines import hear as hear_parcel
from tests.storage.test_chain import friend, grown


def next_of(store: Store) -> Height:
    at = agreement.height(store)
    assert at is not None
    return at


def key(home: Home) -> Signer:
    return home.unlock().device


def hear(store: Store, *messages: Message) -> None:
    for message in messages:
        with store.transaction():
            agreement.receive(store, message)
            settle(store)


def believe(store: Store, *proofs: Any) -> None:
    for proof in proofs:
        with store.transaction():
            agreement.receive_double(store, proof)
            settle(store)


def said_twice(signer: Signer, about: About, *words: int) -> Any:
    one, other = (prepare(signer, about, 0, word.to_bytes(32, "big")) for word in words)
    return double(one, other, about.community)


def by_id(*proofs: Any) -> list[Any]:
    return sorted(proofs, key=lambda proof: proof.id)


# Proofs of two words


def test_a_proof_about_nothing_does_not_hide_one_that_counts(four: Four) -> None:
    """A liar may make as many as it likes, until one comes before the one that shows its fault."""
    liar = key(four.homes["Dan"])
    ana, fay = four.homes["Ana"], four.homes["Fay"]
    about = next_of(ana.store).about
    true = said_twice(liar, about, 1, 2)
    believe(ana.store, true)
    for number in range(8):
        nowhere = said_twice(liar, about._replace(height=9000 + number), 1, 2)
        beside = said_twice(liar, about._replace(prev=bytes(31) + bytes([number])), 1, 2)
        believe(ana.store, nowhere, beside)
        believe(fay.store, beside, nowhere)
        assert agreement.doubles(ana.store) == [true]
    assert agreement.doubles(fay.store) == []
    meet(ana, fay)
    assert sideset.ids(ana.store) == sideset.ids(fay.store)
    assert agreement.doubles(fay.store) == [true]


def test_an_old_fault_does_not_hide_a_new_one(four: Four) -> None:
    """Else whoever was elected again, after a first fault, could not be replaced for another."""
    liar = key(four.homes["Dan"])
    ana, fay = four.homes["Ana"].store, four.homes["Fay"].store
    old = next_of(ana).about
    four.propose("Fay", "Tea?", {"type": "advice"}, "Tea")
    four.settle()
    new = next_of(ana).about
    assert new.height > old.height
    before = [said_twice(liar, old, n, n + 1) for n in range(6)]
    after = [said_twice(liar, new, n, n + 1) for n in range(6)]
    believe(ana, *before, *after)
    believe(fay, *reversed(after), *before)
    assert agreement.doubles(ana) == agreement.doubles(fay) == [by_id(*after)[0]]


def test_who_never_had_a_seat_fills_no_room(four: Four) -> None:
    ana = four.homes["Ana"].store
    about = next_of(ana).about
    before = sideset.ids(ana)
    for name in ("Eva", "Fay"):
        believe(ana, said_twice(key(four.homes[name]), about, 1, 2))
    for number in range(20):
        believe(ana, said_twice(Signer(number.to_bytes(32, "big")), about, 1, 2))
    assert ana.db.execute("SELECT count(*) FROM side WHERE sort = 'double'").fetchone() == (0,)
    assert sideset.ids(ana) == before


# Whatever a liar sends to whom, in whatever order


@pytest.mark.parametrize("seed", range(6))
def test_nodes_that_heard_different_things_hold_the_same_after_talking(
    four: Four, seed: int
) -> None:
    rng = Random(seed)
    homes_ = [four.homes[name] for name in ("Ana", "Cleo", "Fay")]
    at = next_of(homes_[0].store)
    keys = {at.seat(key(home).public): key(home) for home in four.tellers}
    liar, other = keys[3], keys[2]
    assert liar is not None and other is not None
    body = _expiring(homes_[0].store, 3)
    ids = [bytes([n]) * 32 for n in range(3)]
    lies: list[Message] = []
    for _ in range(160):
        view, word = rng.choice((0, 1, 3, 40, MAX_VIEW, rng.randrange(1, 99))), rng.choice(ids)
        lies.append(
            rng.choice((prepare(liar, at.about, view, word), prepare(liar, at.about, view, ids[0])))
        )
        if view:
            lies.append(move_on(liar, at.about, view, None))
        lies.append(propose(liar, at.about, view, body, None))
        lies.append(commit(liar, at.about, Prepared(view, word, ((0, bytes(64)),))))
    lies += [prepare(other, at.about, 0, ids[0]), move_on(other, at.about, 1, None)]
    for home in homes_:
        for message in rng.sample(lies, len(lies) * 2 // 3):
            try:
                hear(home.store, message)
            except Invalid as error:
                assert error.reason == "bad-proof"
    for _ in range(2):
        meet(homes_[0], homes_[1])
        meet(homes_[1], homes_[2])
        meet(homes_[2], homes_[0])
    held = [sideset.ids(home.store) for home in homes_]
    assert held[0] == held[1] == held[2]
    store = homes_[0].store
    assert len(agreement.heard(store)) <= 4 * agreement.MOST_VIEWS + 2
    assert all(
        at.leader(each.view) == at.seat(each.device)
        for each in agreement.heard(store)
        if each.body is not None
    )
    assert len(agreement.doubles(store)) == 1


def _expiring(store: Store, slot: int) -> bytes:
    state = certificates.current(store)
    assert state is not None
    decision: Any = {"expire": [[state.tellers[0].device, 900 + slot, 0]]}
    return certificates.body(store, state, "roll", decision)


# The machine and its disk


def test_no_crash_makes_a_teller_say_two_things(four: Four) -> None:
    """The program is ended at any instruction of the database, opens its home again and goes on."""
    four.propose("Fay", "Tea?", {"type": "advice"}, "Tea")
    four.gather()
    rng = Random(5)
    spoken: dict[Any, bytes] = {}
    for _ in range(60):
        for name in fours.TELLERS:
            home = four.homes[name]
            left = rng.randrange(1, 2500)

            def stop() -> int:
                nonlocal left
                left -= 1
                return int(left <= 0)

            home.store.db.conn.set_progress_handler(stop, 20)
            try:
                words = teller.act(home.store, key(home)).words
            except (sqlite3.OperationalError, StoreError):
                words = []
            home.store.db.conn.set_progress_handler(None, 0)
            path = home.path
            home.close()
            home = homes.open_home(path, four.clock)
            four.homes[name] = home
            for word in words:
                assert spoken.setdefault(word.place, word.id) == word.id
            for word in [*agreement.own(home.store)[0], *agreement.heard(home.store)]:
                assert spoken.setdefault(word.place, word.id) == word.id
        four.wait(2)
        four.gather()
    four.tellers = [four.homes[name] for name in fours.TELLERS]
    assert spoken
    assert all(agreement.doubles(home.store) == [] for home in four.homes.values())


def test_a_body_that_is_too_long_holds_up_nothing(four: Four) -> None:
    store = four.homes["Ana"].store

    def steps(_: Store) -> Iterator[votes.Step]:
        yield votes.Step("roll", {"cite": [n.to_bytes(32, "big") for n in range(3000)]})
        yield votes.Step("roll", {"expire": [[store.device, 1, 99]]})
        yield votes.Step("roll", {"cite": [bytes(32)]})

    found = agreeing._body(store, steps, [])
    assert found is not None
    assert read_certificate([found, 0, []]).decision == {"cite": [bytes(32)]}


# What honest tellers agree to


@contextmanager
def second(four: Four, name: str, folder: Path, *who: str) -> Iterator[Home]:
    """Another device of this person's, on the roll, among these people's."""
    first = four.homes[name]
    made = homes.recover(
        folder / "second",
        first.store.community,
        first.unlock().person,
        Surroundings(name),
        None,
        four.clock,
    )
    four.homes["second"] = made
    try:
        for _ in range(6):
            four.settle(*who, "second")
            four.wait(10)
        assert made.standing() == "member"
        yield made
    finally:
        four.homes.pop("second").close()


def body(store: Store, kind: str, decision: Any) -> bytes:
    state = certificates.current(store)
    assert state is not None
    return certificates.body(store, state, kind, decision)


def test_a_record_is_not_used_up_without_what_rests_on_it(four: Four, tmp_path: Path) -> None:
    """A roll may leave something out, which its teller may not hold yet; but not like this."""
    with second(four, "Fay", tmp_path, *fours.NAMES) as again:
        lost = four.homes["Fay"].device
        again.append([Draft("retire", retire_kind.body(lost, []))])
        four.gather(*fours.NAMES, "second")
        ana = four.homes["Ana"].store
        right = roll.decision(ana)
        assert set(right) == {"retire", "cite"}
        assert judging.judge(ana, body(ana, "roll", right)) == ""
        for part in ("retire", "cite"):
            assert judging.judge(ana, body(ana, "roll", {part: right[part]})) == "not-due"


def test_a_removal_leaves_out_little_of_what_was_written(four: Four) -> None:
    fay = four.homes["Fay"]
    for _ in range(20):
        fay.append([Draft("present", present.body(certificates.tip(fay.store)[1]))])
    asked = four.propose("Ana", "Fay?", {"type": "expel", "person": "Fay"})
    for _ in range(3):
        four.settle()
        four.wait(5)
    for name in fours.NAMES[:-1]:
        casting.cast(four.homes[name], asked, "yes")
    ana = four.homes["Ana"].store
    for _ in range(40):
        four.gather()
        if due := [each for each in votes.steps(ana) if each.kind == "remove"]:
            break
        four.act()
        four.wait(2)
    (mine,) = due
    assert judging.judge(ana, body(ana, "remove", mine.decision)) == ""
    heads: Any = mine.decision["heads"]
    (whole,) = (head for head in heads if head[:2] == [fay.device, GOV])
    others = [head for head in heads if head is not whole]
    for seq, right in ((whole[2] - 3, True), (whole[2] - 20, False), (0, False)):
        log = find_log(ana, fay.device, GOV)
        assert log is not None
        lower = [fay.device, GOV, seq, id_at(ana, log.no, seq) or ZERO]
        theirs = mine.decision | {"heads": [*others, lower]}
        assert (judging.judge(ana, body(ana, "remove", theirs)) == "") == right
    theirs = mine.decision | {"heads": others}
    assert judging.judge(ana, body(ana, "remove", theirs)) == "not-due"


def test_who_asks_to_move_a_seat_does_not_lose_it(four: Four, tmp_path: Path) -> None:
    """The person gives the lost device up as well; a liar would read that as a resignation."""
    ben = four.homes["Ben"]
    others = ("Ana", "Cleo", "Dan", "Eva", "Fay")
    with second(four, "Ben", tmp_path, *others) as again:
        again.append([Draft("retire", retire_kind.body(ben.device, []))])
        seat.ask(again)
        four.gather(*others, "second")
        ana = four.homes["Ana"].store
        state = certificates.current(ana)
        assert state is not None
        (given_up,) = held.motions(ana, "retire", ben.device)[:1]
        false = stepping_in(1, RESIGNED, given_up.record, four.now_ms // 1000)
        assert judging.judge(ana, body(ana, "tellers", false)) == "not-due"
        for _ in range(4):
            four.settle(*others, "second")
            four.wait(10)
        state = certificates.current(ana)
        assert state is not None and state.tellers[1].device == again.device


def test_who_leaves_with_two_devices_does_not_part_the_tellers(four: Four, tmp_path: Path) -> None:
    """They hear of the two records in different orders; each holds up what another proposes."""
    fay = four.homes["Fay"]
    with second(four, "Fay", tmp_path, *fours.NAMES) as phone:
        first = _leave(fay)
        while _leave(phone) > first:
            pass  # until one in the log that everybody came to hold later has the lower id
        four.gather(*fours.NAMES, "second")
        for home in four.tellers:
            rows = home.store.db.execute("SELECT min(record) FROM leaving").fetchone()
            assert roll.decision(home.store)["leave"] == [[fay.person, rows[0], []]]


def _leave(home: Home) -> bytes:
    with home.store.transaction():
        (record,) = own.append(home.store, key(home), [Draft("leave", leave_kind.body([]))])
        settle(home.store)
    return record.id


def test_no_proposal_makes_a_judge_stumble(four: Four) -> None:
    """Bodies with odd decisions, most of which can't be carried out."""
    asked = four.propose("Fay", "Tea?", {"type": "advice"}, "Tea")
    four.settle()
    ana = four.homes["Ana"].store
    at, state = next_of(ana), certificates.current(ana)
    assert state is not None
    seen = [certificates.get(ana, height) for height in range(state.height + 1)]
    rng = Random(3)
    odd: list[Any] = [None, True, -1, 0, 2**53, "", "no", b"", bytes(32), [], [[]], {}, {"at": []}]
    odd += [bytes.fromhex(asked), state.id, state.tellers[0].device, [bytes(32)] * 4, "silent"]
    judged = 0
    for _ in range(1500):
        like = rng.choice(seen)
        decision = _mutated(rng, like.decision, odd)
        kind = (
            like.kind
            if rng.random() < 0.8
            else rng.choice(("roll", "tellers", "move-seat", "recall"))
        )
        raw = _body(state, at, kind, decision)
        if raw is None:
            continue
        judged += 1
        assert judging.judge(ana, raw) != "" or like.kind == "roll"
    assert judged > 1000


def _mutated(rng: Random, value: Any, odd: list[Any]) -> Any:
    if isinstance(value, dict):
        changed = dict(value)
        for name in list(value):
            if rng.random() < 0.3:
                changed[name] = _mutated(rng, value[name], odd)
            elif rng.random() < 0.1:
                del changed[name]
        if rng.random() < 0.3:
            changed[rng.choice(("at", "record", "seat", "why", "heads", "x"))] = rng.choice(odd)
        return changed
    if isinstance(value, list) and value and rng.random() < 0.8:
        where = rng.randrange(len(value))
        return [*value[:where], _mutated(rng, value[where], odd), *value[where + 1 :]]
    return rng.choice(odd)


def _body(state: Any, at: Height, kind: str, decision: Any) -> bytes | None:
    try:
        after = step(state, kind, decision)
    except Invalid:
        after = state
    return make_body(
        community=at.about.community,
        height=at.about.height,
        prev=at.about.prev,
        kind=kind,
        charter_hash=after.charter_hash,
        roll_root=after.roll.root(),
        next_tellers=after.tellers,
        decision=decision,
    )


# What is heard from a neighbour


class Ear:
    """The gossip that reaches a home; `asked`: whom it would sync with because of that."""

    def __init__(self, home: Home) -> None:
        self.asked: list[str] = []
        self.faults = Peers(home.store, lambda: 0.0)
        self._ear = gossip.Hearing(home.store, self.faults, lambda words: None, self.asked.append)

    def passes_on(self, message: bytes | None) -> bool:
        assert message is not None
        return trio.run(self._ear.check, "neighbour", message)


def test_a_certificate_with_other_signatures_is_not_passed_on(four: Four) -> None:
    """There is no end of them: any view, any bytes for a signature, and any held height."""
    fay = four.homes["Fay"]
    ear = Ear(fay)
    newest = certificates.get(fay.store, next_of(fay.store).about.height - 1)
    raw, view, signatures = newest.travel()
    assert ear.passes_on(gossip.certificate_message(newest.travel()))
    assert isinstance(signatures, list)
    for other in ([raw, 7, signatures], [raw, view, []], [raw, view, [[0, bytes(64)]]]):
        assert not ear.passes_on(gossip.certificate_message(other))
    old = certificates.get(fay.store, 1)
    assert not ear.passes_on(gossip.certificate_message([old.raw, 9, []]))
    assert ear.asked == []


def test_words_that_change_nothing_are_not_passed_on(four: Four) -> None:
    fay = four.homes["Fay"]
    about, ear = next_of(fay.store).about, Ear(fay)
    liar = key(four.homes["Dan"])
    word = prepare(liar, about, 60, bytes(32))
    assert ear.passes_on(gossip.teller_message(word))
    assert not ear.passes_on(gossip.teller_message(word))
    for view in range(61, 61 + agreement.MOST_VIEWS):
        assert ear.passes_on(gossip.teller_message(prepare(liar, about, view, bytes(32))))
    heard_at = heard.last(fay.store, liar.public)
    four.wait(1000)
    for late in (
        word,
        prepare(liar, about, 3, bytes(32)),
        prepare(liar, about._replace(height=about.height - 1), 99, bytes(32)),
        prepare(key(fay), about, 99, bytes(32)),
        propose(liar, about, _not_led(fay.store, liar), _expiring(fay.store, 1), None),
    ):
        assert not ear.passes_on(gossip.teller_message(late))
    assert heard.last(fay.store, liar.public) == heard_at  # repeating it makes nobody alive
    assert ear.asked == []
    assert not ear.passes_on(
        gossip.teller_message(prepare(liar, about._replace(height=about.height + 1), 0, bytes(32)))
    )
    assert ear.asked == ["neighbour"]


def _not_led(store: Store, liar: Signer) -> int:
    at = next_of(store)
    return next(view for view in range(200, 204) if at.leader(view) != at.seat(liar.public))


def test_only_invalid_comes_out_of_mutated_messages(four: Four) -> None:
    store = four.homes["Fay"].store
    about = next_of(store).about
    keys = [key(home) for home in four.tellers]
    raw = _expiring(store, 1)
    said = [prepare(each, about, 0, read_certificate([raw, 0, []]).id) for each in keys]
    shown = Prepared(0, read_certificate([raw, 0, []]).id, gather(dict(enumerate(said))))
    real: list[Message | Double] = [
        propose(keys[0], about, 1, raw, shown),
        propose(keys[0], about, 0, raw, None),
        said[0],
        commit(keys[1], about, shown),
        move_on(keys[2], about, 1, shown),
        double(said[0], prepare(keys[0], about, 0, bytes(32)), about.community),
    ]
    rng = Random(11)
    odd: list[Any] = [None, True, -1, 0, 1, 2**64 - 1, "", "propose", b"", bytes(32), bytes(64)]
    odd += [[], [[]], {}, {"a": 1}, [[0, bytes(64)]], [0, []]]
    for _ in range(4000):
        message = rng.choice(real)
        if rng.random() < 0.5:
            value = _mutated(rng, decode(message.raw, limit=10**6), odd)
            mutated = encode(value)
        else:
            changed = bytearray(message.raw)
            changed[rng.randrange(len(changed))] = rng.randrange(256)
            mutated = bytes(changed[: rng.choice((len(changed), rng.randrange(len(changed))))])
        for read in (read_message, read_object):
            try:
                read(mutated, about.community)
            except Invalid:
                pass
            else:
                assert mutated == message.raw


# Two certificates


def test_a_false_split_does_not_come_between_a_true_one(four: Four) -> None:
    """Anybody can make false ones, with ids as low as they like."""
    fay = four.homes["Fay"].store
    at = next_of(fay)
    state = certificates.current(fay)
    assert state is not None
    true = rivals_proof(at.about.community, SPLIT, *(_certified(four, at, fay, n) for n in (1, 2)))
    with fay.transaction():
        assert halts.receive(fay, true)
        settle(fay)
    assert halts.halt(fay) == true
    for number in range(40):
        false = [read_certificate([_expiring(fay, 10 + number + n), 0, []]) for n in (0, 50)]
        made = rivals_proof(at.about.community, SPLIT, *false)
        assert isinstance(made, Rivals)
        with fay.transaction():
            assert not halts.receive(fay, made)
            settle(fay)
        assert halts.halt(fay) == true


def _certified(four: Four, at: Height, store: Store, number: int) -> Any:
    raw = _expiring(store, number)
    signatures: list[Any] = [
        [at.seat(home.device), sign_certificate(raw, 0, key(home))] for home in four.tellers[:3]
    ]
    return read_certificate([raw, 0, sorted(signatures)])


def test_one_member_does_not_make_everybody_go_through_the_past() -> None:
    """By recalls that name one old certificate after another, which nobody else signs."""
    world = grown(6)
    top = len(world.certificates) - 1
    slates = [world.slate(top - back, 1, "ben") for back in range(1, 6)]
    for slate in slates:
        world.sign(slate, "ben")
    mia = friend(world, "mia", 0)
    assert len(recalls.signed(mia)) == len(slates)
    assert not any(slate.prev in recalls._electorates for slate in slates)
    world.sign(slates[2], "eva")
    for parcel in world.parcels():
        hear_parcel(mia, parcel)
    assert certificates.get(mia, certificates.tip(mia)[0]).kind == "recall"
