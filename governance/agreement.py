"""How several tellers agree on the next certificate: one machine for each (height, prev).

A pure function of the set of messages: what a teller says next follows from what it has seen and
what it has said, in whatever order either came. So nothing is lost by a restart, and tellers who
are never online together agree through messages that others carry. `n = 3f + 1` tellers, of whom up
to f may be absent or lie; a quorum is 2f + 1.

The leader of a view proposes, the others prepare what they find right, and who sees that a quorum
prepared something commits to it. A quorum of commits is the certificate. Asking to move on to
another view promises nothing; only prepares and commits bind whoever said them:

- a teller prepares once a view, in rising views;
- it commits only what a quorum prepared in a view above which it has prepared nothing;
- after a commit it prepares something else only if that is shown to have been prepared by a quorum
  in the view of that commit or a later one. Such a proposal is not examined again.

Why there are never two certificates at one height while at most f lie: say X is committed by a
quorum in view v, and let w > v be the first later view in which a quorum prepared another Y. The
two quorums share an honest teller. It prepared Y in w after it committed X in v, since otherwise it
could not have committed X any more. So it was shown that Y was prepared in a view from v on and
below w. In v itself that cannot be, since two quorums share an honest teller who prepares once a
view; and above v not, since w was the first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from protocol.certificates import Seat, quorum
from protocol.codec import Plain
from protocol.keys import Signer
from protocol.teller_messages import (
    COMMIT,
    MOVE_ON,
    PREPARE,
    PROPOSE,
    About,
    Message,
    Prepared,
    commit,
    gather,
    move_on,
    prepare,
    propose,
)

PATIENCE_S = 4  # for the first view; each further one has twice as long
MOST_DOUBLINGS = 17  # up to six days


class Height(NamedTuple):
    """What is agreed on, and by whom: the tellers whom the certificate before names."""

    about: About
    tellers: tuple[Seat, ...]

    @property
    def quorum(self) -> int:
        """How many must say the same: 2f + 1."""
        return quorum(len(self.tellers))

    @property
    def some_honest(self) -> int:
        """Among so many is an honest one: f + 1."""
        return (len(self.tellers) - 1) // 3 + 1

    def leader(self, view: int) -> int:
        """The seat that proposes in a view."""
        return (self.about.height + view) % len(self.tellers)

    def seat(self, device: bytes) -> int | None:
        """The seat of a device, if it has one."""
        return next((i for i, each in enumerate(self.tellers) if each.device == device), None)


class Word(NamedTuple):
    """What a teller says next, to be signed by `say` once it is sure to be remembered."""

    kind: str
    view: int
    certificate: bytes | None = None
    body: bytes | None = None
    prepared: Prepared | None = None


def say(signer: Signer, about: About, word: Word) -> Message:
    """The signed message."""
    match word.kind, word.certificate, word.body, word.prepared:
        case "propose", _, bytes() as body, prepared:
            return propose(signer, about, word.view, body, prepared)
        case "prepare", bytes() as certificate, _, _:
            return prepare(signer, about, word.view, certificate)
        case "commit", _, _, Prepared() as prepared:
            return commit(signer, about, prepared)
        case "move-on", _, _, prepared:
            return move_on(signer, about, word.view, prepared)
    raise AssertionError(f"not a word: {word}")


class Table:
    """What lies on the table: the messages seen at one height, told apart.

    They must be of this height, by its tellers, and checked (`read_message`, `check_prepared`).
    """

    def __init__(self, at: Height, messages: Iterable[Message]) -> None:
        self.at = at
        self.bodies: dict[bytes, bytes] = {}  # by certificate id
        self.proposals: dict[int, Message] = {}  # by view, those of its leader
        self._commits: dict[tuple[int, bytes], dict[int, Message]] = defaultdict(dict)
        self._asked: dict[int, int] = {}  # seat -> the highest view it asked for
        self._shown: dict[int, Prepared] = {}  # by view
        prepares: dict[tuple[int, bytes], dict[int, Message]] = defaultdict(dict)
        for message in messages:
            seat = at.seat(message.device)
            if seat is None:
                continue
            if message.prepared is not None:
                self._show(message.prepared)
            self._take(message, seat, prepares)
        for (view, certificate), found in prepares.items():
            if len(found) >= at.quorum:
                self._show(Prepared(view, certificate, gather(found)))

    def _show(self, prepared: Prepared) -> None:
        """Of several proofs of one view any would do; the least is kept, whatever came first."""
        self._shown[prepared.view] = min(prepared, self._shown.get(prepared.view, prepared))

    def _take(
        self,
        message: Message,
        seat: int,
        prepares: Mapping[tuple[int, bytes], dict[int, Message]],
    ) -> None:
        certificate, view = message.certificate or b"", message.view
        match message.kind:
            case "propose" if seat == self.at.leader(view):
                assert message.body is not None  # noqa: S101 - proposals have one
                self.bodies[certificate] = message.body
                other = self.proposals.setdefault(view, message)  # only a liar proposes twice
                self.proposals[view] = min(other, message, key=lambda each: each.id)
            case "prepare":
                prepares[view, certificate][seat] = message
            case "commit":
                self._commits[view, certificate][seat] = message
            case "move-on":
                self._asked[seat] = max(view, self._asked.get(seat, 0))

    @property
    def view(self) -> int:
        """The view that a quorum has asked for, or a later one."""
        return self._asked_by(self.at.quorum)

    def beyond_doubt(self) -> int:
        """The highest view that some honest teller asked for, or a later one."""
        return self._asked_by(self.at.some_honest)

    def _asked_by(self, many: int) -> int:
        asked = sorted(self._asked.values(), reverse=True)
        return asked[many - 1] if len(asked) >= many else 0

    def prepared_in(self, view: int) -> Prepared | None:
        """What a quorum prepared in a view, as far as it is known here."""
        return self._shown.get(view)

    def highest_prepared(self) -> Prepared | None:
        """What a quorum prepared last."""
        return self._shown[max(self._shown)] if self._shown else None

    def certified(self) -> list[Plain] | None:
        """The certificate as it travels, once a quorum has committed to it; any node makes it."""
        for (view, certificate), found in sorted(self._commits.items()):
            body = self.bodies.get(certificate)
            if body is not None and len(found) >= self.at.quorum:
                return [body, view, [[seat, found[seat].seal] for seat in sorted(found)]]
        return None

    def milestone(self) -> tuple[int, bool, bool]:
        """What has been reached in the present view: whenever this changes, patience begins anew.

        Nobody can change it without end: a view begins when a quorum asks for it, and has one
        proposal and one thing that a quorum prepares.
        """
        return self.view, self.view in self.proposals, self.view in self._shown


class Bound(NamedTuple):
    """What binds a teller: what it has said at this height."""

    prepared: int  # the highest view in which it prepared; -1 for none
    committed: int  # the highest view in which it committed; -1 for none
    lock: bytes | None  # what it committed to there
    proposed: frozenset[int]  # views
    asked: int  # the highest view it asked for; 0 for none

    @property
    def top(self) -> int:
        """It prepares only in views above this."""
        return max(self.prepared, self.committed)


def bound(own: Iterable[Message]) -> Bound:
    """What a teller's own words bind it to."""
    found = list(own)
    commits = [each for each in found if each.kind == COMMIT]
    last = max(commits, key=lambda each: each.view, default=None)
    return Bound(
        prepared=max((each.view for each in found if each.kind == PREPARE), default=-1),
        committed=-1 if last is None else last.view,
        lock=None if last is None else last.certificate,
        proposed=frozenset(each.view for each in found if each.kind == PROPOSE),
        asked=max((each.view for each in found if each.kind == MOVE_ON), default=0),
    )


