"""Errors, named for who must act.

Every error a person can meet carries a `reason`, a short stable word for programs, and a
sentence that says what happened, what was kept and what to do.
"""

from __future__ import annotations


class MoothallError(Exception):
    """Base of every error we raise on purpose.

    `reason` is a stable word (`bad-signature`), `str(error)` the sentence for a person. `values`
    stand in for `%(name)s` in `message`, which is kept as `text`: so the sentence can be said in
    another language.
    """

    def __init__(self, reason: str, message: str | None = None, **values: object) -> None:
        self.reason = reason
        self.text = message or reason
        self.values = values
        super().__init__(self.text % values if values else self.text)


class Term(str):
    """A word of ours among an error's values, such as the name of a field; it is translated too."""


class Invalid(MoothallError):
    """These bytes break the protocol, whoever made them."""


class PeerFault(MoothallError):
    """The other side misbehaved: end that conversation, keep running."""


class Refused(MoothallError):
    """Well formed, but the community's rules, or the state of this home, say no."""


class Misused(Refused):
    """What was asked for can't be read, and would not be any better at another time."""


class NotFound(Refused):
    """What was asked for is not here."""


class Unreachable(MoothallError):
    """Nobody answered, or not in time."""


class StoreError(MoothallError):
    """The home on disk can't be read or written as needed; what was acknowledged is kept."""
