"""Whether a receipt is right, and if not, why: by what everybody holds, for everybody alike.

A *reason* is a stable word; "" means that nothing is wrong. First each receipt is judged by
itself, against its charter and the records it names; then those that are right are held against
each other: one order has one receipt, and no unit of consigned goods is sold twice. No time
enters. What is not here yet makes a receipt wait, and nothing is put right between persons by
whose id is lower: only among the receipts of one vendor for one order, who alone could grind it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, Protocol

from governance.charter import Charter
from governance.waterfall import absent_roles, parts, refunded
from protocol.errors import Refused
from protocol.kinds.grant import Grant
from protocol.kinds.receipt import Statement, Units
from protocol.kinds.recommend import Recommend
from protocol.kinds.refund import Refund

NOT_VENDOR = "not-vendor"  # written by somebody else than it names
NO_ORDER_KEY = "no-order-key"  # the order's key did not sign it
WAITING = "waiting"  # something it names is not here yet
UNKNOWN_CHARTER = "unknown-charter"  # this community never had that charter
SUPERSEDED = "superseded"  # another charter was in force at the newer certificate
WRONG_SHARE = "wrong-share"  # the charter divides the price in another way
NO_GRANT = "no-grant"  # the maker did not allow this sale
PAST_QUOTA = "past-quota"  # a unit beyond those that the grant covers
SAME_UNITS = "same-units"  # a unit that another receipt sold as well
NO_REFERRAL = "no-referral"  # not a recommendation of this, by this person
SELF_REFERRAL = "self-referral"  # the referrer has another part in the sale
SELF_HOST = "self-host"  # the host is who sells
TWICE = "twice"  # another receipt for this order, or another refund of this number, stands
NO_RECEIPT = "no-receipt"  # a refund of a sale without a valid receipt
REASONS = (
    NOT_VENDOR,
    NO_ORDER_KEY,
    WAITING,
    UNKNOWN_CHARTER,
    SUPERSEDED,
    WRONG_SHARE,
    NO_GRANT,
    PAST_QUOTA,
    SAME_UNITS,
    NO_REFERRAL,
    SELF_REFERRAL,
    SELF_HOST,
    TWICE,
    NO_RECEIPT,
)
LATER = (PAST_QUOTA, SAME_UNITS)
"""Marks that another record can set long after a sale: a lower quota, a second receipt."""


def counts(reason: str) -> bool:
    """Whether a receipt with this mark, or none, counts: its shares are owed, reviews rest on it.

    Nobody's later word takes from others what a sale has given them.
    """
    return not reason or reason in LATER


class Granted(NamedTuple):
    """A version of a grant. `root` names the grant, `maker` is who wrote it.

    `quota` is that of the version that stands: by lowering it the maker ends the grant, and says
    which sales stand.
    """

    said: Grant
    maker: bytes
    root: bytes
    quota: int


class Recommended(NamedTuple):
    """A recommendation and the person who wrote it."""

    said: Recommend
    by: bytes


class Context(Protocol):
    """What a receipt is held against; None means: not here, at least not yet."""

    def height(self, certificate: bytes) -> int | None:
        """The height of a certificate of our chain."""

    def in_force(self, height: int) -> bytes:
        """The hash of the charter in force at a height."""

    def charter(self, charter: bytes) -> Charter | None:
        """A charter that is or was in force, by its hash."""

    def known(self, person: bytes) -> bool:
        """Whether this is a person of the community, or was one."""

    def grant(self, record: bytes) -> Granted | None:
        """A version of a grant, by its record."""

    def referral(self, record: bytes) -> Recommended | None:
        """A version of a recommendation, by its record."""


class Claim(Protocol):
    """What is judged of a statement, besides its sums."""

    @property
    def vendor(self) -> bytes: ...
    @property
    def seller(self) -> bytes: ...
    @property
    def listing(self) -> bytes: ...
    @property
    def at(self) -> tuple[bytes, ...]: ...
    @property
    def charter(self) -> bytes: ...
    @property
    def host(self) -> bytes | None: ...
    @property
    def referrer(self) -> bytes | None: ...
    @property
    def referral(self) -> bytes | None: ...
    @property
    def grant(self) -> bytes | None: ...
    @property
    def goods(self) -> bytes | None: ...
    @property
    def units(self) -> Units | None: ...
    @property
    def margin_bps(self) -> int: ...
    @property
    def quantity(self) -> int: ...


def fault(said: Statement, context: Context, *, buyer: bytes | None = None) -> str:
    """What is wrong with a statement by itself.

    For who agrees to one as well, who may name the `buyer`: a receipt does not.
    """
    found = judged(said, context, buyer=buyer)
    charter = context.charter(said.charter) if counts(found) else None
    return found if charter is None or adds_up(charter, said) else WRONG_SHARE


def judged(said: Claim, context: Context, *, buyer: bytes | None = None) -> str:
    """The same without reckoning: a receipt's sums depend on its charter alone (`adds_up`)."""
    return (
        _of_charter(said.at, said.charter, context)
        or _of_roles(said, context, buyer)
        or _of_grant(said, context)
    )


