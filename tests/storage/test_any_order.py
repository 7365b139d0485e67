"""Whatever the order, the path and the pieces: who holds the same shows the same."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from governance.credit import balances
from protocol.keys import Signer
from storage import assembly, certificates, debts, frontier, receipts, recount, verdicts
from storage.digest import digest
from storage.store import Store
from storage.verify import rebuild, verify
from storage.views import comments, grants, payments, profiles, recommendations, reviews
from tests.storage.post import (
    CERTIFICATE,
    FOUND,
    Parcel,
    agree,
    deliver,
    new_store,
    parcels,
    proofs,
    shuffled,
)
from tests.storage.world import NAMES, Script, h, make, scripts

LONG = bool(os.environ.get("MOOTHALL_LONG"))
often = settings(
    max_examples=5000 if LONG else 60,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
seeds = st.integers(0, 2**32)
PERSONS = [Signer(h(name, "person")) for name in NAMES]


def in_order(store: Store) -> tuple[str, str]:
    """Digest and look of a store that is sound: verified, built again, nobody blamed."""
    checked, faults = verify(store)
    assert faults == []
    assert checked == store.db.execute("SELECT count(*) FROM record").fetchone()[0]
    assert store.db.execute("SELECT who, reason FROM fault").fetchall() == []
    before, shown = digest(store), looks(store)
    assert rebuild(store)[1] == before
    assert looks(store) == shown
    return before, shown


def looks(store: Store) -> str:
    """What pages show and no digest covers: pictures and spots of listings, who is where, away."""
    pictures = store.db.execute(
        "SELECT listing.id, hash, size, large, photo.place FROM photo"
        " JOIN listing ON listing.rowid = photo.listing WHERE state != 0 ORDER BY 1, 2"
    ).fetchall()
    loose = "SELECT count(*) FROM photo WHERE listing NOT IN (SELECT rowid FROM listing)"
    assert store.db.execute(loose).fetchone() == (0,)
    places = store.db.execute(
        "SELECT id, lat, lon FROM listing WHERE state != 0 ORDER BY id"
    ).fetchall()
    people = sorted(profiles.spots(store).items()), sorted(profiles.away(store).items())
    about = [row[0] for row in store.db.execute("SELECT about FROM comment")]
    said = sorted(comments.about(store, about))
    stand = sorted(reviews.newest(reviews.every(store)).items())
    return repr((pictures, places, people, said, stand, list(votes(store)), trade(store)))


def trade(store: Store) -> object:
    """Every receipt with its verdict, by itself and among all; who owes whom; what is granted."""
    found = sorted(receipts.entries(store))
    wrong = verdicts.marks(store, verdicts.Known(store))
    at_once = {record: wrong.get(rowid, "") for rowid, record in receipts.ids(store)}
    assert at_once == {each.record: each.reason for each in found}
    assert at_once == {record: one(store, record).reason for record in at_once}
    given = [recommendations.of_person(store, each.public) for each in PERSONS]
    lent = [grants.of_person(store, each.public) for each in PERSONS]
    owed = [debts.valid_debts(store, currency) for currency in debts.currencies(store)]
    return found, given, lent, owed, money(store)


def money(store: Store) -> object:
    """Every payment as it stands, and everybody's credits, which are zero in sum."""
    state = certificates.current(store)
    if state is None:
        return []
    paid = payments.read(store, state)
    held = balances((each for each in paid if each.currency == "CREDIT"), [])
    assert sum(held.values()) == 0
    return paid, sorted(held.items(), key=repr)


def one(store: Store, record: bytes) -> receipts.Entry:
    """A receipt read for itself alone."""
    entry = receipts.get(store, record)
    assert entry is not None
    return entry


def votes(store: Store) -> Iterator[object]:
    """How every round stands, or what became of it when it is counted again."""
    state = certificates.current(store)
    for vote in state.votes.values() if state is not None else ():
        for each in vote.rounds:
            if each.result is None:
                yield recount.tally_now(store, vote, each)
            else:
                yield recount.recount(store, vote, each)
    yield sorted(assembly.proposals(store))


def dealt(rng: Random, count: int, posted: Sequence[Parcel]) -> list[list[Parcel]]:
    """Each piece to some of the stores, some to none. Of the chain as much as came by then."""
    piles: list[list[Parcel]] = [[] for _ in range(count)]
    for pile in piles:
        chain = [p for p in posted if p[0] in (FOUND, CERTIFICATE)]
        pile += chain[: rng.randint(0, len(chain))]
    rng.choice(piles)[:] = chain
    lost = rng.choice((0.0, 0.0, 0.2))
    for parcel in posted:
        if parcel[0] not in (FOUND, CERTIFICATE) and rng.random() >= lost:
            for pile in rng.sample(piles, rng.randint(1, count)):
                pile.append(parcel)
    return piles


@often
@given(scripts, seeds, st.integers(2, 4))
def test_friends_who_heard_parts_of_it_agree_after_talking(
    script: Script, seed: int, count: int
) -> None:
    world, rng = make(script), Random(seed)
    posted = parcels(world, rng) + (proofs(world) if rng.random() < 0.3 else [])
    stores = [new_store(world, f"friend {number}") for number in range(count)]
    for store, pile in zip(stores, dealt(rng, count, posted), strict=True):
        for parcel in shuffled(pile, rng):
            deliver(store, parcel)

    agree(stores)

    assert len({in_order(store) for store in stores}) == 1


@often
@given(scripts, seeds)
def test_friends_who_heard_all_of_it_in_different_order_agree_at_once(
    script: Script, seed: int
) -> None:
    world, rng = make(script), Random(seed)
    also = proofs(world) if rng.random() < 0.5 else []
    stores = [new_store(world, name) for name in ("mia", "leo", "zoe")]
    for store in stores:
        for parcel in shuffled(parcels(world, rng) + also, rng):
            deliver(store, parcel)

    assert len({frontier.hello(store) for store in stores}) == 1
    assert len({in_order(store) for store in stores}) == 1
    for vote, each in world.rounds():
        if each.result is not None:
            assert recount.recount(stores[0], vote, each).status == world.expected(vote, each)
