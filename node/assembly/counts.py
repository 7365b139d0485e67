"""The count of a vote as this node makes it, beside what the tellers have certified."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from governance.certified import Round, Vote
from governance.counting import Count
from governance.counting import count as count_ballots
from governance.methods.registry import METHODS
from governance.saying import Said
from node.assembly import comments, finding, phases
from node.assembly.choices import as_typed, tally_of
from node.assembly.summary import options_json
from node.assembly.words import Names
from protocol.errors import Refused
from storage import recount
from storage.recount import Cast
from storage.store import Store
from storage.views import profiles

OPEN = "open"  # besides the recount's own words: equal, differs, incomplete


def count(store: Store, text: str) -> dict[str, Any]:
    """The newest round counted, and the ones before it; Refused while nothing can be counted."""
    found = finding.find(store, text)
    vote = found.vote
    if vote is None or vote.round is None:
        raise Refused("not-counted", "There are no ballots yet: the vote has not begun.")
    names = profiles.names(store)
    *earlier, newest = vote.rounds
    return {
        "title": found.title,
        "kind": vote.kind,
        **counted(store, vote, newest, names),
        "earlier": [
            counted(store, vote, each, names) for each in earlier if each.result is not None
        ],
    }


def agreement(store: Store, text: str) -> dict[str, Any]:
    """What `count` says of the newest round, without who voted how and each step; errors as there.

    A page of a large vote asks for no more.
    """
    vote = finding.find(store, text).vote
    if vote is None or vote.round is None:
        raise Refused("not-counted", "There are no ballots yet: the vote has not begun.")
    last = vote.round
    if last.result is None:
        standing = recount.tally_now(store, vote, last)
        safe = len(standing.safe)
        return _agreed(OPEN, len(standing.voters), safe, safe, ())
    made = recount.recount(store, vote, last)
    return _agreed(made.status, len(last.voters), last.result["ballots"], made.here, made.why)


def _agreed(
    status: str, electorate: int, ballots: int, here: int, why: Iterable[Said]
) -> dict[str, Any]:
    return {
        "electorate": electorate,
        "ballots": ballots,
        "here": here,
        "status": status,
        "agrees": {"equal": True, "differs": False}.get(status),
        "why": list(why),
    }


def counted(store: Store, vote: Vote, last: Round, names: Names) -> dict[str, Any]:
    """One round: the ballots here, each step, and whether that is what was certified."""
    newest = vote.round
    common = {
        "proposal": vote.proposal.hex(),
        "challengeable": newest is not None
        and newest.open == last.open
        and phases.may_be_challenged(store, vote),
        "round": last.name,
        "method": vote.rule.method,
        "form": METHODS[vote.rule.method].form,
        "options": options_json(last.options, vote.effect, names),
    }
    if last.result is None:
        standing = recount.tally_now(store, vote, last)
        ours = count_ballots(recount.question(vote, last), standing.choices(), len(standing.voters))
        safe = list(standing.safe.values())
        return {
            **common,
            **_agreed(OPEN, len(standing.voters), len(safe), len(safe), ()),
            **_ours(ours),
            "outcome": None,
            "certificate": None,
            "voted": _voted(store, vote, last, safe, names),
        }
    made = recount.recount(store, vote, last)
    result = last.result
    return {
        **common,
        **_agreed(made.status, len(last.voters), result["ballots"], made.here, made.why),
        **_ours(made.count),
        "outcome": result["outcome"],
        "winners": list(result["winners"]),
        "tied": list(result["tied"]),
        "tally": tally_of(vote, last),
        "certificate": None if last.close is None else last.close.hex(),
        "voted": _voted(store, vote, last, made.ballots, names),
    }


def _ours(ours: Count) -> dict[str, Any]:
    return {
        "steps": list(ours.steps),
        "counted": ours.outcome,
        "winners": list(ours.winners),
        "tied": list(ours.tied),
        "tally": ours.tally,
    }


def _voted(
    store: Store,
    vote: Vote,
    last: Round,
    ballots: Iterable[Cast],
    names: Names,
) -> list[dict[str, Any]]:
    """Who voted how, by name: ballots are open for all to see."""
    listed = list(ballots)
    said = comments.reasons(store, {each.record: each.person for each in listed})
    rows = [
        {
            "person": each.person.hex(),
            "name": names.get(each.person, ""),
            "choice": each.choice,
            "text": as_typed(vote, last, each.choice),
            "reason": said.get(each.record),
            "ballot": each.record.hex(),
        }
        for each in listed
    ]
    return sorted(rows, key=lambda row: (str(row["name"]).casefold(), str(row["person"])))
