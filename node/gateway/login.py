"""How the desk knows its owner: a link that works once, then a signed cookie.

A token is compared by its hash and in constant time, and is gone once used. The cookie is signed
with a secret of the home, so a login outlives a restart of the node; it says nothing but when it
was made. Nothing here is written to disk.
"""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from hashlib import sha256

from itsdangerous import BadSignature, TimestampSigner

SESSION_SECONDS = 30 * 86_400
OUTSTANDING = 4  # links that may wait to be used; a newer one pushes out the oldest


class LoginTokens:
    """The one-time tokens that were handed out and not used yet."""

    def __init__(self) -> None:
        self._hashes: list[bytes] = []

    def issue(self) -> str:
        """A new token of 256 random bits, for the link that the owner is shown."""
        token = secrets.token_urlsafe(32)
        self._hashes = [*self._hashes, _hash(token)][-OUTSTANDING:]
        return token

    def redeem(self, token: str) -> bool:
        """Whether this token was handed out and not used before; it is used now."""
        offered = _hash(token)
        kept = [known for known in self._hashes if not hmac.compare_digest(known, offered)]
        fits = len(kept) < len(self._hashes)
        self._hashes = kept
        return fits


class Sessions:
    """Signs and checks the desk's cookie. `now_ms` is this machine's clock."""

    def __init__(self, secret: bytes, now_ms: Callable[[], int]) -> None:
        self._signer = _Signer(secret, now_ms)

    def begin(self) -> str:
        """A cookie's value, good for SESSION_SECONDS."""
        return self._signer.sign(secrets.token_urlsafe(12)).decode("ascii")

    def holds(self, cookie: str | None) -> bool:
        """Whether we signed this value, and not too long ago."""
        if not cookie:
            return False
        try:
            self._signer.unsign(cookie, max_age=SESSION_SECONDS)
        except BadSignature:
            return False
        return True


def cookie_name(host: str) -> str:
    """The cookie's name at this Host: browsers share cookies between the ports of a machine."""
    port = host.rpartition(":")[2]
    return f"moothall-desk-{port if port.isdigit() else 80}"


class _Signer(TimestampSigner):
    """A TimestampSigner that is handed its clock."""

    def __init__(self, secret: bytes, now_ms: Callable[[], int]) -> None:
        super().__init__(secret, salt=b"moothall desk session", digest_method=sha256)
        self._now_ms = now_ms

    def get_timestamp(self) -> int:
        return self._now_ms() // 1000


def _hash(token: str) -> bytes:
    return sha256(token.encode("utf-8", "replace")).digest()
