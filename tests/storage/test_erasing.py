"""What is erased is gone: from every view, from the file's tables, whoever still holds it."""

from __future__ import annotations

from protocol.kinds import erase
from protocol.kinds.profile import Profile
from protocol.records import GOV, MARKET, Record
from storage.digest import digest
from storage.store import Store
from storage.verify import verify
from storage.views import listing_text, profiles
from tests.storage.post import agree, deliver, log_of, new_store, on_offer, send, told
from tests.storage.world import Branch, Device, World, village

REGRET = "Unmistakable"


def stall() -> tuple[World, Device, Record]:
    """Ben offers three things; the second one he will regret."""
    world = village("ben", "eva")
    ben = world.of["ben1"]
    world.offer(ben, title="Bread")
    secret = world.offer(ben, title=REGRET, description=f"{REGRET} words")
    world.offer(ben, title="Jam")
    return world, ben, secret


def told_secret(store: Store) -> list[str]:
    """The tables in which the secret can still be read, once the node was idle for a moment."""
    found = []
    with store.transaction():
        while listing_text.index_some(store, 1000):
            pass
    tables = store.db.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
    for (table,) in tables:
        rows = store.db.execute(f"SELECT * FROM {table}").fetchall()
        if any(REGRET.lower().encode() in _read(value) for row in rows for value in row):
            found.append(table)
    return found


def _read(value: object) -> bytes:
    return (value if isinstance(value, bytes) else str(value).encode()).lower()


def test_an_erased_listing_is_gone_from_the_tables_and_the_chain_still_holds() -> None:
    world, ben, secret = stall()
    mia = told(world)
    assert {"record", "listing_text"} <= set(told_secret(mia))

    send(mia, world, [world.write(ben, "erase", erase.body([secret.id]))])

    assert told_secret(mia) == []
    assert len(on_offer(mia)) == 2
    assert log_of(mia, ben).prefix_seq == 3
    assert verify(mia)[1] == []


def test_an_erase_that_comes_first_lets_nothing_in() -> None:
    world, ben, secret = stall()
    taken_back = world.write(ben, "erase", erase.body([secret.id]))
    mia = told(world, without=[ben])

    send(mia, world, ben.logs[GOV][0].records)
    send(mia, world, ben.logs[MARKET][0].records)

    assert taken_back.id == log_of(mia, ben, GOV).prefix_id
    assert told_secret(mia) == []


def test_a_second_device_of_the_same_person_may_erase() -> None:
    world, _, secret = stall()
    second = world.of["ben2"]
    world.do_enrol(second, 0, 0)
    world.write(second, "erase", erase.body([secret.id]))

    assert told_secret(told(world)) == []


def test_nobody_erases_for_somebody_else() -> None:
    world, _, secret = stall()
    world.write(world.of["eva1"], "erase", erase.body([secret.id]))

    mia = told(world)

    assert len(on_offer(mia)) == 3


def test_neither_a_withdrawal_nor_anything_in_gov_can_be_erased() -> None:
    world, ben, secret = stall()
    gone = world.write(ben, "withdraw", {"listing": secret.id})
    join = ben.logs[GOV][0].records[1]
    world.write(ben, "erase", erase.body(sorted([gone.id, join.id])))

    mia = told(world)

    assert mia.db.execute("SELECT count(*) FROM record WHERE body IS NULL").fetchone() == (0,)
    assert secret.id not in on_offer(mia)


def test_what_lies_beyond_a_fork_is_erased_as_well() -> None:
    world, ben, secret = stall()
    branches = ben.logs[MARKET]
    branches.append(Branch(branches[0].records[:1], 1))
    world.offer(ben, 1, title="Other")
    mia = told(world)
    send(mia, world, branches[1].records)
    assert "contested" in told_secret(mia)

    taken_back = world.write(ben, "erase", erase.body([secret.id]))
    send(mia, world, [taken_back])
    send(mia, world, branches[0].records)  # and it does not come in again

    assert told_secret(mia) == []


def test_a_body_behind_a_missing_one_is_erased_before_it_is_ever_shown() -> None:
    world, ben, secret = stall()
    bread, *_ = ben.logs[MARKET][0].records
    world.bare.add(bread.id)
    mia = told(world, without=[ben])
    send(mia, world, ben.logs[GOV][0].records)
    entries = [record.entry() for record in ben.logs[MARKET][0].records]
    entries[0][2:] = [None, None]
    deliver(mia, ("segment", (ben.key, MARKET, entries)))
    assert log_of(mia, ben).prefix_seq == 0

    send(mia, world, [world.write(ben, "erase", erase.body([secret.id]))])

    assert told_secret(mia) == []
    assert on_offer(mia) == set()


def test_an_erased_profile_gives_way_to_the_one_before() -> None:
    world, ben, _ = stall()
    world.write(ben, "profile", Profile(version=1, name="Ben").body())
    regretted = world.write(ben, "profile", Profile(version=2, name=REGRET).body())
    mia = told(world)
    assert profiles.names(mia)[ben.person.public] == REGRET

    send(mia, world, [world.write(ben, "erase", erase.body([regretted.id]))])

    assert profiles.names(mia)[ben.person.public] == "Ben"


def test_who_never_heard_the_body_and_who_did_end_alike() -> None:
    world, ben, secret = stall()
    mia = told(world)
    world.write(ben, "erase", erase.body([secret.id]))
    leo = told(world, "leo")
    zoe = new_store(world, "zoe")

    agree([mia, leo, zoe])

    assert digest(mia) == digest(leo) == digest(zoe)
    assert told_secret(mia) == told_secret(zoe) == []


def test_a_missing_body_ends_the_log_until_somebody_brings_it() -> None:
    world, ben, secret = stall()
    mia, leo = told(world, without=[ben]), told(world, "leo")
    send(mia, world, ben.logs[GOV][0].records)
    entries = [record.entry() for record in ben.logs[MARKET][0].records]
    entries[1][2:] = [None, None]
    deliver(mia, ("segment", (ben.key, MARKET, entries)))
    assert log_of(mia, ben).prefix_seq == 1

    agree([mia, leo])

    assert log_of(mia, ben).prefix_seq == 3
    assert secret.id in on_offer(mia)
    assert digest(mia) == digest(leo)
