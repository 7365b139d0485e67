"""A charter in plain words, for people who won't read the rules as data.

Every text is a literal inside `t(...)` or `Term(...)`, where `scripts/translations` finds it, and
is translated before numbers are put in. Nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from governance.charter import Charter
from governance.saying import Percent, Span
from protocol.errors import Term

Translate = Callable[[str], str]

# The roles that everybody knows, as they stand after "to".
ROLES: Mapping[str, Term] = {
    "referrer": Term("whoever recommended it"),
    "host": Term("the member whose shop window it was found in"),
    "community": Term("the community"),
    "hardship": Term("the hardship fund"),
}


def percent(bps: int) -> str:
    """Basis points as a percentage without needless zeros: "5%", "8.75%"."""
    return str(Percent(bps))


def summary(
    charter: Charter, translate: Translate = str, percentage: Callable[[int], str] = percent
) -> list[tuple[str, str]]:
    """(heading, sentence) pairs in reading order; `translate` maps English templates to texts.

    `percentage` writes basis points as the reader's language does.
    """
    t = translate
    member, teller, fee = charter.membership, charter.offices.teller, charter.fees.default
    rule = charter.rules.rules
    lines = [(t("Values"), value.text) for value in charter.values]
    probation = t("{time} of probation") if member.probation_s else t("no probation")
    newcomers = (
        count(member.vouches, t("no vouches"), t("{n} vouch"), t("{n} vouches")),
        probation.format(time=duration(member.probation_s, t)),
        count(
            member.invite_slots,
            t("no invitations"),
            t("{n} invitation per member"),
            t("{n} invitations per member"),
        ),
    )
    lines.append((t("Newcomers"), ", ".join(newcomers)))
    waits = (
        (rule.notice_s, t("{time} of notice")),
        (rule.open_s, t("{time} to vote")),
        (rule.challenge_s, t("{time} to challenge the count")),
        (rule.delay_s, t("{time} until it takes effect")),
    )
    spans = [text.format(time=duration(seconds, t)) for seconds, text in waits if seconds]
    lines.append((t("Changing the rules"), ", ".join(spans)))
    tellers = t("{tellers}, replaced when {num} of {den} members sign").format(
        tellers=count(teller.seats, t("no tellers"), t("{n} teller"), t("{n} tellers")),
        num=teller.recall.num,
        den=teller.recall.den,
    )
    lines.append((t("Tellers"), tellers))
    if not fee.fee_bps:
        return [*lines, (t("Fee"), t("no fee"))]
    lines.append((t("Fee"), t("{percent} of a sale").format(percent=percentage(fee.fee_bps))))
    for row in fee.table:
        share = t("{percent} of the fee to {role}")
        text = share.format(percent=percentage(row.bps), role=role_name(row.role, t))
        lines.append((t("Fee"), text))
    return lines


def role_name(role: str, translate: Translate = str) -> str:
    """Who gets a share of a fee; a role of the community's own invention stays as it is."""
    return translate(ROLES[role]) if role in ROLES else role


def count(number: int, none: str, one: str, many: str) -> str:
    """The text for a number, which replaces `{n}`: "1 vouch", "5 invitations", "no vouches"."""
    if number == 0:
        return none
    return (one if number == 1 else many).format(n=number)


def duration(seconds: int, translate: Translate = str) -> str:
    """Seconds in the largest unit that fits exactly: "14 days", "90 minutes", "no time"."""
    t = translate
    none = t("no time")
    units = {
        "day": (t("{n} day"), t("{n} days")),
        "hour": (t("{n} hour"), t("{n} hours")),
        "minute": (t("{n} minute"), t("{n} minutes")),
        "second": (t("{n} second"), t("{n} seconds")),
    }
    number, unit = Span(seconds).in_units
    return count(number, none, *units[unit])
