"""Steps of sales in a world of `tests.storage.world`: honest receipts, and all kinds of false ones.

A receipt is made as the vendor would make it from what the two agreed on; what is wrong with it,
if anything, is put in afterwards and signed all the same, as a vendor and a buyer together could.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from governance.charter import Charter
from governance.opening import charter_of
from governance.waterfall import Consigned, Referral, refund_terms, statement
from protocol.errors import Refused
from protocol.keys import Signer
from protocol.kinds import receipt, refund
from protocol.kinds.grant import Grant
from protocol.kinds.receipt import Statement
from protocol.kinds.recommend import Recommend
from protocol.kinds.registry import content
from protocol.records import GOV, MARKET, Record

if TYPE_CHECKING:
    from tests.storage.world import Device, World

LISTING = sha256(b"bread").digest()
GOODS = sha256(b"the maker's jam").digest()


def order_key(name: object) -> Signer:
    """The key of an order."""
    return Signer(sha256(f"order {name}".encode()).digest())


ONE = order_key(0)


class Sales:
    """What `World` can do about sales."""

    def charter(self: World) -> Charter:
        """The charter in force."""
        return charter_of(self.state.versions[-1])

    def sale(
        self: World,
        order: Signer,
        vendor: Device,
        *,
        price: int = 1000,
        quantity: int = 1,
        host: Device | None = None,
        referral: Record | None = None,
        grant: Record | None = None,
        first: int = 1,
        margin_bps: int = 2000,
        at: Sequence[bytes] | None = None,
        **changes: Any,
    ) -> Statement:
        """The statement of a sale under the charter in force; `changes` are put in afterwards."""
        consigned = None
        if grant is not None:
            consigned = Consigned(
                grant=grant.id,
                maker=self.person_of(grant),
                first=first,
                margin_bps=margin_bps,
                goods=GOODS,
            )
        made = statement(
            self.charter(),
            order=order.public,
            vendor=vendor.person.public,
            buyer=None,
            listing=LISTING,
            category="",
            at=at or (self.community, self.state.id),
            currency=self.charter().currency,
            quantity=quantity,
            price=price,
            host=None if host is None else host.person.public,
            referral=None if referral is None else Referral(referral.id, self.person_of(referral)),
            consigned=consigned,
        )
        return replace(made, **changes)

    def person_of(self: World, record: Record) -> bytes:
        """Who wrote a record."""
        return next(d.person.public for d in self.devices if d.key == record.header.device)

    def sold(
        self: World,
        by: Device,
        order: Signer,
        said: Statement,
        *,
        signer: Signer | None = None,
        which: int = 0,
    ) -> Record:
        """A receipt in the log of this device, signed by the order's key or another."""
        data = said.data()
        by_order = receipt.sign(signer or order, self.community, data)
        return self.write(by, "receipt", receipt.body(data, by_order), which=which)

    def refunded(
        self: World, by: Device, order: Signer, said: Statement, *amounts: int, which: int = 0
    ) -> Record:
        """The counter-receipt for the last of these refunds."""
        terms = refund_terms(self.charter(), said, amounts)
        by_order = refund.sign(order, self.community, terms)
        return self.write(by, "refund", refund.body(terms, by_order), which=which)

    def granted(
        self: World,
        maker: Device,
        to: Device,
        quota: int,
        *,
        root: Record | None = None,
        which: int = 0,
        **more: Any,
    ) -> Record:
        """A grant, or a further version of one."""
        more = {"margin": (1000, 3000), **more}
        said = Grant(
            to=to.person.public,
            quota=quota,
            root=None if root is None else root.id,
            version=1 if root is None else more.pop("version", 2),
            **more,
        )
        return self.write(maker, "grant", said.body(), which=which)

    def recommended(self: World, by: Device, which: int = 0, **more: Any) -> Record:
        """A recommendation of the bread that everybody sells here, or of what `more` says."""
        said = Recommend(**(more if "person" in more else {"listing": LISTING, **more}))
        return self.write(by, "recommend", said.body(), which=which)

    # Steps

    def do_grant(self: World, device: Device, b: int, c: int) -> None:
        """A grant, or another version of one, often the maker's own."""
        to = self.devices[b % len(self.devices)]
        roots = [r for r in self.written(MARKET) if r.header.kind == "grant"]
        root = roots[b % len(roots)] if roots and b % 3 else None
        more = {"version": 1 + c % 3} if root is not None else {}
        self.granted(device, to, c % 5, root=root, which=c, withdrawn=b % 7 == 6, **more)

    def do_recommend(self: World, device: Device, b: int, c: int) -> None:
        """A word for the bread, or for somebody."""
        whom = self.devices[b % len(self.devices)].person.public
        more = {"person": whom} if b % 2 else {}
        self.recommended(device, c, version=1 + b % 3, withdrawn=c % 5 == 0, **more)

    def do_sell(self: World, device: Device, b: int, c: int) -> None:
        """One of three orders is receipted, rightly or in one of many wrong ways."""
        order = order_key(b % 3)
        found = {
            kind: [r for r in self.written(MARKET) if r.header.kind == kind]
            for kind in ("grant", "recommend")
        }
        more: dict[str, Any] = {"price": 101 * (1 + c)}
        mine = [r for r in found["grant"] if content(r).to == device.person.public]
        lent = mine if b % 4 else found["grant"]
        if lent and c % 3 == 0:
            more |= {"grant": lent[b % len(lent)], "first": 1 + c % 4}
        if found["recommend"] and c % 3 == 1:
            more["referral"] = found["recommend"][b % len(found["recommend"])]
        if b % 4 == 1:
            more["host"] = self.devices[c % len(self.devices)]
        said = self.sale(order, device, **more)
        wrong: tuple[dict[str, Any], ...] = (
            {"fee": said.fee + 1},
            {"charter": sha256(b"another").digest()},
            {"at": (self.community, sha256(b"another").digest())},
            {"host": self.devices[c % len(self.devices)].person.public},
        )
        if b % 5 == 4:
            said = replace(said, **wrong[c % len(wrong)])
        self.sold(device, order, said, signer=order_key("no") if b % 11 == 10 else None, which=c)

    def do_fair(self: World, device: Device, b: int, c: int) -> None:
        """A market day: a few sales of few orders and units, and what goes back of them."""
        names = ("ben1", "eva1", "ben2", "dan1")
        self.do_enrol(self.of["ben2"], b, c)
        there = [self.of[name] for name in names if self.of[name].logs[GOV]] or [device]
        grant = self.granted(device, self.of["ben1"], 2 + b % 3)
        for name in ("ben1", "ben2"):  # the same order twice, the same units for two orders
            one, other = order_key(f"{b % 5} {c % 2}"), order_key(f"{name} {c}")
            self.sold(self.of[name], one, self.sale(one, self.of[name], price=100 + c), which=c)
            lent = self.sale(other, self.of[name], grant=grant, first=1 + b % 2, quantity=1 + c % 2)
            self.sold(self.of[name], other, lent)
        for number in range(4):
            seller, other = there[(b + number) % len(there)], there[(c + number) % len(there)]
            self.granted(other, seller, 1 + c % 5)
            self.do_recommend(other, c + number, b)
            self.do_sell(seller, b + number, c + number)
            self.do_sell(seller, b + 3 * number, c)
        self.do_refund(there[0], b, c)
        self.do_refund(there[0], b // 2, c)

    def do_refund(self: World, device: Device, b: int, c: int) -> None:
        """Part of a sale goes back, mostly by its vendor, now and then out of turn."""
        some = [r for r in self.written(MARKET) if r.header.kind == "receipt"]
        if not some:
            return
        record = some[b % len(some)]
        said = content(record).statement
        order = next((key for n in range(3) if (key := order_key(n)).public == said.order), ONE)
        by = next(d for d in self.devices if d.key == record.header.device)
        try:
            amounts = [1 + c % 50] * (1 + b % 2)
            self.refunded(device if b % 7 == 6 else by, order, said, *amounts, which=c)
        except Refused:
            return  # more than the price
