"""A home: the folder of one membership of one community, and what its owner does with it.

Holds the key file, the database, the recovery file and the running node's socket. Commands and
the desk go through a `Home`; records are appended by whoever has the key: this process, or the
running node over its socket.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from governance.charter import Charter
from governance.roll import LEFT, MEMBER, REMOVED
from node import control, keystore, peers, recovery
from node.keystore import KeyFile, Keys
from node.recovery import Surroundings
from protocol.errors import NotFound, Refused, StoreError
from protocol.invitation import Link
from protocol.keys import Signer
from protocol.kinds import enrol, join
from protocol.kinds import found as found_kind
from protocol.kinds.profile import Profile
from protocol.records import GOV, ZERO, Record, make_record
from storage import certificates, own
from storage.database import set_meta
from storage.own import Draft
from storage.rows import find_log, records_from, standing_of
from storage.store import Store, create_store, open_store

KEYS, DATABASE, RECOVERY, SOCKET, LOCK = (
    "keys.json",
    "moothall.db",
    "recovery.txt",
    "node.sock",
    "node.lock",
)


RETIRED = "retired"  # what `standing` calls a device that its person has given up


def now_ms() -> int:
    """This machine's clock in milliseconds since 1970."""
    return time.time_ns() // 1_000_000


Clock = Callable[[], int]


