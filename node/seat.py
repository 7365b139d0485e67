"""The teller's seat: who certifies, and moving it to the device one sits at.

For the day when the teller's computer is lost: its person comes back by the recovery file, asks the
members' nodes that can be reached for all they know, and then moves the seat by their person key.
What the lost device certified and none of them knows is void.

One of several tellers asks instead, in a record, and the others certify it: nothing is void. So do
those who give their seat up, which goes to the first alternate.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from governance.certified import Certified
from governance.roll import MEMBER
from governance.tellers import successors
from node.devices import heads
from node.home import Home
from protocol.certificates import Seat
from protocol.errors import Refused
from protocol.kinds import ask_seat
from protocol.records import GOV
from storage import certificates, chain, halts, taking_back
from storage.database import get_meta
from storage.own import Draft
from storage.rows import find_log, id_at
from storage.standing import settle
from storage.views import profiles

if TYPE_CHECKING:
    from node.service import Node


def show(home: Home) -> dict[str, Any]:
    """`{tellers: [{person, name, device, mine, here}], halted, question}` in plain values.

    `halted`: the seat was moved twice at once, and nothing is certified until it moves once more.
    `question`: another chain that would take back so much that the owner is asked, or None.
    """
    state = certificates.current(home.store)
    names = profiles.names(home.store)
    seats = () if state is None else state.tellers
    return {
        "tellers": [
            {
                "person": seat.person.hex(),
                "name": names.get(seat.person, ""),
                "device": seat.device.hex(),
                "mine": seat.person == home.person,
                "here": seat.device == home.device,
            }
            for seat in seats
        ],
        "halted": halts.halt(home.store) is not None,
        "question": question(home),
    }


def question(home: Home) -> dict[str, Any] | None:
    """Another chain that waits for this owner's word: `{chain, person, name, recall, lost}`.

    `person` moved the teller's seat there; None where tellers were recalled (`recall`) or elected.
    """
    asked = taking_back.question(home.store)
    if asked is None:
        return None
    person = asked["person"]
    names = profiles.names(home.store) if person else {}
    return {
        "chain": asked["chain"],
        "person": person,
        "name": names.get(bytes.fromhex(person), "") if person else "",
        "recall": asked["recall"],
        "lost": asked["lost"],
    }


def accept(home: Home) -> dict[str, Any]:
    """Agree to the chain that is asked about; it is taken by the next sync with who knows it."""
    asked = question(home)
    with home.store.transaction():
        taking_back.accept(home.store)
        settle(home.store)
    return {"chain": asked["chain"] if asked else None, "status": "accepted"}


def check(home: Home) -> Seat:
    """The seat that can be moved to this device; Refused with what to do otherwise."""
    state = certificates.current(home.store)
    if state is None:
        raise Refused(
            "not-in-yet",
            "This home has not seen the community yet: let `moothall run` find somebody first.",
        )
    seat = _own(home, state)
    if seat.device == home.device:
        raise Refused("here-already", "The teller's seat is on this device already.")
    if home.standing() not in (MEMBER, "provisional"):
        raise Refused(
            "not-member", "This device can't take the seat (any more); nothing was changed."
        )
    if get_meta(home.store.db, "copied") is not None:
        raise Refused(
            "copied-home",
            "This home is a copy of another, or was rolled back: recover into a new one first.",
        )
    return seat


def _own(home: Home, state: Certified) -> Seat:
    mine = [seat for seat in state.tellers if seat.person == home.person]
    if not mine:
        raise Refused("not-teller", "No teller's seat is yours; nothing was changed.")
    return mine[0]


def is_one_of_several(home: Home) -> bool:
    """Whether seats change hands by what the other tellers certify."""
    state = certificates.current(home.store)
    return state is not None and len(state.tellers) > 1


def ask(home: Home) -> dict[str, Any]:
    """Ask the other tellers to move one's seat to this device: `{device, retired, status}`.

    It is done once a quorum of them has heard of it. Refused as `check` says.
    """
    seat = check(home)
    newest = certificates.tip(home.store)[1]
    body = ask_seat.body(newest, home.device, heads(home, seat.device))
    home.append([Draft("ask-seat", body)])
    return {"device": home.device.hex(), "retired": seat.device.hex(), "status": "asked"}


def resign(home: Home) -> dict[str, Any]:
    """Give one's seat up to the first alternate who can: `{person, name, status}`, who that is.

    It is done once a quorum of the tellers has heard of it. Refused `not-teller`, `only-teller`,
    `no-alternate`, or `not-member` for a device that may not say so.
    """
    state = certificates.current(home.store)
    if state is None:
        raise Refused("not-teller", "No teller's seat is yours; nothing was changed.")
    _own(home, state)
    if len(state.tellers) == 1:
        raise Refused(
            "only-teller",
            "You are the only teller, and nobody could decide anything without you: propose an "
            "election of another first. Nothing was changed.",
        )
    able = successors(state)
    if not able:
        raise Refused(
            "no-alternate",
            "There is no alternate who could take your seat: propose an election first. Nothing "
            "was changed.",
        )
    if home.standing() != MEMBER:
        raise Refused("not-member", "This device is not certified (yet); nothing was changed.")
    newest = certificates.tip(home.store)[1]
    home.append([Draft("ask-seat", ask_seat.body(newest, None, []))])
    person = able[0].person
    name = profiles.names(home.store).get(person, "")
    return {"person": person.hex(), "name": name, "status": "asked"}


async def move(node: Node, *, alone: bool) -> dict[str, Any]:
    """Ask everybody who can be reached, then move the seat here, and tell them.

    `{device, retired, height, certificate, asked, attempt}`. Refused `nobody-asked` when no node of
    a member answered, unless `alone`; else as `check` says.
    """
    from node import gossip  # it brings the network, and every `status` reads the rest of this file

    home, store = node.home, node.store
    check(home)
    asked = await node.ask_everybody()
    if not asked and not alone:
        raise Refused(
            "nobody-asked",
            "No other member's node could be asked what was certified last, and what they don't "
            "tell would be void. Try again when somebody is there; if there is nobody else, say "
            "--alone. Nothing was changed.",
        )
    seat = check(home)
    gov = find_log(store, home.device, GOV)
    record = None if gov is None else id_at(store, gov.no, 1)
    assert record is not None  # noqa: S101 - every home begins with it
    with store.transaction():
        person = home.unlock().person
        made = chain.move(store, person, home.device, record, heads(home, seat.device))
        settle(store)
    node.kept(set(store.changed))
    await node.say(gossip.certificate_message(made.travel()))
    node.spread()
    return {
        "device": home.device.hex(),
        "retired": seat.device.hex(),
        "height": made.height,
        "certificate": made.id.hex(),
        "attempt": made.decision["attempt"],
        "asked": asked,
    }
