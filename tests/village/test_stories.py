"""What happens between people over days: cuts, mends, absence, forks, contested invitations."""

from __future__ import annotations

import shutil

import pytest
import trio
from trio.testing import MockClock

from node import home as homes
from node import inviting, market, people
from protocol.errors import Refused
from protocol.kinds.listing import Listing
from tests.village.village import Village, now_ms

HOUR = 3600.0
DAY = 24 * HOUR


async def test_a_listing_travels_through_a_friend(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben, eva = await village.join("ana", "ben", "eva")
    village.cut(ana, eva)

    bread = ana.offer("Bread", price=350)
    await trio.sleep(120)

    assert bread.id in eva.ids
    assert ben.digest == eva.digest


async def test_a_new_listing_is_on_the_neighbours_in_a_moment(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben, eva = await village.join("ana", "ben", "eva")
    await village.agree()

    bread = ana.offer("Bread")
    await trio.sleep(0.5)

    assert bread.id in ben.ids
    assert bread.id in eva.ids


async def test_who_was_away_for_two_days_catches_up(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben, eva = await village.join("ana", "ben", "eva")
    await eva.stop()
    bread = ana.offer("Bread")
    jam = ben.offer("Jam")
    await trio.sleep(2 * DAY)

    await eva.start()
    await village.agree(seconds=HOUR)

    assert {bread.id, jam.id} <= eva.ids


async def test_a_village_cut_in_two_trades_on_and_agrees_when_mended(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben, eva = await village.join("ana", "ben", "eva")
    village.cut(ana, ben)
    village.cut(ana, eva)
    for hour in range(6):
        ana.offer(f"Loaf {hour}")
        ben.offer(f"Jar {hour}")
        await trio.sleep(HOUR)
    assert ben.digest == eva.digest != ana.digest

    village.mend(ana, ben)
    village.mend(ana, eva)
    await village.agree(seconds=HOUR)

    assert len(ana.ids) == 12
    assert all(person.verify() == [] and person.faults == [] for person in village.people)


async def test_ten_people_with_lost_gossip_and_cuts_agree(
    village: Village, autojump_clock: MockClock
) -> None:
    village.world.loss = 0.3
    everybody = await village.join("ana", "ben", "eva", "dan", "fay")
    await village.invited("gus", by=everybody[1])
    for name in ("hal", "ida", "jon", "kim"):
        await village.invited(name, by=everybody[2])
    everybody = village.people
    for number, person in enumerate(everybody):
        village.cut(person, everybody[(number + 3) % 10])
        person.offer(f"Thing of {person.name}")
    await trio.sleep(HOUR)
    for number, person in enumerate(everybody):
        village.mend(person, everybody[(number + 3) % 10])

    await village.agree(seconds=HOUR)

    assert len(everybody[0].ids) == 10
    assert set(everybody[9].members().values()) == {"member"}


async def test_probation_is_counted_by_the_tellers_clock(
    village: Village, autojump_clock: MockClock
) -> None:
    (ana,) = await village.join("ana", probation_s=int(6 * HOUR))
    ben = await village.invited("ben", by=ana, wait=False)
    await trio.sleep(5 * HOUR)
    assert ben.standing == "provisional"
    bread = ben.offer("Bread")
    await trio.sleep(60)
    assert bread.id in ana.ids

    await trio.sleep(2 * HOUR)

    assert ben.standing == "member"
    assert ana.digest == ben.digest


async def test_two_on_one_invitation_stand_for_nobody_until_the_inviter_says_who(
    village: Village,
    autojump_clock: MockClock,
) -> None:
    ana, ben = await village.join("ana", "ben")
    (lone,) = inviting.make(ben.home, 1)
    ben.node.poke()
    await village.agree()
    await ana.stop()  # the teller is away, so nothing is certified
    eva = await village.joins("eva", lone)
    await village.until(lambda: eva.standing == "provisional")
    bread = eva.offer("Bread")
    await village.until(lambda: bread.id in ben.ids)

    mallory = await village.joins("mallory", lone)
    await village.until(lambda: mallory.node.last_answer is not None)

    assert mallory.node.last_answer is not None
    assert mallory.node.last_answer.reason == "contested"
    assert bread.id not in ben.ids
    assert ben.status_of(eva) == ben.status_of(mallory) == "waiting"

    people.confirm(ben.home, eva.home.person.hex())
    ben.node.poke()
    await village.until(lambda: bread.id in ben.ids)
    await village.agree(ben, eva)
    await ana.start()
    await village.until(lambda: eva.standing == "member")
    await village.agree(ana, ben, eva)
    assert mallory.standing == "waiting"
    await village.until(lambda: mallory.node.last_answer.reason == "used")  # type: ignore[union-attr]


async def test_a_copied_home_that_wrote_is_found_out_and_shown_on_every_node(
    village: Village,
    autojump_clock: MockClock,
) -> None:
    ana, ben, eva = await village.join("ana", "ben", "eva")
    await village.agree()
    await ben.stop()
    ben.home.store.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copytree(ben.home.path, village.folder / "copy")
    await ben.start()
    bread = ben.offer("Bread")
    await village.until(lambda: bread.id in ana.ids and bread.id in eva.ids)
    await ben.stop()
    copy = village._add("copy", homes.open_home(village.folder / "copy", now_ms))
    stone = market.offer(copy.home, Listing(title="Stone", mode="give"))
    await copy.start()

    await village.until(lambda: ana.forks != [] and eva.forks != [] and copy.forks != [])
    await village.agree(ana, eva, copy)
    await ben.start()
    await village.agree(ana, eva, ben)

    assert bread.id not in ana.ids
    assert stone.id not in eva.ids
    assert ana.faults == eva.faults == []


async def test_a_copied_home_that_has_not_written_is_told_and_writes_nothing(
    village: Village,
    autojump_clock: MockClock,
) -> None:
    ana, ben = await village.join("ana", "ben")
    await village.agree()
    await ben.stop()
    ben.home.store.db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copytree(ben.home.path, village.folder / "copy")
    await ben.start()
    bread = ben.offer("Bread")
    await village.until(lambda: bread.id in ana.ids)
    await ben.stop()

    copy = village._add("copy", homes.open_home(village.folder / "copy", now_ms))
    await copy.start()
    await village.until(lambda: copy.faults == ["copied-home"])

    with pytest.raises(Refused, match="copy"):
        market.offer(copy.home, Listing(title="Stone", mode="give"))
    await village.agree(ana, copy)
    assert ana.forks == []


async def test_who_leaves_is_off_the_market_and_the_rest_agree(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben, eva = await village.join("ana", "ben", "eva")
    bread = ben.offer("Bread")
    await village.until(lambda: bread.id in eva.ids)

    people.leave(ben.home)
    ben.node.poke()
    await village.until(lambda: ana.members()["ben"] == "left" and eva.members()["ben"] == "left")
    await village.agree(ana, eva)

    assert bread.id not in ana.ids
    assert ana.verify() == eva.verify() == []


async def test_what_is_erased_is_gone_from_every_file(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben = await village.join("ana", "ben")
    secret = ana.offer("A-title-to-forget")
    await village.until(lambda: secret.id in ben.ids)

    market.erase(ana.home, secret.id.hex())
    ana.node.poke()
    await village.until(lambda: secret.id not in ben.ids)
    await village.agree()

    for person in (ana, ben):
        held = person.home.store.db.execute(
            "SELECT count(*) FROM record WHERE instr(body, 'A-title-to-forget') > 0"
        ).fetchone()
        assert held == (0,)
        assert person.verify() == []


async def test_a_used_invitation_says_so(village: Village, autojump_clock: MockClock) -> None:
    (ana,) = await village.join("ana")
    (link,) = inviting.make(ana.home, 1)
    ana.node.poke()
    ben = await village.joins("ben", link)
    await village.until(lambda: ben.standing == "member")

    eva = await village.joins("eva", link)
    await village.until(lambda: eva.node.last_answer is not None)

    assert eva.node.last_answer is not None
    assert eva.node.last_answer.reason == "used"
    assert eva.standing == "waiting"


async def test_a_newcomer_gets_in_though_whoever_let_it_in_has_gone(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben = await village.join("ana", "ben")
    (link,) = inviting.make(ben.home, 1)
    ben.node.poke()
    await village.agree()
    await ana.stop()
    eva = await village.joins("eva", link)
    await village.until(lambda: eva.standing == "provisional")
    await ben.stop()

    await ana.start()

    await village.until(lambda: eva.standing == "member", seconds=300)
    assert ana.status_of(eva) == "member"


async def test_who_runs_for_weeks_and_who_was_away_for_weeks_find_each_other(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben, eva = await village.join("ana", "ben", "eva")
    await village.agree()
    await eva.stop()
    for _ in range(4):
        autojump_clock.jump(8 * DAY)
        await trio.sleep(300)
    assert len(ana.node.peers.addresses()) == 1  # Ben's card is a new one, and Eva's is no more
    await ben.stop()
    await ben.start()
    await village.until(lambda: len(ben.node.touch()) == 1)
    await eva.start()
    bread = eva.offer("Bread")
    await village.until(lambda: bread.id in ana.ids and bread.id in ben.ids)


async def test_what_is_published_before_gossip_reaches_a_new_member_comes_by_sync(
    village: Village, autojump_clock: MockClock
) -> None:
    village.world.loss = 1.0
    ana, ben = await village.join("ana", "ben")
    await village.agree()
    await trio.sleep(10)  # what joining has to spread is spread
    bread = ana.offer("Bread")
    await village.until(lambda: bread.id in ben.ids, seconds=5)
