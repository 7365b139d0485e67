"""What members do besides proposing and voting: discuss, take back, object, appeal, vouch.

Whatever could not have an effect is refused before it is written, since a `gov` record stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from governance.certified import APPEAL, CHALLENGE
from governance.roll import MEMBER
from node import people
from node.assembly import finding, mine, phases
from node.assembly.member import member_state
from node.home import Home
from node.market import check_text
from protocol.errors import NotFound, Refused, Term
from protocol.kinds import appeal as appeal_kind
from protocol.kinds import challenge as challenge_kind
from protocol.kinds import erase as erase_kind
from protocol.kinds import vouch as vouch_kind
from protocol.kinds import withdraw_proposal as withdraw_kind
from protocol.kinds.comment import MAX_TEXT as MAX_COMMENT
from protocol.kinds.comment import Comment
from storage import assembly as held
from storage import recount
from storage.own import Draft


def comment(home: Home, text: str, said: str, reply: str | None = None) -> dict[str, Any]:
    """Say something about a proposal; `reply` is the id of the comment that this answers."""
    if home.standing() not in (MEMBER, "provisional"):
        raise Refused("not-member", "Only members and newcomers who were let in can say something.")
    found = finding.find(home.store, text)
    answered = None
    if reply is not None:
        answered = _comment_id(home, found.record, reply)
    kept = checked_comment(Term("comment"), said)
    wanted = Comment(about=found.record, text=kept, reply=answered)
    (record,) = home.append([Draft("comment", wanted.body())])
    return {"comment": record.hex(), "proposal": found.record.hex()}


def checked_comment(name: Term, said: str) -> str:
    """A text as a comment keeps it; Refused when it is empty or too long."""
    kept = said.replace("\r\n", "\n").strip()
    if not kept:
        raise Refused("no-text", "The %(field)s is empty; nothing was written.", field=name)
    check_text(name, kept, MAX_COMMENT, lines=True)
    return kept


def _comment_id(home: Home, about: bytes, text: str) -> bytes:
    wanted = text.strip().lower()
    ids = [each.record for each in held.comments(home.store, [about])]
    return _one(ids, wanted, "no-comment", "There is no comment %(id)s on this proposal here.")


def _one(ids: Sequence[bytes], wanted: str, reason: str, sentence: str) -> bytes:
    found = [each for each in ids if each.hex().startswith(wanted)]
    if len(wanted) < finding.SHORTEST or not found:
        raise NotFound(reason, sentence, id=wanted)
    if len(found) > 1:
        raise Refused(
            "ambiguous",
            "%(count)s ids begin with %(text)s: give more digits.",
            count=len(found),
            text=wanted,
        )
    return found[0]


def erase_comment(home: Home, text: str) -> dict[str, Any]:
    """Erase a comment of one's own, wherever it went; reasons of ballots and vouches, too."""
    record = own_comment(home, text)
    home.append([Draft("erase", erase_kind.body([record]))])
    home.store.wipe_trail()
    return {"erased": [record.hex()]}


def own_comment(home: Home, text: str) -> bytes:
    """The comment of one's own with this id, prefix or whole; NotFound `no-comment`."""
    rows = home.store.db.execute(
        "SELECT record FROM comment JOIN log ON log.no = comment.log_no"
        " JOIN device ON device.no = log.device_no WHERE device.person = ?",
        [home.person],
    ).fetchall()
    ids = [row[0] for row in rows]
    wanted = text.strip().lower()
    return _one(ids, wanted, "no-comment", "You have written no comment %(id)s.")


def withdraw(home: Home, text: str) -> dict[str, Any]:
    """Take a proposal of one's own back, before its vote begins."""
    found = finding.find(home.store, text)
    if found.author != home.person:
        raise Refused("not-yours", "That proposal is somebody else's; nothing was changed.")
    if not mine.may_withdraw(found, home.person):
        raise Refused(
            "too-late", "A proposal can be taken back only before its vote begins; it has begun."
        )
    member_state(home, Term("take a proposal back"))
    body = withdraw_kind.body(found.record)
    return _moved(home, "withdraw", found.record, Draft("withdraw-proposal", body))


def _moved(home: Home, sort: str, proposal: bytes, draft: Draft) -> dict[str, Any]:
    """Write a motion about a proposal, unless one by the same person is there already."""
    for motion in held.motions(home.store, sort, proposal):
        if motion.person == home.person:
            return {"record": motion.record.hex(), "proposal": proposal.hex()}
    (record,) = home.append([draft])
    return {"record": record.hex(), "proposal": proposal.hex()}


