"""Recall: what speaks for one, who has signed which, and signing.

What is proved against tellers (`node.fraud`) is the same on every node. Whether a recall should be
proposed also goes by this machine's clock, and is a hint to its owner and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from governance import duties
from governance.certified import Certified
from governance.recall import RECALL, recalling
from governance.saying import said
from governance.tellers import seat_of
from node import control, people, tellers
from node.assembly.words import person_json
from node.home import Home
from protocol.certificates import Seat
from protocol.errors import NotFound, Refused
from protocol.evidence import SPLIT
from protocol.kinds import recall as recall_kind
from protocol.kinds.recall import SIZES, Slate
from storage import agreement, certificates, halts, opened, recalls, recount
from storage.own import Draft
from storage.recalls import Electorate, Signed
from storage.store import Store
from storage.views import profiles

SHORTEST = 8  # digits of an id that name a recall
WEEK_MS = 7 * 86_400_000

# What becomes of a recall.
OPEN, IN_FORCE, READY, OVER, ELSEWHERE = "open", "in-force", "ready", "over", "elsewhere"


# Why

REASONS = {
    "split": said("The tellers have signed two decisions on one step, so nothing goes on."),
    "double": said("A teller has signed two different answers at once."),
    "wrong": said("A vote was decided wrongly, and the tellers have not put it right in time."),
    "silent": said("For a week the tellers have done nothing of what is due."),
}


def reasons(store: Store) -> list[str]:
    """Why the members may want to recall the tellers there are: keys of REASONS."""
    state = certificates.current(store)
    if state is None:
        return []
    found = []
    halted = halts.halt(store)
    if halted is not None and halted.sort == SPLIT:
        found.append("split")
    devices = {seat.device for seat in state.tellers}
    if any(proof.device in devices for proof in agreement.doubles(store)):
        found.append("double")
    if _wrong(store, state):
        found.append("wrong")
    if _silent(store):
        found.append("silent")
    return found


def _wrong(store: Store, state: Certified) -> bool:
    """Whether a decision of these tellers is proved wrong, and the time for it is over by a week.

    Only what was decided lately is looked at: counting takes long.
    """
    seconds, here = store.now_ms() // 1000, {seat.person for seat in state.tellers}
    for vote in state.votes.values():
        last = vote.round
        if last is None or last.closed_at is None or last.height is None:
            continue
        until = last.closed_at + vote.rule.challenge_s + WEEK_MS // 1000
        if not until < seconds < until + 4 * WEEK_MS // 1000:
            continue
        closed_by = certificates.get(store, last.height - 1).next_tellers
        if not here & {seat.person for seat in closed_by}:
            continue
        if (
            recount.is_wrong(store, vote, last)
            or recount.hasty(vote, last) is not None
            or opened.otherwise(store, vote) is not None
        ):
            return True
    return False


def _silent(store: Store) -> bool:
    """Whether nothing was certified for a week, though something was due all that time."""
    row = store.db.execute(
        "SELECT received_ms FROM certificate ORDER BY height DESC LIMIT 1"
    ).fetchone()
    if row is None or store.now_ms() - row[0] < WEEK_MS or halts.halt(store) is not None:
        return False
    state, then = certificates.current(store), (store.now_ms() - WEEK_MS) / 1000
    votes = state.votes.values() if state is not None else ()
    if any(duties.due(vote, then).step is not None for vote in votes):
        return True
    return tellers.overdue(store, WEEK_MS)


# Who signed what


def listed(home: Home, most: int | None = None) -> list[dict[str, Any]]:
    """Every recall that may still count, or is in force; those with the most signatures first.

    `most`: how many are enough, since anybody may begin as many as they like.
    """
    store = home.store
    names = profiles.names(store)
    return [_shown(home, each, names) for each in recalls.signed(store)[:most]]


def show(home: Home, text: str) -> dict[str, Any]:
    """One recall by its id or the first digits of it.

    `{recall, prev, height, attempt, tellers, signed, needed, persons, by, mine, status}`. `tellers`
    and `by`: people, a teller with the `device` too. `height`: of `prev`, what it leaves standing;
    null when that is not part of this node's chain, and then so are `needed` and `persons`, the
    number of those who may sign. `status`: `open`, `ready` (signed by enough, and waiting: for the
    owner's word, or for a higher attempt), `in-force`, `over`, or `elsewhere` (`prev` is not here).
    """
    return _shown(home, _find(home.store, text), profiles.names(home.store))


def _shown(home: Home, found: Signed, names: Mapping[bytes, str]) -> dict[str, Any]:
    store, slate = home.store, found.slate
    voters = recalls.electorate(store, slate.prev)
    by = sorted(found.by if voters is None else found.by.keys() & set(voters.persons))
    return {
        "recall": slate.id(store.community).hex(),
        "prev": slate.prev.hex(),
        "height": None if voters is None else voters.height,
        "attempt": slate.attempt,
        "tellers": [
            person_json(seat.person, names) | {"device": seat.device.hex()}
            for seat in slate.tellers
        ],
        "signed": len(by),
        "needed": None if voters is None else voters.needed,
        "persons": None if voters is None else len(voters.persons),
        "by": [person_json(person, names) for person in by],
        "mine": home.person in found.by,
        "status": _status(store, slate, voters, len(by)),
    }


def _status(store: Store, slate: Slate, voters: Electorate | None, count: int) -> str:
    if voters is None:
        return ELSEWHERE
    state = certificates.current(store)
    decision = recalling(slate.attempt, slate.tellers)
    if voters.height < certificates.tip(store)[0]:
        following = certificates.get(store, voters.height + 1)
        if following.kind == RECALL and following.decision == decision:
            return IN_FORCE
    if state is not None and slate.attempt <= state.recall_attempt:
        return OVER
    return READY if count >= voters.needed else OPEN


def _find(store: Store, text: str) -> Signed:
    wanted = text.strip().lower()
    found = [
        each
        for each in recalls.signed(store)
        if each.slate.id(store.community).hex().startswith(wanted)
    ]
    if len(wanted) < SHORTEST or not found:
        raise NotFound(
            "no-recall",
            "There is no recall %(id)s here. `moothall recall list` shows those there are.",
            id=wanted,
        )
    return found[0]


# Signing


def propose(home: Home, names: Sequence[str]) -> dict[str, Any]:
    """Sign that these people should be the tellers instead; what `show` says of it, then.

    The recall leaves everything standing that this node knows of. Its attempt is the next one at
    that place: above all that are in force or halt it, and above one's own. If the same recall is
    under way already, that one is signed.
    """
    store = home.store
    with home.turn():
        state = _member_state(home)
        slate = Slate(prev=state.id, attempt=1, tellers=_seats(home, state, names))
        if slate.tellers == state.tellers:
            raise Refused("same-tellers", "These are the tellers already; nothing was written.")
        for each in recalls.signed(store):
            again = Slate(prev=slate.prev, attempt=each.slate.attempt, tellers=slate.tellers)
            stands = each.slate.attempt > max(_over(store, state))
            if each.slate == again and stands and _other(home, again) is None:
                slate = again
                break
        else:
            used = [s.slate.attempt for s in _own(home) if s.slate.prev == state.id]
            slate = Slate(
                prev=slate.prev,
                attempt=1 + max([*_over(store, state), *used]),
                tellers=slate.tellers,
            )
        return _sign(home, slate)


def sign(home: Home, text: str) -> dict[str, Any]:
    """Sign a recall that somebody else began; what `show` says of it, then."""
    with home.turn():
        slate = _find(home.store, text).slate
        _member_state(home)
        return _sign(home, slate)


def _sign(home: Home, slate: Slate) -> dict[str, Any]:
    store = home.store
    check(home, slate)
    if home.locked:
        answer = control.ask(home.socket, {"do": "recall", **_plain(slate)})
        if answer is None:
            write(home, slate)
    else:
        write(home, slate)
    return show(home, slate.id(store.community).hex())


def check(home: Home, slate: Slate) -> None:
    """Refused, with what to do, unless this home's person may sign this now."""
    store = home.store
    state, voters = certificates.current(store), recalls.electorate(store, slate.prev)
    if voters is None or state is None:
        raise Refused(
            "not-here",
            "This recall goes on from a certificate that this node does not have (yet), so it "
            "can't be signed here; nothing was written.",
        )
    if home.person not in voters.persons:
        raise Refused(
            "not-a-signer",
            "Only who was a member at the certificate that it goes on from can sign it; nothing "
            "was written.",
        )
    if slate.attempt <= state.recall_attempt:
        raise Refused("recall-over", "This recall is over or in force; nothing was written.")
    if any(each.slate == slate for each in _own(home)):
        raise Refused("signed-already", "You have signed this recall already.")
    other = _other(home, slate)
    if other is not None:
        raise Refused(
            "signed-another",
            "You have signed recall %(id)s, which is of the same attempt: if both got enough "
            "signatures, neither would stand. Begin a new one with `moothall recall new`, which "
            "would stand against both. Nothing was written.",
            id=other.slate.id(store.community).hex()[:SHORTEST],
        )


def write(home: Home, slate: Slate) -> None:
    """Sign with the person key in this process, and append the record."""
    check(home, slate)
    body = recall_kind.body(home.unlock().person, home.store.community, slate)
    home.append([Draft("recall", body)])


def _own(home: Home) -> list[Signed]:
    return [each for each in recalls.signed(home.store) if home.person in each.by]


def _other(home: Home, slate: Slate) -> Signed | None:
    """Another recall of the same attempt and place that one has signed."""
    place = (slate.prev, slate.attempt)
    return next(
        (
            each
            for each in _own(home)
            if (each.slate.prev, each.slate.attempt) == place and each.slate != slate
        ),
        None,
    )


def _over(store: Store, state: Certified) -> list[int]:
    """Attempts that a new recall has to be above."""
    return [state.recall_attempt, *halts.attempts(store, RECALL)]


def _member_state(home: Home) -> Certified:
    state = certificates.current(home.store)
    if state is None:
        raise Refused(
            "not-in-yet",
            "This home has not seen the community yet: let `moothall run` find somebody first.",
        )
    return state


def _seats(home: Home, state: Certified, names: Sequence[str]) -> tuple[Seat, ...]:
    chosen = [people.resolve(home, name) for name in names]
    if len({each.person for each in chosen}) != len(chosen):
        raise Refused("twice", "Somebody is named twice; nothing was written.")
    if len(chosen) not in SIZES:
        raise Refused("how-many", "Name one or four people as tellers; nothing was written.")
    seats = []
    for each in chosen:
        seat = seat_of(state, each.person)
        if seat is None:
            raise Refused(
                "not-able",
                "%(name)s can't be teller: only a member with a device on the roll can. Nothing "
                "was written.",
                name=each.name or each.person.hex()[:SHORTEST],
            )
        seats.append(seat)
    return tuple(seats)


def _plain(slate: Slate) -> dict[str, Any]:
    """A slate for the running node's socket."""
    return {
        "prev": slate.prev.hex(),
        "attempt": slate.attempt,
        "tellers": [[seat.person.hex(), seat.device.hex()] for seat in slate.tellers],
    }


def from_plain(prev: str, attempt: int, seats: Sequence[Any]) -> Slate:
    """What `_plain` made; Refused for anything else."""
    try:
        if not 0 < attempt < recall_kind.MAX_ATTEMPT:
            raise ValueError("an attempt that can't be")
        named = [[bytes.fromhex(key) for key in seat] for seat in seats]
        return Slate(
            prev=bytes.fromhex(prev),
            attempt=attempt,
            tellers=recall_kind.read_tellers(named),
        )
    except (TypeError, ValueError) as error:
        raise Refused("bad-request", "A recall that the node can't read.") from error
