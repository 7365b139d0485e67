"""The assembly's words: what kinds of proposals, methods, steps and offices are called."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from governance.charter_parts import KINDS
from governance.charter_text import role_name
from governance.methods.method import STATUS_QUO
from node.gateway.offers import SHOWN_DIGITS
from node.gateway.words import Words

OFFICES = ("teller", "treasurer", "welcomer", "mediator")


def proposal_path(proposal: str) -> str:
    """Where a proposal's page is, by its id in hex."""
    return f"/assembly/{proposal[:SHOWN_DIGITS]}"


def milliseconds(time: str | None) -> int | None:
    """A time of the readers in `node.assembly` (RFC 3339) in milliseconds since 1970."""
    return None if time is None else int(datetime.fromisoformat(time).timestamp() * 1000)


def kind_name(words: Words, kind: str) -> str:
    """What a kind of proposal is about, as a label."""
    t = words.gettext
    names = {
        "values": t("Shared values"),
        "fees": t("Fees"),
        "rules": t("Rules"),
        "offices": t("Offices"),
        "expulsion": t("Expulsion"),
        "spending": t("Spending"),
        "picks": t("Seasonal picks"),
        "advice": t("Advice"),
    }
    return names.get(kind, kind)


def kind_hint(words: Words, kind: str) -> str:
    """What a proposal of this kind can do, in a sentence."""
    t = words.gettext
    hints = {
        "values": t("Add what we stand for, put it in other words, or give it up."),
        "fees": t("Change what a sale costs and who gets which part of it."),
        "rules": t("Change how we decide, how people come in, or anything else in the charter."),
        "offices": t("Elect who counts votes, keeps the purse, welcomes or mediates."),
        "expulsion": t("Ask that somebody has to go. They are told, and can answer."),
        "spending": t("Give money from the common fund for something."),
        "picks": t("Choose which listings everybody sees first."),
        "advice": t("Ask what people think. It binds nobody."),
    }
    return hints.get(kind, "")


def kinds(words: Words) -> list[tuple[str, str, str]]:
    """Every kind: its word, its label, its sentence."""
    return [(kind, kind_name(words, kind), kind_hint(words, kind)) for kind in KINDS]


def method_name(words: Words, method: str) -> str:
    """A voting method as a label."""
    t = words.gettext
    names = {
        "consent": t("Consent"),
        "majority": t("Majority"),
        "supermajority": t("Large majority"),
        "approval": t("Approval"),
        "schulze": t("Ranking (Schulze)"),
        "star": t("Stars (STAR)"),
        "irv": t("Ranking (instant run-off)"),
    }
    return names.get(method, method)


def method_hint(words: Words, method: str) -> str:
    """How one votes by it."""
    t = words.gettext
    hints = {
        "consent": t(
            "Consent if you can live with it, even if you would like something else better. Object "
            "only to what would harm us, and say why."
        ),
        "majority": t("Say yes or no. Who abstains counts on neither side."),
        "supermajority": t("Say yes or no. Who abstains counts on neither side."),
        "approval": t("Tick everything that you could live with, as many as you like."),
        "schulze": t(
            "Number the options: 1 is what you like best. The same number twice means equally "
            "good; what has no number comes last."
        ),
        "star": t("Give each option 0 to 5 stars; 5 is best. The same number twice is fine."),
        "irv": t(
            "Number the options: 1 is what you like best, each number once. What has no number "
            "comes last."
        ),
    }
    return hints.get(method, "")


def answer_name(words: Words, answer: str) -> str:
    """An answer to a question of yes or no."""
    t = words.gettext
    names = {
        "yes": t("Yes"),
        "no": t("No"),
        "abstain": t("Abstain"),
        "consent": t("Consent"),
        "aside": t("Stand aside"),
        "object": t("Object"),
    }
    return names.get(answer, answer)


def answer_hint(words: Words, answer: str) -> str:
    """What such an answer means, where that is not plain."""
    t = words.gettext
    hints = {
        "abstain": t("You count on neither side."),
        "consent": t("You can live with it."),
        "aside": t("You would not do it, and stand in nobody's way."),
        "object": t("It would harm the community. Say why: the others will look for a way."),
    }
    return hints.get(answer, "")


def status_name(words: Words, summary: dict[str, Any]) -> str:
    """Where a proposal stands, in a few words."""
    t = words.gettext
    names = {
        "draft": t("waits to be opened"),
        "notice": t("announced"),
        "open": t("open for votes"),
        "counting": t("being counted"),
        "challenge": t("passed, not yet in effect"),
        "in_effect": t("passed, in effect"),
        "failed": t("not passed"),
        "annulled": t("annulled"),
        "withdrawn": t("taken back"),
    }
    advice = {"challenge": t("decided"), "in_effect": t("decided")}
    status = str(summary["status"])
    known = advice if summary["kind"] == "advice" and status in advice else names
    return known.get(status, status)


def outcome_name(words: Words, outcome: str) -> str:
    """How a round ended."""
    t = words.gettext
    names = {
        "adopted": t("Adopted"),
        "rejected": t("Not adopted"),
        "missed": t("Too few were in favour"),
        "tie": t("A tie"),
    }
    return names.get(outcome, outcome)


def round_name(words: Words, name: str) -> str:
    """What a round is called; the first one is just the vote."""
    t = words.gettext
    names = {
        "": t("Vote"),
        "run-off": t("Run-off"),
        "second-call": t("Second call"),
        "appeal": t("Appeal"),
        "again": t("Vote held again"),
    }
    return names.get(name, name)


def office_name(words: Words, office: str) -> str:
    """An office as a label."""
    t = words.gettext
    names = {
        "teller": t("Counting votes"),
        "treasurer": t("Keeping the purse"),
        "welcomer": t("Welcoming newcomers"),
        "mediator": t("Mediating"),
    }
    return names.get(office, office)


def office_hint(words: Words, office: str) -> str:
    """What somebody in it does."""
    t = words.gettext
    hints = {
        "teller": t("Their node confirms newcomers, opens votes, and says what was decided."),
        "treasurer": t("Looks after the common fund."),
        "welcomer": t("Shows newcomers around."),
        "mediator": t("Helps when two can't agree."),
    }
    return hints.get(office, "")


def role(words: Words, name: str) -> str:
    """Who has a part in a sale."""
    if name == "seller":
        return words.gettext("whoever sells")
    if name == "reseller":
        return words.gettext("the reseller")
    return role_name(name, words.gettext)


def column_name(words: Words, column: str) -> str:
    """What a column of numbers beside the options counts."""
    t = words.gettext
    names = {
        "approvals": t("Ticks"),
        "stars": t("Stars"),
        "first": t("First places"),
        "wins": t("Options beaten"),
        "over": t("Prefer it to how it is"),
        "under": t("Prefer how it is"),
    }
    return names.get(column, column)


def option_name(words: Words, option: str, text: str = "") -> str:
    """What an option is called whose text says nothing."""
    t = words.gettext
    if option == STATUS_QUO:
        return t("Leave it as it is")
    if option == "adopt" and not text:
        return t("Do it")
    return text or option
