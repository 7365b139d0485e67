"""What happens on a node, in words: events and neighbours by the names of people.

Each event is one sentence. Ids stand in only for people whose profile is not here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from node.network.peer_id import device_key_of
from protocol.errors import Invalid
from storage.rows import standing_of
from storage.store import Store
from storage.views import profiles

if TYPE_CHECKING:
    from node.events import Event

Translate = Callable[[str], str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Neighbour:
    """A node that is in touch. `person` is None for one that is not known yet; `name` may be ''."""

    peer: str
    person: bytes | None
    name: str
    seconds: int  # since it was last heard


def neighbours(store: Store, touch: Mapping[str, int]) -> list[Neighbour]:
    """Who is in touch, whoever was heard last first. `touch`: peer id -> seconds."""
    found = []
    for peer, seconds in touch.items():
        person = person_of_peer(store, peer)
        name = "" if person is None else _name(store, person)
        found.append(Neighbour(peer=peer, person=person, name=name, seconds=seconds))
    return sorted(found, key=lambda each: (each.seconds, each.name, each.peer))


def who(store: Store, text: str) -> str:
    """The name behind a peer id or a device's key in hex; eight of its digits without a name."""
    try:
        device, digits = device_key_of(text), text[-8:]
    except Invalid:
        try:
            device, digits = bytes.fromhex(text), text[:8]
        except ValueError:
            return text
    person = _person_of_device(store, device)
    return (_name(store, person) if person is not None else "") or digits


def sentence(store: Store, event: Event, translate: Translate = str) -> str:
    """An event as a person reads it."""
    t = translate
    match event:
        case {"event": "peer-up", "peer": str(peer)}:
            return t("%(name)s is in touch.") % {"name": who(store, peer)}
        case {"event": "peer-down", "peer": str(peer)}:
            return t("%(name)s is out of reach.") % {"name": who(store, peer)}
        case {"event": "record", "kind": str(kind), "device": str(device)}:
            return _said(kind, t) % {"name": who(store, device)}
        case {"event": "record", "count": int(count)}:
            return t("Caught up: %(n)s new entries.") % {"n": count}
        case {"event": "certificate", "height": int(height)}:
            return t("The tellers have confirmed step %(n)s.") % {"n": height}
        case {"event": "differs", "peer": str(peer), "height": int(height)}:
            return _differs(t) % {"name": who(store, peer), "n": height}
        case {"event": "fork"}:
            return t("Two versions of somebody's log were found; see the status.")
        case {"event": "vote", "phase": str(phase)}:
            return _gone_on(phase, t)
        case {"event": "letter", "person": str(person)}:
            return t("%(name)s has written to you.") % {"name": _called(store, person)}
        case {"event": "order"}:
            return t("An order has gone on.")
        case {"event": "due"}:
            return t("Something that waits for you ends within a day; see your inbox.")
        case {"event": "refused", "message": str(message)}:
            return t("Not let in yet: %(message)s") % {"message": message}
        case {"event": "store", "reason": None | str() as reason}:
            return trouble(reason, t)
    return str(event.get("event", ""))


def trouble(reason: str | None, translate: Translate = str) -> str:
    """Why nothing can be written here (a word of `storage.store.LASTING`), or that it can again."""
    t = translate
    sentences = {
        None: t("The home can be written to again. Your node fetches what it missed."),
        "disk-full": t(
            "The disk is full or failing: nothing new can be kept, and all that was kept is still "
            "there. Free some space; your node then goes on by itself."
        ),
        "read-only": t(
            "The home can't be written to: nothing new can be kept, and all that was kept is "
            "still there. Check its owner and rights; your node then goes on by itself."
        ),
    }
    return sentences.get(reason) or t(
        "The store is damaged: not all of it can be read or written. Copy the whole home before "
        "anything else; `moothall doctor` says what to do then."
    )


def comparison(store: Store, compared: Mapping[str, Any], translate: Translate = str) -> list[str]:
    """What is odd about what others say of the newest certificate (`comparing.Comparing.result`),
    in sentences; nothing mostly.
    """
    t = translate
    said = [
        _differs(t) % {"name": who(store, each["peer"]), "n": each["height"]}
        for each in compared["differ"]
    ]
    if compared.get("branch") is not None:
        said.append(
            t(
                "Everybody your node is in touch with came in through %(name)s, and could keep "
                "something from you together. Your node looks for others; ask a member whom "
                "somebody else brought in to start theirs."
            )
            % {"name": _called(store, compared["branch"])}
        )
    return said


def _differs(translate: Translate) -> str:
    t = translate
    return t(
        "The node of %(name)s names another decision of the tellers at step %(n)s than yours. If "
        "it stays so, ask them by another way what they see."
    )


def _gone_on(phase: str, translate: Translate) -> str:
    """What became of a vote."""
    t = translate
    sentences = {
        "notice": t("A proposal was put to the community; its vote begins later."),
        "open": t("A vote has begun."),
        "challenge": t("A vote was closed, and passed."),
        "in_effect": t("A decision has come in force."),
        "failed": t("A vote has left everything as it is."),
        "withdrawn": t("A proposal was withdrawn."),
        "annulled": t("A vote was given up: what it was about has changed since."),
    }
    return sentences.get(phase, t("A vote goes on for another round."))


def _said(kind: str, translate: Translate) -> str:
    """What a record of this kind amounts to."""
    t = translate
    sentences = {
        "listing": t("%(name)s has made or changed a listing."),
        "withdraw": t("%(name)s has taken a listing down."),
        "profile": t("%(name)s has changed their profile."),
        "invite": t("%(name)s has made an invitation."),
        "join": t("%(name)s has come in by an invitation."),
        "enrol": t("%(name)s has a new device."),
        "confirm": t("%(name)s has said who was meant by an invitation."),
        "erase": t("%(name)s has erased something of their own."),
        "leave": t("%(name)s has left."),
        "retire": t("%(name)s has given up a device."),
        "vouch": t("%(name)s has vouched for a newcomer."),
        "proposal": t("%(name)s has made a proposal."),
        "withdraw-proposal": t("%(name)s has taken a proposal back."),
        "ballot": t("%(name)s has voted."),
        "receipts": t("%(name)s has confirmed ballots as a teller."),
        "stop": t("%(name)s takes no more ballots for a vote."),
        "challenge": t("%(name)s has challenged how a vote was closed."),
        "appeal": t("%(name)s has appealed against an expulsion."),
        "comment": t("%(name)s has said something about a proposal."),
        "sealed": t("%(name)s has sent a letter to somebody."),
        "found": t("%(name)s has founded the community."),
    }
    return sentences.get(kind, t("%(name)s has written something."))


def person_of_peer(store: Store, peer: str) -> bytes | None:
    """The person whose node this peer id is; None while nobody here knows."""
    try:
        return _person_of_device(store, device_key_of(peer))
    except Invalid:
        return None


def _person_of_device(store: Store, device: bytes) -> bytes | None:
    known = standing_of(store, device)
    return None if known is None else known[1]


def _called(store: Store, person: str) -> str:
    """The name of a person whose key this is in hex; eight of its digits without one."""
    return _name(store, bytes.fromhex(person)) or person[:8]


def _name(store: Store, person: bytes) -> str:
    profile = profiles.get(store, person)
    return "" if profile is None else " ".join(profile.name.split())
