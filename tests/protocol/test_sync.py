"""The sync conversation over toy stores: what differs is found and brought, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocol.errors import PeerFault
from protocol.messages import (
    MAX_SIDE_IDS,
    MAX_WANTS,
    End,
    WantSide,
    WantSideIds,
)
from protocol.records import MARKET
from protocol.sync import WAYS, Answerer, Bisection
from tests.protocol.asking import asking, spared, toy
from tests.protocol.people import (
    ANA,
    BEN,
    EVA,
    FOUND,
    Person,
    h,
    joined,
    market,
)
from tests.protocol.strategies import quick
from tests.protocol.toy import converse

BREAD = market(ANA, ["Bread", "Jam"])
BENS = joined(BEN)
LOG = (ANA.device.public, MARKET)


def test_equal_nodes_say_hello_and_no_more() -> None:
    ana, ben = toy([FOUND], BREAD.records), toy(BREAD.records, [FOUND])

    talk = converse(ana, ben)

    assert talk.said == ["Hello", "Hello"]
    assert max(talk.sent) < 100


def test_what_one_has_the_other_gets_both_ways() -> None:
    ana = toy([FOUND], BREAD.records)
    ben = toy([FOUND], BENS.records)

    converse(ana, ben)

    assert ana.ids() == ben.ids()
    assert ana.hello() == ben.hello()
    assert converse(ben, ana).said == ["Hello", "Hello"]


def test_only_what_is_new_travels() -> None:
    names = [market(Person(f"p{n}"), ["Bread"]).records for n in range(200)]
    longer = market(ANA, ["Bread", "Jam", "Eggs"], every=1)
    ana, ben = toy(*names, longer.records), toy(*names, longer.records[:2])

    talk = converse(ben, ana)

    assert ben.ids() == ana.ids()
    assert ben.kept == 1
    assert sum(talk.sent) < 8_000


logs = st.lists(st.integers(0, 12), min_size=3, max_size=3)


@quick
@given(logs, logs)
def test_any_two_honest_nodes_end_alike(mine: list[int], theirs: list[int]) -> None:
    whole = [market(who, [str(n) for n in range(12)], every=1).records for who in (ANA, BEN, EVA)]
    ana = toy(*(log[:n] for log, n in zip(whole, mine, strict=True) if n))
    ben = toy(*(log[:n] for log, n in zip(whole, theirs, strict=True) if n))

    converse(ana, ben)

    assert ana.hello() == ben.hello()
    assert len(ana.ids()) == sum(map(max, mine, theirs))


@quick
@given(st.integers(0, 140), st.integers(1, 40), st.integers(1, 40), st.booleans(), st.booleans())
def test_a_fork_is_found_wherever_it_is(
    common: int, one: int, other: int, often: bool, ana_asks: bool
) -> None:
    trunk = market(ANA, [str(n) for n in range(common)], every=1)
    left, right = trunk.copy(), trunk.copy()
    for number in range(one):
        left.offer(f"Jam {number}", sign=often or number == one - 1)
    for number in range(other):
        right.offer(f"Honey {number}", sign=often or number == other - 1)
    ana, ben = toy(left.records), toy(right.records)

    converse(ana, ben) if ana_asks else converse(ben, ana)

    assert ana.forks == ben.forks
    assert ana.forks[LOG].seq == common + 1
    assert ana.ids() == ben.ids() == {record.id for record in trunk.records}
    assert converse(ana, ben).said == ["Hello", "Hello"]


def test_a_third_person_learns_of_a_fork_from_either() -> None:
    trunk = market(ANA, ["Bread"])
    left, right = trunk.copy(), trunk.copy()
    left.offer("Jam")
    right.offer("Honey")
    ana, ben = toy(left.records), toy(right.records)
    converse(ana, ben)
    eva, dan = toy(), toy(right.records)

    converse(eva, ana)
    converse(dan, ben)

    assert eva.ids() == dan.ids() == {trunk.records[0].id}
    assert eva.hello() == dan.hello() == ana.hello()


def test_certificates_come_page_by_page() -> None:
    ana, ben = toy(), toy()
    ana.chain = list(range(10))

    talk = converse(ben, ana)

    assert ben.chain == ana.chain
    assert talk.said.count("WantCertificates") == 4


def test_a_side_set_of_many_objects_is_exchanged_whole() -> None:
    ana, ben = toy(), toy()
    ana.side = {h("object", n): b"" for n in range(2 * MAX_SIDE_IDS + 1)}
    said = list(Answerer(ana).answer(WantSideIds()))
    assert [(len(each.ids), each.more) for each in said] == [
        (MAX_SIDE_IDS, True),
        (MAX_SIDE_IDS, True),
        (1, False),
    ]

    asker = asking(ben, side=b"s" * 16)
    first, second, third = [asker.receive(each) for each in said]
    assert (first, second) == ([], [])
    assert third == [WantSide(sorted(ana.side)[:MAX_WANTS])]
    assert asker.receive(End()) == [WantSide(sorted(ana.side)[MAX_WANTS : 2 * MAX_WANTS])]


def test_spared_records_travel_with_the_side_set() -> None:
    ana, ben = toy(BENS.records), toy(BENS.records)
    ana.side = spared(5)

    converse(ben, ana)

    assert ben.side == ana.side


# --- bisection


@quick
@given(st.integers(1, 2**53), st.data())
def test_bisection_takes_few_steps_in_the_longest_log(length: int, data: st.DataObject) -> None:
    fork = data.draw(st.integers(1, length))
    search, steps = Bisection(LOG, length), 0

    while search.parted_at is None:
        seqs = search.seqs()
        assert 1 <= len(seqs) <= WAYS
        assert seqs == sorted(set(seqs))
        theirs = [h("trunk", seq) if seq < fork else h("theirs", seq) for seq in seqs]
        ours = [h("trunk", seq) if seq < fork else h("ours", seq) for seq in seqs]
        search.learn(seqs, ours, theirs)
        steps += 1

    assert search.parted_at == fork
    assert steps <= 11


@quick
@given(st.integers(1, 2**53), st.randoms(use_true_random=False))
def test_bisection_ends_whatever_the_other_side_says(length: int, lots: Any) -> None:
    search, steps = Bisection(LOG, length), 0

    while search.parted_at is None:
        seqs = search.seqs()
        ours = [h(seq) for seq in seqs]
        search.learn(seqs, ours, [lots.choice([h(seq), b"", h("x")]) for seq in seqs])
        steps += 1
        assert steps <= 60

    assert 1 <= search.parted_at <= length


def test_an_answer_of_another_length_is_the_peers_fault() -> None:
    search = Bisection(LOG, 10)
    for theirs in ([], [h(1)] * 10):
        with pytest.raises(PeerFault) as caught:
            search.learn(search.seqs(), [h(1)] * 9, theirs)
        assert caught.value.reason == "bad-message"
