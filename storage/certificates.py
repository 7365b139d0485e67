"""The certificate chain on disk, and the certified state it leads to.

Each certificate is folded before it is kept, so what is on disk is valid. The chain grows; only
`storage.chain` takes some back, where a move of the teller's seat makes them void.
The folded state is cached in the store and caught up when another process has appended.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from hashlib import sha256
from typing import Any

import cbor2

from governance import seats
from governance.certified import Certified, Round, beginning
from governance.charter import Charter, charter_hash
from governance.folding import fold, replay, step
from governance.opening import charter_in_force
from governance.roll import Person
from protocol.certificates import Certificate, Seat, make_body, read_certificate, sign_certificate
from protocol.codec import Plain
from protocol.errors import Invalid, NotFound, Refused, StoreError, Term
from protocol.keys import Signer
from protocol.kinds.found import Found
from protocol.kinds.registry import content
from protocol.messages import Certificates
from protocol.records import GOV, Record, read_entry, signed
from storage import branches, cited, erasing, fork_proofs, heard, rivals
from storage import log as logs
from storage.database import get_meta
from storage.prefix import advance, advance_all
from storage.rows import (
    Log,
    device_no,
    ensure_log,
    find_log,
    find_record,
    id_at,
    log_by_no,
    note_fault,
    record_at,
)
from storage.store import Store

FRAME_BYTES = 256 * 1024


def founding(store: Store) -> Record | None:
    """The founding record, or None before the first sync. It stays, wherever its log is cut."""
    founder = get_meta(store.db, "founder")
    if founder is None:
        return None
    log = find_log(store, bytes.fromhex(founder), GOV)
    held = None if log is None else record_at(store, log.no, 1)
    return held or branches.find(store, store.community)


def keep_founding(store: Store, entry: object) -> None:
    """Keep the founding record that came with the first certificates. Invalid if it is not ours."""
    record = read_entry(entry)
    if record.id != store.community or not signed(record, store.community):
        raise Invalid("other-community", "a founding record of another community")
    said = content(record)
    if not isinstance(said, Found):
        raise Invalid("bad-founding", "a founding record that can't be read")
    said.check(record.header.device)
    try:
        Charter.from_data(said.charter)
    except Refused as error:
        raise Invalid("bad-founding", f"a founding charter that is refused: {error}") from error
    store.db.execute(
        "INSERT OR REPLACE INTO meta (key, value) VALUES ('founder', ?)",
        [record.header.device.hex()],
    )
    _clear_the_place(store, record)
    if record.header.device == store.device:
        logs.append_own(store, ensure_log(store, store.device, GOV), [record])
    else:
        logs.keep_segment(store, record.header.device, GOV, [record.entry()])


def _clear_the_place(store: Store, record: Record) -> None:
    """Whatever else was held as the beginning of the founder's log gives way."""
    log = ensure_log(store, record.header.device, GOV)
    if log.fork_seq == 1:
        fork_proofs.drop(store, log.device, GOV)
        store.db.execute("UPDATE log SET fork_seq = NULL WHERE no = ?", [log.no])
    held = record_at(store, log.no, 1)
    if held is not None and held.id != record.id:
        logs.truncate(store, log_by_no(store, log.no), 0)


def current(store: Store) -> Certified | None:
    """The certified state; None before the founding record is here."""
    state = store.certified
    if state is None or certificate_at(store, state.height) != state.id:
        state = _beginning(store)  # nothing is cached, or another process took some back
    if state is None:
        return None
    for certificate in _after(store, state.height):
        state = replay(state, certificate)
    store.certified = state
    return state


def _beginning(store: Store) -> Certified | None:
    record = founding(store)
    if record is None:
        return None
    return _first_state(record)


@lru_cache(maxsize=8)  # checking a charter takes milliseconds
def _first_state(record: Record) -> Certified:
    said = content(record)
    charter = Charter.from_data(said.charter)
    return beginning(record.id, record.header.device, said, charter_hash(charter))


def _after(store: Store, height: int) -> Iterator[Certificate]:
    rows = store.db.execute(
        "SELECT travel FROM certificate WHERE height > ? ORDER BY height", [height]
    ).fetchall()
    for (travel,) in rows:
        yield read_certificate(cbor2.loads(travel))


def charter(store: Store) -> Charter | None:
    """The charter in force."""
    state = current(store)
    return None if state is None else charter_in_force(state)


def tip(store: Store) -> tuple[int, bytes]:
    """(height, id) of the newest certificate; (-1, community id) for none."""
    row = store.db.execute(
        "SELECT height, id FROM certificate ORDER BY height DESC LIMIT 1"
    ).fetchone()
    return (-1, store.community) if row is None else (row[0], row[1])


