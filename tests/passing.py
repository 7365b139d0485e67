"""A vote that has passed, straight from the teller's hand: for tests of what comes after it."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from governance.effects.registry import EFFECTS
from governance.opening import first_opening
from protocol.codec import Plain, encode
from protocol.keys import Signer
from storage import certificates
from storage.standing import settle
from storage.store import Store


def pass_vote(store: Store, teller: Signer, kind: str, effect: dict[str, Any], *won: str) -> bytes:
    """Let the community of `store` decide `effect` as if all had voted for it; the proposal's id.

    `won`: options that won, where there are any. `teller` holds the one seat. No record is needed:
    what certificates say is what nodes act by.
    """
    state = certificates.current(store)
    assert state is not None
    proposal = sha256(encode([kind, state.height])).digest()
    options: list[Any] = [[name, ""] for name in won]
    opening = first_opening(
        state,
        proposal=proposal,
        author=state.tellers[0].person,
        kind=kind,
        effect=effect,
        options=options,
        at=0,
    )
    _certify(store, teller, "open", opening)
    if opening["stage"] == "notice":
        begin: dict[str, Plain] = {"proposal": proposal, "stage": "vote", "round": "", "at": 0}
        _certify(store, teller, "open", begin)
    state = certificates.current(store)
    assert state is not None
    last = state.votes[proposal].round
    assert last is not None
    closing: dict[str, Plain] = {
        "proposal": proposal,
        "open": last.open,
        "stops": [sha256(proposal).digest()],
        "outcome": "adopted",
        "winners": list(won),
        "tied": [],
        "seats": 0,
        "ballots": len(last.electorate),
        "root": sha256().digest(),
        "tally": {},
        "at": 0,
    }
    _certify(store, teller, "close", closing)
    _certify(store, teller, "effect", {"proposal": proposal, "at": 0})
    return proposal


def amend_values(store: Store, teller: Signer, **given: Any) -> bytes:
    """Let the community pass `add`, `amend` and `retire` of values, as members write them."""
    state = certificates.current(store)
    assert state is not None
    names: Any = None  # no value names a person
    effect = EFFECTS["amend_values"].prepare({"type": "amend_values", **given}, state, names)
    return pass_vote(store, teller, "values", effect)


def _certify(store: Store, teller: Signer, kind: str, decision: dict[str, Plain]) -> None:
    with store.transaction():
        certificates.certify(store, teller, kind, decision)
        settle(store)
