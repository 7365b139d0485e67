"""Whether guests may order in this home's shop window, and what."""

from __future__ import annotations

from governance.charter import Charter
from protocol.errors import Refused
from protocol.kinds.payment import CREDIT
from storage.database import get_meta, set_meta
from storage.store import Store
from storage.views.listing_queries import Offer

SETTINGS = ("yes", "ask", "no")
_SETTING = "guest_orders"


def setting(store: Store) -> str:
    """Whether guests may order here: yes, ask (the owner looks at each first) or no."""
    found = get_meta(store.db, _SETTING)
    return found if found in SETTINGS else SETTINGS[0]


def choose(store: Store, word: str) -> None:
    """Keep the owner's choice, one of SETTINGS."""
    if word not in SETTINGS:
        raise Refused("bad-setting", "Guests may order: yes, ask or no; nothing was changed.")
    set_meta(store.db, _SETTING, word)


def may_order(store: Store, charter: Charter) -> bool:
    """Whether this home's guests may order at all."""
    rule = charter.guests
    return rule.may_order and rule.see_listings and setting(store) != "no"


def on_offer(offer: Offer) -> bool:
    """Whether a guest can order this: open to everyone, and paid in what a guest has."""
    said = offer.listing
    return (
        offer.status == "open"
        and said.audience == "everyone"
        and said.mode != "wanted"
        and said.currency != CREDIT
    )
