"""A charter in plain words, for people who won't read the rules as data.

Every sentence goes through `translate` before numbers are put in. Nothing here decides anything.
"""

from __future__ import annotations

from collections.abc import Callable

from governance.charter import Charter

Translate = Callable[[str], str]

_UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))


def summary(charter: Charter, translate: Translate = str) -> list[tuple[str, str]]:
    """(heading, sentence) pairs in reading order; `translate` maps English templates to texts."""
    t = translate
    member, teller, fee = charter.membership, charter.offices.teller, charter.fees.default
    rule = charter.rules.rules
    lines = [(t("Values"), value.text) for value in charter.values]
    probation = t("{time} of probation") if member.probation_s else t("no probation")
    newcomers = (
        count(member.vouches, "vouch", "vouches", t),
        probation.format(time=duration(member.probation_s, t)),
        t("{invitations} per member").format(
            invitations=count(member.invite_slots, "invitation", "invitations", t)
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
        tellers=count(teller.seats, "teller", "tellers", t),
        num=teller.recall.num,
        den=teller.recall.den,
    )
    lines.append((t("Tellers"), tellers))
    lines.append((t("Fee"), t("{percent} of a sale").format(percent=percent(fee.fee_bps))))
    for row in fee.table:
        share = t("{percent} of the fee to {role}")
        lines.append((t("Fee"), share.format(percent=percent(row.bps), role=t(row.role))))
    return lines


def count(number: int, one: str, many: str, translate: Translate = str) -> str:
    """A number with its noun: "1 vouch", "5 invitations", "no vouches"."""
    if number == 0:
        return translate("no " + many)
    return translate("{n} " + (one if number == 1 else many)).format(n=number)


def duration(seconds: int, translate: Translate = str) -> str:
    """Seconds in the largest unit that fits exactly: "14 days", "90 minutes", "no time"."""
    if seconds == 0:
        return translate("no time")
    unit, length = next((u, n) for u, n in _UNITS if seconds % n == 0)
    return count(seconds // length, unit, unit + "s", translate)


def percent(bps: int) -> str:
    """Basis points as a percentage without needless zeros: "5%", "8.75%"."""
    return f"{bps // 100}.{bps % 100:02d}".rstrip("0").rstrip(".") + "%"
