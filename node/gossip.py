"""Gossip: new records, certificates and proofs go out at once. A hint; sync is the truth.

A message is a strict DAG-CBOR array: `[0, [[device, lane, entries], ...]]`, `[1, certificate]`,
`[2, address card]` or `[3, bytes of a teller's message]`. A message is passed on when all of it
could be placed here and some of it is new; what is ahead of our logs, or by somebody unknown, is
set aside and asked for by sync. Proofs go by sync alone. What comes faster than its author's or its
carrier's share (node.admission, node.allowances) is left to sync, too.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import cbor2

from governance.membership import CANDIDATE
from node.loudness import loudness
from node.metrics import KEPT_BACK, PASSED_ON, REFUSED
from node.network.links import MAX_GOSSIP
from node.peers import Peers
from protocol.cards import Card, read_card
from protocol.codec import decode
from protocol.errors import Invalid, StoreError
from protocol.records import LANES, Record, read_header
from protocol.teller_messages import Message, read_message
from storage import agreement, certificates, chain, log
from storage.database import FAST
from storage.rows import find_log, records_from, standing_of
from storage.standing import settle
from storage.store import Store

logger = logging.getLogger("moothall.gossip")

RECORDS, CERTIFICATE, CARD, TELLER = 0, 1, 2, 3
BATCH = MAX_GOSSIP - 1024


def batches(records: Sequence[Record]) -> Iterator[bytes]:
    """Messages for own records of one log, in order, each ending in a signed record.

    A run without a signature that is too long for one message ends them: sync brings the rest.
    """
    run: list[list[Any]] = []
    size = 0
    whole: list[list[Any]] = []
    for record in records:
        run.append(record.entry())
        size += len(record.raw) + len(record.body or b"") + 120
        if record.signature is not None:
            if whole and size > BATCH:
                yield _message(records[0], whole)
                whole, size = [], sum(len(e[0]) + len(e[3] or b"") + 120 for e in run)
            if size > BATCH:
                return
            whole += run
            run = []
    if whole:
        yield _message(records[0], whole)


def _message(record: Record, entries: list[list[Any]]) -> bytes:
    return cbor2.dumps([RECORDS, [[record.header.device, record.header.lane, entries]]])


def certificate_message(travel: Any) -> bytes:
    """The message for a new certificate."""
    return cbor2.dumps([CERTIFICATE, travel])


def card_message(card: Card) -> bytes:
    """The message for a node's own addresses."""
    return cbor2.dumps([CARD, card.travel])


def teller_message(message: Message) -> bytes | None:
    """The message for what a teller says; None where it is too long and has to go by sync."""
    raw = cbor2.dumps([TELLER, message.raw])
    return raw if len(raw) <= MAX_GOSSIP else None


class _Later(Exception):
    """Nobody's fault: this is left to a later sync."""

    def __init__(self, author: bytes) -> None:
        super().__init__()
        self.author = author