def next_word(
    at: Height,
    seat: int,
    heard: Iterable[Message],
    own: Iterable[Message],
    *,
    draft: Callable[[], bytes | None],
    judge: Callable[[bytes], bool],
    impatient: bool,
) -> Word | None:
    """What the teller on `seat` should say next; None for nothing.

    `own` is all it has said at this height, as its disk remembers. `draft` gives the body it would
    propose now, None when nothing is due; `judge` says whether a proposed body is right; and
    `impatient` whether its patience with the present view is over. Whoever says the word calls
    again, with the word among `own`.
    """
    own = list(own)
    table = Table(at, [*heard, *own])
    mine = bound(own)
    return (
        _commit(table, mine)
        or _prepare(table, mine, judge)
        or _propose(table, mine, seat, draft, judge)
        or _join(table, mine)
        or _move_on(table, mine, draft, impatient)
    )


def _commit(table: Table, mine: Bound) -> Word | None:
    prepared = table.highest_prepared()
    if prepared is None or not may_commit(prepared.view, mine):
        return None
    return Word(COMMIT, prepared.view, prepared.id, prepared=prepared)


def may_commit(view: int, mine: Bound) -> bool:
    """Whether a teller may still commit to what was prepared in this view."""
    return view > mine.committed and view >= mine.prepared


