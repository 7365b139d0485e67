"""What buyers say about their orders, what sellers answer, and carrying words for others.

A named review stands in the buyer's own log. An unnamed one has to stand in somebody else's: the
buyer's node asks for that in a sealed letter, and who is asked decides. Nothing else hangs on a
review; a refund least of all.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from node import people, post
from node.assembly.acting import checked_comment
from node.home import Home
from node.market import check_text
from node.post import Letter, Outgoing
from node.status import rfc3339
from node.trade import reading
from node.trade.reading import Order
from protocol.errors import NotFound, Refused, Term
from protocol.keys import Signer
from protocol.kinds import erase as erase_kind
from protocol.kinds import review as review_kind
from protocol.kinds.comment import Comment
from protocol.kinds.review import MAX_TEXT, MOST_STARS, Review
from protocol.letters.please_carry import PleaseCarry
from storage import receipts, reviews
from storage.own import Draft
from storage.reviews import Judged
from storage.store import Store
from storage.views import listing_queries, profiles
from storage.views.reviews import Row

SHORTEST = 8  # digits of an id
DAY = 86_400
MOST_OF_GUEST = 10  # versions of one review: each is a record that all members carry


class Asked(NamedTuple):
    """A review that a buyer asks this home's owner to publish. `letter` is what asks."""

    letter: bytes
    by: bytes  # the person who asks
    review: Review
    received_ms: int


def write(
    home: Home,
    order_text: str,
    stars: int,
    text: str,
    *,
    unnamed: bool = False,
    carrier: str | None = None,
) -> dict[str, Any]:
    """Review an order of one's own, or say it anew; the newest word stands.

    `unnamed`: a letter asks `carrier` to publish it, else the order's host, else the seller.
    """
    kept = _checked(stars, text)
    with home.turn():
        post.open_pending(home)
        order = reading.get(home, order_text)
        _may_review(home, order)
        if not unnamed:
            if carrier is not None:
                raise Refused(
                    "named",
                    "A named review needs nobody to carry it; nothing was written.",
                )
            said = _signed(home, order, home.person, home.person, stars, kept)
            (record,) = home.append([Draft("review", said.body())])
            return {"review": record.hex(), "order": order.id.hex(), "named": True}
        who = _carrier(home, order, carrier)
        said = _signed(home, order, who, None, stars, kept)
        (letter,) = post.send(
            home,
            [Outgoing("please-carry", PleaseCarry(review=said).body(), frozenset({who}))],
        )
    return {
        "letter": letter.hex(),
        "order": order.id.hex(),
        "named": False,
        "carrier": who.hex(),
    }


def asked(home: Home) -> list[Asked]:
    """The reviews that others ask this person to publish, oldest first; the newest of an order."""
    newest: dict[bytes, Asked] = {}
    for letter in post.order_letters(home):
        if letter.kind != "please-carry" or letter.mine:
            continue
        review = letter.body.review
        before = newest.get(review.order)
        if before is not None and before.review.version >= review.version:
            continue
        if review.agreed(home.store.community, home.person):
            newest[review.order] = Asked(letter.id, letter.person, review, letter.received_ms)
    said = reviews.of_orders(home.store, newest)
    for each in said:
        waiting = newest.get(each.row.order)
        if waiting is not None and each.row.agreed and each.row.version >= waiting.review.version:
            del newest[each.row.order]
    return sorted(newest.values(), key=lambda each: each.received_ms)


def carry(home: Home, text: str) -> dict[str, Any]:
    """Publish what a buyer asked for, by the order's or the letter's id. It is told apart from
    one's own words; who asked is in no record."""
    with home.turn():
        post.open_pending(home)
        wanted = text.strip().lower()
        found = [
            each
            for each in asked(home)
            if len(wanted) >= SHORTEST
            and (each.letter.hex().startswith(wanted) or each.review.order.hex().startswith(wanted))
        ]
        if not found:
            raise NotFound(
                "nothing-to-carry",
                "Nobody asks you to publish a review of %(text)s; `moothall review list --asked` "
                "shows what was asked.",
                text=text,
            )
        return carry_signed(home, found[0].review)


