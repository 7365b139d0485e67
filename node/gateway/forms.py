"""Forms: what a browser sent, and whether this desk gave out the form it came in.

Every form carries one signed token. That it was signed by this home says that the desk made the
form, so no other site can send one (CSRF); that it is new each time tells a form sent twice from
two forms. A form that comes again with the same token and the same content is not acted on again:
its sender is led to where it led the first time.

A desk has one owner, so the token is bound to the home and not to a login: who was logged out
while typing logs in again in another tab, sends the page again, and has lost nothing.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import sha256

from itsdangerous import BadSignature, TimestampSigner
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message, Receive

FIELD = "form"  # the hidden field's name
LIFE_SECONDS = 30 * 86_400
MOST_FIELDS = 2_000
MOST_FILES = 20
TEXT_BYTES = 512 * 1024  # of all fields together
SWALLOWED = 256 * 1024 * 1024  # of a form that is too large, so that its sender hears why
REMEMBERED = 500  # forms that were answered


class TooLarge(Exception):
    """More bytes than this form may bring."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that came with a form. `name` is what its sender called it, at most 200 characters."""

    name: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form as text, and its files."""

    fields: dict[str, tuple[str, ...]] = field(default_factory=dict)
    uploads: dict[str, tuple[Upload, ...]] = field(default_factory=dict)

    def text(self, name: str) -> str:
        """A field of one line, without spaces at its ends; empty if it was not sent."""
        return self.lines(name).strip()

    def lines(self, name: str) -> str:
        """A field of several lines, which browsers end in CR LF."""
        values = self.fields.get(name, ("",))
        return values[0].replace("\r\n", "\n").replace("\r", "\n")

    def texts(self, name: str) -> tuple[str, ...]:
        """All values of a field that may be sent several times, such as checkboxes."""
        return tuple(value.strip() for value in self.fields.get(name, ()))

    def checked(self, name: str) -> bool:
        """Whether a checkbox was ticked."""
        return bool(self.text(name))

    def file(self, name: str) -> Upload | None:
        """The file of a field; None when none was chosen."""
        return next(iter(self.files(name)), None)

    def files(self, name: str) -> tuple[Upload, ...]:
        """All files of a field, without those that were not chosen."""
        return self.uploads.get(name, ())

    def digest(self) -> bytes:
        """Equal for forms of the same content; the token is not part of it."""
        seen = sha256()
        for name, values in sorted(self.fields.items()):
            if name != FIELD:
                seen.update(repr((name, values)).encode())
        for name, files in sorted(self.uploads.items()):
            for each in files:
                seen.update(repr((name, each.name, sha256(each.data).digest())).encode())
        return seen.digest()


class Sent:
    """Gives out the tokens of forms, and remembers where an answered form led."""

    def __init__(self, secret: bytes, now_ms: Callable[[], int]) -> None:
        self._signer = Signed(secret, now_ms, salt=b"moothall desk form")
        self._answered: OrderedDict[bytes, str] = OrderedDict()

    def token(self) -> str:
        """For a new form."""
        return self._signer.sign(secrets.token_urlsafe(12)).decode("ascii")

    def holds(self, form: Form) -> bool:
        """Whether this desk gave that form out, and not too long ago."""
        return self._signer.holds(form.text(FIELD), LIFE_SECONDS)

    def where(self, path: str, form: Form) -> str | None:
        """Where this very form led when it came before; None if it did not."""
        return self._answered.get(_key(path, form))

    def note(self, path: str, form: Form, location: str) -> None:
        """This form was acted on, and led there."""
        self._answered[_key(path, form)] = location
        while len(self._answered) > REMEMBERED:
            self._answered.popitem(last=False)


def _key(path: str, form: Form) -> bytes:
    return sha256(repr((path, form.text(FIELD), form.digest())).encode()).digest()


class Signed(TimestampSigner):
    """A TimestampSigner that is handed its clock."""

    def __init__(self, secret: bytes, now_ms: Callable[[], int], *, salt: bytes) -> None:
        super().__init__(secret, salt=salt, digest_method=sha256)
        self._now_ms = now_ms

    def holds(self, token: str, seconds: int) -> bool:
        """Whether this signed `token`, at most so long ago."""
        try:
            self.unsign(token, max_age=seconds)
        except BadSignature:
            return False
        return True

    def get_timestamp(self) -> int:
        return self._now_ms() // 1000


async def read_form(
    request: Request,
    upload: int,
    *,
    text: int = TEXT_BYTES,
    fields: int = MOST_FIELDS,
    swallowed: int = SWALLOWED,
) -> Form:
    """What was sent, with at most `upload` bytes of files and `text` of fields.

    Raises TooLarge, HTTPException 400 for what is no form; all that was sent has been read then.
    """
    limit = _Limited(request.receive, upload + text)
    limited = Request(request.scope, limit.receive)
    try:
        async with limited.form(
            max_files=MOST_FILES if upload else 0,
            max_fields=fields,
            max_part_size=text,
        ) as data:
            return await _gather(data)
    except (HTTPException, TooLarge):
        await swallow(limit.rest, swallowed)
        raise


class _Limited:
    """A request's body up to a limit."""

    def __init__(self, receive: Receive, limit: int) -> None:
        self._receive = receive
        self._limit = limit
        self._more = True

    async def receive(self) -> Message:
        """The next part of the body; TooLarge above the limit."""
        message = await self.rest()
        self._limit -= len(message.get("body", b""))
        if self._limit < 0:
            raise TooLarge
        return message

    async def rest(self) -> Message:
        """The next part of the body, whatever its size; empty once all was read."""
        if not self._more:
            return {"type": "http.request", "body": b"", "more_body": False}
        message = await self._receive()
        self._more = bool(message.get("more_body"))
        return message


async def swallow(receive: Receive, most: int = SWALLOWED) -> None:
    """Read what is left of a form: a browser that can't send all of it never shows the answer."""
    swallowed = 0
    while swallowed < most:
        message = await receive()
        swallowed += len(message.get("body", b""))
        if not message.get("more_body"):
            return


async def _gather(data: FormData) -> Form:
    fields: dict[str, tuple[str, ...]] = {}
    uploads: dict[str, tuple[Upload, ...]] = {}
    for name, value in data.multi_items():
        if not isinstance(value, UploadFile):
            fields[name] = (*fields.get(name, ()), value)
            continue
        content = await value.read()
        if value.filename or content:  # a file field without a choice is sent empty
            upload = Upload((value.filename or "")[:200], content)
            uploads[name] = (*uploads.get(name, ()), upload)
    return Form(fields, uploads)
