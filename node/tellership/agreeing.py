"""One of several tellers: say what the agreement on the next certificate asks of this device.

What is said is on disk before it leaves, and read back at start, so no restart makes a teller
contradict itself. Patience with a view is measured by this node's clock and kept on disk too:
tellers who come and go must not begin it anew each time.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

from governance import duties
from governance.agreement import Height, Table, Word, bound, is_due, next_word, patience_s, say
from governance.tellers import is_able
from node.tellership import judging
from node.tellership.votes import Step
from protocol.errors import Invalid, StoreError
from protocol.keys import Signer
from protocol.teller_messages import Message, read_body
from storage import agreement, certificates
from storage.database import FAST, get_meta
from storage.standing import settle
from storage.store import Store

logger = logging.getLogger("moothall.teller")

MOST_WORDS = 40  # in one go; each is on disk before the next
MOST_FAILED = 20  # steps that can't be certified, after which others are not tried either
AGAIN_S = 2.0  # between two looks at a proposal that was not right, since clocks differ a little
AGAIN_FOR_S = 60.0
PATIENCE = "patience"  # the setting that remembers since when a view has brought nothing new

Steps = Callable[[Store], Iterator[Step]]
"""The certificates that are due by this node's own lights, the most pressing first."""


def speak(store: Store, signer: Signer, steps: Steps) -> list[Message]:
    """Say all that is to be said now; nothing when this device has no seat among several.

    A certificate that a quorum has committed to by then is kept.
    """
    said: list[Message] = []
    while len(said) < MOST_WORDS:
        at = agreement.height(store)
        if at is None:
            break
        if _next(store, at, steps) is None:
            break  # the write lock is taken only when there is something to say
        with store.transaction():
            at = agreement.height(store)
            word = None if at is None else _next(store, at, steps)
            if at is None or word is None:
                break
            message = say(signer, at.about, word)
            agreement.remember(store, message, agreement.prepared_on(message, _seen(store)))
            settle(store)
        said.append(message)
    return said


def _seen(store: Store) -> list[Message]:
    own, rests_on = agreement.own(store)
    return [*agreement.heard(store), *own, *rests_on]


class _Mind:
    """What this node makes of the height, worked out only where it is asked for, and once."""

    def __init__(self, store: Store, steps: Steps, table: Table) -> None:
        self._store = store
        self._steps = steps
        self._tried = [each.body for each in table.proposals.values() if each.body is not None]
        self._draft: list[bytes | None] = []

    def draft(self) -> bytes | None:
        """The body of the next certificate that is due, as this node would make it."""
        if not self._draft:
            self._draft.append(_body(self._store, self._steps, self._tried))
        return self._draft[0]

    def judge(self, body: bytes) -> bool:
        """Whether another's body is right."""
        try:
            why = judging.judge(self._store, body)
        except StoreError:
            raise
        except Exception as error:  # no proposal may keep this teller from asking for another
            logger.error("a proposal can't be judged: %s", type(error).__name__, exc_info=True)
            return False
        if why:
            logger.debug("a proposal is not prepared: %s", why)
        return not why


def _own_seat(store: Store, at: Height) -> int | None:
    """The seat that this device speaks for; None for no seat, or one that is vacant by now."""
    seat, state = at.seat(store.device), certificates.current(store)
    if seat is None or state is None or not is_able(state, at.tellers[seat]):
        return None
    return seat


def _next(store: Store, at: Height, steps: Steps) -> Word | None:
    seat = _own_seat(store, at)
    if seat is None:
        return None
    own, rests_on = agreement.own(store)
    heard = [*agreement.heard(store), *rests_on]
    table = Table(at, [*heard, *own])
    mind = _Mind(store, steps, table)
    due = is_due(table, bound(own), mind.draft)
    _, left = _patience(store, at, table, due)
    return next_word(
        at,
        seat,
        heard,
        own,
        draft=mind.draft,
        judge=mind.judge,
        impatient=left is not None and left <= 0,
    )


def _body(store: Store, steps: Steps, tried: Iterable[bytes]) -> bytes | None:
    """The first step that is due and can be carried out: one that can't does not hold up others.

    Nor does one that was proposed at this height already (`tried`) and that no quorum found right:
    whose time has come is judged by each teller's clock. It comes last.
    """
    state = certificates.current(store)
    if state is None:
        return None
    before = {_about(found.kind, found.decision) for found in map(read_body, tried)}
    some: Iterable[Step] = islice(steps(store), MOST_FAILED)
    if before:
        some = sorted(some, key=lambda step: _about(step.kind, step.decision) in before)
    lowest = duties.latest_claimed(state)
    for step in some:
        decision = dict(step.decision)
        if "at" in decision:
            decision["at"] = max(lowest, int(decision["at"]))  # type: ignore[arg-type]
        try:
            body = certificates.body(store, state, step.kind, decision)
            read_body(body)  # it may be too long
            return body
        except Invalid as error:
            logger.warning("a certificate could not be made: %s", error)
    return None


def _about(kind: str, decision: Mapping[str, Any]) -> tuple[str, Any, Any]:
    """What a step is about, whoever words it."""
    return kind, decision.get("proposal"), decision.get("seat")


class _Waiting(NamedTuple):
    """Since when (milliseconds of this node's clock) nothing has come after a milestone."""

    milestone: list[object]
    since: int


def _patience(store: Store, at: Height, table: Table, due: bool) -> tuple[float, float | None]:
    """Seconds since the last milestone, and until patience is over; None while nothing is due."""
    milestone = [at.about.prev.hex(), *table.milestone(), due]
    now = store.now_ms()
    text = get_meta(store.db, PATIENCE)
    before = None if text is None else _Waiting(*json.loads(text))
    if before is None or before.milestone != milestone or before.since > now:
        before = _Waiting(milestone, now)
        with store.transaction(sync=FAST):
            store.db.execute(
                "INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)",
                [PATIENCE, json.dumps(before)],
            )
    since = (now - before.since) / 1000
    return since, patience_s(table.view) - since if due else None


def patience_until(store: Store, at: Height, table: Table) -> int | None:
    """Until when this node waits for the present view, in milliseconds since 1970; changes nothing.

    None where it waits for nothing, has no seat, or has not looked since the last milestone.
    """
    text = get_meta(store.db, PATIENCE)
    if text is None or _own_seat(store, at) is None:
        return None
    waits = _Waiting(*json.loads(text))
    if waits.milestone != [at.about.prev.hex(), *table.milestone(), True]:
        return None
    return waits.since + 1000 * patience_s(table.view)


def next_look(store: Store, steps: Steps) -> float | None:
    """Seconds until patience is over, or a proposal may have become right; None for never."""
    at = agreement.height(store)
    if at is None or _own_seat(store, at) is None:
        return None
    own, rests_on = agreement.own(store)
    table = Table(at, [*agreement.heard(store), *rests_on, *own])
    mine = bound(own)
    looked, left = _patience(
        store, at, table, is_due(table, mine, _Mind(store, steps, table).draft)
    )
    pauses = []
    if left is not None and mine.asked <= table.view:
        pauses.append(max(0.0, left))
    if table.view in table.proposals and mine.top < table.view and looked < AGAIN_FOR_S:
        pauses.append(AGAIN_S)
    return min(pauses, default=None)
