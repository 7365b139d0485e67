"""What the others say the newest certificate is: whoever is surrounded must notice.

Every sync conversation begins with both sides' newest certificate. A peer that is merely behind on
our chain differs in nothing, and one that is a moment ahead is believed once it has shown what it
has. A difference is another certificate where we have ours, or one that was named and not brought.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterable
from typing import Any, NamedTuple

from governance.membership import CERTIFIED
from node.branches import Known
from node.network.peer_id import device_key_of, peer_id_of
from protocol.errors import Invalid
from storage import certificates
from storage.rows import standing_of
from storage.store import Store

ENOUGH = 3  # persons to compare with, where so many are known
FRESH_SECONDS = 3600.0  # how long a word counts
SETTLED_SECONDS = 10.0  # two chains may meet; which one stands is known a conversation later
PATIENCE_SECONDS = 600.0  # for what a peer says it has and has not shown
OUTSIDE = 3  # members elsewhere, for it to be odd that all peers are of one branch
ODD_SECONDS = 600.0  # before that is said
MOST_KEPT = 1000  # peers

SAME, BEHIND, AHEAD, OTHER = "same", "behind", "ahead", "other"


class Word(NamedTuple):
    """What a peer said last."""

    height: int
    certificate: bytes
    at: float
    since: float  # it has said this, or something newer than we had, since then
    shown: bool  # it has had the chance to show it: a conversation came to its good end


class Comparing:
    """What certificate each peer named last. `clock` is monotonic, in seconds."""

    def __init__(
        self,
        store: Store,
        clock: Callable[[], float],
        differs: Callable[[str, int], None] = lambda peer, height: None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._differs = differs  # told once of each difference: (peer, height)
        self._words: dict[str, Word] = {}
        self._told: set[str] = set()  # peers that differ, of which it was told
        self._odd_since: float | None = None
        self._branch: bytes | None = None

    def heard(self, peer: str, height: int, certificate: bytes) -> None:
        """A peer's hello names its newest certificate: `height` (-1 for none) and its id."""
        if height < 0:
            return
        now, before = self._clock(), self._words.pop(peer, None)
        since, shown = now, False
        if before is not None and (
            before[:2] == (height, certificate)
            or (before.height <= height and self._how(before) is AHEAD)
        ):
            since, shown = before.since, before.shown and before[:2] == (height, certificate)
        self._words[peer] = Word(height, certificate, now, since, shown)
        if len(self._words) > MOST_KEPT:
            del self._words[next(iter(self._words))]

    def through(self, peer: str) -> None:
        """A conversation with this peer came to its good end: what it could show is here."""
        word = self._words.get(peer)
        if word is not None:
            self._words[peer] = word._replace(shown=True)

    def result(self) -> dict[str, Any]:
        """`peers`: how many nodes of different persons were compared with; `same`: how many of
        them name our newest; `differ`: those that name another chain or withhold what they name.
        `branch`: the person by whose invitations all came who are in touch, for too long now.
        """
        words = self._settled()
        persons = {self._person(peer) for peer in words}
        same = {self._person(peer) for peer, (_, how) in words.items() if how is SAME}
        return {
            "peers": len(persons),
            "same": len(same),
            "differ": [
                {"peer": peer, "height": word.height, "certificate": word.certificate.hex()}
                for peer, (word, how) in words.items()
                if how in (OTHER, AHEAD)
            ],
            "branch": None if self._branch is None else self._branch.hex(),
        }

    def look(self, known: Known, here: Collection[str]) -> None:
        """Now and then: tell of what differs, and see whether all of `here` are of one branch."""
        differing = {
            peer: word.height
            for peer, (word, how) in self._settled().items()
            if how in (OTHER, AHEAD)
        }
        for peer, height in differing.items():
            if peer not in self._told:  # it may name another one every second
                self._differs(peer, height)
        self._told = set(differing)
        persons = {known.person_of[peer] for peer in here if peer in known.person_of}
        branch = known.branches.covering(persons, OUTSIDE) if persons else None
        if branch is None:
            self._odd_since = self._branch = None
            return
        self._odd_since = self._clock() if self._odd_since is None else self._odd_since
        if self._clock() >= self._odd_since + ODD_SECONDS:
            self._branch = branch

    def next(self, known: Known, here: Iterable[str], dice: random.Random) -> str | None:
        """Whom of `here` to ask, so that enough were; None when they were.

        A person who was not compared with, if there is one in a branch where nobody was.
        """
        asked = {self._person(peer) for peer in self._settled()}
        if len(asked) >= ENOUGH:
            return None
        seen = {each for person in asked for each in known.branches.path(person or b"")}
        others = [peer for peer in here if self._person(peer) not in (None, *asked)]
        dice.shuffle(others)

        def familiar(peer: str) -> int:
            path = known.branches.path(self._person(peer) or b"")
            return sum(each in seen for each in path) if path else len(seen)

        return min(others, key=familiar, default=None)

    def _settled(self) -> dict[str, tuple[Word, str]]:
        """The words of other members that count, with what they come to."""
        now, found = self._clock(), {}
        own = self._person(peer_id_of(self._store.device))
        for peer, word in self._words.items():
            how, age = self._how(word), now - word.since
            if how in (OTHER, AHEAD) and age < SETTLED_SECONDS:
                continue
            if how is AHEAD and not word.shown and age < PATIENCE_SECONDS:
                continue
            if now - word.at < FRESH_SECONDS and self._person(peer) not in (None, own):
                found[peer] = (word, how)
        return found

    def _how(self, word: Word) -> str:
        height, newest = certificates.tip(self._store)
        if word.height > height:
            return AHEAD
        ours = certificates.certificate_at(self._store, word.height)
        if ours != word.certificate:
            return OTHER
        return SAME if ours == newest else BEHIND

    def _person(self, peer: str) -> bytes | None:
        """Which member's device this is; None for nobody's."""
        try:
            known = standing_of(self._store, device_key_of(peer))
        except Invalid:
            return None
        return known[1] if known is not None and known[0] == CERTIFIED else None


NOTHING: dict[str, Any] = {"peers": 0, "same": 0, "differ": [], "branch": None}
"""`Comparing.result` of a node that does not run."""
