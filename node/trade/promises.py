"""Promises kept: what everybody can see of how somebody's sales went.

Reckoned from receipts, counter-receipts and votes alone, so every node says the same. What goes on
between buyer and seller before a receipt is private, and nothing is concluded from silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from governance.certified import Certified
from governance.effects.verdict import Verdict, verdicts
from governance.receipts import WAITING, counts
from storage import certificates, receipts
from storage.store import Store
from storage.verdicts import Known, marks


@dataclass(frozen=True, kw_only=True, slots=True)
class Judgement:
    """What members decided about a sale of theirs. `returned`: of that, as receipts show.

    None where the sale has no valid receipt: then nobody else can see what went back.
    """

    proposal: bytes
    verdict: Verdict
    returned: int | None

    @property
    def kept(self) -> bool | None:
        """Whether as much went back as was decided; None where that can't be seen."""
        if not self.verdict.refund:
            return True
        return None if self.returned is None else self.returned >= self.verdict.refund


@dataclass(frozen=True, kw_only=True, slots=True)
class Promises:
    """A person as a vendor. `sales`: valid receipts, those with refunds among them."""

    sales: int
    part: int  # of these, so many were given back in part
    whole: int  # and so many in full
    marked: int  # receipts that are wrong
    judgements: tuple[Judgement, ...]  # oldest first


def of(store: Store, person: bytes) -> Promises:
    """Those of this person."""
    rows = store.db.execute(
        "SELECT receipt.rowid FROM receipt JOIN log ON log.no = receipt.log_no"
        " JOIN device ON device.no = log.device_no WHERE vendor = ? AND device.person = ?"
        " AND device.standing > 0",
        [person, person],
    ).fetchall()
    rowids = [rowid for (rowid,) in rows]
    reasons = marks(store, Known(store), rowids)
    wrong = [reason for rowid in rowids if (reason := reasons.get(rowid))]
    returned = _returned(store, person)
    state = certificates.current(store)
    return Promises(
        sales=sum(counts(reasons.get(rowid, "")) for rowid in rowids),
        part=sum(0 < back < price for price, back in returned.values()),
        whole=sum(0 < price == back for price, back in returned.values()),
        marked=sum(reason != WAITING for reason in wrong),
        judgements=() if state is None else _judgements(store, state, person),
    )


def _returned(store: Store, person: bytes) -> dict[bytes, tuple[int, int]]:
    """Order -> price and what of it went back, of their sales with a counter-receipt."""
    orders = store.db.execute("SELECT DISTINCT order_key FROM refund WHERE vendor = ?", [person])
    return {
        entry.said.order: (entry.said.price, entry.refunded)
        for some in receipts.of_orders(store, [order for (order,) in orders]).values()
        for entry in some
        if entry.said.vendor == person and entry.counts
    }


def _judgements(store: Store, state: Certified, person: bytes) -> tuple[Judgement, ...]:
    found = {key: each for key, each in verdicts(state).items() if each.seller == person}
    sold = receipts.of_orders(store, [each.order for each in found.values()])
    return tuple(
        Judgement(
            proposal=proposal,
            verdict=verdict,
            returned=next(
                (
                    entry.refunded
                    for entry in sold.get(verdict.order, [])
                    if entry.said.vendor == person and entry.counts
                ),
                None,
            ),
        )
        for proposal, verdict in found.items()
    )


def data(found: Promises) -> dict[str, Any]:
    """As JSON."""
    return {
        "sales": found.sales,
        "refunded_in_part": found.part,
        "refunded_in_full": found.whole,
        "marked": found.marked,
        "verdicts": [
            {
                "proposal": each.proposal.hex(),
                "refund": each.verdict.refund,
                "currency": each.verdict.currency,
                "returned": each.returned,
                "kept": each.kept,
            }
            for each in found.judgements
        ],
    }