def _prepare(table: Table, mine: Bound, judge: Callable[[bytes], bool]) -> Word | None:
    """The newest proposal that can be prepared, of the present view or one before."""
    for view in sorted(table.proposals, reverse=True):
        proposal = table.proposals[view]
        if mine.top < view <= table.view and may_prepare(proposal, mine):
            assert proposal.body is not None  # noqa: S101 - proposals have one
            if proposal.prepared is not None or judge(proposal.body):
                return Word(PREPARE, view, proposal.certificate)
    return None


def may_prepare(proposal: Message, mine: Bound) -> bool:
    """Whether a teller's lock allows it to prepare this."""
    if mine.lock in (None, proposal.certificate):
        return True
    return proposal.prepared is not None and proposal.prepared.view >= mine.committed


def _propose(
    table: Table,
    mine: Bound,
    seat: int,
    draft: Callable[[], bytes | None],
    judge: Callable[[bytes], bool],
) -> Word | None:
    view = table.view
    if table.at.leader(view) != seat or view in mine.proposed or mine.top >= view:
        return None
    prepared = table.highest_prepared()
    if prepared is not None:
        body = table.bodies.get(prepared.id)
        return None if body is None else Word(PROPOSE, view, prepared.id, body, prepared)
    body = draft()
    if body is not None:
        return Word(PROPOSE, view, None, body)
    for earlier in sorted(table.proposals, reverse=True):  # what was begun has to come to an end
        body = table.proposals[earlier].body
        assert body is not None  # noqa: S101 - proposals have one
        if earlier < view and judge(body):
            return Word(PROPOSE, view, table.proposals[earlier].certificate, body)
    return None


def _join(table: Table, mine: Bound) -> Word | None:
    """Ask for a view that some honest teller asks for: they are not to wait for us."""
    view = table.beyond_doubt()
    return _ask(table, view) if view > mine.asked else None


def _move_on(
    table: Table, mine: Bound, draft: Callable[[], bytes | None], impatient: bool
) -> Word | None:
    view = table.view
    if not impatient or mine.asked > view or not is_due(table, mine, draft):
        return None
    return _ask(table, view + 1)


def is_due(table: Table, mine: Bound, draft: Callable[[], bytes | None]) -> bool:
    """Whether a certificate is wanted: something is due, or was begun and has to come to an end."""
    return mine.top >= 0 or table.highest_prepared() is not None or draft() is not None


def _ask(table: Table, view: int) -> Word:
    shown = table.highest_prepared()
    return Word(MOVE_ON, view, prepared=shown if shown and shown.view < view else None)


def patience_s(view: int) -> int:
    """How many seconds without a milestone in this view are enough to ask for the next one."""
    return PATIENCE_S << min(view, MOST_DOUBLINGS)