def carry_signed(home: Home, review: Review) -> dict[str, Any]:
    """Publish an unnamed review that the order's key signed for this person."""
    if review.buyer is not None or not review.agreed(home.store.community, home.person):
        raise Refused(
            "no-order-key",
            "The order's key did not sign this review for you; nothing was written.",
        )
    if not receipts.sold(home.store, [review.order]):
        raise Refused(
            "no-receipt",
            "There is no valid receipt of this order here, so the review would be marked as made "
            "up; nothing was written.",
        )
    (record,) = home.append([Draft("review", review.body())])
    return {"review": record.hex(), "order": review.order.hex(), "named": False}


def write_for_guest(home: Home, order: Order, key: Signer, stars: int, text: str) -> dict[str, Any]:
    """Publish for a guest what they think of their order, unnamed, or say it anew.

    `key`: the order's, which only the guest has. The caller holds the turn.
    """
    kept = _checked(stars, text)
    _is_time(home, order)
    version = max((row.version for row in mine(home.store, order.id)), default=0) + 1
    if version > MOST_OF_GUEST:
        raise Refused(
            "too-many-letters",
            "You have said it anew as often as fits one order; what you said last stands.",
        )
    said = review_kind.sign(
        key,
        home.store.community,
        home.person,
        version=version,
        stars=stars,
        text=kept,
        buyer=None,
    )
    return carry_signed(home, said)


def answer(home: Home, text: str, said: str) -> dict[str, Any]:
    """Answer a review of what one sold; the answer can be erased like any comment."""
    kept = checked_comment(Term("answer"), said)
    found = find(home.store, text)
    sold = found.sold
    if sold is None or home.person not in (sold.vendor, sold.seller):
        raise Refused("not-yours", "Only whoever sold it answers a review; nothing was written.")
    (record,) = home.append([Draft("comment", Comment(about=found.row.record, text=kept).body())])
    return {"comment": record.hex(), "review": found.row.record.hex()}


def withdraw(home: Home, text: str) -> dict[str, Any]:
    """Erase what this person published about an order, in all its versions."""
    found = find(home.store, text)
    if found.row.author != home.person:
        raise Refused("not-yours", "Somebody else published that review; nothing was changed.")
    mine = [
        each.row.record
        for each in reviews.of_orders(home.store, [found.row.order])
        if each.row.author == home.person
    ]
    home.append([Draft("erase", erase_kind.body(sorted(mine)))])
    home.store.wipe_trail()
    return {"erased": [record.hex() for record in mine]}


def find(store: Store, text: str) -> Judged:
    """A review by its id or first digits; NotFound `no-review` or Refused `ambiguous`."""
    wanted = text.strip().lower()
    found = [
        each
        for each in reviews.every(store)
        if len(wanted) >= SHORTEST and each.row.record.hex().startswith(wanted)
    ]
    if not found:
        raise NotFound("no-review", "There is no review %(id)s here.", id=wanted)
    if len(found) > 1:
        raise Refused(
            "ambiguous",
            "%(count)s ids begin with %(text)s: give more digits.",
            count=len(found),
            text=wanted,
        )
    return found[0]


def listed(
    home: Home,
    *,
    person: str | None = None,
    listing: str | None = None,
    order: str | None = None,
    marked: bool = False,
) -> dict[str, Any]:
    """Reviews as JSON: of a person, a listing or an order; else all. With `marked` those alone
    that stand nowhere, each with its reason."""
    store = home.store
    if person is not None:
        found = reviews.of_person(store, people.resolve(home, person).person)
    elif listing is not None:
        found = reviews.of_listing(store, listing_queries.resolve(store, listing))
    elif order is not None:
        found = reviews.of_orders(store, [reading.get(home, order).id])
    else:
        found = reviews.every(store)[::-1]
    tally = reviews.tally(found)
    shown = [each for each in found if (bool(each.reason) if marked else each.sound)]
    answers = reviews.answers(store, shown)
    names = profiles.names(store)
    return {
        "reviews": [data(each, names, answers.get(each.row.record, [])) for each in shown],
        "counted": tally.count,
        "stars": None if tally.tenths is None else f"{tally.tenths // 10}.{tally.tenths % 10}",
    }


