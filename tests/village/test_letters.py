"""Letters between nodes: carried by others, opened in the background, their receipt told."""

from __future__ import annotations

import pytest
import trio
from trio.testing import MockClock

from node import post
from node.post import MESSAGES, Delivery, Letter
from storage import letters
from storage.rows import find_record
from tests.network.memory_streams import Pipe
from tests.village.test_devices import come_back
from tests.village.village import Village, Villager


def words(at: Villager, other: Villager) -> list[str]:
    """What this person has of the conversation with the other, oldest first."""
    return [str(each.body.text) for each in talk(at, other)]


def talk(at: Villager, other: Villager) -> list[Letter]:
    return post.thread(at.home, other.home.person, MESSAGES)


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Every message that goes between any two nodes, before the network encrypts it."""
    tapped: list[bytes] = []
    put, offer = Pipe.put, Pipe.offer

    async def tapped_put(pipe: Pipe, message: bytes) -> None:
        tapped.append(message)
        await put(pipe, message)

    def tapped_offer(pipe: Pipe, message: bytes) -> bool:
        tapped.append(message)
        return offer(pipe, message)

    monkeypatch.setattr(Pipe, "put", tapped_put)
    monkeypatch.setattr(Pipe, "offer", tapped_offer)
    return tapped


async def test_a_message_comes_through_a_friend_who_cannot_read_it(
    village: Village, autojump_clock: MockClock, wire: list[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    ana, ben, eva = await village.join("ana", "ben", "eva")
    await village.agree()
    village.cut(ana, eva)
    with eva.node.events.listen() as events:
        sent = post.write(ana.home, eva.home.person, "Is the bread still there?")
        assert post.delivery(ana.home, sent) == Delivery(state="sent", nodes=0)
        with trio.fail_after(600):
            while (event := await events.receive())["event"] != "letter":
                pass

    assert event == {"event": "letter", "person": ana.home.person.hex(), "about": "message"}
    assert words(eva, ana) == words(ana, eva) == ["Is the bread still there?"]
    await village.until(lambda: not letters.any_pending(ben.home.store))  # he has tried
    assert post.all_letters(ben.home) == []
    await village.until(lambda: post.delivery(ana.home, sent).state == "received")
    assert post.delivery(ana.home, sent).nodes >= 1
    assert post.unread(eva.home) == 1
    assert post.unread(ana.home) == 0
    post.mark_read(eva.home, ana.home.person, MESSAGES)
    assert post.unread(eva.home) == 0
    await village.agree()

    place = find_record(ben.home.store, sent)
    assert place is not None
    assert place[2].body is not None
    assert any(place[2].body in message for message in wire)  # it did go that way
    for text in (b"Is the bread still there?", b"bread still", b"message"):
        assert not any(text in message for message in wire)
    assert "bread" not in caplog.text


async def test_a_letter_to_somebody_away_is_held_by_others(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, _, eva = await village.join("ana", "ben", "eva")
    await village.agree()
    await eva.stop()

    sent = post.write(ana.home, eva.home.person, "See you tomorrow.")
    await village.until(lambda: post.delivery(ana.home, sent).nodes == 1)
    assert post.delivery(ana.home, sent) == Delivery(state="held", nodes=1)
    await ana.stop()
    await trio.sleep(24 * 3600)
    await eva.start()
    await village.until(lambda: bool(words(eva, ana)))
    await ana.start()
    await village.until(lambda: post.delivery(ana.home, sent).state == "received")


async def test_a_new_device_is_given_the_keys_of_older_letters(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben = await village.join("ana", "ben")
    await village.agree()
    post.write(ana.home, ben.home.person, "To the laptop")
    await village.until(lambda: bool(words(ben, ana)))
    post.write(ben.home, ana.home.person, "From the laptop")

    phone = await come_back(village, ben, "ben's phone")
    await village.until(lambda: len(words(phone, ana)) == 2)

    assert sorted(words(phone, ana)) == ["From the laptop", "To the laptop"]
    assert post.unread(phone.home) == 0  # they were read on the laptop
    assert not any(event["event"] == "letter" for _, event in phone.node.events.recent)
    post.write(ana.home, ben.home.person, "To both")
    await village.until(lambda: "To both" in words(phone, ana) and "To both" in words(ben, ana))
    post.write(phone.home, ana.home.person, "From the phone")
    await village.until(lambda: "From the phone" in words(ben, ana))
    (last,) = [each for each in talk(ben, ana) if each.body.text == "From the phone"]
    assert last.mine
    assert last.device == phone.home.device
