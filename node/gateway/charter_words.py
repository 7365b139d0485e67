"""A charter in sentences, part by part, for the page that shows all of it.

`governance.charter_text` has the short form that fits on a card.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from governance.charter import Charter
from governance.charter_amendment import AmendmentClass
from governance.charter_market import HOST, REFERRER, SELLER, FeeRule
from governance.charter_parts import KINDS, Rule
from governance.charter_read import Share, Threshold
from governance.fees import split
from node.gateway.hall import kind_name, method_name, office_name, role
from node.gateway.words import Words

YES_OR_NO = ("majority", "supermajority", "consent")
EXAMPLE = 10_000  # minor units of the sale that fees are shown for


def threshold_text(words: Words, asked: Threshold) -> str:
    """What share of those who take a side must be in favour."""
    t = words.gettext
    if (asked.num, asked.den, asked.compare) == (1, 2, "more"):
        return t("More than half of those who take a side must be in favour.")
    sentence = (
        t("More than %(num)s in %(den)s who take a side must be in favour.")
        if asked.compare == "more"
        else t("At least %(num)s in %(den)s who take a side must be in favour.")
    )
    return sentence % {"num": words.number(asked.num), "den": words.number(asked.den)}


def quorum_text(words: Words, asked: Share) -> str:
    """How many of all members must be in favour; empty where none is asked for."""
    if not asked.num:
        return ""
    sentence = words.gettext("At least %(num)s in %(den)s members must be in favour.")
    return sentence % {"num": words.number(asked.num), "den": words.number(asked.den)}


def rule_sentences(words: Words, rule: Rule) -> list[str]:
    """How one kind of proposal is decided: the method's name, then sentences."""
    t, span = words.gettext, words.duration
    told = [method_name(words, rule.method)]
    if rule.method in YES_OR_NO:
        told.append(threshold_text(words, rule.threshold))
    told.append(quorum_text(words, rule.approval_quorum))
    times = (
        (rule.notice_s, t("%(time)s of notice")),
        (rule.open_s, t("%(time)s to vote")),
        (rule.challenge_s, t("%(time)s to challenge the count")),
        (rule.delay_s, t("%(time)s until it takes effect")),
    )
    told.append(f"{words.list([s % {'time': span(n)} for n, s in times if n])}.")
    if rule.early_close:
        told.append(t("A vote ends early once nothing can change its outcome."))
    if rule.revise:
        told.append(t("Ballots can be changed until the end."))
    if rule.recuse:
        told.append(t("Whom it is about does not vote."))
    if rule.second_call:
        told.append(t("When too few are in favour, there is one second call."))
    return [each for each in told if each]


def decisions(words: Words, charter: Charter) -> list[tuple[str, list[str]]]:
    """(kind of proposal, how it is decided), every kind."""
    return [
        (kind_name(words, kind), rule_sentences(words, charter.rules.of(kind))) for kind in KINDS
    ]


def parts(words: Words, charter: Charter) -> list[tuple[str, list[str]]]:
    """(heading, sentences) of what is neither a value, a rule of decision, nor a fee."""
    t = words.gettext
    told = (
        (t("Coming and going"), _membership(words, charter)),
        (t("Offices"), _offices(words, charter)),
        (t("Surplus"), _surplus(words, charter)),
        (t("Orders"), _orders(words, charter)),
        (t("When two can't agree"), _disputes(words, charter)),
        (t("Credit"), _credit(words, charter)),
        (t("Guests"), _guests(words, charter)),
        (t("Changing this charter"), _amendment(words, charter)),
    )
    return [(heading, list(sentences)) for heading, sentences in told]