class Hearing:
    """Takes gossip in. `ahead(peer)` is called when a peer has more than it said."""

    def __init__(
        self,
        store: Store,
        peers: Peers,
        kept: Callable[[set[str]], None],
        ahead: Callable[[str], None],
    ) -> None:
        self._store = store
        self._peers = peers
        self._kept = kept
        self._ahead = ahead

    async def check(self, peer: str, message: bytes) -> bool:
        """Keep what can be placed; whether to pass the message on. Never raises."""
        if self._peers.waits(peer) or not self._peers.may_ask(peer, "gossip", len(message)):
            return False
        counts, before = self._peers.metrics.gossip, self._store.version()
        try:
            placed = self._take(peer, message)
        except Invalid as error:
            counts.add(REFUSED)
            self._peers.fault(peer, error.reason)
            return False
        except (StoreError, sqlite3.Error) as error:
            logger.log(loudness(error), "gossip could not be kept: %s", error)
            return False
        except _Later as later:
            counts.add(KEPT_BACK)
            self._peers.takes_more_of(later.author)  # which says so now and then
            return False
        if not placed and message[1] == RECORDS:
            self._ahead(peer)
        # What was here already came by sync, which goes on by sync, or is replayed: passing it on
        # would use up the share that its publisher has everywhere.
        passed_on = placed and (message[1] != RECORDS or self._store.version() != before)
        counts.add(PASSED_ON if passed_on else KEPT_BACK)
        return passed_on

    def _take(self, peer: str, message: bytes) -> bool:
        """Whether all of it could be placed; _Later where nothing of it is looked at now."""
        value = decode(message, limit=MAX_GOSSIP)
        if not isinstance(value, list) or len(value) != 2 or type(value[0]) is not int:
            raise Invalid("bad-message", "not a gossip message")
        sort, content = value
        store = self._store
        if sort == RECORDS and not self._admit(peer, content):
            return False
        with store.transaction(sync=FAST):
            if sort == RECORDS:
                placed = self._take_records(peer, content)
            elif sort == CERTIFICATE:
                placed = self._take_certificate(peer, content)
            elif sort == TELLER:
                placed = self._take_word(peer, content)
            elif sort == CARD:
                placed = self._peers.keep(read_card(content, store.community))
            else:
                raise Invalid("bad-message", "a gossip message of an unknown sort")
        self._kept(set(store.changed))
        return placed

    def _known(self, device: bytes) -> bool:
        """Whether the author's membership chain is here."""
        known = standing_of(self._store, device)
        return known is not None and known[0] != CANDIDATE

    def _admit(self, peer: str, content: Any) -> bool:
        """Look at whose records these are, before anything is checked that costs.

        False if they lie beyond a gap and this peer had enough of that set aside. _Later if no more
        is taken in of an author now, or of newcomers from this peer.
        """
        if not isinstance(content, list) or not 1 <= len(content) <= 64:
            raise Invalid("bad-message", "a gossip message without records")
        may_gap = self._peers.allowances.has(peer, "ahead")
        counted: list[bytes] = []
        try:
            for item in content:
                if (
                    not isinstance(item, list)
                    or len(item) != 3
                    or type(item[0]) is not bytes
                    or len(item[0]) != 32
                    or item[1] not in LANES.values()
                    or type(item[1]) is not int
                ):
                    raise Invalid("bad-message", "gossip that is not [device, lane, entries]")
                if self._known(item[0]):
                    if not may_gap and self._is_beyond_gap(*item):
                        return False
                    if not self._peers.admission.takes_in(item[0]):
                        raise _Later(item[0])
                    counted.append(item[0])
                elif not self._peers.may_ask(peer, "newcomers"):
                    raise _Later(item[0])
            counted = []
        finally:  # who names an author beside what is left would spend their steps for nothing
            for device in counted:
                self._peers.admission.spared(device)
        return True

    def _is_beyond_gap(self, device: bytes, lane: int, entries: Any) -> bool:
        """Whether something is missing before these, or they are no entries at all."""
        match entries:
            case [[bytes(raw), *_], *_]:
                log = find_log(self._store, device, lane)
                return read_header(raw).seq > (0 if log is None else log.head_seq) + 1
        raise Invalid("bad-message", "gossip without entries")

    def _take_records(self, peer: str, content: Any) -> bool:
        placed = True
        for device, lane, entries in content:
            outcome = log.keep_segment(self._store, device, lane, entries)
            placed = placed and outcome.word in (log.KEPT, log.HAD, log.FORK)
            if outcome.word in (log.FORK, log.PARTED, log.IGNORED):
                self._peers.admission.strayed(device)
            elif outcome.word in (log.HAD, log.ASIDE):
                self._peers.admission.spared(device)
            if outcome.word == log.ASIDE:
                self._peers.allowances.owe(peer, "ahead")
            if outcome.new:
                size = sum(len(entry[0]) + len(entry[3] or b"") for entry in entries)
                self._peers.admission.took(device, outcome.new, size)
        if self._store.changed:  # a listing changes nobody's standing
            settle(self._store)
        return placed and all(self._known(item[0]) for item in content)

    def _take_certificate(self, peer: str, content: Any) -> bool:
        """What is ahead of us, or of another chain, sync finds out about, and nobody is at fault.

        Only the newest is passed on, as it is held: with other signatures it can be sent without
        end.
        """
        part = chain.hear(self._store, content)
        settle(self._store)
        if not part:
            self._ahead(peer)
        return part and certificates.newest_is(self._store, content)

    def _take_word(self, peer: str, content: Any) -> bool:
        """Late and early words are dropped, and nobody is at fault; whoever is ahead is asked."""
        if type(content) is not bytes:
            raise Invalid("bad-message", "a teller's message that is not bytes")
        message = read_message(content, self._store.community)
        if message.height > certificates.tip(self._store)[0] + 1:
            self._ahead(peer)
            return False
        new = agreement.receive(self._store, message)
        settle(self._store)
        return new


def since(store: Store, device: bytes, lane: int, seq: int, count: int) -> list[Record]:
    """Up to `count` own records after `seq`."""
    found = find_log(store, device, lane)
    return [] if found is None else list(records_from(store, found.no, seq + 1, seq + count))
