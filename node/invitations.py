"""Where an invitation opens in a browser, what its QR code says, and whether it still lets in.

An invitation is one secret in two dresses: `moothall:join?i=...` for a program, and the `/join`
page of the inviter's shop window for somebody who has none yet. The page exists only where guests
can come: at its outside address where that is known, else within the home network, for a friend who
stands beside one, if the shop window is open to that.
"""

from __future__ import annotations

import json
from ipaddress import ip_address
from urllib.parse import urlsplit

from governance.membership import CERTIFIED, ON_OFFER
from node import ports
from node.home import Home
from protocol.invitation import Link
from protocol.keys import Signer
from storage import certificates
from storage.database import get_meta
from storage.rows import standing_of
from storage.store import Store

CODE_LENGTH = 1_000  # characters: a denser QR code is hard to read from a screen


def outside_address(store: Store) -> str | None:
    """What the owner said guests find the shop window at; without a slash at its end."""
    address = get_meta(store.db, "shop_url")
    if not address or not get_meta(store.db, "shop"):
        return None
    return address.rstrip("/")


def store_address(store: Store) -> str | None:
    """Where guests find the shop window: `outside_address`, or one in the home network.

    Without a slash at its end; None when it is off, or only this machine can see it.
    """
    known, at = outside_address(store), get_meta(store.db, "shop")
    if known or not at:
        return known
    found = ports.browsable(at, json.loads(get_meta(store.db, "addresses") or "[]"))
    near = (each.rstrip("/") for each in found if not _is_here(each))
    return next(near, None)


def _is_here(address: str) -> bool:
    host = ip_address(urlsplit(address).hostname or "::")
    return host.is_loopback or host.is_unspecified


def shop_address(home: Home) -> str | None:
    """`store_address` of a home."""
    return store_address(home.store)


def page_address(home: Home, link: Link) -> str | None:
    """The page of one's own shop window that explains this invitation; None when there is none."""
    shop = shop_address(home)
    return None if shop is None else link.text(shop)


def code_text(home: Home, link: Link) -> str:
    """What the invitation's QR code says: the page's address, or else the link itself.

    Neighbours that would make the code too dense are left out, the inviter's own device last.
    """
    shop = shop_address(home)
    peers = list(link.peers.items())
    while len(peers) > 1 and len(link._replace(peers=dict(peers)).text(shop)) > CODE_LENGTH:
        peers.pop()
    return link._replace(peers=dict(peers)).text(shop)


def standing(store: Store, link: Link) -> str:
    """What this node knows of an invitation, one of these words.

    "open": it lets somebody in. "unknown": its record is not here yet, so it may. "used": somebody
    came in by it, or it has expired. "gone": who made it can't invite any more. "foreign": it leads
    to another community. "changed": its secret does not fit its record.
    """
    if link.community != store.community:
        return "foreign"
    row = store.db.execute(
        "SELECT device, slot, round, key FROM invitation WHERE record = ?", [link.invite]
    ).fetchone()
    state = certificates.current(store)
    if row is None or state is None:
        return "unknown"
    device, slot, round_, key = row
    if Signer(link.secret).public != key:
        return "changed"
    known = standing_of(store, device)
    if known is None or known[0] != CERTIFIED:
        return "gone"
    if state.roll.rounds.get((device, slot), 0) != round_ or _taken_up(store, link.invite):
        return "used"
    return "open"


def _taken_up(store: Store, invite: bytes) -> bool:
    """Whether somebody stands here by this invitation already."""
    marks = ", ".join(map(str, ON_OFFER))
    row = store.db.execute(
        "SELECT 1 FROM joining JOIN device ON device.key = joining.device"
        f" WHERE invite = ? AND standing IN ({marks}) LIMIT 1",
        [invite],
    ).fetchone()
    return row is not None


def inviter(store: Store, link: Link) -> bytes | None:
    """The person who made an invitation; None while its record is not here."""
    row = store.db.execute(
        "SELECT person FROM invitation JOIN device ON device.key = invitation.device"
        " WHERE record = ?",
        [link.invite],
    ).fetchone()
    return None if row is None else row[0]
