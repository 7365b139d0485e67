"""Folding the certificate chain: the only way the certified state changes.

`fold` takes the state and the next certificate and returns the new state or raises Invalid; no
record, clock or network is asked. A certificate names the hashes of the charter and the roll that
it leads to, and the tellers of the next, so a fold that differs is noticed at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import Any

from governance import assembly, handover, recall
from governance.certified import Certified
from governance.charter import Charter
from governance.roll import after_roll
from governance.tellers import decides, vacant
from protocol.certificates import Certificate, check_signatures
from protocol.codec import encode
from protocol.errors import Invalid, Refused

Step = Callable[[Certified, Mapping[str, Any], bytes], Certified]
"""(state, decision, id of the certificate) -> state; Invalid when it can't be carried out."""


def fold(state: Certified, certificate: Certificate) -> Certified:
    """The state after `certificate`; Invalid unless it is the next one, signed and consistent."""
    if certificate.community != state.community:
        raise Invalid("other-community", "a certificate of another community")
    if certificate.height != state.height + 1 or certificate.prev != state.id:
        raise Invalid("broken-chain", f"certificate {certificate.height} does not follow")
    if certificate.kind == recall.RECALL:
        recall.check_signers(state, certificate)
    else:
        _check_tellers(state, certificate)
    after = step(state, certificate.kind, certificate.decision, certificate.id)
    if (
        after.roll.root() != certificate.roll_root
        or after.charter_hash != certificate.charter_hash
        or after.tellers != certificate.next_tellers
    ):
        raise Invalid("bad-certificate", f"certificate {certificate.height} does not add up")
    return replace(after, height=certificate.height, id=certificate.id)


def _check_tellers(state: Certified, certificate: Certificate) -> None:
    """Invalid unless a quorum of the tellers signed, none of them on a seat that is vacant.

    The key of a device that was given up may be anybody's by now.
    """
    check_signatures(certificate, state.tellers)
    gone = vacant(state) if len(state.tellers) > 1 else ()
    if any(seat in gone for seat, _ in certificate.signatures):
        raise Invalid("bad-certificate", "signed by a seat that nobody speaks for any more")


def replay(state: Certified, certificate: Certificate) -> Certified:
    """`fold` for a certificate that this home has folded before it kept it: nothing is checked.

    A start of the program replays the whole chain, and checking one charter takes milliseconds.
    """
    if certificate.kind == "effect":
        after = assembly.put_in_effect(state, certificate.decision, certificate.charter_hash)
    else:
        after = _apply(state, certificate.kind, certificate.decision, certificate.id)
    return replace(after, height=certificate.height, id=certificate.id)


def step(state: Certified, kind: str, decision: Mapping[str, Any], id_: bytes = b"") -> Certified:
    """What a decision of `kind` changes; Invalid when it can't be carried out.

    `id_` is that of the certificate; what is signed does not depend on it, so whoever makes one
    may leave it out to learn what it leads to.
    """
    assembly.check(state, kind, decision)
    after = _apply(state, kind, decision, id_)
    if after.versions is state.versions:
        return after
    newest = after.versions[-1]
    try:
        charter = Charter.from_data(newest.data)
    except Refused as error:
        raise Invalid("bad-certificate", f"leads to a charter that is refused: {error}") from error
    data = charter.to_data()
    newest = replace(newest, data=data, hash=sha256(encode(data)).digest())
    return replace(after, versions=(*after.versions[:-1], newest))


def _apply(state: Certified, kind: str, decision: Mapping[str, Any], id_: bytes) -> Certified:
    apply = STEPS.get(kind)
    if apply is None:
        raise Invalid("unknown-decision", f"this program can't carry out a {kind} certificate")
    return apply(state, decision, id_)


def _roll(state: Certified, decision: Mapping[str, Any], _id: bytes) -> Certified:
    roll = after_roll(
        state.roll,
        decision,
        height=state.height + 1,
        community=state.community,
        founder=state.tellers[0],
    )
    after = replace(state, roll=roll)
    if len(state.tellers) > 1 and decides(state) and not decides(after):
        raise Invalid("bad-certificate", "lets so many tellers go that the others decide nothing")
    return after


STEPS: dict[str, Step] = {"roll": _roll, **assembly.STEPS, **handover.STEPS, **recall.STEPS}
