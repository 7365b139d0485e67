"""What a certificate does, in words that need no explanation: due ones and those that were made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from governance.effects.words import PersonId
from governance.handover import DOUBLE, GONE, RESIGNED, SILENT
from governance.roll import Roll
from governance.saying import Said, said
from protocol.certificates import Seat
from storage import assembly as held
from storage import certificates
from storage.store import Store

SHOWN = 3  # lines of one sort, as newcomers; the others are a number

_OPENED = {
    "": said("Open the vote on “%(title)s”"),
    "run-off": said("Open the run-off on “%(title)s”"),
    "second-call": said("Call the vote on “%(title)s” once more"),
    "appeal": said("Open the appeal against “%(title)s”"),
    "again": said("Open the vote on “%(title)s” again"),
}
_ANNULLED = {
    "withdrawn": said("Take “%(title)s” back, as its author asks"),
    "stale": said("Give “%(title)s” up: what it rests on has changed"),
    "recount": said("Void the count of “%(title)s”, which was wrong"),
    "opening": said("Void the opening of “%(title)s”, which was wrong"),
    "again": said("Let “%(title)s” be opened again: it could not be counted"),
}
_ABOUT_A_VOTE = {
    "close": said("Say what was decided on “%(title)s”"),
    "effect": said("Put “%(title)s” in effect"),
    "tellers": said("Hand over to the tellers whom “%(title)s” elected"),
}
_STEPPED_IN = {
    GONE: said("Put an alternate in the place of %(who)s, who can't be teller any more"),
    RESIGNED: said("Put an alternate in the place of %(who)s, who gave the seat up"),
    SILENT: said("Put an alternate in the place of %(who)s, who was not heard of for long"),
    DOUBLE: said("Put an alternate in the place of %(who)s, whose device said two things at once"),
}


def in_words(
    store: Store, kind: str, decision: Mapping[str, Any], tellers: Sequence[Seat]
) -> list[Said]:
    """What a certificate of this kind with this decision does, a sentence without a stop each.

    `tellers` are those who sign it.
    """
    state = certificates.current(store)
    assert state is not None  # noqa: S101 - nobody asks before the first certificate
    match kind:
        case "roll":
            return list(_roll(state.roll, decision))
        case "remove":
            vote = state.votes.get(decision["proposal"])
            who = None if vote is None else vote.effect.get("person")
            if who is not None:
                return [said("Remove %(who)s, as was decided", who=PersonId.of(who))]
        case "move-seat":
            who = PersonId.of(tellers[decision.get("seat", 0)].person)
            return [said("Move the teller's seat of %(who)s to another device", who=who)]
        case "tellers" if "proposal" not in decision:
            who = PersonId.of(tellers[decision["seat"]].person)
            return [Said(_STEPPED_IN[decision["why"]].text, {"who": who})]
        case "recall":
            return [said("Put others in the tellers' place, as the members signed")]
    return [_about_a_vote(store, kind, decision)]


def _about_a_vote(store: Store, kind: str, decision: Mapping[str, Any]) -> Said:
    proposal = decision.get("proposal")
    sentence = None
    if kind == "open" and decision["stage"] == "notice":
        sentence = said("Announce “%(title)s”")
    elif kind == "open":
        sentence = _OPENED.get(decision.get("round", ""))
    elif kind == "annul":
        sentence = _ANNULLED.get(decision["why"])
    sentence = sentence or _ABOUT_A_VOTE.get(kind)
    if sentence is None or proposal is None:
        return said("Certify something that this program has no words for (%(kind)s)", kind=kind)
    return Said(sentence.text, {"title": title(store, proposal)})


def title(store: Store, proposal: bytes) -> str | Said:
    """What a proposal is called."""
    found = held.proposal(store, proposal)
    if found is None:
        return said("a proposal that is not here (%(id)s)", id=proposal.hex()[:8])
    return " ".join(found[1].title.split())


def _roll(roll: Roll, decision: Mapping[str, Any]) -> Iterator[Said]:
    sorts = (
        (said("Let %(who)s in"), [line[0] for line in decision.get("admit", [])]),
        (said("Accept a new device of %(who)s"), [line[0] for line in decision.get("enrol", [])]),
        (said("Let %(who)s go, who has left"), [line[0] for line in decision.get("leave", [])]),
        (
            said("Cut off a device that %(who)s has given up"),
            [roll.person_of(line[0]) for line in decision.get("retire", [])],
        ),
    )
    for sentence, persons in sorts:
        known = [person for person in persons if person is not None]
        for person in known[:SHOWN]:
            yield Said(sentence.text, {"who": PersonId.of(person)})
        if len(known) > SHOWN:
            yield said("the same for %(n)s more", n=len(known) - SHOWN)
    if lapsed := len(decision.get("expire", [])):
        yield said("Let old invitations lapse: %(n)s", n=lapsed)
