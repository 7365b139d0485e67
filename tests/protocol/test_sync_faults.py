"""What a peer may not say in a sync conversation, and what is said to a question."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from protocol.codec import encode
from protocol.errors import Invalid, PeerFault
from protocol.evidence import fork_proof
from protocol.messages import (
    MAX_SIDE_IDS,
    MAX_WANTS,
    Branch,
    Buckets,
    Bye,
    Certificates,
    End,
    Forked,
    Ids,
    Places,
    Probe,
    SegmentOf,
    Side,
    SideIds,
    Turn,
    Want,
    WantBranch,
    WantSide,
)
from protocol.records import MARKET, ZERO
from protocol.sync import MOST, Answerer, Asker, same
from tests.protocol.asking import asking, hello, spared, toy
from tests.protocol.people import (
    ANA,
    BEN,
    COMMUNITY,
    entries,
    h,
    market,
)

BREAD = market(ANA, ["Bread", "Jam"])
LOG = (ANA.device.public, MARKET)


ANSWERS: list[Any] = [
    hello(),
    Certificates(None, [], False),
    SideIds([], False),
    Side(b"x"),
    Places([], False),
    SegmentOf(*LOG, entries(BREAD.records)),
    Forked(*LOG),
    End(),
    Ids([]),
    Branch([]),
    Turn(list(hello())),
    Bye("done"),
    None,
]
STATES: dict[str, tuple[dict[str, Any], list[Any], set[type[Any]]]] = {
    "certificates": ({"height": 5}, [], {Certificates}),
    "ids of the side set": ({"side": b"s" * 16}, [], {SideIds}),
    "objects": ({"side": b"s" * 16}, [SideIds([h("object")], False)], {Side, End}),
    "places": ({"frontier": b"f" * 16}, [], {Places}),
    "records": (
        {"frontier": b"f" * 16},
        [Places([(*LOG, 2, BREAD.records[1].id)], False)],
        {SegmentOf, Forked, End},
    ),
}


@pytest.mark.parametrize("state", STATES)
def test_what_was_not_asked_for_ends_the_conversation(state: str) -> None:
    differs, said, expected = STATES[state]
    for answer in ANSWERS:
        asker = asking(toy(), **differs)
        for each in said:
            asker.receive(each)
        if type(answer) in expected:
            continue
        with pytest.raises(PeerFault) as caught:
            asker.receive(answer)
        assert caught.value.reason == "unexpected"


def test_after_the_end_nothing_is_expected() -> None:
    asker = Asker(toy())
    assert asker.begin(toy().hello(), toy().hello()) == []
    assert asker.done
    for answer in ANSWERS:
        with pytest.raises(PeerFault):
            asker.receive(answer)


def test_a_prober_takes_ids_and_then_a_branch_only() -> None:
    ana = toy(market(ANA, [str(n) for n in range(9)], every=1).records)
    asker = asking(ana, frontier=b"f" * 16)
    assert isinstance(asker.receive(Places([(*LOG, 9, h("theirs"))], False))[0], Probe)
    with pytest.raises(PeerFault):
        asker.receive(Branch([]))
    assert asker.receive(Ids([b""] * 8)) == [WantBranch(*LOG, 1)]
    with pytest.raises(PeerFault):
        asker.receive(Ids([]))
    assert asker.receive(Branch([])) == []
    assert asker.done


@pytest.mark.parametrize("message", [each for each in ANSWERS if each is not None])
def test_an_answer_is_no_question(message: Any) -> None:
    with pytest.raises(PeerFault) as caught:
        list(Answerer(toy()).answer(message))
    assert caught.value.reason == "unexpected"


def test_an_object_that_was_not_asked_for_is_refused() -> None:
    one, other = spared(2).values()
    asker = asking(toy(), side=b"s" * 16)
    asker.receive(SideIds([sha256(one).digest()], False))

    with pytest.raises(PeerFault):
        asker.receive(Side(other))
    asker.receive(Side(one))
    with pytest.raises(PeerFault):  # the same again, for ever
        asker.receive(Side(one))


def test_a_log_that_was_not_asked_for_is_refused() -> None:
    bens = market(BEN, ["Beer"])
    for answer in (
        SegmentOf(BEN.device.public, MARKET, entries(bens.records)),
        Forked(*bens.records[0].log),
    ):
        asker = asking(toy(), frontier=b"f" * 16)
        asker.receive(Places([(*LOG, 2, BREAD.records[1].id)], False))
        with pytest.raises(PeerFault):
            asker.receive(answer)


def test_false_records_and_objects_are_refused_and_not_kept() -> None:
    mine = toy()
    asker = asking(mine, frontier=b"f" * 16)
    asker.receive(Places([(*LOG, 2, BREAD.records[1].id)], False))
    with pytest.raises(Invalid):
        asker.receive(SegmentOf(*LOG, entries(BREAD.records[:1])))
    asker = asking(mine, side=b"s" * 16)
    asker.receive(SideIds([sha256(b"junk").digest()], False))
    with pytest.raises(Invalid):
        asker.receive(Side(b"junk"))
    assert not mine.ids()
    assert not mine.side


def test_certificates_that_lead_nowhere_do_not_go_round_for_ever() -> None:
    mine = toy()
    mine.chain = [0, 1, 2]
    asker = asking(mine, height=9)

    with pytest.raises(PeerFault) as caught:
        asker.receive(Certificates(None, [1, 2], True))
    assert caught.value.reason == "no-progress"


def test_a_frontier_has_a_limit_and_names_each_log_once() -> None:
    asker = asking(toy(), frontier=b"f" * 16)
    place = (*LOG, 2, BREAD.records[1].id)
    asker.receive(Places([place], True))
    with pytest.raises(PeerFault):
        asker.receive(Places([place], True))

    asker = asking(toy(), frontier=b"f" * 16)
    with pytest.raises(PeerFault) as caught:
        for start in range(0, MOST + 2, MAX_WANTS):
            rows = [(n.to_bytes(32, "big"), 1, 1, ZERO) for n in range(start, start + MAX_WANTS)]
            asker.receive(Places(rows, True))
    assert caught.value.reason == "too-large"


def test_a_side_set_has_a_limit() -> None:
    asker = asking(toy(), side=b"s" * 16)
    with pytest.raises(PeerFault) as caught:
        for start in range(0, MOST + 2, MAX_SIDE_IDS):
            ids = [n.to_bytes(32, "big") for n in range(start, start + MAX_SIDE_IDS)]
            asker.receive(SideIds(ids, True))
    assert caught.value.reason == "too-large"


def test_a_fork_said_of_a_log_we_lack_is_nothing_to_search() -> None:
    asker = asking(toy(), frontier=b"f" * 16)
    asker.receive(Places([(*LOG, 2, h("x"))], False))

    asker.receive(Forked(*LOG))
    assert asker.receive(End()) == []
    assert asker.done


def test_strangers_and_other_versions_cannot_talk() -> None:
    for other, reason in (
        (hello(version=2), "other-version"),
        (hello(community=h("elsewhere")[:8]), "other-community"),
    ):
        with pytest.raises(PeerFault) as caught:
            same(hello(), other)
        assert caught.value.reason == reason


def test_an_answer_names_what_was_asked_for() -> None:
    ana = toy(BREAD.records)
    ids = [record.id for record in BREAD.records]

    assert list(Answerer(ana).answer(Probe(*LOG, [2, 1, 3]))) == [Ids([ids[1], ids[0], b""])]
    assert list(Answerer(ana).answer(Want([(*LOG, 2, h("mine"))]))) == [Forked(*LOG), End()]
    assert list(Answerer(ana).answer(WantSide([h("none")]))) == [End()]
    assert list(Answerer(ana).answer(Buckets(ana.buckets(16)))) == [Places([], False)]
    (branch,) = Answerer(ana).answer(WantBranch(*LOG, 1))
    one, two = BREAD.records
    assert branch == Branch([[one.raw, None], [two.raw, two.signature]])
    assert list(Answerer(ana).answer(WantBranch(*LOG, 3))) == [Branch([])]
    honey = market(ANA, ["Honey"])
    assert fork_proof(COMMUNITY, BREAD.records, honey.records).seq == 1
    assert encode(branch.headers)
