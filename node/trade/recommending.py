"""Recommending: a word for what somebody sells, and a part of the fee where a sale comes of it.

The recommendation itself stays, so that receipts can be held against it; its text is a comment,
which its author may erase.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from governance.waterfall import Referral
from node import market, people
from node.home import Home
from node.market import check_text
from node.status import rfc3339
from node.trade.picking import pick
from protocol.errors import NotFound, Refused, Term
from protocol.kinds import erase
from protocol.kinds.comment import MAX_TEXT, Comment
from protocol.kinds.recommend import Recommend
from storage.own import Draft
from storage.store import Store
from storage.views import comments, grants, recommendations
from storage.views.listing_queries import Offer
from storage.views.recommendations import Recommendation


class Told(NamedTuple):
    """A recommendation that stands, with its author's words about it."""

    record: bytes
    by: bytes  # person
    said: Recommend
    text: str  # Markdown; "" where there is none, or no longer
    shown_ms: int


def find(store: Store, text: str) -> Recommendation:
    """A recommendation by the beginning of its id; NotFound or Refused `ambiguous`."""
    record = pick(
        text,
        lambda low, high: recommendations.starting_with(store, low, high),
        "no-recommendation",
        "There is no recommendation %(id)s here.",
    )
    found = recommendations.get(store, record)
    assert found is not None  # noqa: S101 - it was found just now
    return found


def subject(home: Home, text: str) -> tuple[bytes, bool]:
    """What somebody means to recommend: a listing's id, or a person's; and whether it is a person.

    Raises NotFound `no-subject` for neither.
    """
    for is_person in (False, True):
        try:
            if is_person:
                return people.resolve(home, text).person, True
            return market.find(home, text).id, False
        except NotFound:
            continue
    raise NotFound("no-subject", "There is no listing and no member %(text)s here.", text=text)


def recommend(home: Home, whom: bytes, text: str, *, is_person: bool = False) -> Told:
    """Recommend a listing, or all that a person sells; the words replace earlier ones.

    Refused for what is one's own, and with no words: readers want to know why.
    """
    check_text(Term("text"), text, MAX_TEXT, lines=True)
    if not text.strip():
        raise Refused("no-text", "Say why you recommend it; nothing was written.")
    if is_person:
        if whom == home.person:
            raise Refused("oneself", "Let others recommend you; nothing was written.")
    else:
        _check_listing(home, whom)
    with home.turn():
        before = recommendations.newest(home.store, home.person, whom)
        if before is not None and not before.said.withdrawn:
            record = before.record
        else:
            said = Recommend(
                listing=None if is_person else whom,
                person=whom if is_person else None,
                version=1 if before is None else before.said.version + 1,
            )
            (record,) = home.append([Draft("recommend", said.body())])
        home.append([Draft("comment", Comment(about=record, text=text).body())])
    found = recommendations.get(home.store, record)
    if found is None:
        raise Refused("not-member", "It is written; it counts once you are a member.")
    return told(home.store, [found])[0]


def _check_listing(home: Home, root: bytes) -> None:
    offer = market.lookup(home, root)
    if offer.person == home.person:
        raise Refused("oneself", "That listing is your own: let others recommend it.")
    if offer.status != "open":
        raise Refused("not-open", "That listing is not on offer any more; nothing was written.")


def withdraw(home: Home, text: str) -> Recommendation:
    """Take a recommendation of one's own back, and erase its words; sales that came of it stay."""
    with home.turn():
        named = find(home.store, text)
        if named.by != home.person:
            raise Refused("not-yours", "Somebody else recommends that; nothing was changed.")
        before = _newest(home.store, named)
        if before is None or before.said.withdrawn:
            return named
        words = [
            each.record
            for each in comments.about(home.store, [before.record])
            if each.person == home.person
        ]
        after = replace(before.said, version=before.said.version + 1, withdrawn=True)
        drafts = [Draft("recommend", after.body())]
        if words:
            drafts.append(Draft("erase", erase.body(words[: erase.MAX_IDS])))
        record = home.append(drafts)[0]
    return recommendations.get(home.store, record) or named


def referral(home: Home, record: bytes, listing: bytes, whose: tuple[bytes, ...]) -> Referral:
    """What a sale of this listing says about who recommended it, for a new order.

    `whose`: its owner, and the maker of consigned goods. Refused `no-referral` unless that
    recommendation is here and stands.
    """
    found = recommendations.get(home.store, record)
    fits = found is not None and (found.said.listing == listing or found.said.person in whose)
    if found is None or not fits or not _stands(home.store, found):
        raise Refused(
            "no-referral",
            "That recommendation is not here, is of something else or was taken back: order "
            "without it. Nothing was written.",
        )
    return Referral(record=record, person=found.by)


def _stands(store: Store, found: Recommendation) -> bool:
    newest = _newest(store, found)
    return newest is not None and not newest.said.withdrawn


def _newest(store: Store, found: Recommendation) -> Recommendation | None:
    """What the same person says of the same now."""
    whom = found.said.subject
    return None if whom is None else recommendations.newest(store, found.by, whom)


def named(home: Home, text: str, listing: bytes, whose: tuple[bytes, ...]) -> Referral:
    """The same by the beginning of the recommendation's id, as it stands in a link."""
    return referral(home, find(home.store, text).record, listing, whose)


def about(store: Store, listing: bytes, whose: tuple[bytes, ...]) -> list[Told]:
    """Who recommends this listing or who sells by it, newest first; not the sellers themselves."""
    found = recommendations.about(store, [listing, *whose])
    return told(store, [each for each in found if each.by not in whose])


def about_offer(store: Store, offer: Offer) -> list[Told]:
    """Who recommends this listing or whose goods they are."""
    return about(store, offer.id, sellers(store, offer))


def sellers(store: Store, offer: Offer) -> tuple[bytes, ...]:
    """Who sells by a listing: its owner, and the maker of consigned goods if that is known."""
    found = None if offer.listing.grant is None else grants.get(store, offer.listing.grant)
    return (offer.person,) if found is None else (offer.person, found.maker)


def of_person(store: Store, person: bytes) -> list[Told]:
    """What this person recommends, newest first."""
    return told(store, recommendations.of_person(store, person))


def told(store: Store, some: list[Recommendation]) -> list[Told]:
    """Recommendations with their authors' last words about them."""
    authors = {each.record: each.by for each in some}
    texts = {
        each.about: each.text
        for each in comments.about(store, authors)
        if each.person == authors[each.about]
    }
    return [
        Told(each.record, each.by, each.said, texts.get(each.record, ""), each.shown_ms)
        for each in some
    ]


def data(each: Told) -> dict[str, Any]:
    """A recommendation as commands answer it."""
    said = each.said
    return {
        "recommendation": each.record.hex(),
        "by": each.by.hex(),
        "listing": None if said.listing is None else said.listing.hex(),
        "person": None if said.person is None else said.person.hex(),
        "text": each.text,
        "withdrawn": said.withdrawn,
        "made": rfc3339(each.shown_ms),
    }
