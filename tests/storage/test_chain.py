"""Two chains of certificates: whoever has heard of both stands on the same one, as if alone."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from protocol.certificates import Certificate, read_certificate, sign_certificate
from protocol.errors import Invalid, Refused
from protocol.evidence import SEATS, rivals_proof
from protocol.kinds import erase, leave
from protocol.messages import Buckets, ProbeChain, WantCertificates, WantSideIds
from protocol.sync import Answerer, Asker
from storage import certificates, chain, halts, rivals, taking_back
from storage.digest import digest
from storage.holdings import StoreHoldings
from storage.standing import settle
from storage.store import Store, create_store
from tests.storage.lines import Lines, Split, hear, winner
from tests.storage.post import (
    CERTIFICATE,
    FOUND,
    OBJECT,
    agree,
    log_of,
    new_store,
    on_offer,
    talk,
)
from tests.storage.test_any_order import in_order
from tests.storage.world import OFTEN, TIME, h

LONG = bool(os.environ.get("MOOTHALL_LONG"))
often = settings(
    max_examples=3000 if LONG else 40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
OURS = ("move", "move", "recall", "recall", "other_line", "other_line", "elect", "retire", "leave")
ORDINARY = (*(step for step in OFTEN if step != "poll"), "list_device")
_small = st.integers(0, 63)
scripts = st.lists(
    st.tuples(st.sampled_from((*OURS, *OURS, *ORDINARY)), _small, _small, _small), max_size=24
)
Script = list[tuple[str, int, int, int]]
MOST_LINES = 5


def made(script: Script) -> Lines:
    """A world in which ana and ben, and mostly eva, belong before anything parts."""
    world = Lines()
    for step in [("welcome", 1, 0, 1), ("welcome", 2, 1, 1), ("offer", 1, 1, 0), *script]:
        if step[0] not in ("move", "recall") or len(world.lines) < MOST_LINES:
            world.act(*step)
    return world


@often
@given(scripts, st.integers(0, 2**32))
def test_friends_on_different_chains_agree_after_talking(script: Script, seed: int) -> None:
    """Each line has a friend who holds it; others heard of this and that, in any order."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(taking_back, "MOST_LOST", 1000)  # owners who agree to whatever is taken back
        _all_come_to_the_same(made(script), Random(seed))


def _all_come_to_the_same(world: Lines, rng: Random) -> None:
    try:
        stands_at = winner(world)
    except Split:
        assume(False)
    records = world.parcels()
    stores = []
    for number, line in enumerate([*world.lines, None]):
        store = new_store(world, f"friend {number}")
        heard = [(CERTIFICATE, travel) for travel in line or rng.choice(world.lines)]
        rest = [(CERTIFICATE, travel) for each in world.lines for travel in each]
        some = [p for p in [*rest, *records] if line is None or rng.random() < 0.4]
        rng.shuffle(some)
        for parcel in [(FOUND, world.found.entry()), *heard, *some]:
            hear(store, parcel)
        stores.append(store)

    agree(stores)

    assert {certificates.tip(store) for store in stores} == {stands_at}
    for store in stores:  # two elections may have met on the way, which only a recall decides
        store.db.execute("DELETE FROM fault WHERE reason = 'certificate-conflict'")
    assert len({in_order(store) for store in stores}) == 1


def grown(count: int = 0) -> Lines:
    """Ana, ben and eva, and further certificates of no importance."""
    world = made([])
    for number in range(count):
        world.certify({"expire": [[world.of["ana1"].key, number + 10, 0]]})
    return world


def friend(world: Lines, name: str, line: int, *, records: bool = True) -> Store:
    """Somebody who heard of one line alone."""
    store = new_store(world, name)
    parcels = [(CERTIFICATE, travel) for travel in world.lines[line]]
    for parcel in [(FOUND, world.found.entry()), *parcels, *(world.parcels() if records else [])]:
        hear(store, parcel)
    return store


