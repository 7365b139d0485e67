"""Getting in: a newcomer knocks at the lobby of the peers that its link names; members answer.

A person who is in already does the same with a further device, and needs no invitation for it.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import cbor2
import trio

from governance.membership import (
    CANDIDATE,
    CERTIFIED,
    GONE,
    MOST_DEVICES,
    PROVISIONAL,
    RETIRED,
)
from governance.roll import MEMBER
from node import farewell
from node.gossip import RECORDS
from node.home import Home, first_words
from node.network.links import JOIN, LinkError, Network, Stream
from node.network.peer_id import device_key_of, peer_id_of
from node.network.serving import Refusals
from node.peers import contacts
from protocol import lobby
from protocol.errors import Invalid
from protocol.kinds.registry import content
from protocol.lobby import Answer
from protocol.records import GOV, read_entry
from storage import certificates, log
from storage.rows import standing_of
from storage.standing import assess, settle
from storage.store import Store

logger = logging.getLogger("moothall.joining")

SECONDS = 10.0  # for one knock
MOST_JOINS = 16  # by one invitation that are let in unconfirmed: a link may go round

# A lobby's own sentence is a stranger's text; what a newcomer reads are these.
REFUSALS = {
    "foreign": "This invitation leads to the node of another community: the link was changed or "
    "is not for you. Ask who invited you for a new link.",
    "used": "This invitation was used already, or it has expired. Ask who invited you for a new "
    "link.",
    "inviter-gone": "Who made this invitation can't invite any more. Ask another member for a "
    "link.",
    "unknown": "The nodes that answered don't know this invitation yet; `moothall run` goes on "
    "trying.",
    "contested": "Somebody else has used this invitation as well. Ask who invited you to run "
    "`moothall confirm {person}`; `moothall run` goes on trying.",
    "busy": "The nodes that answered are too busy; `moothall run` goes on trying.",
    "gone": "You have left this community or were removed from it: only a new invitation leads "
    "back.",
    "too-many": "You have as many devices as one person may have. Retire one of them, with "
    "`moothall device retire` at another one; `moothall run` here goes on trying.",
}
# And for somebody who brings a further device, where that is something else.
FURTHER = {
    "foreign": "That node belongs to another community than your recovery file.",
    "used": "This device was retired. Recover once more, into another folder.",
    "unknown": "The nodes that answered don't know you yet; `moothall run` goes on trying.",
}


def sentence(answer: Answer, person: bytes, *, further: bool = False) -> str:
    """What a lobby's refusal means for `person`, a newcomer or with a further device."""
    said = {**REFUSALS, **FURTHER} if further else REFUSALS
    return said[answer.reason].format(person=person.hex())


def is_further(home: Home) -> bool:
    """Whether this home is a further device of somebody who was in before."""
    return len(first_words(home)) == 1


async def knock(home: Home, network: Network) -> tuple[str, Answer]:
    """Ask those whom this home was told of to let it in; (the peer that said so, its answer).

    A welcome by the first that gives one; else the most telling refusal. LinkError when nobody
    could be reached.
    """
    doors = contacts(home.store)
    if not first_words(home) or not doors:
        raise LinkError("not-invited", "this home knows nobody who could let it in")
    refusals: list[tuple[str, Answer]] = []
    for device, addresses in doors.items():
        peer = peer_id_of(device)
        try:
            with trio.move_on_after(SECONDS) as scope:
                await network.connect(peer, addresses)
                answer = await _ask(home, network, peer)
                if not answer.reason:
                    return peer, answer
                refusals.append((peer, answer))
            if scope.cancelled_caught:
                logger.info("%s did not answer", peer)
        except (LinkError, Invalid) as error:
            logger.debug("knocking at %s: %s", peer, error.reason)
    if not refusals:
        raise LinkError("nobody", "nobody who was named could be reached")
    return min(refusals, key=lambda item: lobby.REASONS.index(item[1].reason))


async def introduce(home: Home, network: Network, peer: str) -> None:
    """Tell a connected peer that does not know us (yet) how we came in; never raises LinkError.

    Whoever let us in may be gone for good before it told anybody.
    """
    try:
        with trio.move_on_after(SECONDS):
            answer = await _ask(home, network, peer)
            logger.info("%s was told who we are: %s", peer, answer.reason or "welcome")
    except (LinkError, Invalid) as error:
        logger.debug("introducing us to %s: %s", peer, error.reason)


async def _ask(home: Home, network: Network, peer: str) -> Answer:
    stream = await network.open(peer, JOIN)
    try:
        await stream.send(lobby.ask(home.store.community, *first_words(home)))
        return lobby.read_answer(await stream.receive(lobby.MAX_ANSWER))
    finally:
        await stream.aclose()


