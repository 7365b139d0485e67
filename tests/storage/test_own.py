"""One's own logs: appended to under the lock, never over a history that is not one's own."""

from __future__ import annotations

import pytest

from protocol.errors import Refused
from protocol.kinds.listing import Listing
from protocol.records import MARKET, Record
from storage import own
from storage.database import get_meta
from storage.own import Draft
from storage.store import Store
from storage.verify import verify
from tests.storage.post import agree, deliver, log_of, new_store, send, told
from tests.storage.world import Branch, Device, World, village


def home_of(world: World, device: Device) -> Store:
    """The device's own home, with all that was written so far."""
    store = told(world, without=[device])
    store.device = device.key
    for lane, branches in device.logs.items():
        if branches:
            with store.transaction():
                from storage.log import append_own
                from storage.rows import ensure_log
                from storage.standing import settle

                append_own(store, ensure_log(store, device.key, lane), branches[0].records)
                settle(store)
    return store


def offers(store: Store, device: Device, title: str = "Bread") -> Record:
    body = Listing(title=title, mode="sell").body()
    return own.append(store, device.signer, [Draft("listing", body)])[0]


def refusal(store: Store, device: Device) -> str:
    before = store.db.execute("SELECT count(*) FROM record").fetchone()
    with pytest.raises(Refused) as refused:
        offers(store, device)
    assert store.db.execute("SELECT count(*) FROM record").fetchone() == before
    return refused.value.reason


def test_what_ben_appends_follows_what_he_said_before() -> None:
    world = village("ben")
    ben = world.of["ben1"]
    world.offer(ben)
    store = home_of(world, ben)

    made = offers(store, ben)

    assert made.header.seq == 2
    assert verify(store)[1] == []


def test_a_batch_is_signed_at_its_end_and_often_enough_to_travel() -> None:
    world = village("ben")
    ben = world.of["ben1"]
    store = home_of(world, ben)
    body = Listing(title="Bread", mode="sell", description="x" * 2000).body()

    made = own.append(store, ben.signer, [Draft("listing", body)] * 300)

    assert made[-1].signature is not None
    assert 1 < sum(record.signature is not None for record in made) < 10
    mia = told(world, "mia")
    agree([mia, store])
    assert log_of(mia, ben).prefix_seq == 300


def test_a_copied_home_appends_no_more() -> None:
    """A peer holds records of this very device that are not here: the home was copied."""
    world = village("ben")
    ben = world.of["ben1"]
    world.offer(ben)
    store = home_of(world, ben)
    world.offer(ben, title="Said elsewhere")
    mia = told(world, "mia")

    agree([store, mia])

    assert get_meta(store.db, "copied") == "1"
    assert log_of(store, ben).prefix_seq == 2
    assert refusal(store, ben) == "copied-home"


def test_a_home_whose_own_log_forked_appends_no_more() -> None:
    world = village("ben")
    ben = world.of["ben1"]
    world.offer(ben)
    store = home_of(world, ben)
    ben.logs[MARKET].append(Branch())
    world.offer(ben, 1, title="Other")

    send(store, world, ben.logs[MARKET][1].records)

    assert log_of(store, ben).fork_seq == 1
    assert refusal(store, ben) in ("copied-home", "log-ended")


def test_a_retired_device_appends_no_more() -> None:
    world = village("ben")
    ben = world.of["ben1"]
    bread = world.offer(ben)
    store = home_of(world, ben)
    world.certify({"retire": [[ben.key, [[ben.key, MARKET, 1, bread.id]]]]})

    deliver(store, ("certificate", world.certificates[-1]))

    assert refusal(store, ben) == "log-ended"
    assert get_meta(store.db, "copied") is None


def test_ones_own_records_that_come_back_change_nothing() -> None:
    world = village("ben")
    ben = world.of["ben1"]
    world.offer(ben)
    store = home_of(world, ben)

    send(store, world, ben.logs[MARKET][0].records)

    assert get_meta(store.db, "copied") is None
    assert offers(store, ben).header.seq == 2


def test_drafts_of_which_one_is_too_large_are_all_refused() -> None:
    from protocol.errors import Invalid

    world = village("ben")
    ben = world.of["ben1"]
    store = home_of(world, ben)
    good = Listing(title="Bread", mode="sell").body()
    huge = {**good, "description": "x" * 20_000}

    with pytest.raises(Invalid):
        own.append(store, ben.signer, [Draft("listing", good), Draft("listing", huge)])

    assert store.db.execute("SELECT count(*) FROM listing").fetchone() == (0,)
    assert offers(store, ben).header.seq == 1


def test_an_empty_home_asks_for_the_founding_before_it_says_anything() -> None:
    world = village()
    store = new_store(world)
    assert store.db.execute("SELECT count(*) FROM record").fetchone() == (0,)
    assert own.append(store, world.of["eva1"].signer, []) == []
