"""Recall: enough of the persons on the roll replace the tellers, whatever these say.

A `recall` certificate names its `prev`, and what tellers certified above that is void. It is signed
by the person keys of so many of the members at `prev` as the charter in force there asks for (two
thirds in all templates). Which chain stands beside others is in `governance.seats`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from governance.certified import Certified
from governance.decision import bad
from governance.opening import charter_in_force
from governance.tellers import is_able, seated
from protocol.certificates import MAX_SIGNERS, Certificate, Seat
from protocol.codec import Plain
from protocol.errors import Invalid
from protocol.kinds.recall import MAX_ATTEMPT, Slate, plain, read_tellers

RECALL = "recall"
_KEYS = {"attempt", "tellers"}


def recalling(attempt: int, tellers: Sequence[Seat]) -> dict[str, Plain]:
    """The decision that puts these tellers in place of those there are."""
    return {"attempt": attempt, "tellers": plain(tellers)}


def signers(state: Certified) -> list[bytes]:
    """Who may sign a recall that follows this state, in the order in which signatures name them."""
    return sorted(state.members())


def needed(state: Certified) -> int:
    """How many of `signers` have to sign; never less than more than half of them."""
    share = charter_in_force(state).offices.teller.recall
    return -(-share.num * len(state.members()) // share.den)


def may_follow(state: Certified, slate: Slate) -> bool:
    """Whether this slate could take over after `state`, if enough sign."""
    return (
        slate.prev == state.id
        and slate.attempt > state.recall_attempt
        and 0 < needed(state) <= MAX_SIGNERS
        and all(is_able(state, seat) for seat in slate.tellers)
    )


def recall(state: Certified, decision: Mapping[str, Any], _id: bytes = b"") -> Certified:
    """The state with these tellers. Invalid when it can't be carried out."""
    slate = _slate(state, decision)
    if not may_follow(state, slate):
        raise bad("a recall by an attempt that is over, or for who can't be teller")
    officers = {office: held for office, held in state.officers.items() if office != "teller"}
    after = seated(state, slate.tellers, at=None)
    return replace(after, officers=officers, recall_attempt=slate.attempt)


STEPS = {RECALL: recall}


def check_signers(state: Certified, certificate: Certificate) -> None:
    """Invalid unless enough persons of the roll at its `prev` signed this recall, and nobody else.

    What is false is found before signatures are verified, as far as it can be.
    """
    slate = _slate(state, certificate.decision)
    persons, signed = signers(state), certificate.signatures
    if certificate.view:
        raise bad("a recall in a view")
    if any(place >= len(persons) for place, _ in signed):
        raise bad("a recall signed by somebody who is not on the roll")
    if len(signed) < needed(state):
        raise bad(f"a recall by {len(signed)} persons where {needed(state)} are due")
    for place, signature in signed:
        if not slate.signed_by(state.community, persons[place], signature):
            raise Invalid("bad-signature", f"certificate {certificate.height}: a false signature")


def _slate(state: Certified, decision: Mapping[str, Any]) -> Slate:
    attempt = decision.get("attempt")
    if set(decision) != _KEYS or type(attempt) is not int or not 0 < attempt < MAX_ATTEMPT:
        raise bad("a recall of another shape")
    try:
        tellers = read_tellers(decision["tellers"])
    except Invalid as error:
        raise bad("a recall for no or too many tellers") from error
    return Slate(prev=state.id, attempt=attempt, tellers=tellers)
