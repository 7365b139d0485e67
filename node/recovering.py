"""The way back after a loss: from a recovery file to a new home, for the command and the desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from node import people, recovery
from node.home import Clock, Home, now_ms, recover
from node.recovery import Surroundings
from protocol.errors import Refused
from protocol.invitation import read_link
from storage import certificates


@dataclass(frozen=True, kw_only=True, slots=True)
class Recovery:
    """A recovery file that was read and not opened yet. `around.peers`: whom to turn to."""

    text: str
    sealed: bool  # a passphrase opens it
    around: Surroundings


def read(text: str, addresses: Sequence[str] = (), link: str | None = None) -> Recovery:
    """What a file says, with further nodes to turn to: full addresses, and those in any invitation.

    Refused `bad-recovery`, `bad-address`, `bad-link`, `foreign`, or `no-peer` when nobody is named.
    """
    sealed, around = recovery.is_sealed(text), recovery.surroundings(text)
    doors = dict(around.peers)
    for address in addresses:
        device, where = recovery.door(address)
        doors[device] = (where, *doors.get(device, ()))
    if link is not None:
        invitation = read_link(link)
        if invitation.community != recovery.community_of(text):
            raise Refused("foreign", "That link leads to another community than the recovery file.")
        doors.update(invitation.peers)
    if not doors:
        raise Refused(
            "no-peer",
            "This file names nobody who could be reached. Ask a member what their `moothall run` "
            "shows as its address, and say it with --peer.",
        )
    return Recovery(text=text, sealed=sealed, around=around._replace(peers=doors))


def make(
    folder: Path,
    found: Recovery,
    *,
    opened_by: str | None,
    passphrase: str | None,
    name: str = "",
    clock: Clock = now_ms,
) -> Home:
    """The new home. `opened_by` is the file's passphrase, `passphrase` that of the new keys.

    `name` is for the new recovery file. Refused as `recovery.read` does, or where there is a home.
    """
    community, person = recovery.read(found.text, opened_by)
    around = found.around
    if name:
        around = around._replace(name=people.checked_name(name))
    return recover(folder, community, person, around, passphrase, clock)


def lost_seat(home: Home) -> bool:
    """Whether this person's seat of a teller is on another device."""
    state = certificates.current(home.store)
    return state is not None and any(
        seat.person == home.person and seat.device != home.device for seat in state.tellers
    )