class Lobby:
    """Answers those who knock."""

    def __init__(
        self,
        store: Store,
        kept: Callable[[set[str]], None],
        publish: Callable[[bytes], Awaitable[None]],
        fault: Callable[[str, str], None] = lambda peer, reason: None,
    ) -> None:
        """`fault(peer, reason)`: a member, who has no business here, asks nonsense."""
        self._store = store
        self._kept = kept
        self._publish = publish
        self._fault = fault
        self.refuse = Refusals()

    async def serve(self, stream: Stream) -> None:
        """One question, one answer. A malformed question ends without one."""
        device = device_key_of(stream.peer)
        try:
            raw = await stream.receive(lobby.MAX_QUESTION)
            height = lobby.read_news_question(raw, self._store.community)
            if height is not None:
                await stream.send(lobby.news(farewell.told(self._store, device, height)))
                return
            entries = lobby.read_question(raw, self._store.community, device)
            if entries is None:
                answer = lobby.answer("foreign", "This node belongs to another community.")
            else:
                answer = self._admit(device, entries)
            await stream.send(answer)
            if answer == lobby.answer() and entries is not None:
                await self._publish(cbor2.dumps([RECORDS, [[device, GOV, entries]]]))
        except Invalid as error:
            known = standing_of(self._store, device)
            if known is not None and known[0] in (PROVISIONAL, CERTIFIED):
                self._fault(stream.peer, error.reason)
            else:
                self.refuse(stream.peer, "question", error.reason)
        finally:
            await stream.aclose()

    def _admit(self, device: bytes, entries: list[object]) -> bytes:
        store = self._store
        known = standing_of(store, device)
        if known is not None and known[0] in (RETIRED, GONE):
            return lobby.answer("used", "This device has left; join again with a new one.")
        if known is not None and known[0] != CANDIDATE:
            return lobby.answer()
        further = len(entries) != lobby.JOINING
        refusal = self._no_device(entries[0]) if further else self._refusal(entries)
        if refusal is not None:
            return lobby.answer(*refusal)
        with store.transaction():
            log.keep_segment(store, device, GOV, entries)
            settle(store)
        self._kept(set(store.changed))
        known = standing_of(store, device)
        if known is not None and known[0] != CANDIDATE:
            return lobby.answer()
        if further:
            return lobby.answer("unknown", "This node does not know you (yet).")
        assessed = assess(store)
        if assessed is not None and any(
            joining.device == device
            for joinings in assessed[1].contested.values()
            for joining in joinings
        ):
            return lobby.answer(
                "contested",
                "Somebody else has used this invitation as well; ask who invited you to say "
                "whom they meant.",
            )
        return lobby.answer("unknown", "This node can't place the invitation yet.")

    def _no_device(self, entry: object) -> tuple[str, str] | None:
        """Why this further device can't come in, as far as that is known here.

        Its person must have signed for it, so only they can fill their own places.
        """
        person = content(read_entry(entry)).person
        assessed, state = assess(self._store), certificates.current(self._store)
        if assessed is None or state is None:
            return "unknown", "This node has not seen the roll yet."
        line = state.roll.persons.get(person)
        guest = person in assessed[1].guests
        if line is not None and line.standing != MEMBER and not guest:
            return "gone", "Who left or was removed comes back by an invitation."
        if line is None and not guest:
            return "unknown", "This node does not know you (yet)."
        now = [s for s, owner in assessed[1].devices.values() if owner == person]
        if sum(s in (PROVISIONAL, CERTIFIED) for s in now) >= MOST_DEVICES:
            return "too-many", f"You have {MOST_DEVICES} devices; retire one of them first."
        return None

    def _refusal(self, entries: list[object]) -> tuple[str, str] | None:
        """Why this join can't stand, as far as that is known here."""
        enrolment, joining = (read_entry(entry) for entry in entries)
        who, said = content(enrolment), content(joining)
        row = self._store.db.execute(
            "SELECT device, slot, round, key FROM invitation WHERE record = ?", [said.invite]
        ).fetchone()
        state = certificates.current(self._store)
        if row is None or state is None:
            return "unknown", "This node does not hold the invitation (yet)."
        device, slot, round_, key = row
        standing = standing_of(self._store, device)
        if standing is None or standing[0] != CERTIFIED:
            return (
                "inviter-gone",
                "Who made this invitation can't invite any more; ask for another.",
            )
        if state.roll.rounds.get((device, slot), 0) != round_:
            return "used", "This invitation was used or has expired; ask for another."
        meant = self._store.db.execute(
            "SELECT joined FROM confirmation WHERE device = ? AND slot = ? AND round = ?"
            " ORDER BY seq LIMIT 1",
            [device, slot, round_],
        ).fetchone()
        if meant is not None and meant[0] != joining.id:
            return "used", "Who made this invitation meant somebody else; ask for another."
        if not said.proves(key, self._store.community, who.person, enrolment.header.device):
            return "unknown", "The link's secret does not fit this invitation; copy it again."
        (others,) = self._store.db.execute(
            "SELECT count(*) FROM joining WHERE invite = ? AND device != ?",
            [said.invite, enrolment.header.device],
        ).fetchone()
        if meant is None and others >= MOST_JOINS:
            return "used", "Very many have used this invitation; ask for another."
        return None
