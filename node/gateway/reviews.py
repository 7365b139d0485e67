"""Reviews as pages show them: what was said of a listing or a person, and one's own of an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from node.gateway.forms import Form
from node.gateway.offers import SHOWN_DIGITS, listing_path, member_path
from node.gateway.orders import name_of
from node.gateway.proposing.kind import people
from node.gateway.visit import Visit
from node.trade import promises as promised
from node.trade import reviews
from node.trade.reading import Order
from protocol.kinds.review import MAX_TEXT, MOST_STARS
from storage import reviews as held
from storage.reviews import Judged

SHOWN = 20  # of each sort, the newest
FULL, EMPTY = "\u2605", "\u2606"


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """A review. `name`: the buyer's, or of whoever carries it; "" where guests see nobody."""

    stars: str
    spoken: str  # the stars for who can't see them
    text: str
    name: str
    path: str
    at_ms: int
    answers: Sequence[tuple[str, str]]  # (name, text)
    id: str  # to answer it; "" where the reader can't
    carried: bool = False  # for a buyer without a name


@dataclass(frozen=True, kw_only=True, slots=True)
class Block:
    """The reviews of a listing or a person. `named` count in `mean`, `unnamed` in no total."""

    mean: str
    count: int
    named: Sequence[Said]
    unnamed: Sequence[Said]


def of_listing(visit: Visit, listing: bytes) -> Block:
    """What buyers say of what this listing sold."""
    kept = visit.gateway.facts.kept
    key = ("reviews of a listing", listing)
    return _block(visit, kept(key, lambda: held.of_listing(visit.store, listing)))


def of_person(visit: Visit, person: bytes) -> Block:
    """What buyers say of what this person sold or made."""
    kept = visit.gateway.facts.kept
    key = ("reviews of a person", person)
    return _block(visit, kept(key, lambda: held.of_person(visit.store, person)))


def said_of(visit: Visit, each: Judged) -> Said:
    """One review, with its answers."""
    return _said(visit, each, held.answers(visit.store, [each]))


def _block(visit: Visit, found: Sequence[Judged]) -> Block:
    tally = held.tally(found)
    named = [each for each in found if each.counts][:SHOWN]
    unnamed = [each for each in found if not each.counts][:SHOWN]
    answers = held.answers(visit.store, [*named, *unnamed])
    words = visit.words
    mean = ""
    if tally.tenths is not None:
        one = words.ngettext(
            "%(mean)s of 5 stars, %(n)s review", "%(mean)s of 5 stars, %(n)s reviews", tally.count
        )
        mean = one % {"mean": words.tenths(tally.tenths), "n": words.number(tally.count)}
    return Block(
        mean=mean,
        count=tally.count,
        named=[_said(visit, each, answers) for each in named],
        unnamed=[_said(visit, each, answers) for each in unnamed],
    )


def _said(visit: Visit, each: Judged, answers: Mapping[bytes, list[held.Answer]]) -> Said:
    row, shows = each.row, visit.shows_members
    sold = each.sold
    mine = (
        not visit.guests and sold is not None and visit.gateway.owner in (sold.vendor, sold.seller)
    )
    return Said(
        stars=FULL * row.stars + EMPTY * (MOST_STARS - row.stars),
        spoken=visit.words.ngettext("%(n)s star of 5", "%(n)s stars of 5", row.stars)
        % {"n": visit.words.number(row.stars)},
        text=row.text,
        name=name_of(visit, row.author) if shows else "",
        path=member_path(row.author) if shows else "",
        at_ms=row.shown_ms,
        answers=[(name_of(visit, one.person), one.text) for one in answers.get(row.record, [])],
        id=row.record.hex() if mine else "",
        carried=row.buyer is None,
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Own:
    """The review part of an order's page. `typed`: what the fields hold, by name."""

    path: str
    may: bool  # write one, or write it anew
    until_ms: int
    said: Said | None  # what stands
    asked: Said | None  # what the buyer asks this reader to publish
    listing: str
    typed: Mapping[str, str]
    members: Sequence[tuple[str, str]]
    longest: int = MAX_TEXT


FIELDS = ("do", "stars", "opinion", "how", "carrier")


def review_path(order: bytes | str) -> str:
    """Where the form of a review leads, by the order's key or that in hex."""
    text = order if isinstance(order, str) else order.hex()
    return f"/reviews/{text[:SHOWN_DIGITS]}"


def review(visit: Visit, order: Order, form: Form | None = None) -> Own | None:
    """What an order's page says about its review; None where there is nothing to say or do."""
    until_s = reviews.until_s(order)
    may = (
        order.mine == "buyer" and not order.guest and until_s is not None and order.now_s <= until_s
    )
    found = [each for each in held.of_orders(visit.store, [order.id]) if each.sound]
    asked = [each for each in reviews.asked(visit.home) if each.review.order == order.id]
    if not may and not found and not asked:
        return None
    answers = held.answers(visit.store, found)
    typed = {name: (form or Form()).lines(name) for name in FIELDS}
    return Own(
        path=review_path(order.id),
        may=may,
        until_ms=(until_s or 0) * 1000,
        said=_said(visit, found[0], answers) if found else None,
        asked=_asked(visit, asked[0]) if asked else None,
        listing=listing_path(order.life.place.listing),
        typed=typed,
        members=people(visit, besides=visit.home.person),
    )


def asked_alone(visit: Visit, text: str) -> Said | None:
    """What a buyer asks this reader to publish of an order that is none of theirs."""
    wanted = text.lower()
    for each in reviews.asked(visit.home):
        if len(wanted) >= reviews.SHORTEST and each.review.order.hex().startswith(wanted):
            return _asked(visit, each)
    return None


def _asked(visit: Visit, each: reviews.Asked) -> Said:
    return Said(
        stars=FULL * each.review.stars + EMPTY * (MOST_STARS - each.review.stars),
        spoken=visit.words.ngettext("%(n)s star of 5", "%(n)s stars of 5", each.review.stars)
        % {"n": visit.words.number(each.review.stars)},
        text=each.review.text,
        name=name_of(visit, each.by),
        path=member_path(each.by),
        at_ms=each.received_ms,
        answers=(),
        id=each.letter.hex(),
    )


def promises(visit: Visit, person: bytes) -> list[str]:
    """Promises kept: how this person's sales went, in sentences; none before the first sale."""
    words = visit.words
    found = visit.gateway.facts.kept(("promises", person), lambda: promised.of(visit.store, person))
    n, t = words.ngettext, words.gettext
    counted = (
        (n("%(n)s sale with a receipt", "%(n)s sales with a receipt", found.sales), found.sales),
        (n("%(n)s given back in part", "%(n)s given back in part", found.part), found.part),
        (n("%(n)s given back in full", "%(n)s given back in full", found.whole), found.whole),
        (
            n("%(n)s receipt that is wrong", "%(n)s receipts that are wrong", found.marked),
            found.marked,
        ),
    )
    lines = [text % {"n": words.number(count)} for text, count in counted if count]
    for each in found.judgements:
        amount = {"amount": words.money(each.verdict.refund, each.verdict.currency)}
        if each.kept:
            lines.append(t("The members decided on %(amount)s less in a dispute: done.") % amount)
        elif each.kept is None:
            lines.append(t("The members decided on %(amount)s less in a dispute.") % amount)
        else:
            lines.append(
                t("The members decided on %(amount)s less in a dispute: not given back yet.")
                % amount
            )
    return lines
