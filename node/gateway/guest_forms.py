"""The forms of guests: small, read within a time, each good for one act.

A guest has no login that another site could abuse, so a guest's form needs no proof of where it was
sent from. Its token, signed by this home under a name of its own (none of a desk's forms takes it),
says that this shop window made the form, and tells a form that is sent twice from two. It also
gives a new order its secret: whoever holds the page holds the key, and nothing of it is kept here.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from hashlib import sha256

import trio
from starlette.requests import Request

from node.gateway.forms import FIELD, Form, Signed, read_form

LIFE_SECONDS = 2 * 86_400
TEXT_BYTES = 32 * 1024  # of all fields together
MOST_FIELDS = 40
SWALLOWED = 1024 * 1024  # of a form that is too large, so that an honest sender hears why
READING_SECONDS = 30.0
REMEMBERED = 2_000  # forms that were acted on
_SEED = b"moothall/guest-order/1\0"


class GuestForms:
    """Gives out the tokens of guests' forms, and knows which of them were acted on."""

    def __init__(self, secret: bytes, now_ms: Callable[[], int]) -> None:
        self._signer = Signed(secret, now_ms, salt=b"moothall guest form")
        self._done: OrderedDict[bytes, None] = OrderedDict()

    def token(self) -> str:
        """For a new form; nobody can guess it."""
        return self._signer.sign(secrets.token_urlsafe(32)).decode("ascii")

    def holds(self, form: Form) -> bool:
        """Whether this shop window gave that form out, and not too long ago."""
        return self._signer.holds(form.text(FIELD), LIFE_SECONDS)

    def seed(self, form: Form) -> bytes:
        """The secret of the order that this form places: the same when it is sent again."""
        return sha256(_SEED + form.text(FIELD).encode()).digest()

    def is_done(self, form: Form) -> bool:
        """Whether this very form was acted on before."""
        return self._key(form) in self._done

    def done(self, form: Form) -> None:
        """This form was acted on."""
        self._done[self._key(form)] = None
        while len(self._done) > REMEMBERED:
            self._done.popitem(last=False)

    def _key(self, form: Form) -> bytes:
        return sha256(form.text(FIELD).encode() + b"\0" + form.digest()).digest()


async def read_guest_form(request: Request) -> Form:
    """What a guest sent. Raises TooLarge, HTTPException 400, trio.TooSlowError."""
    with trio.fail_after(READING_SECONDS):
        return await read_form(request, 0, text=TEXT_BYTES, fields=MOST_FIELDS, swallowed=SWALLOWED)