def certificate_at(store: Store, height: int) -> bytes | None:
    """The id of the certificate at `height`, at -1 the community's; None above the tip."""
    if height == -1:
        return store.community
    row = store.db.execute("SELECT id FROM certificate WHERE height = ?", [height]).fetchone()
    return None if row is None else bytes(row[0])


def get(store: Store, height: int) -> Certificate:
    """Our certificate at `height`; NotFound above the tip and below 0."""
    row = store.db.execute("SELECT travel FROM certificate WHERE height = ?", [height]).fetchone()
    if row is None:
        raise NotFound("no-certificate", "There is no certificate at this height.")
    return read_certificate(cbor2.loads(row[0]))


def newest_is(store: Store, travel: object) -> bool:
    """Whether our newest certificate came with just these signatures."""
    row = store.db.execute("SELECT travel FROM certificate ORDER BY height DESC LIMIT 1").fetchone()
    return row is not None and cbor2.loads(row[0]) == travel


def height_of(store: Store, certificate: bytes) -> int | None:
    """The height of a certificate of our chain, -1 for the community's id; None for others."""
    if certificate == store.community:
        return -1
    row = store.db.execute("SELECT height FROM certificate WHERE id = ?", [certificate]).fetchone()
    return None if row is None else int(row[0])


def anchored(store: Store) -> int:
    """The greatest height of which an invitation or a recovery file named the certificate; or -1.

    Until it is reached, this home does not know yet what others have long accepted.
    """
    rows = store.db.execute("SELECT key FROM meta WHERE key LIKE 'anchor %'").fetchall()
    return max((int(key.split()[1]) for (key,) in rows), default=-1)


def holds(store: Store, certificate: Certificate) -> bool:
    """Whether this certificate is part of our chain."""
    return certificate_at(store, certificate.height) == certificate.id


def above(store: Store, height: int) -> list[Certificate]:
    """Our certificates above `height`."""
    return list(_after(store, height))


def at(store: Store, height: int) -> Certified:
    """The certified state at a height of our chain; NotFound above its tip."""
    state = current(store)
    if state is not None and state.height == height:
        return state
    state = _beginning(store)
    if state is None or height > tip(store)[0]:
        raise NotFound("no-certificate", "There is no certificate at this height.")
    for certificate in _after(store, -1):
        if certificate.height > height:
            break
        state = replay(state, certificate)
    return state


def end_at(store: Store, height: int) -> Certified:
    """Forget the certificates above `height`, and nothing else; the state there."""
    state = at(store, height)
    store.db.execute("DELETE FROM certificate WHERE height > ?", [height])
    store.certified = state
    return state


def travelling(store: Store, height: int) -> Certificates:
    """The answer to a peer that lacks certificates from `height` on."""
    found = founding(store) if height == 0 else None
    chosen: list[Any] = []
    size, more = 0, False
    for (raw,) in store.db.execute(
        "SELECT travel FROM certificate WHERE height >= ? ORDER BY height", [height]
    ):
        if chosen and size + len(raw) > FRAME_BYTES:
            more = True
            break
        chosen.append(cbor2.loads(raw))
        size += len(raw)
    return Certificates(None if found is None else found.entry(), chosen, more)


def keep(store: Store, travel: object) -> bool:
    """Fold one certificate and keep it; False if it was here. Invalid if it does not follow.

    Raises Invalid `fraud` when another certificate is already held at its height.
    """
    certificate = read_certificate(travel)
    state = current(store)
    if state is None:
        raise Invalid("no-founding", "a certificate before the founding record")
    if certificate.height <= state.height:
        row = store.db.execute(
            "SELECT id FROM certificate WHERE height = ?", [certificate.height]
        ).fetchone()
        if row is not None and row[0] == certificate.id:
            return False
        note_fault(store, f"certificate {certificate.height}", "certificate-conflict")
        raise Invalid("certificate-conflict", "another certificate is held at this height")
    anchor = get_meta(store.db, f"anchor {certificate.height}")
    if anchor not in (None, certificate.id.hex()) and not _moved_since(store, certificate):
        raise Invalid("other-community", "not the certificate that the invitation named")
    after = fold(state, certificate)
    store.db.execute(
        "INSERT INTO certificate (height, id, raw, travel, received_ms) VALUES (?, ?, ?, ?, ?)",
        [
            certificate.height,
            certificate.id,
            certificate.raw,
            cbor2.dumps(certificate.travel()),
            store.now_ms(),
        ],
    )
    if not certificate.by_persons:
        for seat, _ in certificate.signatures:
            heard.note(store, state.tellers[seat].device)
    _carry_out(store, state, after)
    store.certified = after
    store.changed.update(("certificate", "gov"))
    return True


