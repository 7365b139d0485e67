"""The parts of a charter about trade: fees, surplus, orders, disputes, credit, guests.

The same habits as in `charter_parts`: `read(at)` checks plain data, `data()` gives it back.
Nothing here divides money; that is the fee split's work.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from governance.charter_parts import Part
from governance.charter_read import ALL_BPS, At
from protocol.codec import Plain

DISPUTE_STEPS = ("talk", "mediator", "vote")
PATRONAGE_BASES = ("fees_paid",)

_ROLE = re.compile(r"[a-z0-9_-]{1,40}")
_ROLE_WORDS = "a word of 1 to 40 of a-z, 0-9, _ and -"


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
            f["fee_cap"].refuse(f"is {fee_cap}", f"at least {fee_min}, the fee_min, is allowed")
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
        role = f["role"].shaped(_ROLE, _ROLE_WORDS)
        if role in rows:
            f["role"].refuse(f'is "{role}" again', "a role has one row in a table")
        back = None if f["fallback"].value is None else f["fallback"].shaped(_ROLE, _ROLE_WORDS)
        rows[role] = FeeRow(role=role, bps=f["bps"].bps(), fallback=back)
        if back is None:
            if last is not None:
                f["fallback"].refuse(
                    f'is empty, as that of "{last.role}"', "exactly one row without is allowed"
                )
            last = rows[role]
    if last is None:
        at.refuse("has a fallback in every row", "exactly one row without is allowed")
    total = sum(row.bps for row in rows.values())
    if total != ALL_BPS:
        at.refuse(f"adds up to {total}", f"exactly {ALL_BPS} is allowed")
    for item, row in zip(items, rows.values(), strict=True):
        if row.fallback is not None and row.fallback not in rows:
            item.under("fallback").refuse(f'is "{row.fallback}"', _a_role_of(rows))
    for item, row in zip(items, rows.values(), strict=True):
        seen, step = {row.role}, row.fallback
        while step is not None:
            if step in seen:
                item.under("fallback").refuse(
                    "leads round in a circle", f'only a chain that ends in "{last.role}" is allowed'
                )
            seen.add(step)
            step = rows[step].fallback
    return tuple(rows.values())


def _a_role_of(roles: Collection[str]) -> str:
    """The clause that names the roles of a table."""
    return "a role of the same table (" + ", ".join(roles) + ") is allowed"


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
        total = surplus.reserve_bps + surplus.hardship_bps + surplus.patronage_bps
        if total != ALL_BPS:
            at.refuse(f"adds up to {total}", f"exactly {ALL_BPS} is allowed")
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
                item.refuse(f'is "{step}" again', "each step is allowed once")
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
            f["warn"].refuse(f"is {warn}", f"at most {limit}, the limit, is allowed")
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
