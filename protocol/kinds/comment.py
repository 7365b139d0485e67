"""`comment`: what a member says about a `gov` record; its author may erase it.

About a proposal it is part of the discussion (or the answer of the person it concerns), about a
ballot its reason, about a vouch what speaks for the newcomer. `gov` itself holds no such text,
since nothing in it can be erased.
"""

from __future__ import annotations

from dataclasses import dataclass

from protocol.codec import Plain
from protocol.kinds.kind import Kind
from protocol.records import TALK
from protocol.shape import Body, key32, text, unreadable

MAX_TEXT = 4000  # characters


@dataclass(frozen=True, kw_only=True, slots=True)
class Comment:
    """A text (Markdown) about the record `about`; `reply`: the comment it answers, if any."""

    about: bytes
    text: str
    reply: bytes | None = None

    def body(self) -> dict[str, Plain]:
        """The record's body."""
        return {"about": self.about, "text": self.text, "reply": self.reply}


def read(data: Body) -> Comment:
    """The comment that `data` holds."""
    said = text(data, "text", MAX_TEXT, default=None)
    if not said.strip():
        raise unreadable("text")
    return Comment(
        about=key32(data, "about"),
        text=said,
        reply=None if data.get("reply") is None else key32(data, "reply"),
    )


KIND = Kind(name="comment", lane=TALK, erasable=True, read=read)
