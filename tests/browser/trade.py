"""What the lively community trades: orders in every step of their lives, letters and payments.

Built by the functions that commands and the desk use. Ana sells and buys; whoever else has a part
syncs with her alone, so every letter goes by way of her node.
"""

from __future__ import annotations

from typing import Any

from node import market as offers
from node import post
from node.home import Home
from node.trade import (
    banking,
    clerk,
    consigning,
    credit,
    disputing,
    ordering,
    recommending,
    reviews,
    settling,
)
from node.trade.banking import Account
from node.trade.ordering import Wish
from storage import receipts
from storage import reviews as judged
from storage.holdings import StoreHoldings
from tests.pulling import pull

HOUR = 3_600_000
IBAN = "DE89370400440532013000"  # the one in the standard's own examples
LONG_ANSWER = "Lieferverzögerungsentschuldigungsschreiben " * 8


class Market:
    """The orders of a world: `ana` is looked at, `ben` and `cleo` trade with her."""

    def __init__(self, world: Any, ben: Home, cleo: Home) -> None:
        self.world = world
        self.ana: Home = world.ana
        self.ben, self.cleo = ben, cleo

    def act(self) -> None:
        """An hour goes by, the three sync, open their letters, and their nodes do what is due."""
        self.world.now += HOUR
        self._pass_on()
        for home in (self.ana, self.ben, self.cleo):
            post.open_pending(home)
            clerk.work(home)
        self._pass_on()

    def _pass_on(self) -> None:
        ana, *others = (StoreHoldings(home.store) for home in (self.ana, self.ben, self.cleo))
        for other in others:
            pull(ana, other)
            pull(other, ana)

    def order(self, who: Home, listing: str, **more: Any) -> bytes:
        """Order a thing of somebody else's; the order's id."""
        made = ordering.place(who, Wish(listing=offers.find(who, listing).id, **more))
        self.act()
        return made

    def move(self, who: Home, order: bytes, name: str, **fields: Any) -> None:
        """Make a move, and let the others hear of it."""
        ordering.move(who, order, name, **fields)
        self.act()

    def sell(self, order: bytes, buyer: Home, seller: Home) -> None:
        """From the acceptance to the receipt."""
        self.move(seller, order, "accept", text="With pleasure.")
        self.move(buyer, order, "pay", how="bank")
        self.move(seller, order, "confirm")
        self.move(seller, order, "sent", text="On the bench before the bakery.")
        self.move(buyer, order, "received")


def under_way(market: Market, mine: str, theirs: str) -> dict[str, str]:
    """Orders of Ana's listing `mine` and of Ben's `theirs`; the ids that fill in paths."""
    ana, ben, cleo = market.ana, market.ben, market.cleo
    for home in (ana, ben):
        banking.set_account(home, Account(iban=IBAN, name="Bäckerei am Fluss", bic=""))
    done = market.order(ben, mine, quantity=2, variant="Small", tip=50, text="Sliced, please.")
    market.sell(done, ben, ana)
    market.move(ana, done, "refund", amount=100, text="One loaf was too dark.")
    market.move(ben, done, "took")
    asked = market.order(ben, mine, variant="Large", delivery=250, text=LONG_ANSWER)
    ordering.say(ben, asked, "<b>Friday</b> would be best.\n\nOr Saturday.")
    reviews.write(ben, done.hex(), 4, "Keeps *well*, and slices thin.")
    got = market.order(ana, theirs)
    market.sell(got, ana, ben)
    bought = market.order(ana, theirs, quantity=3)
    market.move(ben, bought, "accept", text="Come by when you like.")
    argued = market.order(cleo, mine, variant="Small")
    market.move(ana, argued, "accept")
    market.move(cleo, argued, "pay", how="cash")
    market.move(ana, argued, "sent", text="By post.")
    market.move(cleo, argued, "dispute", text="Nothing came, and nobody knows where it is.")
    disputing.evidence(cleo, argued.hex(), "The post office has no parcel for me.")
    disputing.propose(ana, argued.hex(), "1.75", "Half of it, since I did send it.")
    disputing.name_mediator(ana, argued.hex(), ben.person.hex())
    declined = market.order(cleo, mine, variant="Large")
    market.move(ana, declined, "decline", text="None left this week.")
    wondered = market.order(cleo, mine, variant="Large", enquiry=True, text="For twenty people?")
    market.move(ana, wondered, "offer", quantity=8, price=8_000, text="With a day's notice.")
    post.write(ben, ana.person, "Is the oven free on *Sunday*?")
    post.write(ana, ben.person, "From noon on.")
    settling.pay(ben, ana.person, 300, "EUR")
    credit.pay(ben, ana.person, 450, reference="A morning's help")
    consigning.grant(
        ben, to=ana.person, listings=[theirs], margin=(1000, 2500), quota=12, until_ms=None
    )
    consigning.grant(
        ana, to=ben.person, listings=[mine], margin=(2000, 2000), quota=5, until_ms=None
    )
    word = recommending.recommend(
        ben, offers.find(ben, mine).id, "The *crust* alone is worth the walk.", is_person=False
    )
    for _ in range(2):
        market.act()
    (receipt,) = receipts.of_orders(ana.store, [done])[done]
    (review,) = judged.of_orders(ana.store, [done])
    return {
        "receipt": receipt.record.hex()[:16],
        "via": word.record.hex()[:16],
        "review": review.row.record.hex()[:16],
        "theirs": theirs,
        "order": argued.hex()[:16],
        "asked": asked.hex()[:16],
        "got": got.hex()[:16],
        "done": done.hex()[:16],
        "bought": bought.hex()[:16],
        "declined": declined.hex()[:16],
        "wondered": wondered.hex()[:16],
        "person": ben.person.hex()[:16],
    }
