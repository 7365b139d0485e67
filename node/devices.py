"""One's devices: which there are, giving one up, and the file from which a new one is made.

Plain values for commands and pages. What another device of one's own wrote stays; what of it has
not reached this one when it is retired is cut off, but for what the tellers spare
(`node.tellership.sparing`).
"""

from __future__ import annotations

import json
from collections.abc import Container
from dataclasses import dataclass
from typing import Any

from governance.membership import CERTIFIED, PROVISIONAL
from governance.membership import RETIRED as RETIRED_NOW
from governance.roll import MEMBER
from node import address_book, peers, recovery
from node.home import RECOVERY, RETIRED, Home
from node.inviting import known_peers
from node.people import own_profile
from node.recovery import Surroundings
from protocol.errors import NotFound, Refused
from protocol.invitation import MAX_PEERS
from protocol.kinds import retire as retire_kind
from protocol.kinds.leave import Head
from protocol.records import GOV
from storage import assembly as held
from storage import certificates
from storage.database import get_meta, set_meta
from storage.own import Draft
from storage.rows import all_logs, find_log, record_at
from storage.standing import assess

CERTAIN = "certified"
STATUS = {PROVISIONAL: "provisional", CERTIFIED: CERTAIN, RETIRED_NOW: RETIRED}
WAITING = "waiting"
RETIRING = "retiring"
ENOUGH_DOORS = 3  # neighbours that a recovery file should name, where so many are known
_SAVED = "recovery_saved"  # what the copy named that its owner saved last
_SAVED_AT = "recovery_saved_at"  # and when that was, in milliseconds since 1970


@dataclass(frozen=True, kw_only=True, slots=True)
class Device:
    """One of one's own. `status`: waiting, provisional, certified, retiring or retired.

    Retiring: its person has said so at another one, and the tellers have not certified it yet.
    """

    key: bytes
    since_ms: int | None  # when it was enrolled, as it claims; None while that is not here
    status: str
    here: bool  # the one this home is
    teller: bool  # whether a teller's seat is on it


def mine(home: Home) -> list[Device]:
    """One's own devices, in the order in which they were enrolled."""
    assessed, state = assess(home.store), certificates.current(home.store)
    seats = {seat.device for seat in state.tellers} if state else set()
    known = {} if assessed is None else assessed[1].devices
    statuses = {
        device: STATUS[standing]
        for device, (standing, person) in known.items()
        if person == home.person and standing in STATUS
    }
    statuses.setdefault(home.device, WAITING)
    for device in _given_up(home, {key for key, status in statuses.items() if status == CERTAIN}):
        if statuses.get(device, RETIRED) != RETIRED:
            statuses[device] = RETIRING
    found = [
        Device(
            key=key,
            since_ms=_since(home, key),
            status=status,
            here=key == home.device,
            teller=key in seats,
        )
        for key, status in statuses.items()
    ]
    return sorted(found, key=lambda each: (each.since_ms or 0, each.key))


def _given_up(home: Home, by: Container[bytes]) -> set[bytes]:
    """Which devices these ones have asked to retire."""
    said = held.motions(home.store, "retire")
    return {each.about for each in said if each.device in by and each.device != each.about}


def _since(home: Home, device: bytes) -> int | None:
    gov = find_log(home.store, device, GOV)
    first = None if gov is None else record_at(home.store, gov.no, 1)
    return None if first is None else first.header.time_ms


def find(home: Home, text: str) -> Device:
    """One of one's own by its id or the first 8 digits or more; NotFound or Refused otherwise."""
    wanted = text.strip().lower()
    found = [each for each in mine(home) if len(wanted) >= 8 and each.key.hex().startswith(wanted)]
    if not found:
        raise NotFound(
            "no-device",
            "None of your devices is called %(text)s; see `moothall device list`.",
            text=text,
        )
    if len(found) > 1:
        raise Refused("ambiguous", "Several of your devices fit: give more digits.")
    return found[0]


def retire(home: Home, text: str) -> Device:
    """Give up another device of one's own: nothing that it writes from now on counts.

    The teller's node certifies that. Refused as `check_retire` says.
    """
    device = find(home, text)
    check_retire(home, device)
    home.append([Draft("retire", retire_kind.body(device.key, heads(home, device.key)))])
    return device


def check_retire(home: Home, device: Device) -> None:
    """Refused `not-member`, `this-device`, `retired`, or `teller-seat` while it holds one."""
    if home.standing() != MEMBER:
        raise Refused(
            "not-member",
            "This device is not certified (yet), so it can't retire another; nothing was changed.",
        )
    if device.here:
        raise Refused(
            "this-device",
            "You are sitting at this device: retire it from another one of yours. To go for good, "
            "say `moothall leave`.",
        )
    if device.status == RETIRED:
        raise Refused("retired", "That device is retired already; nothing was changed.")
    if device.status == RETIRING:
        raise Refused(
            "retired",
            "You have given that device up already, and the tellers' nodes certify it by "
            "themselves; nothing was changed.",
        )
    if device.teller:
        raise Refused(
            "teller-seat",
            "That device holds the teller's seat: `moothall teller move-seat` moves it to this one "
            "and retires that one. Nothing was changed.",
        )


def heads(home: Home, device: bytes) -> list[Head]:
    """Where this home sees the logs of a device end."""
    return [
        (log.device, log.lane, log.prefix_seq, log.prefix_id)
        for log in all_logs(home.store)
        if log.device == device and log.prefix_seq
    ]


# The recovery file


def surroundings(home: Home) -> Surroundings:
    """What a recovery file made now says beside the secret."""
    height, newest = certificates.tip(home.store)
    doors = {**known_peers(home)} or peers.contacts(home.store)
    doors.pop(home.device, None)
    return Surroundings(
        name=own_profile(home).name,
        peers=dict(list(doors.items())[:MAX_PEERS]),
        newest=None if height < 0 else (height, newest),
    )


def recovery_text(home: Home, passphrase: str | None) -> str:
    """A recovery file, made with the keys of this home; takes a second with a passphrase."""
    return recovery.text(home.unlock().person, home.store.community, surroundings(home), passphrase)


def kept_recovery(home: Home) -> str | None:
    """The file in the home, as it would say now; None when it was moved away.

    No passphrase is needed: the secret in it stays as it is.
    """
    try:
        old = (home.path / RECOVERY).read_text(encoding="utf-8")
    except (OSError, UnicodeError):
        return None
    try:
        return recovery.renewed(old, surroundings(home))
    except Refused:
        return old  # damaged by hand: shown as it is, and reading it says so


def recovery_is_saved(home: Home) -> None:
    """Its owner has taken a copy: remember whom that one names."""
    named = {device.hex(): list(where) for device, where in surroundings(home).peers.items()}
    set_meta(home.store.db, _SAVED, json.dumps(named))
    set_meta(home.store.db, _SAVED_AT, str(home.store.now_ms()))


def recovery_saved_ms(home: Home) -> int | None:
    """When its owner took the last copy; None if never, or before that was noted."""
    saved = get_meta(home.store.db, _SAVED_AT)
    return None if saved is None else int(saved)


def recovery_is_old(home: Home) -> bool:
    """Whether the copy that was saved last names too few who could still be reached.

    Also when none was saved since there was somebody to name.
    """
    known = address_book.reachable(home.store)
    saved: dict[str, Any] = json.loads(get_meta(home.store.db, _SAVED) or "{}")
    good = sum(
        bool(set(saved.get(device.hex(), ())) & set(where)) for device, where in known.items()
    )
    return good < min(ENOUGH_DOORS, len(known))