def _membership(words: Words, charter: Charter) -> Iterator[str]:
    t, span, policy = words.gettext, words.duration, charter.membership
    yield words.ngettext(
        "Each member may invite %(n)s person at a time.",
        "Each member may invite %(n)s people at a time.",
        policy.invite_slots,
    ) % {"n": words.number(policy.invite_slots)}
    yield words.ngettext(
        "%(n)s member has to stand up for a newcomer.",
        "%(n)s members have to stand up for a newcomer.",
        policy.vouches,
    ) % {"n": words.number(policy.vouches)}
    if policy.probation_s:
        sentence = t("Newcomers are on probation for %(time)s; they trade, and don't vote yet.")
        yield sentence % {"time": span(policy.probation_s)}
    yield t("There is room for %(n)s members.") % {"n": words.number(policy.max_members)}
    if policy.expel_notice_s or policy.expel_hearing_s:
        sentence = t(
            "Who is to be expelled is told %(notice)s before, is heard for %(hearing)s, and may "
            "appeal for %(appeal)s."
        )
        yield sentence % {
            "notice": span(policy.expel_notice_s),
            "hearing": span(policy.expel_hearing_s),
            "appeal": span(policy.appeal_s),
        }
    if policy.exit_s:
        yield t("Leaving takes %(time)s.") % {"time": span(policy.exit_s)}
    else:
        yield t("Everybody may leave at once.")


def _offices(words: Words, charter: Charter) -> Iterator[str]:
    t, offices = words.gettext, charter.offices
    sentence = words.gettext("%(office)s: %(seats)s, for %(term)s.")
    for name in ("teller", "treasurer", "welcomer", "mediator"):
        held = getattr(offices, name)
        seats = words.ngettext("%(n)s seat", "%(n)s seats", held.seats)
        yield sentence % {
            "office": office_name(words, name),
            "seats": seats % {"n": words.number(held.seats)},
            "term": words.duration(held.term_s),
        }
    recall = offices.teller.recall
    yield t("%(num)s in %(den)s members can replace who counts votes at any time.") % {
        "num": words.number(recall.num),
        "den": words.number(recall.den),
    }


def _surplus(words: Words, charter: Charter) -> Iterator[str]:
    t, kept = words.gettext, charter.surplus
    sentence = t(
        "%(reserve)s is kept in reserve, %(hardship)s goes to the hardship fund, and %(back)s back "
        "to members by the fees they paid."
    )
    yield sentence % {
        "reserve": words.percent(kept.reserve_bps),
        "hardship": words.percent(kept.hardship_bps),
        "back": words.percent(kept.patronage_bps),
    }


def _orders(words: Words, charter: Charter) -> Iterator[str]:
    span, orders = words.duration, charter.orders
    sentence = words.gettext(
        "%(reply)s to answer, %(pay)s to pay, %(send)s to send, %(receive)s to say that it came, "
        "%(review)s for a review."
    )
    yield sentence % {
        "reply": span(orders.reply_s),
        "pay": span(orders.pay_s),
        "send": span(orders.send_s),
        "receive": span(orders.receive_s),
        "review": span(orders.review_s),
    }


def _disputes(words: Words, charter: Charter) -> Iterator[str]:
    t, span, disputes = words.gettext, words.duration, charter.disputes
    sentences = {
        "talk": t("They talk with each other for %(time)s.") % {"time": span(disputes.talk_s)},
        "mediator": t("A mediator helps for %(time)s.") % {"time": span(disputes.mediator_s)},
        "vote": t("The members decide."),
    }
    for step in disputes.steps:
        yield sentences[step]


def _credit(words: Words, charter: Charter) -> Iterator[str]:
    t, credit = words.gettext, charter.credit
    if not credit.enabled:
        yield t("There is no credit among members.")
        return
    yield t("Members can owe each other up to %(limit)s; from %(warn)s on they are told.") % {
        "limit": words.money(credit.limit, charter.currency),
        "warn": words.money(credit.warn, charter.currency),
    }


def _guests(words: Words, charter: Charter) -> Iterator[str]:
    t, guests = words.gettext, charter.guests
    yield t("Guests see listings.") if guests.see_listings else t("Guests see no listings.")
    yield t("Guests see who belongs.") if guests.see_members else t("Guests don't see who belongs.")
    yield t("Guests may order.") if guests.may_order else t("Guests may not order.")