def _moved_since(store: Store, certificate: Certificate) -> bool:
    """Whether persons voided certificates just below this height, and maybe what was named."""
    lowest = certificate.height - seats.MOST_LOST
    before = (each for each in _after(store, lowest) if each.height < certificate.height)
    return any(each.by_persons for each in (*before, certificate))


def _carry_out(store: Store, before: Certified, after: Certified) -> None:
    """What a fold means for the log: cuts, and what lies beyond a prefix and stays in force."""
    store.certified = after
    for seat in set(after.tellers) - set(before.tellers):
        heard.note(store, seat.device)
    old = before.roll.persons
    learn_authors(store, {k: p for k, p in after.roll.persons.items() if old.get(k) != p})
    for begun in _begun(before, after):
        logs.spare_beyond(store, cited.opened(store, begun))
    for named in after.roll.cited - before.roll.cited:
        record = branches.find(store, named)
        found = find_record(store, named)
        if found is not None and found[2].header.seq > log_by_no(store, found[1]).limit:
            record = found[2]
        if record is not None:
            logs.spare_beyond(store, [record])
    for (device, lane), (seq, record_id) in after.roll.cuts.items():
        if (device, lane) not in before.roll.cuts:
            _cut(store, ensure_log(store, device, lane), seq, record_id)


def _begun(before: Certified, after: Certified) -> Iterator[Round]:
    """The rounds of votes that began with this certificate."""
    for proposal, vote in after.votes.items():
        old = before.votes.get(proposal)
        if vote is not old:
            known = {each.open for each in old.rounds} if old else set()
            yield from (each for each in vote.rounds if each.open not in known)


def learn_authors(store: Store, persons: Mapping[bytes, Person]) -> None:
    """Devices on the roll are known from now on, whatever of their logs is here."""
    for key, person in persons.items():
        for device in person.devices:
            device_no(store, device)
            advance_all(store, erasing.author(store, device, key))


def _cut(store: Store, log: Log, seq: int, record_id: bytes) -> None:
    """End a log at (seq, id): drop what does not lead there, fetch back what was held beside."""
    store.db.execute(
        "UPDATE log SET cut_seq = ?, cut_id = ? WHERE no = ?", [seq, record_id, log.no]
    )
    log = log_by_no(store, log.no)
    if log.head_seq >= seq:
        fits = seq == 0 or id_at(store, log.no, seq) == record_id
        if log.head_seq > seq or not fits:
            logs.truncate(store, log, seq if fits else seq - 1)
    branches.trim(store, log)
    logs.restore(store, log.no)
    advance(store, log_by_no(store, log.no))
    logs.place_lane(store, log.device, log.lane)


def certify(store: Store, signer: Signer, kind: str, decision: dict[str, Plain]) -> Certificate:
    """The one teller's next certificate, kept before anybody sees it. Refused if not the teller.

    The caller holds a durable transaction: height and tip can't change under it.
    """
    state = current(store)
    if state is None or state.tellers != (Seat(state.tellers[0].person, signer.public),):
        raise Refused("not-teller", "Only the community's one teller can certify this.")
    if rivals.halting(store) is not None:
        raise Refused("halted", "Two certificates contradict each other, so nothing is certified.")
    raw = body(store, state, kind, decision)
    signature = sign_certificate(raw, 0, signer)
    travel: list[Plain] = [raw, 0, [[0, signature]]]
    keep(store, travel)
    return read_certificate(travel)


def body(store: Store, state: Certified, kind: str, decision: dict[str, Plain]) -> bytes:
    """The bytes of the certificate that follows `state`. Invalid when it can't be carried out."""
    after = step(state, kind, decision)
    return make_body(
        community=store.community,
        height=state.height + 1,
        prev=state.id,
        kind=kind,
        charter_hash=after.charter_hash,
        roll_root=after.roll.root(),
        next_tellers=after.tellers,
        decision=decision,
    )


def verify_chain(store: Store) -> Iterator[StoreError]:
    """What is wrong with the chain on disk."""
    store.certified = None
    try:
        state = _beginning(store)
        if state is not None:
            for certificate in _after(store, -1):
                state = fold(state, certificate)
    except Invalid as error:
        yield StoreError("damaged", "certificates: %(why)s", why=Term(error))
        return
    for height, record_id, raw in store.db.execute("SELECT height, id, raw FROM certificate"):
        if sha256(raw).digest() != record_id:
            yield StoreError(
                "damaged", "certificate %(at)s: its bytes are not those of its id", at=height
            )
    if state is None and find_record(store, store.community) is not None:
        yield StoreError("damaged", "the founding record is here but can't be read")
