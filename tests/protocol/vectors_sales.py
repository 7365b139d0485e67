"""What the vectors tell of sales: Ben's bread, sold by Dan on consignment, as Ana recommended it.

Part of the price goes back, and Eva, who bought it, says so. The charter is the founding one.
"""

from __future__ import annotations

from governance.charter import Charter
from governance.waterfall import Consigned, Referral, refund_terms, statement
from protocol.keys import Signer
from protocol.kinds import receipt, refund, review
from protocol.kinds.grant import Grant
from protocol.kinds.recommend import Recommend
from protocol.kinds.registry import content
from protocol.records import MARKET, TALK
from tests.protocol.people import ANA, BEN, COMMUNITY, DAN, EVA, FOUND, Log, h
from tests.protocol.vectors_story import FIRST, MARKET_LOG, SECOND
from tests.protocol.vectors_votes import PHONE

ORDER = Signer(h("order"))
LISTING, GOODS = h("dan's listing"), h("ben's listing")
CHARTER = Charter.from_data(content(FOUND).charter)
GRANT = Log(PHONE.device, COMMUNITY, MARKET).add(
    "grant",
    Grant(to=DAN.person.public, quota=20, margin=(1000, 2500), listings=(GOODS,)).body(),
)
RECOMMEND = MARKET_LOG.copy().add("recommend", Recommend(listing=LISTING).body())
_SOLD = statement(
    CHARTER,
    order=ORDER.public,
    vendor=DAN.person.public,
    buyer=None,
    listing=LISTING,
    category="Bread",
    at=(FIRST.id, SECOND.id),
    currency="EUR",
    quantity=3,
    price=1999,
    delivery=250,
    tip=50,
    tax="7 % VAT included",
    referral=Referral(RECOMMEND.id, ANA.person.public),
    consigned=Consigned(
        grant=GRANT.id, maker=BEN.person.public, first=5, margin_bps=2000, goods=GOODS
    ),
)
_DANS = Log(DAN.device, COMMUNITY, MARKET)
RECEIPT = _DANS.add(
    "receipt", receipt.body(_SOLD.data(), receipt.sign(ORDER, COMMUNITY, _SOLD.data()))
)
_BACK = refund_terms(CHARTER, _SOLD, [500])
REFUND = _DANS.add("refund", refund.body(_BACK, refund.sign(ORDER, COMMUNITY, _BACK)))
REVIEW = Log(EVA.device, COMMUNITY, TALK).add(
    "review",
    review.sign(
        ORDER,
        COMMUNITY,
        EVA.person.public,
        version=1,
        stars=4,
        text="They gave a part back.",
        buyer=EVA.person.public,
    ).body(),
)
