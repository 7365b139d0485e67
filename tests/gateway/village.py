"""A small community in a store of its own, for the tests of this folder.

Ana founded it, Ben was invited and certified, Eva has joined and is not confirmed yet.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from governance.roll import admit
from governance.templates import template
from node.gateway.context import Alone, Gateway
from node.home import Home
from node.keystore import KeyFile, Keys
from protocol.keys import Signer
from protocol.kinds import enrol, found, invite, join, listing, profile, withdraw
from protocol.records import ZERO, Record, make_record
from storage import certificates, own
from storage.holdings import StoreHoldings
from storage.own import Draft
from storage.standing import settle
from storage.store import Store, create_store, open_store
from tests.pulling import pull

START = 1_790_000_000_000  # 21 September 2026
DAY = 86_400_000
DESK = "127.0.0.1:8100"
OPEN = {"guests": {"see_listings": True, "see_members": True, "may_order": True}}


def signer(text: str) -> Signer:
    return Signer(hashlib.sha256(text.encode()).digest())


class Person:
    """Someone with a key, a device and a store."""

    def __init__(self, name: str, community: bytes, folder: Path, village: Village) -> None:
        self.name = name
        self.key, self.device = signer(f"{name} person"), signer(f"{name} device")
        self.id = self.key.public
        self._community, self._village = community, village
        self._path = folder / f"{name}.db"

    @cached_property
    def store(self) -> Store:
        """Opened when it is first needed: most tests look at Ana's alone."""
        path, device, village = self._path, self.device.public, self._village
        return (
            open_store(path, device=device, now_ms=lambda: village.now)
            if path.exists()
            else create_store(
                path, community=self._community, device=device, now_ms=lambda: village.now
            )
        )

    def say(self, kind: str, body: Any) -> Record:
        return own.append(self.store, self.device, [Draft(kind, body)])[0]

    def offer(self, title: str = "Bread", **more: Any) -> bytes:
        """Publish a listing; its id."""
        fields = {"mode": "sell", "price": 350, "currency": "EUR", "category": "Food", **more}
        return self.say("listing", listing.Listing(title=title, **fields).body()).id

    def offer_many(self, offers: list[dict[str, Any]]) -> list[bytes]:
        drafts = [Draft("listing", listing.Listing(**offer).body()) for offer in offers]
        return [record.id for record in own.append(self.store, self.device, drafts)]

    def withdraw(self, offered: bytes) -> None:
        self.say("withdraw", withdraw.body(offered))

    def introduce(self, name: str, version: int = 1, **more: Any) -> None:
        self.say("profile", profile.Profile(version=version, name=name, **more).body())


class Neighbourly(Alone):
    """A node that is in touch with two neighbours."""

    def touch(self) -> Mapping[str, int]:
        return {"one": 3, "two": 20}


class Village:
    """`ana.store` is what the gateway reads; `catch_up` brings her what the others said.

    A folder that holds a village's closed stores is opened as it is.
    """

    def __init__(self, folder: Path, charter: Mapping[str, object] | None = None) -> None:
        self.now = START
        self.folder = folder
        data = {**template("makers-market"), "name": "Riverside makers", **(charter or {})}
        person, device = signer("Ana person"), signer("Ana device")
        record = make_record(
            device,
            community=None,
            lane=0,
            seq=1,
            prev=ZERO,
            gov=None,
            kind="found",
            time_ms=self.now,
            salt=bytes(16),
            body=found.body(person, device.public, data),
        )
        self.community = record.id
        self.ana, self.ben, self.eva = (
            Person(name, record.id, folder, self) for name in ("Ana", "Ben", "Eva")
        )
        if certificates.founding(self.ana.store) is not None:
            return
        own.found(self.ana.store, self.ana.device, record)
        self.ana.introduce("Ana", about="I **bake**.", skills=("baking", "repair"), place="Bern")
        self._join(self.ben, slot=0, certify=True)
        self.ben.introduce("Ben")
        self._join(self.eva, slot=1, certify=False)
        self.eva.introduce("Eva")
        self.catch_up()

    def _join(self, person: Person, *, slot: int, certify: bool) -> None:
        once = signer(f"invitation {slot}")
        invitation = self.ana.say("invite", invite.body(slot, 0, once.public))
        key, device, community = person.key, person.device.public, self.community
        body = join.body(once, community, invitation.id, key.public, device)
        joined = own.append(
            person.store,
            person.device,
            [Draft("enrol", enrol.body(key, community, device)), Draft("join", body)],
        )[1]
        self.catch_up()
        if certify:
            place = (self.ana.device.public, slot, 0)
            admission = admit(person.id, device, self.ana.id, place, joined.id)
            with self.ana.store.transaction():
                certificates.certify(
                    self.ana.store, self.ana.device, "roll", {"admit": [admission]}
                )
                settle(self.ana.store)
            self.catch_up()

    def catch_up(self) -> None:
        """Ana syncs with the others until nothing is new."""
        for _ in range(2):
            for other in (self.ben, self.eva):
                a, b = StoreHoldings(self.ana.store, "b"), StoreHoldings(other.store, "a")
                pull(a, b)
                pull(b, a)

    def gateway(self, whose: Person | None = None, **more: Any) -> Gateway:
        """Ana's web side, or somebody else's."""
        gateway = Gateway(
            secret=b"0123456789abcdef0123456789abcdef",
            home=self.home(whose),
            node=Neighbourly(),
            clock=lambda: self.now,
            **more,
        )
        gateway.desk_is_at(DESK)
        return gateway

    def home(self, whose: Person | None = None) -> Home:
        """Ana's home, or somebody else's, with the keys of their store."""
        owner = whose or self.ana
        path = self.folder / owner.name.lower()
        path.mkdir(exist_ok=True)
        keys = Keys(person=owner.key, device=owner.device)
        keyfile = KeyFile(
            path=path / "keys.json",
            community=self.community,
            person=owner.id,
            device=owner.device.public,
            sealed=False,
        )
        home = Home(path=path, keyfile=keyfile, store=owner.store, _keys=keys)
        home.told = lambda: None
        return home

    def close(self) -> None:
        for person in (self.ana, self.ben, self.eva):
            if "store" in vars(person):
                person.store.close()
