"""Recall and fraud: whatever came first, everybody stands on the same chain, or halts together."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.folding import step
from protocol.certificates import make_body, read_certificate, sign_certificate
from protocol.codec import encode
from protocol.errors import Invalid, Refused
from protocol.evidence import SPLIT, rivals_proof
from protocol.kinds import leave
from protocol.records import GOV
from storage import certificates, fork_proofs, halts, recalls, rivals, taking_back
from storage.database import set_meta
from storage.digest import digest
from storage.standing import settle
from storage.store import Store
from tests.storage.lines import Lines, hear
from tests.storage.post import CERTIFICATE, FOUND, OBJECT, agree, new_store, talk
from tests.storage.test_any_order import in_order
from tests.storage.test_chain import friend, grown, tip_of
from tests.storage.world import h


def tip(store: Store) -> tuple[int, bytes]:
    return certificates.tip(store)


def tellers(world: Lines, store: Store) -> list[str]:
    state = certificates.current(store)
    assert state is not None
    names = {device.key: device.name for device in world.devices}
    return [names[seat.device] for seat in state.tellers]


def rival(world: Lines, height: int, word: str = "other", kind: str = "roll") -> list[Any]:
    """Another certificate by ana's device for this height of the line, as it travels."""
    before = world.states[read_certificate(world.certificates[height - 1]).id]
    decision: Any = {"cite": [h(word)]}
    after = step(before, kind, decision)
    raw = make_body(
        community=world.community,
        height=height,
        prev=before.id,
        kind=kind,
        charter_hash=after.charter_hash,
        roll_root=after.roll.root(),
        next_tellers=after.tellers,
        decision=decision,
    )
    return [raw, 0, [[0, sign_certificate(raw, 0, world.of["ana1"].signer)]]]


def last(world: Lines) -> int:
    return len(world.certificates) - 1


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.integers(0, 3))
def test_two_thirds_replace_the_teller_whatever_comes_first(seed: int, void: int) -> None:
    """Records, the chain that the teller went on with, and what is done above the recall."""
    world, rng = grown(4), Random(seed)
    slate = world.slate(last(world) - void, 1, "ben")
    world.sign(slate, "ben", "eva")
    posted = [(FOUND, world.found.entry())]
    posted += [(CERTIFICATE, travel) for travel in world.certificates]
    posted += world.parcels()
    stores = [new_store(world, name) for name in ("mia", "leo", "zoe")]
    for store in stores:
        rng.shuffle(posted)
        chained = iter([p for p in posted if p[0] == FOUND] + sorted_chain(posted))
        for parcel in posted:
            hear(store, next(chained) if parcel[0] in (FOUND, CERTIFICATE) else parcel)

    agree(stores)

    for store in stores:
        assert tellers(world, store) == ["ben1"]
        assert tip(store)[0] == last(world) - void + 1
        assert certificates.get(store, tip(store)[0]).kind == "recall"
    assert len({in_order(store) for store in stores}) == 1


def sorted_chain(posted: list[Any]) -> list[Any]:
    chained = [p for p in posted if p[0] == CERTIFICATE]
    return sorted(chained, key=lambda parcel: read_certificate(parcel[1]).height)


def test_one_short_of_two_thirds_is_nothing_yet() -> None:
    world = grown(2)
    slate = world.slate(last(world), 1, "ben")
    world.sign(slate, "eva")
    mia = friend(world, "mia", 0)
    assert tellers(world, mia) == ["ana1"]
    (found,) = recalls.signed(mia)
    voters = recalls.electorate(mia, slate.prev)
    assert voters is not None
    assert (len(found.by), voters.needed, len(voters.persons)) == (1, 2, 3)

    world.sign(slate, "eva")  # once more changes nothing
    for parcel in world.parcels():
        hear(mia, parcel)
    assert tellers(world, mia) == ["ana1"]

    world.sign(slate, "ben")
    for parcel in world.parcels():
        hear(mia, parcel)
    assert tellers(world, mia) == ["ben1"]


def test_the_new_teller_goes_on_and_the_old_one_is_not_heard_any_more() -> None:
    world = grown(3)
    old = world.line
    world.sign(slate := world.slate(last(world), 1, "ben"), "ben", "eva")
    world.recalled(slate, "ben", "eva")
    new = world.line
    world.certify({"cite": [h("after")]})
    world.go_back(old)
    for number in range(6):
        world.certify({"cite": [h("in vain", number)]})
    mia, leo = friend(world, "mia", new), friend(world, "leo", old, records=False)

    agree([mia, leo])

    assert tip(mia) == tip(leo) == (len(world.lines[new]) - 1, tip_of(world, new))
    assert tellers(world, leo) == ["ben1"]
    assert len({in_order(store) for store in (mia, leo)}) == 1


