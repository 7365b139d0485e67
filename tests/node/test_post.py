"""Letters between homes without a network: what reaches whom, and what hostile ones achieve."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from node import post
from node.home import Home
from node.post import MESSAGES, ORDER, Delivery, Letter, Outgoing
from protocol.codec import encode
from protocol.errors import NotFound, Refused
from protocol.keys import Signer
from protocol.kinds.registry import content
from protocol.letters.keys import HandedKeys
from protocol.letters.message import Message
from protocol.letters.order_key import OrderKey
from protocol.letters.registry import write_letter
from protocol.letters.seen import MOST_SEEN, Seen
from protocol.records import MARKET
from protocol.sealing import MOST_READERS, PLACE, seal
from storage import letter_devices, letters
from storage.log import keep_segment
from storage.own import Draft
from storage.rows import find_log, find_record, log_by_no, records_from
from storage.standing import settle
from storage.views import sealed
from tests.cli.council import Council
from tests.node.room import Room, meet, opened


@pytest.fixture(scope="module")
def elm_street(tmp_path_factory: pytest.TempPathFactory) -> Council:
    council = Council(tmp_path_factory.mktemp("post"))
    council.found()
    return council


@pytest.fixture
def room(elm_street: Council, tmp_path: Path) -> Iterator[Room]:
    with opened(elm_street.copy(tmp_path)) as found:
        yield found


def talk(at: Home, other: Home) -> list[str]:
    """The words of a conversation, once what came is open."""
    post.open_pending(at)
    return [each.body.text for each in post.thread(at, other.person, MESSAGES)]


def read(home: Home) -> list[Letter]:
    post.open_pending(home)
    assert not letters.any_pending(home.store)
    return post.all_letters(home)


def box(by: Home, data: bytes, *readers: Home) -> dict[str, Any]:
    """A box as `by` could seal it, whatever it holds."""
    return dict(
        seal(
            data,
            [each.device for each in readers],
            community=by.store.community,
            author=by.device,
            ephemeral=os.urandom(32),
            key=os.urandom(32),
        )
    )


def body_of(home: Home, record: bytes) -> dict[str, Any]:
    found = find_record(home.store, record)
    assert found is not None
    said: dict[str, Any] = content(found[2]).body()
    return said


HOSTILE = [
    b"",
    b"\xff" * 60,
    b"\x81" * 60,
    encode(["message"]),
    encode(["no such kind", {}]),
    encode(["message", {"to": bytes(32), "text": ""}]),
    encode(["message", {"to": bytes(31), "text": "hello"}]),
    encode(["message", {"to": bytes(32), "text": "x" * 15_000}]),
    encode(["seen", {"records": []}]),
    encode(["keys", {"keys": [[bytes(32), bytes(31)]]}]),
    encode(["order-key", {"order": bytes(32), "seed": bytes(32)}]),
]


def test_hostile_boxes_end_quietly_and_honest_ones_are_read(room: Room) -> None:
    ana, ben = room.ana, room.ben
    whole = box(ben, write_letter("message", Message(to=ana.person, text="hi").body()), ana)
    ben.append([Draft("sealed", box(ben, data, ana)) for data in HOSTILE])
    hint = whole["to"][:4]
    ben.append(
        [
            Draft("sealed", {**whole, **change})
            for change in (
                {"to": whole["to"] + bytes(7)},
                {"to": bytes(PLACE * (MOST_READERS + 1))},
                {"to": (hint + bytes(48)) * MOST_READERS},
                {"key": bytes(32)},
                {"key": b"\x01" + bytes(31)},
                {"key": b"\xff" * 32},
                {"box": whole["box"][:-1]},
                {"box": bytes(52)},
                {"box": b""},
                {"box": "text"},
            )
        ]
    )
    post.write(ben, ana.person, "Good morning")
    room.gather()

    assert talk(ana, ben) == ["Good morning"]
    assert len(read(ana)) == 1
    assert post.unread(ana) == 1
    assert ana.store.db.execute("SELECT reason FROM fault").fetchall() == []


def test_a_box_copied_into_another_record_says_nothing(room: Room) -> None:
    ana, ben, eva = room.homes
    sent = post.write(eva, ana.person, "I owe Ben a hundred")
    room.gather()
    ben.append([Draft("sealed", body_of(ben, sent))])
    room.gather()

    assert talk(ana, eva) == ["I owe Ben a hundred"]
    assert talk(ana, ben) == []
    assert read(ben) == []


def test_a_letter_of_which_only_the_record_was_kept_is_opened_like_any_other(room: Room) -> None:
    """Killed between the record and what is kept beside it."""
    ana, ben, _ = room.homes
    body = Message(to=ana.person, text="Half done").body()
    draft, _ = post.seal_letter(ben, "message", body, post.readers(ben, [ana.person]))
    (sent,) = ben.append([draft])
    assert post.thread(ben, ana.person, MESSAGES) == []
    room.gather()

    assert talk(ben, ana) == talk(ana, ben) == ["Half done"]
    assert post.delivery(ben, sent) == Delivery(state="sent", nodes=0)


def test_more_letters_than_one_answer_holds_are_all_answered(room: Room) -> None:
    _, ben, eva = room.homes
    line = Message(to=eva.person, text="A line").body()
    count = MOST_SEEN + 1
    post.send(ben, [Outgoing("message", line, frozenset({eva.person}))] * count)
    room.gather()
    assert len(read(eva)) == count
    assert post.acknowledge(eva) == count
    assert post.acknowledge(eva) == 0


def test_only_an_addressee_can_say_that_it_was_received(room: Room) -> None:
    ana, ben, eva = room.homes
    sent = post.write(ben, eva.person, "Hello Eva")
    room.gather()
    claim = Seen(records=[sent]).body()
    post.send(ana, [Outgoing("seen", claim, frozenset({ben.person}))])
    room.gather()
    read(ben)
    assert post.delivery(ben, sent).state == "sent"

    assert talk(eva, ben) == ["Hello Eva"]
    assert post.acknowledge(eva) == 1
    assert post.acknowledge(eva) == 0
    room.gather()
    read(ben)
    assert post.delivery(ben, sent).state == "received"
    with pytest.raises(NotFound):
        post.delivery(eva, sent)


def test_held_by_those_who_lack_nothing_of_ours(room: Room) -> None:
    ben = room.ben
    first = post.write(ben, room.ana.person, "One")
    letter_devices.note_holder(ben.store, room.eva.device, letter_devices.own_market_seq(ben.store))
    second = post.write(ben, room.ana.person, "Two")
    assert post.delivery(ben, first) == Delivery(state="held", nodes=1)
    assert post.delivery(ben, second) == Delivery(state="sent", nodes=0)
    letter_devices.note_holder(ben.store, room.eva.device, 1)  # never back
    assert post.delivery(ben, first).nodes == 1


def test_a_key_handed_on_opens_the_letter_it_is_of_and_no_other(room: Room) -> None:
    ana, ben, eva = room.homes
    order = Signer(os.urandom(32)).public
    said = Message(to=eva.person, text="Between the two of us", about=order)
    (sent,) = post.send(ben, [Outgoing("message", said.body(), frozenset({eva.person}))])
    room.gather()
    assert read(ana) == []
    (letter,) = [each for each in read(eva) if each.id == sent]
    wrong = HandedKeys(keys=[(sent, os.urandom(32)), (os.urandom(32), letter.content_key)])
    post.send(eva, [Outgoing("keys", wrong.body(), frozenset({ana.person}))])
    room.gather()
    assert read(ana) == []

    right = HandedKeys(keys=[(sent, letter.content_key)])
    post.send(eva, [Outgoing("keys", right.body(), frozenset({ana.person}))])
    room.gather()
    (found,) = read(ana)
    assert (found.person, found.body) == (ben.person, said)  # Ben's words, whoever handed the key
    assert [each.id for each in post.thread(ana, order, ORDER)] == [sent]
    assert post.thread(ana, ben.person, MESSAGES) == []
    assert post.acknowledge(ana) == 0


def test_a_key_may_come_before_its_letter(room: Room) -> None:
    ana, ben, eva = room.homes
    sent = post.write(ben, eva.person, "Early")
    meet(eva, ben)
    (letter,) = read(eva)
    keys = HandedKeys(keys=[(sent, letter.content_key)])
    draft = Outgoing("keys", keys.body(), frozenset({ana.person}))
    post.send(eva, [draft])
    post.write(eva, ana.person, "A line")
    # Ana hears of Eva's log alone: Ben's letter is not here yet.
    log, held = (find_log(home.store, eva.device, MARKET) for home in (eva, ana))
    assert log is not None
    after = 0 if held is None else held.head_seq
    entries = [r.entry() for r in records_from(eva.store, log.no, after + 1)]
    with ana.store.transaction():
        keep_segment(ana.store, eva.device, MARKET, entries)
        settle(ana.store)
    assert talk(ana, eva) == ["A line"]
    assert len(read(ana)) == 1

    meet(ana, ben)
    assert sent in {each.id for each in read(ana)}
    assert ana.store.db.execute("SELECT count(*) FROM handed_key").fetchone() == (0,)


def test_keys_of_what_is_ones_own_alone_are_handed_to_nobody_else(room: Room) -> None:
    ana, ben, _ = room.homes
    key = Signer(os.urandom(32))
    own = OrderKey(order=key.public, seed=key.seed).body()
    post.send(ben, [Outgoing("order-key", own, only_own=True)])
    assert post.share(ben, post.all_letters(ben), ana.person) == []
    assert len(post.share(ben, post.all_letters(ben), ben.person)) == 1
    room.gather()
    assert read(ana) == []


def test_a_letter_counts_while_its_record_stands(room: Room) -> None:
    ana, ben, _ = room.homes
    sent = post.write(ben, ana.person, "For now")
    room.gather()
    (before,) = read(ana)
    place = find_record(ana.store, sent)
    assert place is not None
    log = log_by_no(ana.store, place[1])

    with ana.store.transaction():
        sealed.retract(ana.store, log.no, 0)
    assert post.all_letters(ana) == []
    assert post.threads(ana) == []
    with pytest.raises(NotFound):
        post.find(ana, sent.hex())

    room.wait(3600)
    with ana.store.transaction():
        sealed.apply(ana.store, [sealed.Item(place[0], log, place[2], content(place[2]))])
    assert read(ana) == [before]


def test_readers_are_one_device_of_each_in_turn_and_at_most_sixteen(room: Room) -> None:
    ana, ben, eva = room.homes
    found = post.readers(ana, [ben.person, eva.person])
    assert found[0] == ana.device
    assert set(found) == {ana.device, ben.device, eva.device}
    with pytest.raises(Refused) as caught:
        post.readers(ana, [Signer(os.urandom(32)).public])
    assert caught.value.reason == "no-device"

    add = "INSERT INTO device (key, person, standing) VALUES (?, ?, 2)"
    for person in (ben.person, eva.person):
        for _ in range(9):
            ana.store.db.execute(add, [os.urandom(32), person])
    many = post.readers(ana, [ben.person, eva.person])
    assert len(many) == MOST_READERS
    owners = dict(ana.store.db.execute("SELECT key, person FROM device").fetchall())
    by_person = [owners[each] for each in many]
    assert abs(by_person.count(ben.person) - by_person.count(eva.person)) <= 1


def test_what_does_not_fit_is_refused_whole(room: Room) -> None:
    ana, ben, eva = room.homes
    records = ben.store.db.execute("SELECT count(*) FROM record").fetchone()
    both = frozenset({ana.person, eva.person})
    long = Message(to=ana.person, text="🫖" * 4000, about=bytes(32), reply=bytes(32))
    fine = Message(to=ana.person, text="fine")
    with pytest.raises(Refused) as caught:
        post.send(
            ben, [Outgoing("message", fine.body(), both), Outgoing("message", long.body(), both)]
        )
    assert caught.value.reason == "too-large"
    assert "nothing was sent" in str(caught.value)
    assert ben.store.db.execute("SELECT count(*) FROM record").fetchone() == records
    assert post.all_letters(ben) == []


def test_letters_under_another_key_are_no_letters(room: Room) -> None:
    ana, ben, _ = room.homes
    post.write(ben, ana.person, "Mine")
    ben.letters_read.clear()
    ben._letters_key = os.urandom(32)
    assert post.all_letters(ben) == []
