"""Whether a vote was opened as its author wrote it.

A certificate carries the whole effect, so what it says is in force whatever the proposal's record
says. Whoever holds the record can see a difference; it stays cited, and so it stays here.
"""

from __future__ import annotations

from governance.certified import Vote
from governance.effects.effect import options_for
from governance.effects.registry import effect_type
from governance.methods.registry import METHODS
from governance.saying import Said, said
from protocol.codec import encode
from protocol.errors import Invalid, Refused
from storage import assembly, certificates
from storage.store import Store


def otherwise(store: Store, vote: Vote) -> Said | None:
    """What is wrong with how a vote was opened; None if nothing is, or the record isn't here."""
    found = assembly.proposal(store, vote.proposal)
    state = certificates.current(store)
    if found is None or state is None:
        return None
    record, written = found
    if state.roll.person_of(record.header.device) != vote.author:
        return said("This vote was opened under another name than that of who wrote the proposal.")
    same = written.kind == vote.kind and encode(dict(written.effect)) == encode(dict(vote.effect))
    if same:
        try:
            form = METHODS[vote.rule.method].form
            sort = effect_type(vote.effect)
            same = options_for(sort, vote.effect, written.options, form) == vote.options
        except (Invalid, Refused):
            same = False
    if same:
        return None
    return said(
        "This vote was opened for something else than its author wrote; both are kept as proof."
    )
