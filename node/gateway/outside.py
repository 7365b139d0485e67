"""Where this site is, as others see it: what absolute addresses begin with.

The owner may have said so (`--shop-url`); then that holds. Otherwise it is what the visitor's own
request names, but only if that is a plain host and port: a stranger's Host header never reaches an
address that we write. It names nobody else's address either: the answer goes to who asked.
"""

from __future__ import annotations

import re

from node.gateway.visit import Problem, Visit
from node.invitations import outside_address

LONGEST = 255
_HOST = re.compile(
    r"(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?"
)


def known_base(visit: Visit) -> str:
    """What the owner said: "https://ana.example", without a slash at its end; else empty."""
    return (visit.guests and outside_address(visit.store)) or ""


def base(visit: Visit) -> str:
    """The same, or else what this request came to; empty when neither is known."""
    known = known_base(visit)
    if known:
        return known
    hosts = visit.request.headers.getlist("host")
    if len(hosts) != 1 or len(hosts[0]) > LONGEST or not _HOST.fullmatch(hosts[0]):
        return ""
    return f"{visit.request.scope['scheme']}://{hosts[0].lower()}"


def required_base(visit: Visit) -> str:
    """The same; Problem 400 when it is not known."""
    found = base(visit)
    if not found:
        t = visit.words.gettext
        raise Problem(
            400,
            t("That can't be shown"),
            t("This request does not say which address it was meant for."),
        )
    return found
