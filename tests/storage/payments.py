"""Steps of payments in a world of `tests.storage.world`: said, answered, answered falsely."""

from __future__ import annotations

from typing import TYPE_CHECKING

from protocol.kinds import got
from protocol.kinds.payment import CREDIT, Payment
from protocol.records import GOV, MARKET

if TYPE_CHECKING:
    from tests.storage.world import Device, World


class Payments:
    """What `World` can do about payments."""

    def do_pay(self: World, device: Device, b: int, c: int) -> None:
        """Somebody says that they pay somebody, a fund, or nobody in particular."""
        if not device.logs[GOV]:
            return
        payee = self.devices[b % len(self.devices)].person.public
        said = Payment(
            amount=1 + b,
            currency=CREDIT if c % 3 else "EUR",
            to=payee if b % 5 else None,
            fund="community" if b % 7 == 0 else "",
            from_fund="community" if c % 8 == 0 else "",
        )
        self.write(device, "payment", said.body(), which=c)

    def do_got(self: World, device: Device, b: int, c: int) -> None:
        """An answer, mostly by whoever was paid; now and then to a record that is no payment."""
        paid = [r for r in self.written(MARKET) if r.header.kind == "payment" or c == 1]
        paid = [r for r in paid if r.signature is not None and r.id not in self.bare | self.half]
        if not device.logs[GOV] or not paid:
            return
        record = paid[b % len(paid)]
        body = got.body(record)
        if c == 2:
            body["payment"] = bytes(32)
        if c == 3:
            body["record"] = record._replace(signature=bytes(64)).entry()
        self.write(device, "got", body, which=c)
