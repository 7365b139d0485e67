"""Outside addresses that the owner names, since this machine can't know them: its router forwards
a port, or it is rented and stands behind its provider's NAT.

Kept in the home until others are named. Nobody tries them out here: who dials proves them.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Sequence

from protocol.errors import Misused
from protocol.invitation import MAX_ADDRESS
from storage.database import get_meta, set_meta
from storage.store import Store

NONE = "none"  # forgets them
MOST = 4  # so that a card of eight has room for addresses of the LAN and of relays
_KEY = "announce"  # in meta: a JSON list
_NAMES = ("dns", "dns4", "dns6")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")


def read(asked: Sequence[str]) -> tuple[str, ...] | None:
    """The addresses named, each once and in one form; () to forget them, None if none is named.

    Misused `bad-address` unless each is one that others can dial.
    """
    if not asked:
        return None
    if list(asked) == [NONE]:
        return ()
    found = tuple(dict.fromkeys(_read(text) for text in asked))
    if len(found) > MOST:
        raise Misused(
            "bad-address",
            "%(most)s addresses can be announced at most, not %(number)s. Nothing was started.",
            most=MOST,
            number=len(found),
        )
    return found


def settle(store: Store, asked: Sequence[str]) -> tuple[str, ...]:
    """What to announce: what is asked for now, which is kept, or what was kept. As `read`."""
    named = read(asked)
    if named is not None:
        set_meta(store.db, _KEY, json.dumps(named))
    return kept(store)


def kept(store: Store) -> tuple[str, ...]:
    """What this home announces, without its peer id."""
    return tuple(json.loads(get_meta(store.db, _KEY) or "[]"))


def _read(text: str) -> str:
    try:
        empty, family, host, tcp, number = text.split("/")
        port = int(number)
    except ValueError:
        raise _bad(text) from None
    host = host.lower()
    good = (empty, tcp, str(port)) == ("", "tcp", number) and 0 < port < 65_536
    if not good or len(text) > MAX_ADDRESS:
        raise _bad(text)
    if family in _NAMES:
        labels = host.split(".")
        if not all(map(_LABEL.fullmatch, labels)) or labels[-1].isdigit():
            raise _bad(text)
        return f"/{family}/{host}/tcp/{port}"
    try:
        ip = ipaddress.ip_address(host)
    except ValueError:
        raise _bad(text) from None
    if family != f"ip{ip.version}" or "%" in host or ip.is_multicast:
        raise _bad(text)
    if ip.is_loopback or ip.is_unspecified or ip.is_link_local:
        raise Misused(
            "bad-address",
            "%(text)s leads nobody here from elsewhere. Nothing was started. Announce the address "
            "that others dial.",
            text=repr(text),
        )
    return f"/{family}/{ip}/tcp/{port}"


def _bad(text: str) -> Misused:
    return Misused(
        "bad-address",
        "%(text)s is no address to announce. Nothing was started. Write it like %(example)s.",
        text=repr(text),
        example="/ip4/198.51.100.7/tcp/4001 or /dns/node.example.org/tcp/4001",
    )
