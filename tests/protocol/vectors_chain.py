"""The chain of the vectors, the rounds of votes that it closes, and small votes beside it."""

from __future__ import annotations

from typing import Any

from governance.certified import Certified
from governance.counting import Question, count
from governance.methods.registry import METHODS
from protocol.codec import encode
from tests.protocol.vectors_counts import CASES
from tests.protocol.vectors_story import FIRST, ONE, SECOND, TWO
from tests.protocol.vectors_votes import COUNCIL


def plain(value: Any) -> Any:
    """A DAG-CBOR value as JSON."""
    if isinstance(value, bytes):
        return {"$hex": value.hex()}
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def certificates() -> Any:
    return [
        {
            "plain": plain(
                {
                    "community": found.community,
                    "height": found.height,
                    "prev": found.prev,
                    "kind": found.kind,
                    "charter_hash": found.charter_hash,
                    "roll_root": found.roll_root,
                    "next_tellers": found.next_tellers,
                    "decision": found.decision,
                }
            ),
            "roll": encode(rows).hex(),
            "body": found.raw.hex(),
            "id": found.id.hex(),
            "view": found.view,
            "signatures": [[index, signature.hex()] for index, signature in found.signatures],
            "travel": encode(found.travel()).hex(),
        }
        for found, rows in (
            (FIRST, roll(ONE)),
            (SECOND, roll(TWO)),
            *((made, roll(state)) for made, state in COUNCIL.made),
        )
    ]


def roll(state: Certified) -> Any:
    """What a roll root is the hash of: [persons, rounds, cuts]."""
    persons: list[Any] = [
        [k, p.inviter, p.since, p.standing, [[d, n] for d, n in sorted(p.devices.items())]]
        for k, p in sorted(state.roll.persons.items())
    ]
    rounds: list[Any] = [[*slot, number] for slot, number in sorted(state.roll.rounds.items())]
    return [persons, rounds, [[*log, *cut] for log, cut in sorted(state.roll.cuts.items())]]


def votes() -> Any:
    """Every round that was closed, with the records that its count rests on."""
    return [
        {
            "certificate": each.close.height,
            **_asked(each.question, each.voters),
            "evidence": [encode(found.entry()).hex() for found in each.evidence],
            "ballots": [
                {"entry": encode(found.entry()).hex(), "counts": counts}
                for found, counts in each.ballots
            ],
        }
        for each in COUNCIL.closed
    ]


def counts() -> Any:
    rows = []
    for case in CASES:
        parse, options = METHODS[case.question.method].parse, case.question.on_ballot
        choices = [(times, parse(text, options)) for text, times in case.typed.items()]
        each = [choice for times, choice in choices for _ in range(times)]
        ballots = {n.to_bytes(32, "big"): choice for n, choice in enumerate(each)}
        found = count(case.question, ballots, case.electorate)
        rows.append(
            {
                "what": case.what,
                **_asked(case.question, case.electorate),
                "choices": plain(choices),
                "outcome": found.outcome,
                "winners": list(found.winners),
                "tied": list(found.tied),
                "seats left": found.open_seats,
                "tally": plain(found.tally),
            }
        )
    return rows


def _asked(question: Question, voters: int) -> dict[str, Any]:
    return {
        "method": question.method,
        "options": list(question.options),
        "seats": question.seats,
        "thresholds": plain(question.thresholds),
        "quorums": plain(question.quorums),
        "voters": voters,
    }
