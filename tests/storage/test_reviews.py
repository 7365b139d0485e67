"""Reviews on every node alike: which count, which stand apart, which are marked and why."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from governance.charter import Charter
from governance.receipts import NO_ORDER_KEY, NO_RECEIPT
from governance.reviews import BAD_RECEIPT, NOT_BUYER, ONESELF
from governance.waterfall import statement
from protocol.keys import Signer
from protocol.kinds import erase, leave, receipt, review
from protocol.kinds.comment import Comment
from protocol.records import TALK, Record
from storage import reviews
from storage.digest import digest
from storage.store import Store
from storage.verify import rebuild, verify
from tests.storage.post import deliver, new_store, parcels, send, shuffled
from tests.storage.world import Device, World, h, village

JAR = h("listing", "jar")


def order(name: str) -> Signer:
    """The key that a buyer made for an order."""
    return Signer(h("order", name))


class Market:
    """Ana's community, in which Ben sells, Eva buys and Dan hosts."""

    def __init__(self) -> None:
        self.world = village("ben", "eva", "dan")
        self.ben, self.eva, self.dan = (self.world.of[f"{name}1"] for name in ("ben", "eva", "dan"))

    def sale(self, name: str, *, wrong: bool = False, vendor: Device | None = None) -> Record:
        """A receipt, as it is when all went well; `wrong`: a cent too much for whoever sells."""
        vendor = vendor or self.ben
        tip = self.world.state.id
        said = statement(
            Charter.from_data(self.world.state.charter),
            order=order(name).public,
            vendor=vendor.person.public,
            buyer=None,
            listing=JAR,
            category="",
            at=(tip, tip),
            currency="EUR",
            quantity=1,
            price=500,
        ).data()
        if wrong:
            said = {**said, "price": 501}
        by_order = receipt.sign(order(name), self.world.community, said)
        return self.world.write(vendor, "receipt", receipt.body(said, by_order))

    def review(self, device: Device, name: str, stars: int = 5, **more: Any) -> Record:
        """What the buyer of an order says, by this device; named unless `buyer` is given."""
        who = device.person.public
        fields = {"version": 1, "text": f"{stars} of 5", "buyer": who} | more
        author = fields.pop("author", who)
        key = fields.pop("key", order(name))
        said = review.sign(key, self.world.community, author, stars=stars, **fields)
        return self.world.write(device, "review", {**said.body(), "order": order(name).public})

    def store(self) -> Store:
        """A node that has heard all of it."""
        return heard(self.world)


def heard(world: World, seed: int = 1) -> Store:
    store, rng = new_store(world), Random(seed)
    for parcel in shuffled(parcels(world, rng), rng):
        deliver(store, parcel)
    return store


def reasons(store: Store) -> dict[bytes, str]:
    return {each.row.record: each.reason for each in reviews.every(store)}


@pytest.fixture
def market() -> Market:
    return Market()


def test_a_named_review_counts_and_an_unnamed_one_stands_apart(market: Market) -> None:
    market.sale("one")
    market.sale("two")
    named = market.review(market.eva, "one", 4)
    unnamed = market.review(market.dan, "two", 1, buyer=None)

    store = market.store()

    found = reviews.of_listing(store, JAR)
    assert {each.row.record: each.counts for each in found} == {named.id: True, unnamed.id: False}
    assert reviews.of_person(store, market.ben.person.public) == found
    assert reviews.of_person(store, market.eva.person.public) == []
    assert reviews.of_listing(store, h("another")) == []
    assert (reviews.tally(found).count, reviews.tally(found).tenths) == (1, 40)


def test_what_is_wrong_is_marked_on_every_node_with_its_reason(market: Market) -> None:
    market.sale("one")
    market.sale("crooked", wrong=True)
    marked = {
        market.review(market.eva, "made up").id: NO_RECEIPT,
        market.review(market.eva, "one", key=order("guessed")).id: NO_ORDER_KEY,
        market.review(market.eva, "one", author=market.dan.person.public).id: NO_ORDER_KEY,
        market.review(market.eva, "one", buyer=market.dan.person.public).id: NOT_BUYER,
        market.review(market.ben, "one").id: ONESELF,
        market.review(market.eva, "crooked").id: BAD_RECEIPT,
    }

    stores = [heard(market.world, seed) for seed in range(3)]

    assert [reasons(store) for store in stores] == [marked] * 3
    assert [reviews.of_listing(store, JAR) for store in stores] == [[]] * 3
    assert len({digest(store) for store in stores}) == 1


def test_it_counts_from_when_its_receipt_comes(market: Market) -> None:
    said = market.review(market.eva, "one")
    store = market.store()
    assert reasons(store) == {said.id: NO_RECEIPT}

    send(store, market.world, [market.sale("one")])

    assert [each.row.record for each in reviews.of_listing(store, JAR) if each.counts] == [said.id]


def test_the_newest_word_about_an_order_stands(market: Market) -> None:
    market.sale("one")
    market.review(market.dan, "one", 1, buyer=None)
    late = market.review(market.eva, "one", 3, version=2)
    market.review(market.eva, "one", 5, version=3, key=order("guessed"))

    (found,) = reviews.of_listing(market.store(), JAR)

    assert (found.row.record, found.row.stars, found.counts) == (late.id, 3, True)


def test_only_whoever_sold_answers(market: Market) -> None:
    market.sale("one")
    said = market.review(market.eva, "one", 1)
    for device in (market.dan, market.ben):
        comment = Comment(about=said.id, text=f"{device} says sorry.")
        market.world.write(device, "comment", comment.body())
    store = market.store()

    found = reviews.of_listing(store, JAR)

    (answer,) = reviews.answers(store, found)[said.id]
    assert (answer.person, answer.text) == (market.ben.person.public, "ben1 says sorry.")


def test_who_erases_a_review_takes_it_out_of_the_total(market: Market) -> None:
    market.sale("one")
    said = market.review(market.eva, "one")
    store = market.store()
    assert len(reviews.of_listing(store, JAR)) == 1

    send(store, market.world, [market.world.write(market.eva, "erase", erase.body([said.id]))])

    assert reviews.of_listing(store, JAR) == []
    assert verify(store)[1] == []
    before = digest(store)
    assert rebuild(store)[1] == before


def test_what_was_said_stays_when_its_author_leaves(market: Market) -> None:
    market.sale("one")
    market.review(market.eva, "one", 2)
    heads = market.eva.heads(1)
    world = market.world
    record = world.write(market.eva, "leave", leave.body(heads))  # type: ignore[arg-type]
    world.certify({"leave": [[market.eva.person.public, record.id, heads]]})
    assert any(head[1] == TALK for head in heads)

    assert reviews.tally(reviews.of_listing(market.store(), JAR)).count == 1


def test_a_fork_takes_back_what_was_said_after_it(market: Market) -> None:
    market.sale("one")
    market.review(market.eva, "one")
    world = market.world
    other = review.sign(
        order("one"),
        world.community,
        market.eva.person.public,
        version=2,
        stars=1,
        text="",
        buyer=None,
    )
    from tests.storage.world import Branch

    market.eva.logs[TALK].append(Branch([], 0))
    world.write(market.eva, "review", other.body(), which=1)

    stores = [heard(world, seed) for seed in range(3)]

    assert [reviews.every(store) for store in stores] == [[]] * 3
