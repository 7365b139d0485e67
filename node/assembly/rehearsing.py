"""What a proposed change of fees would have meant for sales that took place."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from governance.certified import Certified, Vote
from governance.charter import Charter
from governance.effects.registry import effect_type
from governance.opening import charter_in_force, charter_of
from governance.rehearsal import Sale
from governance.rehearsal import rehearse as rehearse_sales
from node.assembly import finding
from node.assembly.finding import Found
from protocol.errors import Invalid, Refused
from storage import receipts
from storage.store import Store


def past_sales(store: Store) -> Sequence[Sale]:
    """The sales of this community's own valid receipts."""
    return receipts.sales(store)


def rehearse(store: Store, text: str, sales: Sequence[Sale]) -> dict[str, Any]:
    """These sales by the fees in force and by those that the proposal brings, per role.

    Amounts of the charter's currency are added up; `others` counts the sales in further ones.
    """
    before, after = charters(store, finding.find(store, text))
    made = rehearse_sales(sales, before.fees, after.fees, currency=before.currency)
    currency = before.currency
    return {
        "sales": made.counts.get(currency, 0),
        "currency": currency,
        "before": dict(made.before.get(currency, {})),
        "after": dict(made.after.get(currency, {})),
        "others": {code: n for code, n in made.counts.items() if code != currency},
    }


def check(store: Store, text: str) -> None:
    """Refused if this proposal has no fees to rehearse."""
    charters(store, finding.find(store, text))


def charters(store: Store, found: Found) -> tuple[Charter, Charter]:
    """The charter in force, and the one that the proposal brings or brought.

    Refused unless that is about the fees.
    """
    state = finding.state_of(store)
    before, after = _brought(state, found.vote) or _proposed(state, found)
    if before.fees == after.fees:
        raise Refused("no-fees", "This proposal leaves the fees as they are: nothing to rehearse.")
    return charter_in_force(state), after


def _brought(state: Certified, vote: Vote | None) -> tuple[Charter, Charter] | None:
    """Of a proposal that has changed the charter: the versions before and since."""
    if vote is None:
        return None
    for before, version in zip(state.versions, state.versions[1:], strict=False):
        if version.proposal == vote.proposal:
            return charter_of(before), charter_of(version)
    return None


def _proposed(state: Certified, found: Found) -> tuple[Charter, Charter]:
    """The charter in force, and what the proposal would make of it."""
    before = charter_in_force(state)
    effect = found.vote.effect if found.vote else found.said.effect if found.said else {}
    try:
        leads_to = effect_type(effect).charters(effect, state.charter)
        after = Charter.from_data(leads_to[0]) if leads_to else before
    except (Invalid, Refused) as error:
        raise Refused(error.reason, error.text, **error.values) from error
    return before, after