def test_the_higher_attempt_stands_and_of_one_attempt_the_one_that_voids_less() -> None:
    world = grown(6)
    line, top = world.line, last(world)
    for height, attempt, name in ((top, 1, "ben"), (top - 1, 1, "eva"), (top - 3, 2, "eva")):
        world.go_back(line)
        world.recalled(world.slate(height, attempt, name), "ana", "ben", "eva")
    late, early, higher = (friend(world, f"friend {n}", n) for n in (1, 2, 3))

    agree([late, early])
    assert tip(late) == tip(early) == (top + 1, tip_of(world, 1))
    agree([late, early, higher])
    assert {tip(each) for each in (late, early, higher)} == {(top - 2, tip_of(world, 3))}


def test_two_recalls_of_one_attempt_halt_everybody_until_a_higher_one() -> None:
    """Eva has signed both."""
    world = grown(3)
    top = last(world)
    ours, theirs = world.slate(top, 1, "ben"), world.slate(top, 1, "eva")
    world.sign(ours, "ben", "eva")
    mia = friend(world, "mia", 0)
    assert tellers(world, mia) == ["ben1"]
    world.sign(theirs, "ana", "eva")
    leo = friend(world, "leo", 0)  # who heard of both
    by_certificate = friend(world, "zoe", 0, records=False)
    world.recalled(theirs, "ana", "eva")
    hear(by_certificate, (CERTIFICATE, world.lines[-1][-1]))

    agree([mia, leo, by_certificate])

    for store in (mia, leo, by_certificate):
        stopped = halts.halt(store)
        assert stopped is not None
        assert {each.next_tellers[0].person for each in stopped.certificates} == {
            world.of["ben1"].person.public,
            world.of["eva1"].person.public,
        }
        assert tip(store)[0] == top
        with pytest.raises(Refused) as caught, store.transaction():
            certificates.certify(store, world.of["ana1"].signer, "roll", {"cite": [h("x")]})
        assert caught.value.reason == "halted"
    assert len({in_order(store) for store in (mia, leo, by_certificate)}) == 1

    world.go_back(0)
    world.sign(world.slate(top, 2, "eva"), "ben", "eva")
    for parcel in world.parcels():
        hear(leo, parcel)
    agree([mia, leo, by_certificate])
    for store in (mia, leo, by_certificate):
        assert halts.halt(store) is None
        assert tellers(world, store) == ["eva1"]
    assert len({in_order(store) for store in (mia, leo, by_certificate)}) == 1


def test_a_recall_outranks_an_election_and_a_move() -> None:
    world = grown(3)
    top = last(world)
    world.elect("eva")
    world.go_back(0)
    world.move(top, 5, "ana2")
    world.lines[0], elected = world.lines[0][: top + 1], world.lines[0]
    world.lines.append(elected)
    world.go_back(0)
    world.recalled(world.slate(top - 1, 1, "ben"), "ben", "eva")
    stores = [friend(world, f"friend {line}", line) for line in (1, 2, 3)]

    agree(stores)

    assert {tip(store) for store in stores} == {(top, tip_of(world, 3))}


def test_the_owner_is_asked_before_a_recall_takes_much_back() -> None:
    world = grown(12)
    slate = world.slate(last(world) - 9, 1, "ben")
    world.sign(slate, "ben", "eva")
    mia = friend(world, "mia", 0)
    asked = taking_back.question(mia)
    assert asked is not None
    assert (asked["person"], asked["recall"], asked["lost"]) == (None, True, 9)
    assert tellers(world, mia) == ["ana1"]

    with mia.transaction():
        taking_back.accept(mia)
        settle(mia)

    assert tellers(world, mia) == ["ben1"]
    assert taking_back.question(mia) is None


def test_a_teller_who_cuts_people_off_does_not_stop_their_recall() -> None:
    """Ana shows ben and eva out above the certificate that they name, with empty cuts."""
    world = grown(1)
    slate = world.slate(last(world), 1, "ben")
    for name in ("ben", "eva"):
        device = world.of[f"{name}1"]
        left = world.write(device, "leave", leave.body([]))
        world.certify({"leave": [[device.person.public, left.id, []]]})
    world.sign(slate, "ben", "eva")

    mia = friend(world, "mia", 0, records=False)
    for parcel in world.parcels():
        hear(mia, parcel)

    assert tellers(world, mia) == ["ben1"]
    leo = friend(world, "leo", 0, records=False)
    agree([mia, leo])
    assert tip(leo) == tip(mia)
    assert in_order(leo) == in_order(mia)


