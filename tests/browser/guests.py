"""What guests of Ana's shop window have ordered: the secrets of their links."""

from __future__ import annotations

from node import market as listings
from node.trade import guest_rules, guests
from protocol.keys import Signer
from tests.browser.trade import Market

TEXT = "If it has a knot in it I don't mind.\n\nWe live by the <b>mill</b>."


def under_way(market: Market, theirs: str) -> dict[str, str]:
    """Orders of Ben's listing `theirs` by guests of Ana's; the ids that fill in paths."""
    ana, ben = market.ana, market.ben
    paying, offered, fresh = (_order(market, number, theirs) for number in range(3))
    market.move(ben, paying, "accept", text="Gladly.")
    market.move(ben, offered, "offer", quantity=2, price=22_000, text="Two for a little less.")
    guests.act(ana, Signer(_seed(1)), "say", text="Is the seat oiled?")
    guest_rules.choose(ana.store, "ask")
    _order(market, 3, theirs)
    guest_rules.choose(ana.store, "yes")
    market.act()
    names = ("key", "offered_key", "fresh_key", "waiting_key")
    found = {name: guests.secret_text(_seed(number)) for number, name in enumerate(names)}
    return {**found, "stool": theirs, "hosted": fresh.hex()[:16]}


def _seed(number: int) -> bytes:
    return bytes([number + 1] * 32)


def _order(market: Market, number: int, listing: str) -> bytes:
    """A guest orders; the order's id."""
    offer, key = listings.find(market.ana, listing), Signer(_seed(number))
    wish = guests.GuestWish(
        listing=offer.id,
        version=offer.version_id,
        text=TEXT,
        name="Gitta Gast",
        reach="gitta@example.org",
    )
    guests.ask(market.ana, key, wish)
    market.act()
    return key.public
