"""The sentences about changes of a charter, and what its parts are called in them.

Data only, for `governance.charter_diff`. A sentence stands under the path of what changed, with a
`*` for a name from a list. `%(before)s` and `%(after)s` stand for the two values; each sentence
reads well with "0" and "no time" among them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from protocol.errors import Term

KIND_NAMES: Final[Mapping[str, Term]] = {
    "values": Term("values"),
    "fees": Term("fees"),
    "rules": Term("rules"),
    "offices": Term("offices"),
    "expulsion": Term("expulsions"),
    "spending": Term("spending"),
    "picks": Term("picks"),
    "advice": Term("advice"),
}
METHOD_NAMES: Final[Mapping[str, Term]] = {
    "consent": Term("consent"),
    "majority": Term("majority"),
    "supermajority": Term("supermajority"),
    "approval": Term("approval of options"),
    "schulze": Term("ranking in pairs (Schulze)"),
    "star": Term("scores with a run-off (STAR)"),
    "irv": Term("ranking with instant run-offs (IRV)"),
}
OFFICE_NAMES: Final[Mapping[str, Term]] = {
    "teller": Term("teller"),
    "treasurer": Term("treasurer"),
    "welcomer": Term("welcomer"),
    "mediator": Term("mediator"),
}
STEP_NAMES: Final[Mapping[str, Term]] = {
    "talk": Term("talk"),
    "mediator": Term("mediator"),
    "vote": Term("vote"),
}
# What an amendment class covers.
PART_NAMES: Final[Mapping[str, Term]] = {
    "one_member_one_vote": Term("one member, one vote"),
    "hearing": Term("hearing and appeal"),
    "exit": Term("leaving"),
    "amendment": Term("how the charter is changed"),
    "fees": Term("fees"),
    "offices": Term("offices"),
    "membership": Term("membership"),
    "rules": Term("rules"),
    "credit": Term("credit"),
    "name": Term("name"),
    "currency": Term("currency"),
    "values": Term("values"),
    "surplus": Term("surplus"),
    "orders": Term("orders"),
    "disputes": Term("disputes"),
    "guests": Term("guests"),
    "about": Term("description"),
    "place": Term("place"),
    "languages": Term("languages"),
}

# A pair is about a switch: the sentence for on, the one for off.
TEXTS: Final[Mapping[str, Term | tuple[Term, Term]]] = {
    "name": Term('The community is called "%(after)s" instead of "%(before)s".'),
    "about": Term("What the community says about itself is rewritten: %(after)s"),
    "currency": Term("Prices and fees are in %(after)s instead of %(before)s."),
    "place": Term("The community's place: %(after)s instead of %(before)s."),
    "languages": Term("The community's languages: %(after)s instead of %(before)s."),
    "values": Term("The values stand in another order: %(after)s."),
    "values.*.text": Term('The value "%(value)s" now says: %(after)s'),
    "values.*.rationale": Term('The reason for the value "%(value)s" is now: %(after)s'),
    "membership.invite_slots": Term(
        "Invitations that a member may have open at one time: %(after)s instead of %(before)s."
    ),
    "membership.vouches": Term("Vouches that a newcomer needs: %(after)s instead of %(before)s."),
    "membership.probation_s": Term(
        "Newcomers are on probation for %(after)s instead of %(before)s."
    ),
    "membership.max_members": Term("Room for members: %(after)s instead of %(before)s."),
    "membership.suspend_max_s": Term(
        "A member can be suspended for %(after)s at most instead of %(before)s."
    ),
    "membership.expel_notice_s": Term(
        "Who is to be expelled is told so %(after)s before the vote instead of %(before)s."
    ),
    "membership.expel_hearing_s": Term(
        "Who is to be expelled has %(after)s to answer instead of %(before)s."
    ),
    "membership.appeal_s": Term("Who was expelled has %(after)s to appeal instead of %(before)s."),
    "membership.exit_s": Term("Leaving takes %(after)s instead of %(before)s."),
    "membership.invite_s": Term(
        "An unused invitation lapses after %(after)s instead of %(before)s."
    ),
    "rules.*.method": Term("Votes on %(kind)s are decided by %(after)s instead of %(before)s."),
    "rules.*.approval_quorum": Term(
        "Votes on %(kind)s: of all who may vote, %(after)s have to approve instead of %(before)s."
    ),
    "rules.*.threshold": Term(
        "Votes on %(kind)s: of those who say yes or no, %(after)s have to say yes instead of "
        "%(before)s."
    ),
    "rules.*.notice_s": Term("Votes on %(kind)s: %(after)s of notice instead of %(before)s."),
    "rules.*.open_s": Term("Votes on %(kind)s are open for %(after)s instead of %(before)s."),
    "rules.*.min_open_s": Term(
        "Votes on %(kind)s are open for at least %(after)s instead of %(before)s, however clear "
        "the outcome."
    ),
    "rules.*.early_close": (
        Term("Votes on %(kind)s now end as soon as nothing can change their outcome."),
        Term("Votes on %(kind)s now run to their end, however clear the outcome."),
    ),
    "rules.*.revise": (
        Term("Votes on %(kind)s: a ballot can now be changed while the vote is open."),
        Term("Votes on %(kind)s: a ballot can't be changed any more once it is cast."),
    ),
    "rules.*.recuse": (
        Term("Votes on %(kind)s: those who are concerned no longer vote."),
        Term("Votes on %(kind)s: those who are concerned now vote too."),
    ),
    "rules.*.challenge_s": Term(
        "Votes on %(kind)s: %(after)s to challenge the count instead of %(before)s."
    ),
    "rules.*.delay_s": Term(
        "Votes on %(kind)s: %(after)s until a decision takes effect instead of %(before)s."
    ),
    "rules.*.second_call": (
        Term("Votes on %(kind)s: one that too few approved of is now called a second time."),
        Term("Votes on %(kind)s: one that too few approved of is no longer called again."),
    ),
    "offices.*.seats": Term("Seats for the office of %(office)s: %(after)s instead of %(before)s."),
    "offices.*.alternates": Term(
        "Alternates for the office of %(office)s: %(after)s instead of %(before)s."
    ),
    "offices.*.term_s": Term(
        "The office of %(office)s is held for %(after)s instead of %(before)s."
    ),
    "offices.*.recall": Term(
        "The tellers are replaced when %(after)s of all members sign instead of %(before)s."
    ),
    "fee.fee_bps": Term("%(fee)s is %(after)s of the price instead of %(before)s."),
    "fee.fee_min": Term("%(fee)s is at least %(after)s instead of %(before)s."),
    "fee.fee_cap": Term("%(fee)s is at most %(after)s instead of %(before)s."),
    "fee.table": Term(
        "%(fee)s: what can't be divided evenly now favours them in this order: %(after)s."
    ),
    "fee.table.*.bps": Term("%(fee)s: %(after)s of it instead of %(before)s goes to %(role)s."),
    "fee.table.*.fallback": Term(
        "%(fee)s: what would go to %(role)s but can't goes to %(after)s instead of %(before)s."
    ),
    "surplus.reserve_bps": Term("%(after)s of a surplus instead of %(before)s is kept in reserve."),
    "surplus.hardship_bps": Term(
        "%(after)s of a surplus instead of %(before)s goes to the hardship fund."
    ),
    "surplus.patronage_bps": Term(
        "%(after)s of a surplus instead of %(before)s goes back to members, by the fees they paid."
    ),
    "orders.reply_s": Term("A seller has %(after)s to answer an order instead of %(before)s."),
    "orders.pay_s": Term("A buyer has %(after)s to pay instead of %(before)s."),
    "orders.send_s": Term("A seller has %(after)s to send or hand over instead of %(before)s."),
    "orders.receive_s": Term("A buyer has %(after)s to say that it came instead of %(before)s."),
    "orders.review_s": Term("A buyer has %(after)s to write a review instead of %(before)s."),
    "disputes.talk_s": Term(
        "In a dispute, both sides have %(after)s to talk instead of %(before)s."
    ),
    "disputes.mediator_s": Term("In a dispute, a mediator has %(after)s instead of %(before)s."),
    "disputes.steps": Term("The steps of a dispute: %(after)s instead of %(before)s."),
    "credit.enabled": (
        Term("Members can now trade for credit."),
        Term("Members can't trade for credit any more."),
    ),
    "credit.limit": Term("Credit: a debt of %(after)s at most instead of %(before)s."),
    "credit.warn": Term(
        "Credit: a warning comes from a debt of %(after)s on instead of %(before)s."
    ),
    "guests.see_listings": (
        Term("Guests can now see listings."),
        Term("Guests can't see listings any more."),
    ),
    "guests.see_members": (
        Term("Guests can now see who is a member."),
        Term("Guests can't see any more who is a member."),
    ),
    "guests.may_order": (
        Term("Guests can now order."),
        Term("Guests can't order any more."),
    ),
    "amendment.*.approval": Term(
        "Changes of class %(class)s: of those who say yes or no, %(after)s have to say yes instead "
        "of %(before)s."
    ),
    "amendment.*.approval_quorum": Term(
        "Changes of class %(class)s: of all who may vote, %(after)s have to approve instead of "
        "%(before)s."
    ),
    "amendment.covers.*": Term(
        'Changes of "%(part)s" are of class %(after)s instead of class %(before)s.'
    ),
}
