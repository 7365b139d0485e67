"""A recall between running nodes: two sign, and everybody's node puts the new teller in."""

from __future__ import annotations

from trio.testing import MockClock

from node import recalling
from storage import certificates
from tests.village.village import Village, Villager


def tellers(person: Villager) -> list[bytes]:
    state = certificates.current(person.home.store)
    return [] if state is None else [seat.person for seat in state.tellers]


async def test_a_community_outlives_a_teller_who_is_gone_for_good(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben, eva = await village.join("ana", "ben", "eva")
    await village.until(lambda: eva.standing == "member")
    await village.agree()
    village.cut(ana, ben)
    village.cut(ana, eva)

    made = recalling.propose(ben.home, [eva.home.person.hex()])
    ben.node.poke()
    await village.until(lambda: bool(recalling.listed(eva.home)))
    assert recalling.sign(eva.home, made["recall"])["status"] == "in-force"
    eva.node.poke()
    await village.until(lambda: tellers(ben) == [eva.home.person])

    dan = await village.invited("dan", by=eva)
    await village.until(lambda: dan.standing == "member")  # the new teller does her duty
    village.mend(ana, ben)
    await village.until(lambda: tellers(ana) == [eva.home.person])
    await village.agree()