def appeal(home: Home, text: str) -> dict[str, Any]:
    """Ask the members to decide once more, as the one who is to be expelled."""
    found = finding.find(home.store, text)
    vote = found.vote
    if vote is None or vote.effect.get("type") != "expel":
        raise Refused("no-appeal", "Only an expulsion that was passed can be appealed against.")
    if vote.effect.get("person") != home.person:
        raise Refused("no-appeal", "Only the person who is to be expelled can appeal.")
    if not mine.may_appeal(home.store, vote, home.person):
        if APPEAL in vote.tried:
            raise Refused("no-appeal", "The members have decided on your appeal already.")
        if vote.phase != CHALLENGE:
            raise Refused("no-appeal", "There is nothing to appeal against now.")
        raise Refused("too-late", "The time for an appeal is over.")
    member_state(home, Term("appeal"))
    return _moved(home, "appeal", found.record, Draft("appeal", appeal_kind.body(found.record)))


def challenge(home: Home, text: str, ballots: Sequence[str] = ()) -> dict[str, Any]:
    """Say that a vote was closed wrongly, or opened for something else than its author wrote.

    `ballots`: ids of those that should have counted. Without any, what this home's own count finds.
    """
    found = finding.find(home.store, text)
    vote = found.vote
    last = None if vote is None else vote.round
    state = member_state(home, Term("challenge a count"))
    if vote is not None and not ballots and mine.misopened(home.store, vote):
        return _challenged(home, found.record, vote.opened, [])
    if vote is None or last is None or last.close is None or phases.until(vote) is None:
        raise Refused("not-challengeable", "There is no count that could be challenged now.")
    if not mine.may_challenge(home.store, state, vote, home.person):
        raise Refused("too-late", "The time in which this count could be challenged is over.")
    held_here = [each.record for each in held.ballots(home.store, last.open)]
    named = [
        _one(
            held_here,
            each.strip().lower(),
            "no-ballot",
            "No ballot %(id)s of this vote is here.",
        )
        for each in ballots
    ]
    made = recount.recount(home.store, vote, last)
    if not named and made.status != "differs":
        raise Refused(
            "nothing-to-challenge",
            "This node's own count gives no reason to: name the ballots that were left out.",
        )
    if not named:
        named = list(made.left_out)
    return _challenged(home, found.record, last.close, list(dict.fromkeys(named)))


def _challenged(
    home: Home, proposal: bytes, against: bytes, ballots: list[bytes]
) -> dict[str, Any]:
    """Write it, unless this person has said the same already."""
    kept = ballots[: challenge_kind.MOST]
    detail = against + b"".join(kept)
    made = (
        each.record
        for each in held.motions(home.store, "challenge", proposal)
        if each.person == home.person and each.detail == detail
    )
    record = next(made, None)
    if record is None:
        (record,) = home.append([Draft("challenge", challenge_kind.body(proposal, against, kept))])
    return {
        "record": record.hex(),
        "proposal": proposal.hex(),
        "ballots": [each.hex() for each in kept],
    }


def vouch(home: Home, who: str, said: str) -> dict[str, Any]:
    """Stand up for a newcomer; the text is a comment about it, which can be erased."""
    state = member_state(home, Term("vouch"))
    text = checked_comment(Term("text"), said)
    person = people.resolve(home, who)
    if person.person == home.person:
        raise Refused("own-vouch", "You can't vouch for yourself.")
    if person.status == MEMBER:
        raise Refused(
            "already-member", "%(name)s is a member already; nothing was written.", name=person.name
        )
    if person.status != "provisional":
        raise Refused(
            "not-provisional",
            "Only somebody who was let in by an invitation and is not certified yet can be "
            "vouched for.",
        )
    if person.inviter == home.person:
        raise Refused(
            "own-guest",
            "Your invitation counts as your word for them already; nothing was written.",
        )
    for motion in held.motions(home.store, "vouch", person.person):
        # One that an earlier admission rests on is used up: who comes back needs it again.
        if motion.person == home.person and motion.record not in state.roll.cited:
            raise Refused(
                "already-vouched", "You have vouched for them already; nothing was written."
            )
    (record,) = home.append([Draft("vouch", vouch_kind.body(person.person))])
    about = Comment(about=record, text=text)
    home.append([Draft("comment", about.body())])
    return {"vouch": record.hex(), "person": person.person.hex()}