def adds_up(charter: Charter, said: Statement) -> bool:
    """Whether a charter divides the price as the statement does."""
    absent = absent_roles(said.host, said.referrer)
    margin = None if said.grant is None else said.margin_bps
    right = parts(charter, said.price, said.currency, said.category, absent, margin=margin)
    return right == (said.fee, said.shares)


def _of_charter(at: tuple[bytes, ...], charter: bytes, context: Context) -> str:
    heights = [height for each in at if (height := context.height(each)) is not None]
    if len(heights) < len(at):
        return WAITING
    if charter == context.in_force(max(heights)):
        return ""
    return UNKNOWN_CHARTER if context.charter(charter) is None else SUPERSEDED


def _of_roles(said: Claim, context: Context, buyer: bytes | None) -> str:
    sells = (said.vendor, said.seller, buyer)
    if said.host is not None:
        if said.host in sells:
            return SELF_HOST
        if not context.known(said.host):
            return WAITING
    if said.referrer is None and said.referral is None:
        return ""
    if said.referrer is None or said.referral is None:
        return NO_REFERRAL
    if said.referrer in (*sells, said.host):
        return SELF_REFERRAL
    named = context.referral(said.referral)
    if named is None:
        return WAITING
    about = named.said
    fits = about.listing == said.listing or about.person in (said.vendor, said.seller)
    return "" if fits and named.by == said.referrer and not about.withdrawn else NO_REFERRAL


def _of_grant(said: Claim, context: Context) -> str:
    if said.grant is None:
        own = (said.seller, None, None, 0)
        return "" if (said.vendor, said.goods, said.units, said.margin_bps) == own else NO_GRANT
    if said.units is None or said.units.many != said.quantity:
        return NO_GRANT
    found = context.grant(said.grant)
    if found is None:
        return WAITING
    low, high = found.said.margin
    if (
        (found.maker, found.said.to) != (said.seller, said.vendor)
        or said.seller == said.vendor
        or found.said.withdrawn
        or not low <= said.margin_bps <= high
        or (found.said.listings and said.goods not in found.said.listings)
    ):
        return NO_GRANT
    return PAST_QUOTA if said.units.last > found.quota else ""


class Written(NamedTuple):
    """A record of a vendor's about an order: its id, and its place in a log."""

    record: bytes
    device: bytes
    seq: int


def first(some: Collection[Written]) -> Written:
    """Of what one vendor wrote of the same: the first in its log, of several logs the lowest id.

    Only the vendor could grind it.
    """
    firsts: dict[bytes, Written] = {}
    for each in some:
        before = firsts.get(each.device)
        if before is None or each.seq < before.seq:
            firsts[each.device] = each
    return min(firsts.values())


def crossing(units: Iterable[tuple[bytes, Units]]) -> set[bytes]:
    """Of receipts with units under one grant, those that share a unit with another."""
    found: set[bytes] = set()
    furthest: tuple[bytes, int] | None = None  # of those before, the one that reaches furthest
    for record, each in sorted(units, key=lambda pair: (pair[1], pair[0])):
        if furthest is not None and each.first <= furthest[1]:
            found |= {record, furthest[0]}
        if furthest is None or each.last > furthest[1]:
            furthest = record, each.last
    return found


def refund_faults(
    charter: Charter, said: Statement, refunds: Sequence[tuple[Written, Refund]]
) -> dict[bytes, str]:
    """What is wrong with each refund of one valid receipt, all of them signed by its order's key.

    A refund counts once those with lower numbers do: it divides what they have left.
    """
    found: dict[bytes, str] = {}
    given: list[Mapping[str, int]] = []
    by_number: dict[int, list[tuple[Written, Refund]]] = {}
    for pair in refunds:
        by_number.setdefault(pair[1].number, []).append(pair)
    for number in sorted(by_number):
        if number != len(given) + 1:
            found |= {written.record: WAITING for written, _ in by_number[number]}
            continue
        right: dict[Written, Mapping[str, int]] = {}
        for written, each in by_number[number]:
            if _refund_fits(charter, said, each, given):
                right[written] = each.parts
            else:
                found[written.record] = WRONG_SHARE
        if right:
            stands = first(right.keys())
            found |= {each.record: "" if each == stands else TWICE for each in right}
            given.append(right[stands])
    return found


def _refund_fits(
    charter: Charter, said: Statement, each: Refund, given: Sequence[Mapping[str, int]]
) -> bool:
    try:
        return refunded(charter, said, each.amount, given) == each.parts
    except Refused:
        return False