def tip_of(world: Lines, line: int) -> bytes:
    return read_certificate(world.lines[line][-1]).id


def test_a_node_asks_its_owner_before_it_loses_much() -> None:
    world = grown(10)
    world.move(3, 1, "ana2")
    mia, leo = friend(world, "mia", 0), friend(world, "leo", 1)

    talk(mia, leo)
    asked = taking_back.question(mia)

    assert certificates.tip(mia)[1] == tip_of(world, 0)
    assert asked == {
        "chain": tip_of(world, 1).hex(),
        "person": world.of["ana1"].person.public.hex(),
        "recall": False,
        "height": 3,
        "lost": 9,
    }
    assert taking_back.question(leo) is None
    with mia.transaction():
        taking_back.accept(mia)
    agree([mia, leo])
    assert certificates.tip(mia)[1] == tip_of(world, 1)
    assert taking_back.question(mia) is None
    with pytest.raises(Refused):
        taking_back.accept(mia)


def test_small_steps_back_add_up() -> None:
    """A teller can't undo the past eight certificates at a time."""
    world = grown(16)
    world.move(12, 1, "ana2")
    world.move(8, 2, "ana3")
    mia = friend(world, "mia", 0)
    for line in (1, 2):
        talk(mia, friend(world, f"leo{line}", line))

    assert certificates.tip(mia)[1] == tip_of(world, 1)
    asked = taking_back.question(mia)
    assert asked is not None
    assert asked["chain"] == tip_of(world, 2).hex()


def test_two_moves_that_are_settled_cost_nothing_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Their proof is kept for good, and judged after every change in `gov`."""
    world = grown(10)
    for attempt, name in ((1, "ana2"), (1, "ana3"), (2, "ana4")):
        world.move(9, attempt, name)
    mia = friend(world, "mia", 0)
    for line in (1, 2, 3):
        agree([mia, friend(world, f"leo{line}", line)])
    assert len(rivals.of_sort(mia, SEATS)) == 1
    assert certificates.tip(mia)[1] == tip_of(world, 3)

    class Frugal:
        def __getattr__(self, name: str) -> Any:
            assert name not in ("at", "above"), "the chain is read again"
            return getattr(certificates, name)

    monkeypatch.setattr(halts, "certificates", Frugal())
    with mia.transaction():
        mia.changed.add("gov")
        settle(mia)

    assert halts.halt(mia) is None


def test_where_two_long_chains_part_is_found_in_a_few_questions() -> None:
    world = grown(300)
    world.move(len(world.certificates) - 6, 1, "ana2")
    mia, leo = friend(world, "mia", 0, records=False), friend(world, "leo", 1, records=False)
    said: list[Any] = []
    mine, theirs = StoreHoldings(mia), StoreHoldings(leo)
    asker, answerer = Asker(mine), Answerer(theirs)
    questions = asker.begin(mine.hello(), theirs.hello())
    while questions and not isinstance(questions[0], (Buckets, WantSideIds)):
        said += questions
        (answer,) = answerer.answer(questions[0])
        questions = asker.receive(answer)

    assert [type(each) for each in said] == [ProbeChain, ProbeChain, WantCertificates]
    assert certificates.tip(mia) == certificates.tip(leo)
    assert Asker(theirs).begin(theirs.hello(), mine.hello()) == []


def test_what_a_void_certificate_cut_is_there_again() -> None:
    """Ana's old laptop shows ben out; her move from before that takes it back, bodies and all."""
    world = grown()
    ben = world.of["ben1"]
    bread = world.offer(ben)
    world.write(ben, "erase", erase.body([h("something")]))
    prev = len(world.certificates) - 1
    left = world.write(ben, "leave", leave.body([]))
    world.certify({"leave": [[ben.person.public, left.id, []]]})
    world.move(prev, 1, "ana2")
    mia, leo = friend(world, "mia", 0), friend(world, "leo", 1)
    own = create_store(
        Path(":memory:"), community=world.community, device=ben.key, now_ms=lambda: TIME
    )
    chained = [(CERTIFICATE, travel) for travel in world.lines[0]]
    for parcel in [(FOUND, world.found.entry()), *chained[:-1], *world.parcels(), chained[-1]]:
        hear(own, parcel)
    assert bread.id not in on_offer(mia) | on_offer(own)

    hear(own, (CERTIFICATE, world.lines[1][-1]))  # gossip of the move alone is enough
    assert bread.id in on_offer(own)
    agree([mia, leo])

    assert bread.id in on_offer(mia)
    assert log_of(mia, ben).prefix_id == log_of(own, ben).prefix_id == bread.id
    assert in_order(mia) == in_order(leo)


