"""Orders of guests: people without a key of their own, through the shop window of a host.

A guest's only key is the secret in their link. The order's own key is made of it, so what a guest
signs can be signed while they look at their page, and at no other time: the host's node knows the
order by its public half and keeps no copy of the rest. The host's device writes the guest's letters
for them and marks each so.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from governance.charter import Charter
from node.home import Home
from node.market import resolve_listing
from node.trade import guest_contact, guest_queue, ordering, reading
from node.trade.guest_queue import Waiting
from node.trade.ordering import Wish
from protocol.errors import NotFound, Refused
from protocol.keys import Signer
from protocol.kinds.listing import CREDIT
from storage.database import get_meta, set_meta
from storage.own import Draft
from storage.store import Store
from storage.views.listing_queries import Offer

SETTINGS = ("yes", "ask", "no")
MOST_LETTERS = 60  # of one guest in one order: each is kept by every member for good
MAX_TEXT = 1500  # characters
_SETTING = "guest_orders"
