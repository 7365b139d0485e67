"""`message`: a few words to one person."""

from __future__ import annotations

from dataclasses import dataclass

from protocol.codec import Plain
from protocol.letters.letter import LetterKind
from protocol.shape import Body, flag, key32, text, unreadable

MAX_TEXT = 4000  # characters


@dataclass(frozen=True, kw_only=True, slots=True)
class Message:
    """A text, as it stands, to the person `to`.

    `about`: an order or a listing that it concerns. `reply`: the id of the letter it answers.
    `guest`: a guest says it, and its author, whose shop window they are in, wrote it for them.
    """

    to: bytes
    text: str
    about: bytes | None = None
    reply: bytes | None = None
    guest: bool = False

    def body(self) -> dict[str, Plain]:
        """The letter's body."""
        said: dict[str, Plain] = {"to": self.to, "about": self.about, "reply": self.reply}
        said["text"] = self.text
        return {**said, "guest": True} if self.guest else said


def read(data: Body) -> Message:
    """The message that `data` holds."""
    said = text(data, "text", MAX_TEXT, default=None)
    if not said.strip():
        raise unreadable("text")
    return Message(
        to=key32(data, "to"),
        text=said,
        about=None if data.get("about") is None else key32(data, "about"),
        reply=None if data.get("reply") is None else key32(data, "reply"),
        guest="guest" in data and flag(data, "guest"),
    )


LETTER = LetterKind(name="message", read=read, may_be_shared=True)