def data(each: Judged, names: dict[bytes, str], answers: list[reviews.Answer]) -> dict[str, Any]:
    """A review as JSON."""
    row, sold = each.row, each.sold
    return {
        "review": row.record.hex(),
        "order": row.order.hex(),
        "stars": row.stars,
        "text": row.text,
        "at": rfc3339(row.shown_ms),
        "buyer": None if row.buyer is None else row.buyer.hex(),
        "name": names.get(row.author, ""),
        "published_by": row.author.hex(),
        "counts": each.counts,
        "reason": each.reason,
        "listing": None if sold is None else sold.listing.hex(),
        "vendor": None if sold is None else sold.vendor.hex(),
        "receipt": None if sold is None else sold.record.hex(),
        "answers": [
            {
                "id": one.record.hex(),
                "person": one.person.hex(),
                "name": names.get(one.person, ""),
                "text": one.text,
                "at": rfc3339(one.shown_ms),
            }
            for one in answers
        ],
    }


def until_s(order: Order) -> int | None:
    """Until when this home's owner may review an order, in seconds since 1970 by its own clock.

    None before it is completed. The time runs from when this node first had the seller's receipt,
    since what the receipt claims is the seller's to choose.
    """
    receipt = order.life.receipt
    first = next((each.received_ms for each in order.letters if each.id == receipt), None)
    return None if first is None else first // 1000 + order.life.charter.orders.review_s


def mine(store: Store, order: bytes) -> list[Row]:
    """What stands of the reviews of an order, newest version first."""
    rows = [each.row for each in reviews.of_orders(store, [order]) if each.row.agreed]
    return sorted(rows, key=lambda row: -row.version)


def _may_review(home: Home, order: Order) -> None:
    if order.buyer != home.person or order.guest:
        raise Refused("not-yours", "Only whoever bought can review an order; nothing was written.")
    _is_time(home, order)


def _is_time(home: Home, order: Order) -> None:
    """Refused before an order is completed, and once the time for reviewing it is over."""
    last = until_s(order)
    if last is None:
        raise Refused(
            "not-completed",
            "An order is reviewed once the seller has written its receipt, which everybody can "
            "see; nothing was written.",
        )
    if not receipts.sold(home.store, [order.id]):
        raise Refused(
            "bad-receipt",
            "The receipt of this order is not in order, so a review would count nowhere; nothing "
            "was written. `moothall receipt list` says what is wrong with it.",
        )
    if order.now_s > last:
        raise Refused(
            "too-late",
            "The time for reviewing this order, %(days)s days, is over; nothing was written.",
            days=order.life.charter.orders.review_s // DAY,
        )


def _checked(stars: int, text: str) -> str:
    if not 1 <= stars <= MOST_STARS:
        raise Refused("bad-stars", "Give 1 to 5 stars; nothing was written.")
    kept = text.replace("\r\n", "\n").strip()
    check_text(Term("review"), kept, MAX_TEXT, lines=True)
    return kept


def _signed(
    home: Home, order: Order, author: bytes, buyer: bytes | None, stars: int, text: str
) -> Review:
    """The next version, signed by the order's key for `author`."""
    key = reading.order_seed(home, order.id)
    if key is None:
        raise Refused(
            "no-order-key",
            "The key of this order is not on this device yet; it comes from the device you ordered "
            "with. Nothing was written.",
        )
    letters = post.thread(home, order.id)
    asked_for = [each.body.review.version for each in letters if _asks(each)]
    said = [row.version for row in mine(home.store, order.id)]
    return review_kind.sign(
        key,
        home.store.community,
        author,
        version=max([0, *asked_for, *said]) + 1,
        stars=stars,
        text=text,
        buyer=buyer,
    )


def _asks(letter: Letter) -> bool:
    return letter.kind == "please-carry"


def _carrier(home: Home, order: Order, named: str | None) -> bytes:
    if named is None:
        host = order.host
        return host if host not in (None, home.person) else order.seller
    person = people.resolve(home, named).person
    if person == home.person:
        raise Refused(
            "oneself",
            "Under your own name it would not be unnamed: name somebody else to publish it. "
            "Nothing was sent.",
        )
    return person
