"""The parts of a charter about trade: fees, surplus, orders, disputes, credit, guests.

The same habits as in `charter_parts`: `read(at)` checks plain data, `data()` gives it back.
Nothing here divides money; that is the fee split's work.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from governance.charter_parts import Part
from governance.charter_read import ALL_BPS, At
from protocol.codec import Plain
from protocol.errors import Term

DISPUTE_STEPS = ("talk", "mediator", "vote")
PATRONAGE_BASES = ("fees_paid",)
# Who has a part in a sale. Any other role of a table is a fund, or an office that is always there.
REFERRER = "referrer"  # absent from a sale that nobody recommended
HOST = "host"  # absent from a sale that was found in nobody's shop window
SELLER = "seller"  # gets what the fee leaves, and so has no row in its table
RESELLER = "reseller"  # who sells a maker's goods: has a margin of what the fee leaves, no row

_ROLE = re.compile(r"[a-z0-9_-]{1,40}")
_NO_ROLE = Term("%(path)s is %(value)s; a word of 1 to 40 of a-z, 0-9, _ and - is allowed.")


@dataclass(frozen=True, kw_only=True, slots=True)
class FeeRow(Part):
    """One role's weight in a fee; an absent role's weight moves to `fallback`."""

    role: str
    bps: int
    fallback: str | None  # None: the common fund, never absent


@dataclass(frozen=True, kw_only=True, slots=True)
class FeeRule(Part):
    """The fee of a sale, and who shares it."""

    fee_bps: int
    fee_min: int
    fee_cap: int | None  # None: no cap
    table: tuple[FeeRow, ...]  # the order breaks ties

    @classmethod
    def read(cls, at: At) -> FeeRule:
        """Read `{fee_bps, fee_min, fee_cap, table}`."""
        f = at.fields(("fee_bps", "fee_min", "fee_cap", "table"))
        fee_min = f["fee_min"].money()
        fee_cap = None if f["fee_cap"].value is None else f["fee_cap"].money()
        if fee_cap is not None and fee_cap < fee_min:
            f["fee_cap"].refuse(
                "%(path)s is %(value)s; at least %(least)s, the fee_min, is allowed.",
                value=fee_cap,
                least=fee_min,
            )
        return cls(
            fee_bps=f["fee_bps"].bps(),
            fee_min=fee_min,
            fee_cap=fee_cap,
            table=_read_table(f["table"]),
        )


def _read_table(at: At) -> tuple[FeeRow, ...]:
    """Rows that add up to 10,000, whose fallbacks all end in the one row without."""
    items = at.items(1, 16)
    rows: dict[str, FeeRow] = {}
    last: FeeRow | None = None
    for item in items:
        f = item.fields(("role", "bps", "fallback"))
        role = f["role"].shaped(_ROLE, _NO_ROLE)
        if role in (SELLER, RESELLER):
            f["role"].refuse(
                '%(path)s is "%(role)s", who gets what the fee leaves; only others share the fee.',
                role=role,
            )
        if role in rows:
            f["role"].refuse(
                '%(path)s is "%(role)s" again; a role has one row in a table.', role=role
            )
        back = None if f["fallback"].value is None else f["fallback"].shaped(_ROLE, _NO_ROLE)
        rows[role] = FeeRow(role=role, bps=f["bps"].bps(), fallback=back)
        if back is None:
            if last is not None:
                f["fallback"].refuse(
                    '%(path)s is empty, as that of "%(role)s"; exactly one row without is allowed.',
                    role=last.role,
                )
            last = rows[role]
    if last is None:
        at.refuse("%(path)s has a fallback in every row; exactly one row without is allowed.")
    _refuse_other_totals(at, *(row.bps for row in rows.values()))
    for item, row in zip(items, rows.values(), strict=True):
        if row.fallback is not None and row.fallback not in rows:
            item.under("fallback").refuse(
                '%(path)s is "%(role)s"; a role of the same table (%(roles)s) is allowed.',
                role=row.fallback,
                roles=", ".join(rows),
            )
    for item, row in zip(items, rows.values(), strict=True):
        seen, step = {row.role}, row.fallback
        while step is not None:
            if step in seen:
                item.under("fallback").refuse(
                    "%(path)s leads round in a circle; only a chain that ends in "
                    '"%(role)s" is allowed.',
                    role=last.role,
                )
            seen.add(step)
            step = rows[step].fallback
    return tuple(rows.values())


def _refuse_other_totals(at: At, *shares: int) -> None:
    """Refuse shares of a whole that don't add up to it."""
    if sum(shares) != ALL_BPS:
        at.refuse(
            "%(path)s adds up to %(total)s; exactly %(whole)s is allowed.",
            total=sum(shares),
            whole=ALL_BPS,
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Fees(Part):
    """The default fee, and the categories that have a fee of their own (sorted by name)."""

    default: FeeRule
    categories: tuple[tuple[str, FeeRule], ...]
    referral_depth: int  # always 1: a referral pays one person, no chain of them

    @classmethod
    def read(cls, at: At) -> Fees:
        """Read `{default, categories, referral_depth}`."""
        f = at.fields(("default", "categories", "referral_depth"))
        categories = f["categories"].entries(most=40)
        for name, entry in categories.items():
            At(entry.path, name).text(1, 60)
        return cls(
            default=FeeRule.read(f["default"]),
            categories=tuple((name, FeeRule.read(entry)) for name, entry in categories.items()),
            referral_depth=f["referral_depth"].whole(1, 1),
        )

    def of(self, category: str | None) -> FeeRule:
        """The fee for a category: its own if it has one, else the default."""
        return next((rule for name, rule in self.categories if name == category), self.default)

    def data(self) -> dict[str, Plain]:
        """The map, with `categories` as a map again."""
        categories: Plain = {name: rule.data() for name, rule in self.categories}
        return {**Part.data(self), "categories": categories}


@dataclass(frozen=True, kw_only=True, slots=True)
class Surplus(Part):
    """How a surplus is divided; the three shares add up to 10,000."""

    reserve_bps: int
    hardship_bps: int
    patronage_bps: int
    patronage_base: str  # one of PATRONAGE_BASES

    @classmethod
    def read(cls, at: At) -> Surplus:
        """Read the map."""
        f = at.fields(("reserve_bps", "hardship_bps", "patronage_bps", "patronage_base"))
        surplus = cls(
            reserve_bps=f["reserve_bps"].bps(),
            hardship_bps=f["hardship_bps"].bps(),
            patronage_bps=f["patronage_bps"].bps(),
            patronage_base=f["patronage_base"].word(PATRONAGE_BASES),
        )
        _refuse_other_totals(at, surplus.reserve_bps, surplus.hardship_bps, surplus.patronage_bps)
        return surplus


@dataclass(frozen=True, kw_only=True, slots=True)
class Orders(Part):
    """How long each step of an order may take."""

    reply_s: int
    pay_s: int
    send_s: int
    receive_s: int
    review_s: int

    @classmethod
    def read(cls, at: At) -> Orders:
        """Read a map of five durations."""
        f = at.fields(("reply_s", "pay_s", "send_s", "receive_s", "review_s"))
        return cls(
            reply_s=f["reply_s"].seconds(),
            pay_s=f["pay_s"].seconds(),
            send_s=f["send_s"].seconds(),
            receive_s=f["receive_s"].seconds(),
            review_s=f["review_s"].seconds(),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Disputes(Part):
    """The steps a dispute goes through, in this order, and how long the first two last."""

    talk_s: int
    mediator_s: int
    steps: tuple[str, ...]

    @classmethod
    def read(cls, at: At) -> Disputes:
        """Read `{talk_s, mediator_s, steps}`."""
        f = at.fields(("talk_s", "mediator_s", "steps"))
        steps: list[str] = []
        for item in f["steps"].items(1, len(DISPUTE_STEPS)):
            step = item.word(DISPUTE_STEPS)
            if step in steps:
                item.refuse('%(path)s is "%(step)s" again; each step is allowed once.', step=step)
            steps.append(step)
        return cls(
            talk_s=f["talk_s"].seconds(),
            mediator_s=f["mediator_s"].seconds(),
            steps=tuple(steps),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Credit(Part):
    """Mutual credit: how far a balance may fall below zero, and when to warn of it."""

    enabled: bool
    limit: int
    warn: int

    @classmethod
    def read(cls, at: At) -> Credit:
        """Read `{enabled, limit, warn}`; the warning comes no later than the limit."""
        f = at.fields(("enabled", "limit", "warn"))
        enabled, limit, warn = f["enabled"].flag(), f["limit"].money(), f["warn"].money()
        if warn > limit:
            f["warn"].refuse(
                "%(path)s is %(value)s; at most %(most)s, the limit, is allowed.",
                value=warn,
                most=limit,
            )
        return cls(enabled=enabled, limit=limit, warn=warn)


@dataclass(frozen=True, kw_only=True, slots=True)
class Guests(Part):
    """What someone who is no member may do in a shop window."""

    see_listings: bool
    see_members: bool
    may_order: bool

    @classmethod
    def read(cls, at: At) -> Guests:
        """Read a map of three flags."""
        f = at.fields(("see_listings", "see_members", "may_order"))
        return cls(
            see_listings=f["see_listings"].flag(),
            see_members=f["see_members"].flag(),
            may_order=f["may_order"].flag(),
        )
