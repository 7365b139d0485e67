"""What the vectors tell of money: Dan pays Ben in credits, and Ben has got it."""

from __future__ import annotations

from protocol.kinds import got
from protocol.kinds.payment import CREDIT, Payment
from protocol.records import MARKET
from tests.protocol.people import BEN, COMMUNITY, DAN, Log

_PAID = Payment(amount=350, currency=CREDIT, to=BEN.person.public, reference="A loaf of bread")
PAYMENT = Log(DAN.device, COMMUNITY, MARKET).add("payment", _PAID.body())
GOT = Log(BEN.device, COMMUNITY, MARKET).add("got", got.body(PAYMENT))