@dataclass(kw_only=True)
class Home:
    """An open home. `passphrase` is asked for only when a key is needed and sealed."""

    path: Path
    keyfile: KeyFile
    store: Store
    passphrase: Callable[[], str | None] = field(default=lambda: None)
    told: Callable[[], None] | None = None  # in the running node: hears of own new records
    in_turn: bool = False  # whoever runs this process already holds the home's turn
    _keys: Keys | None = None
    letters_read: dict[bytes, Any] = field(default_factory=dict)  # a cache of `node.post`
    orders_read: dict[bytes, Any] = field(default_factory=dict)  # and of `node.trade.reading`
    order_letters: tuple[tuple[int, int], Sequence[Any]] | None = None  # for one `store.version`
    _letters_key: bytes | None = None

    @property
    def person(self) -> bytes:
        """This home's person key."""
        return self.keyfile.person

    @property
    def device(self) -> bytes:
        """This home's device key."""
        return self.keyfile.device

    @property
    def socket(self) -> Path:
        """Where the running node listens for this machine's user."""
        return self.path / SOCKET

    def unlock(self) -> Keys:
        """The secret keys; Refused when the passphrase is missing or wrong."""
        if self._keys is None:
            secret = self.passphrase() if self.keyfile.sealed else None
            self._keys = keystore.unlock(self.keyfile.path, secret)
        return self._keys

    def letters_key(self) -> bytes:
        """Opens the letters that lie in the store; with sealed keys the running node tells it."""
        if self._letters_key is None:
            told = control.letters_key(self.socket) if self.locked else None
            if told is None:
                told = keystore.letters_key(self.unlock().device, self.store.community)
            self._letters_key = told
        return self._letters_key

    @property
    def locked(self) -> bool:
        """Whether a passphrase stands before the keys; a running node may have them open."""
        return self.keyfile.sealed and self._keys is None

    def append(self, drafts: Sequence[Draft]) -> list[bytes]:
        """Write records of one's own and return their ids; they are on disk, and on their way.

        With sealed keys the running node signs, so that the passphrase is typed only once.
        """
        if self.locked:
            ids = control.append(self.socket, drafts)
            if ids is not None:
                return ids
        ids = self.append_here(drafts)
        if self.told is not None:
            self.told()
        else:
            control.poke(self.socket)
        return ids

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until no other command of this home is in its turn, and hold it; may be nested."""
        if self.in_turn:
            yield
            return
        with control.turn(self.path):
            self.in_turn = True
            try:
                yield
            finally:
                self.in_turn = False

    def append_here(self, drafts: Sequence[Draft]) -> list[bytes]:
        """Write with the key in this process, and tell no node. Refused after leaving."""
        standing = self.standing()
        if standing == LEFT:
            raise Refused("left", "You have left this community; nothing was written.")
        if standing == REMOVED:
            raise Refused(
                "removed",
                "The members have removed you from this community by a vote; nothing was written. "
                "Only a new invitation, joined in a new home, leads back.",
            )
        if standing == RETIRED:
            raise Refused(
                "retired",
                "This device was retired: nothing more is written here. Go on with your other one.",
            )
        return [r.id for r in own.append(self.store, self.unlock().device, drafts)]

    def standing(self) -> str:
        """waiting, provisional, member, left or removed: this home's own person.

        Or retired: the person is a member, and has given up this device.
        """
        gone = self.store.db.execute(
            "SELECT 1 FROM leaving WHERE device = ? LIMIT 1", [self.device]
        ).fetchone()
        if gone is not None:
            return LEFT  # by one's own word; the certificate only tells the others
        state = certificates.current(self.store)
        line = None if state is None else state.roll.persons.get(self.person)
        if line is not None and line.standing != MEMBER:
            return line.standing
        if line is not None and self.device in line.devices:
            return MEMBER if state is None or not state.roll.is_cut(self.device) else RETIRED
        known = standing_of(self.store, self.device)
        return "provisional" if known is not None and known[0] > 0 else "waiting"

    def charter(self) -> Charter:
        """The charter in force; NotFound before the first sync."""
        charter = certificates.charter(self.store)
        if charter is None:
            raise NotFound("no-charter", "The charter is not here yet: no peer was reached so far.")
        return charter

    def close(self) -> None:
        """Close the store."""
        self.store.close()


def open_home(path: Path, clock: Clock = now_ms) -> Home:
    """The home in this folder; NotFound `no-home` with what to do if there is none."""
    if not (path / KEYS).exists():
        raise NotFound(
            "no-home",
            "There is no home in %(path)s. Found a community with `moothall found NAME --person "
            "YOU`, or join one with `moothall join LINK --person YOU`.",
            path=path,
        )
    keyfile = keystore.read(path / KEYS)
    store = open_store(path / DATABASE, device=keyfile.device, now_ms=clock)
    if not store.community:
        # The keys are written last, so an empty database beside them was lost or replaced.
        raise StoreError("damaged", "%(path)s is empty; nothing was changed.", path=path / DATABASE)
    return Home(path=path, keyfile=keyfile, store=store)


def prepare(path: Path) -> None:
    """Make the folder of a new home; Refused when there is one already."""
    if (path / KEYS).exists():
        raise Refused(
            "home-exists", "%(path)s already holds a home; nothing was changed.", path=path
        )
    try:
        path.mkdir(parents=True, exist_ok=True, mode=0o700)
        for leftover in (DATABASE, DATABASE + "-wal", DATABASE + "-shm"):
            (path / leftover).unlink(missing_ok=True)  # of a start that did not get to the keys
    except OSError as error:
        raise StoreError(
            "read-only",
            "%(path)s can't be written to (%(why)s); nothing was made.",
            path=path,
            why=error.strerror,
        ) from error


def found(
    path: Path,
    charter: Charter,
    name: str,
    passphrase: str | None,
    clock: Clock = now_ms,
) -> Home:
    """Found a community: keys, founding record, certificate 0, profile, recovery file."""
    prepare(path)
    keys = keystore.new_keys()
    record = make_record(
        keys.device,
        community=None,
        lane=GOV,
        seq=1,
        prev=ZERO,
        gov=None,
        kind="found",
        time_ms=clock(),
        salt=os.urandom(16),
        body=found_kind.body(keys.person, keys.device.public, charter.to_data()),
    )
    store = create_store(
        path / DATABASE, community=record.id, device=keys.device.public, now_ms=clock
    )
    with store.transaction():
        own.found(store, keys.device, record)
        own.append(store, keys.device, [_first_profile(name)])
    return _finish(path, store, keys, record.id, Surroundings(name), passphrase)


def join_by(
    path: Path,
    link: Link,
    name: str,
    passphrase: str | None,
    clock: Clock = now_ms,
    *,
    person: Signer | None = None,
) -> Home:
    """Make the home of a newcomer: keys, enrolment and join, kept until a peer takes them.

    `person` comes back with their own key and a new device; profile and listings are there.
    """
    prepare(path)
    keys = keystore.new_keys(person)
    store = create_store(
        path / DATABASE, community=link.community, device=keys.device.public, now_ms=clock
    )
    once = Signer(link.secret)
    drafts = [
        Draft("enrol", enrol.body(keys.person, link.community, keys.device.public)),
        Draft(
            "join",
            join.body(once, link.community, link.invite, keys.person.public, keys.device.public),
        ),
    ]
    if person is None:
        drafts.append(_first_profile(name))
    with store.transaction():
        own.append(store, keys.device, drafts)
        set_meta(store.db, "invited", link.text())
        set_meta(store.db, f"anchor {link.height}", link.certificate.hex())
    return _finish(path, store, keys, link.community, Surroundings(name), passphrase)


def recover(
    path: Path,
    community: bytes,
    person: Signer,
    around: Surroundings,
    passphrase: str | None,
    clock: Clock = now_ms,
) -> Home:
    """Make a new home for a person who belongs already: a new device, enrolled by their key.

    `around.peers` are whom it turns to. Nothing else is written: profile and listings are there.
    """
    prepare(path)
    keys = keystore.new_keys(person)
    store = create_store(
        path / DATABASE, community=community, device=keys.device.public, now_ms=clock
    )
    with store.transaction():
        body = enrol.body(person, community, keys.device.public)
        own.append(store, keys.device, [Draft("enrol", body)])
        peers.keep_contacts(store, around.peers)
        if around.newest is not None:
            height, certificate = around.newest
            set_meta(store.db, f"anchor {height}", certificate.hex())
    return _finish(path, store, keys, community, around, passphrase)


def _first_profile(name: str) -> Draft:
    return Draft("profile", Profile(version=1, name=name).body())


def _finish(
    path: Path,
    store: Store,
    keys: Keys,
    community: bytes,
    around: Surroundings,
    passphrase: str | None,
) -> Home:
    """The key file comes last: a home without it was never finished and can be made again."""
    recovery.save(path / RECOVERY, keys.person, community, around, passphrase)
    keystore.save(path / KEYS, keys, community, passphrase)
    keyfile = keystore.read(path / KEYS)
    return Home(path=path, keyfile=keyfile, store=store, _keys=keys)


def unmake(home: Home) -> None:
    """Take away a closed home that was just made and leads nowhere."""
    made = (KEYS, DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", RECOVERY, LOCK, control.TURN)
    for name in made:
        (home.path / name).unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        home.path.rmdir()  # unless it was there before, with something in it


def first_words(home: Home) -> list[Record]:
    """What this home knocks with: its enrolment and join, or after a recovery the enrolment.

    None for the home that founded the community.
    """
    gov = find_log(home.store, home.device, GOV)
    begin = [] if gov is None else list(records_from(home.store, gov.no, 1, 2))
    if not begin or begin[0].header.kind != "enrol":
        return []
    return begin if begin[-1].header.kind == "join" else begin[:1]
