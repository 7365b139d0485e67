"""How much is taken in of one peer and of one author, reckoned without any node."""

from __future__ import annotations

from node import admission, allowances
from node.admission import Admission
from node.allowances import Allowances
from node.bucket import Bucket
from node.network import libp2p_members, links

ANA, BEN, OWN = bytes(32), b"b" * 32, b"o" * 32


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_what_is_owed_is_there_again_after_as_many_seconds() -> None:
    bucket = Bucket(size=10, rate=2, now=0.0)

    assert bucket.owe(16, 0.0) == 3.0
    assert not bucket.has(1, 3.0)
    assert bucket.take(1, 3.5)


def test_a_flood_waits_for_its_own_author_alone() -> None:
    clock = Clock()
    quota = Admission(clock, OWN)

    quota.took(ANA, 1, admission.BURST)
    assert not quota.has_room(ANA)
    assert quota.has_room(BEN)

    clock.now += admission.DAY
    assert quota.has_room(ANA)


def test_many_small_messages_come_in_at_a_pace() -> None:
    clock = Clock()
    quota = Admission(clock, OWN)

    taken = sum(quota.takes_in(ANA) for _ in range(2 * admission.STEPS))

    assert taken == admission.STEPS
    assert quota.pause(ANA) > 0
    clock.now += 1
    assert quota.takes_in(ANA)


def test_who_replays_what_is_held_spends_none_of_its_authors_steps() -> None:
    quota = Admission(Clock(), OWN)

    for _ in range(2 * admission.STEPS):
        assert quota.takes_in(ANA)
        quota.spared(ANA)

    assert quota.takes_in(ANA)


def test_who_forks_again_and_again_soon_waits() -> None:
    quota = Admission(Clock(), OWN)
    for _ in range(admission.STEPS // admission.STRAY + 1):
        quota.strayed(ANA)

    assert not quota.takes_in(ANA)
    assert quota.takes_in(BEN)


def test_ones_own_records_have_no_quota() -> None:
    quota = Admission(Clock(), OWN)
    quota.took(OWN, 1_000_000, 10 * admission.BURST)

    assert quota.takes_in(OWN)
    assert quota.pause(OWN) == 0


def test_shares_are_of_one_peer_and_of_one_sort() -> None:
    clock = Clock()
    shares = Allowances(clock)
    most = allowances.QUESTIONS

    assert sum(shares.take("ana", "gossip", 100) for _ in range(2 * most)) == most
    assert shares.take("ana", "sync", 100)
    assert shares.take("ben", "gossip", 100)
    clock.now += 1
    assert shares.take("ana", "gossip", 100)


def test_a_message_above_the_bytes_that_are_left_spends_nothing() -> None:
    shares = Allowances(Clock())
    size = int(allowances.SHARES["cards"].size)

    assert not shares.take("ana", "cards", size + 1)
    assert shares.take("ana", "cards", size)
    assert not shares.take("ana", "cards", 1)


def test_answers_beyond_the_share_are_waited_for() -> None:
    shares = Allowances(Clock())
    share = allowances.SHARES["answers"]

    assert shares.owe("ana", "answers", int(share.size)) == 0
    assert shares.owe("ana", "answers", int(share.size_a_second)) == 1


def test_honest_neighbours_pass_on_less_than_is_looked_at_and_that_is_less_than_is_read() -> None:
    """Else who only carries would be slowed down, and who floods would never be named."""
    share = allowances.SHARES["gossip"]

    assert links.PASSED < share.messages < libp2p_members.MESSAGES
    assert links.PASSED_A_SECOND < share.messages_a_second < libp2p_members.MESSAGES_A_SECOND