def test_a_forked_log_does_not_hide_a_recall() -> None:
    world = grown(1)
    ben = world.of["ben1"]
    world.do_fork(ben, 4 * (len(ben.logs[GOV][0].records) - 1), 2)
    world.sign(world.slate(last(world), 1, "ben"), "ben", "eva")
    mia, leo = friend(world, "mia", 0), friend(world, "leo", 0, records=False)
    assert fork_proofs.forks(mia)

    agree([mia, leo])

    assert tellers(world, mia) == tellers(world, leo) == ["ben1"]


# Fraud


def test_two_certificates_at_the_tip_halt_everybody_who_has_seen_both() -> None:
    world = grown(3)
    top = last(world)
    other = rival(world, top)
    mia, leo = friend(world, "mia", 0), friend(world, "leo", 0)
    hear(mia, (CERTIFICATE, other))  # by gossip, and it does not follow

    assert not certificates.holds(mia, read_certificate(other))
    agree([mia, leo])
    for store in (mia, leo):
        (shown,) = halts.splits(store)
        assert {each.id for each in shown.certificates} == {
            tip_of(world, 0),
            read_certificate(other).id,
        }
        assert halts.halt(store) == shown
        assert tip(store)[0] == top - 1
        for travel in (other, world.certificates[-1]):
            hear(store, (CERTIFICATE, travel))
            assert tip(store)[0] == top - 1
        with pytest.raises(Refused), store.transaction():
            certificates.certify(store, world.of["ana1"].signer, "roll", {"cite": [h("x")]})
    assert len({in_order(store) for store in (mia, leo)}) == 1


def test_who_is_past_that_height_keeps_the_proof_and_stays() -> None:
    world = grown(4)
    top = last(world)
    mia, leo = friend(world, "mia", 0), friend(world, "leo", 0)
    other = rival(world, top - 1)
    before = tip(mia)
    hear(mia, (CERTIFICATE, other))

    agree([mia, leo])

    for store in (mia, leo):
        assert tip(store) == before
        assert halts.halt(store) is None
        assert [each.height for each in halts.splits(store)] == [top - 1]
    assert len({in_order(store) for store in (mia, leo)}) == 1


def test_one_split_after_another_takes_back_no_more_than_one_certificate() -> None:
    """Or else tellers who cheat could undo the past step by step."""
    world = grown(5)
    top = last(world)
    mia = friend(world, "mia", 0)
    for height in (top, top - 1, top - 2):
        hear(mia, (CERTIFICATE, rival(world, height)))

    assert tip(mia)[0] == top - 1
    assert [each.height for each in halts.splits(mia)] == [top - 2, top - 1, top]
    halted = halts.halt(mia)
    assert halted is not None
    assert halted.height == top


@pytest.mark.parametrize("how", ["recall", "move"])
def test_persons_end_the_halt(how: str) -> None:
    world = grown(3)
    top = last(world)
    mia, leo = friend(world, "mia", 0), friend(world, "leo", 0)
    hear(mia, (CERTIFICATE, rival(world, top)))
    if how == "recall":
        world.recalled(world.slate(top - 1, 1, "ben"), "ben", "eva")
    else:
        world.move(top - 1, 1, "ana2")

    hear(mia, (CERTIFICATE, world.lines[1][-1]))
    agree([mia, leo])

    assert tip(mia) == tip(leo) == (top, tip_of(world, 1))
    assert halts.halt(mia) is None
    assert [each.height for each in halts.splits(leo)] == [top]
    assert in_order(mia) == in_order(leo)


def test_persons_may_also_say_which_of_the_two_was_right() -> None:
    world = grown(3)
    top = last(world)
    mia = friend(world, "mia", 0)
    hear(mia, (CERTIFICATE, rival(world, top)))
    world.move(top, 1, "ana2")
    leo = friend(world, "leo", 1)

    agree([mia, leo])

    assert tip(mia) == tip(leo) == (top + 1, tip_of(world, 1))


