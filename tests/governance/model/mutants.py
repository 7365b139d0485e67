"""The machine with one rule broken at a time, and the scripted run that finds each.

docs/governance.md has the same list in words; a test compares the two.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from tests.governance.model import ending, safety
from tests.governance.model.builds import AGREEMENT, CERTIFICATES, MESSAGES, Build, Edit, build


class Mutant(NamedTuple):
    """A broken rule, of the machine or, with `forgets`, of the node that runs it."""

    name: str
    found_by: Callable[[Build], None]
    edits: tuple[Edit, ...] = ()
    forgets: str = ""

    def build(self) -> Build:
        """The broken machine."""
        return build(self.edits, self.forgets)


def _agreement(old: str, new: str) -> Edit:
    return Edit(AGREEMENT, old, new)


MUTANTS = (
    Mutant(
        "a lock does not bind",
        safety.no_lock,
        (_agreement("if mine.lock in (None, proposal.certificate):", "if True:"),),
    ),
    Mutant(
        "any proof opens a lock, however old",
        safety.old_proof,
        (_agreement("proposal.prepared.view >= mine.committed", "proposal.prepared.view >= 0"),),
    ),
    Mutant(
        "the first commit locks, not the newest",
        safety.newest_lock,
        (
            _agreement(
                "lock=None if last is None else last.certificate",
                "lock=None if last is None else min(commits, key=lambda e: e.view).certificate",
            ),
        ),
    ),
    Mutant(
        "two prepares are enough",
        safety.few_prepares,
        (
            _agreement("if len(found) >= at.quorum:", "if len(found) >= at.some_honest:"),
            Edit(MESSAGES, "< quorum(len(tellers))", "< quorum(len(tellers)) - 1"),
        ),
    ),
    Mutant(
        "two commits are enough",
        safety.few_commits,
        (_agreement("and len(found) >= self.at.quorum:", "and found:"),),
    ),
    Mutant(
        "a quorum is two of four",
        ending.two_and_two,
        (Edit(CERTIFICATES, "return 2 * (", "return ("),),
    ),
    Mutant(
        "commits to what was prepared below its own prepare",
        safety.late_commit,
        (_agreement(" and view >= mine.prepared", ""),),
    ),
    Mutant(
        "commits again in one view",
        ending.calm,
        (_agreement("view > mine.committed and ", ""),),
    ),
    Mutant(
        "prepares twice in a view",
        safety.two_proposals,
        (_agreement("mine.top < view <= table.view", "mine.committed < view <= table.view"),),
    ),
    Mutant(
        "prepares in views that nobody asked for",
        ending.from_the_sky,
        (_agreement("mine.top < view <= table.view", "mine.top < view"),),
    ),
    Mutant(
        "prepares without looking",
        safety.false_body,
        (_agreement("if proposal.prepared is not None or judge(proposal.body):", "if True:"),),
    ),
    Mutant(
        "looks again at what was prepared",
        ending.unseen_evidence,
        (_agreement("if proposal.prepared is not None or judge", "if judge"),),
    ),
    Mutant(
        "a leader passes over what was prepared",
        ending.unseen_evidence,
        (
            _agreement(
                "    if prepared is not None:\n        body =", "    if False:\n        body ="
            ),
        ),
    ),
    Mutant(
        "a leader takes the lowest prepared",
        ending.two_prepared,
        (_agreement("self._shown[max(self._shown)]", "self._shown[min(self._shown)]"),),
    ),
    Mutant(
        "a leader does not take up an earlier proposal",
        ending.begun,
        (_agreement("if earlier < view and judge(body):", "if False:"),),
    ),
    Mutant(
        "a leader proposes twice in a view",
        safety.second_thoughts,
        (_agreement("or view in mine.proposed ", ""),),
    ),
    Mutant(
        "a leader proposes in a view that it is above",
        ending.left_behind,
        (_agreement(" or mine.top >= view", ""),),
    ),
    Mutant(
        "of two proposals the one that came last",
        safety.any_order,
        (
            _agreement(
                "self.proposals[view] = min(other, message, key=lambda each: each.id)",
                "self.proposals[view] = message",
            ),
        ),
    ),
    Mutant(
        "of two proofs the one that came last",
        safety.any_order,
        (_agreement("min(prepared, self._shown.get(prepared.view, prepared))", "prepared"),),
    ),
    Mutant(
        "anybody proposes",
        ending.usurper,
        (_agreement('case "propose" if seat == self.at.leader(view):', 'case "propose":'),),
    ),
    Mutant(
        "own words are forgotten in a restart",
        safety.forgetful,
        forgets="words",
    ),
    Mutant(
        "what a message shows is not checked",
        safety.false_proofs,
        (
            Edit(
                MESSAGES,
                "if not _prepared_by(tellers[seat].device, signature, about, shown.view, shown.id)",
                "if False",
            ),
        ),
    ),
    Mutant(
        "nobody joins those who ask for a view",
        ending.idle,
        (_agreement("return _ask(table, view) if view > mine.asked else None", "return None"),),
    ),
    Mutant(
        "one teller is enough to join",
        ending.nothing_due,
        (_agreement("(len(self.tellers) - 1) // 3 + 1", "1"),),
    ),
    Mutant(
        "a view begins when two ask for it",
        ending.two_and_two,
        (_agreement("self._asked_by(self.at.quorum)", "self._asked_by(self.at.some_honest)"),),
    ),
    Mutant(
        "asks beyond a view that has not begun",
        ending.two_and_two,
        (
            _agreement(
                "    view = table.view\n    if not impatient or mine.asked > view or",
                "    view = max(table.view, mine.asked)\n    if not impatient or",
            ),
        ),
    ),
    Mutant(
        "asks for the next view at once",
        ending.calm,
        (_agreement("if not impatient or mine.asked", "if mine.asked"),),
    ),
    Mutant(
        "asks for the next view when nothing is due",
        ending.nothing_due,
        (_agreement("or not is_due(table, mine, draft)", ""),),
    ),
    Mutant(
        "what was begun is left when nothing else is due",
        ending.begun,
        (_agreement("mine.top >= 0 or table.highest_prepared() is not None or ", ""),),
    ),
    Mutant(
        "patience does not grow",
        ending.hurried,
        (_agreement("PATIENCE_S << min(view, MOST_DOUBLINGS)", "PATIENCE_S"),),
    ),
    Mutant(
        "patience begins anew in a restart",
        ending.hurried,
        forgets="patience",
    ),
)