def test_two_moves_at_once_halt_everybody_until_a_higher_attempt() -> None:
    world = grown(1)
    for name, attempt in (("ana2", 1), ("ana3", 1), ("ana4", 2)):
        world.go_back(0)
        world.move(len(world.certificates) - 1, attempt, name)
    first, second, third = (friend(world, f"friend {line}", line) for line in (1, 2, 3))

    agree([first, second])
    for store in (first, second):
        stopped = halts.halt(store)
        assert stopped is not None
        assert {each.id for each in stopped.certificates} == {tip_of(world, 1), tip_of(world, 2)}
        assert certificates.tip(store)[1] == tip_of(world, 0)
        with pytest.raises(Refused) as caught, store.transaction():
            certificates.certify(store, world.of["ana1"].signer, "roll", {"cite": [h("x")]})
        assert caught.value.reason == "halted"
        hear(store, (CERTIFICATE, world.lines[1][-1]))
        assert halts.halt(store) is not None
    with first.transaction():
        again = chain.move(first, world.of["ana1"].person, world.of["ana4"].key, h("enrol"), [])
    assert again.decision["attempt"] == 2
    assert halts.halt(first) is None

    agree([second, third])
    assert halts.halt(second) is None
    assert certificates.tip(second)[1] == tip_of(world, 3)


def test_a_false_continuation_changes_nothing() -> None:
    world = grown(3)
    world.move(2, 1, "ana2")
    mia = friend(world, "mia", 0)
    before = digest(mia)
    raw, view, ((seat, signature),) = world.lines[1][-1]
    forged: Any = [raw, view, [[seat, bytes(64)]]]
    by_the_device = [raw, view, [[seat, sign_certificate(raw, 0, world.of["ana1"].signer)]]]

    for travel in (forged, by_the_device, [raw, 1, [[seat, signature]]], [raw, view, []]):
        with pytest.raises(Invalid):
            hear(mia, (CERTIFICATE, travel))
        assert digest(mia) == before
    two = rivals_proof(
        world.community, SEATS, read_certificate(world.lines[1][-1]), _another_move(world, 2)
    )
    with pytest.raises(Invalid):
        hear(mia, (OBJECT, two.raw.replace(signature, bytes(64))))
    assert digest(mia) == before


def _another_move(world: Lines, prev: int) -> Certificate:
    world.go_back(0)
    world.move(prev, 1, "ana3")
    return read_certificate(world.certificates[-1])


def test_another_process_sees_that_certificates_were_taken_back(tmp_path: Path) -> None:
    world = grown(3)
    world.move(len(world.certificates) - 2, 1, "ana2")
    one, other = (new_store(world, "mia", tmp_path / "mia.db") for _ in range(2))
    for parcel in [(FOUND, world.found.entry()), *((CERTIFICATE, t) for t in world.lines[0])]:
        hear(one, parcel)
    seen = certificates.current(other)
    assert seen is not None

    hear(one, (CERTIFICATE, world.lines[1][-1]))
    now = certificates.current(other)

    assert now is not None
    assert (now.height, now.id) == (seen.height, tip_of(world, 1))