def test_three_certificates_on_one_place_are_one_proof_everywhere() -> None:
    world = grown(2)
    top = last(world)
    others = [rival(world, top, word) for word in ("a", "b", "c")]
    stores = [friend(world, f"friend {n}", 0) for n in range(3)]
    for store, other in zip(stores, others, strict=True):
        hear(store, (CERTIFICATE, other))
    hear(stores[0], (CERTIFICATE, others[1]))

    agree(stores)

    ids = sorted(read_certificate(each).id for each in (*others, world.certificates[-1]))[:2]
    for store in stores:
        assert [c.id for each in halts.splits(store) for c in each.certificates] == ids
        assert tip(store)[0] == top - 1


def test_a_newcomer_who_was_told_of_a_later_certificate_does_not_halt_before_it() -> None:
    world = grown(4)
    top = last(world)
    proof = rivals_proof(
        world.community,
        SPLIT,
        read_certificate(world.certificates[top - 2]),
        read_certificate(rival(world, top - 2)),
    )
    for anchored in (True, False):
        mia = new_store(world, "mia")
        if anchored:
            set_meta(mia.db, f"anchor {top}", tip_of(world, 0).hex())
        hear(mia, (FOUND, world.found.entry()))
        for travel in world.certificates[: top - 2]:
            hear(mia, (CERTIFICATE, travel))
        hear(mia, (OBJECT, proof.raw))
        for travel in world.certificates[top - 2 :]:
            if anchored:
                hear(mia, (CERTIFICATE, travel))
        assert tip(mia)[0] == (top if anchored else top - 3)
        assert (halts.halt(mia) is None) == anchored
        assert len(halts.splits(mia)) == 1


def test_a_false_split_changes_nothing() -> None:
    world = grown(3)
    top = last(world)
    mia = friend(world, "mia", 0)
    raw, view, _ = rival(world, top)
    forged: Any = [raw, view, [[0, bytes(64)]]]
    stranger: Any = [raw, view, [[0, sign_certificate(raw, 0, world.of["ben1"].signer)]]]
    before = digest(mia)

    for travel in (forged, stranger, [raw, view, []]):
        with pytest.raises(Invalid):
            hear(mia, (CERTIFICATE, travel))
        made = rivals_proof(
            world.community,
            SPLIT,
            read_certificate(travel),
            read_certificate(world.certificates[-1]),
        )
        hear(mia, (OBJECT, made.raw))
        assert digest(mia) == before
        assert halts.splits(mia) == []
    good = read_certificate(world.certificates[-1])
    twice = encode([SPLIT, good.travel(), good.travel()])
    with pytest.raises(Invalid):
        hear(mia, (OBJECT, twice))
    assert digest(mia) == before


def test_junk_proofs_about_nothing_take_little_room() -> None:
    world = grown(3)
    mia = friend(world, "mia", 0)
    here = read_certificate(world.certificates[-1])
    for number in range(40):
        pair = []
        for word in ("one", "other"):
            raw = make_body(
                community=world.community,
                height=900,
                prev=h("nowhere", number),
                kind="roll",
                charter_hash=here.charter_hash,
                roll_root=here.roll_root,
                next_tellers=here.next_tellers,
                decision={"cite": [h(word)]},
            )
            pair.append(read_certificate([raw, 0, []]))
        hear(mia, (OBJECT, rivals_proof(world.community, SPLIT, *pair).raw))

    assert len(rivals.of_sort(mia, SPLIT)) == halts.MOST_WAITING
    assert halts.splits(mia) == []
    talk(mia, leo := friend(world, "leo", 0))
    assert rivals.of_sort(leo, SPLIT) == []


def test_an_election_above_fraud_decides_nothing() -> None:
    """Or else false tellers would elect themselves on the chain that they like better."""
    world = grown(3)
    top = last(world)
    world.lines.append(world.certificates[:top])
    world.line = 1
    world.state = world.states[read_certificate(world.certificates[-1]).id]
    world.certify({"cite": [h("something else")]})
    world.elect("eva")
    world.go_back(0)
    zoe = friend(world, "zoe", 0)  # has nothing above the fraud
    for number in range(4):
        world.certify({"cite": [h("on", number)]})
    mia, leo = friend(world, "mia", 0), friend(world, "leo", 1)

    for one, other in ((mia, leo), (zoe, leo), (zoe, mia)):
        talk(one, other)

    assert tip(mia)[1] == tip_of(world, 0)
    assert tip(leo)[1] == tip_of(world, 1)
    assert tip(zoe)[0] == top - 1
    for store in (mia, leo, zoe):
        assert [each.height for each in halts.splits(store)] == [top]