def _amendment(words: Words, charter: Charter) -> Iterator[str]:
    sentence = words.gettext("Class %(name)s, which covers %(parts)s: %(needs)s")
    for each in charter.amendment.classes:
        yield sentence % {
            "name": each.name,
            "parts": words.list([part_name(words, part) for part in each.covers]),
            "needs": class_needs(words, each),
        }


def class_needs(words: Words, each: AmendmentClass) -> str:
    """What a change of this class needs, beside the rule of its kind."""
    needs = (threshold_text(words, each.approval), quorum_text(words, each.approval_quorum))
    return " ".join(filter(None, needs))


def part_name(words: Words, part: str) -> str:
    """A part of the charter, as classes of amendment name it."""
    t = words.gettext
    names = {
        "one_member_one_vote": t("how votes are counted"),
        "hearing": t("being heard before an expulsion"),
        "exit": t("the right to leave"),
        "amendment": t("how this charter is changed"),
        "fees": t("fees"),
        "offices": t("offices"),
        "membership": t("coming and going"),
        "rules": t("rules of decision"),
        "credit": t("credit"),
        "name": t("the name"),
        "currency": t("the currency"),
        "values": t("shared values"),
        "surplus": t("the surplus"),
        "orders": t("orders"),
        "disputes": t("disputes"),
        "guests": t("guests"),
        "about": t("the description"),
        "place": t("the place"),
        "languages": t("languages"),
    }
    return names[part]


@dataclass(frozen=True, slots=True)
class FeeShare:
    """One line of a fee: who, what share of it, what that is of the example, who gets it else."""

    role: str
    percent: str
    amount: str
    otherwise: str


@dataclass(frozen=True, slots=True)
class FeeShown:
    """A fee with an example. `category` is empty for the fee of everything else."""

    category: str
    sentence: str
    price: str
    rows: tuple[FeeShare, ...]
    fee: str
    seller: str


def fee_shown(words: Words, rule: FeeRule, category: str, currency: str) -> FeeShown:
    """A fee in words, and where the price of an example sale goes when everybody had a part."""
    parts_ = split(rule, EXAMPLE)

    def row(name: str, bps: int, fallback: str | None) -> FeeShare:
        return FeeShare(
            role=role(words, name),
            percent=words.percent(bps),
            amount=words.money(parts_.shares[name], currency),
            otherwise=role(words, fallback) if fallback and name in (REFERRER, HOST) else "",
        )

    return FeeShown(
        category=category,
        sentence=fee_sentence(words, rule, currency),
        price=words.money(EXAMPLE, currency),
        rows=tuple(row(each.role, each.bps, each.fallback) for each in rule.table),
        fee=words.money(parts_.fee, currency),
        seller=words.money(parts_.waterfall[SELLER], currency),
    )


def fee_sentence(words: Words, rule: FeeRule, currency: str) -> str:
    """How large a fee is."""
    t = words.gettext
    if not rule.fee_bps and not rule.fee_min:
        return t("There is no fee.")
    told = [t("%(percent)s of the price.") % {"percent": words.percent(rule.fee_bps)}]
    if rule.fee_min:
        told.append(t("At least %(amount)s.") % {"amount": words.money(rule.fee_min, currency)})
    if rule.fee_cap is not None:
        told.append(t("At most %(amount)s.") % {"amount": words.money(rule.fee_cap, currency)})
    return " ".join(told)


def fees_shown(words: Words, charter: Charter) -> list[FeeShown]:
    """The fee of everything, then those of categories that have their own."""
    shown = [fee_shown(words, charter.fees.default, "", charter.currency)]
    for name, rule in charter.fees.categories:
        shown.append(fee_shown(words, rule, name, charter.currency))
    return shown
