"""Neighbours who lend, swap and give things on.

Little money moves, so there is no fee and nothing to share; what somebody gives comes back as
credit. What one may lose is a drill, so a few days are enough to think, minds may change until the
end, and two classes of amendments are enough to remember. Choices among many ways are ranked, each
member's next wish counting when the first one is out.
"""

from __future__ import annotations

from governance.templates.common import (
    DAY,
    FUNDAMENTALS,
    MORE_THAN_HALF,
    THREE_QUARTERS,
    TWO_THIRDS,
    Times,
    fee,
    offices,
    orders,
    rule,
    strictness,
    surplus,
)
from protocol.codec import Plain

A_FEW_DAYS = Times(
    notice_s=DAY,
    open_s=3 * DAY,
    min_open_s=3 * DAY,
    early_close=False,
    revise=True,
    challenge_s=DAY,
    delay_s=0,
)
# Somebody's place here is at stake: they have a week to answer, and nothing happens on the day.
A_WEEK = A_FEW_DAYS._replace(notice_s=3 * DAY, open_s=7 * DAY, min_open_s=7 * DAY, delay_s=DAY)
LOOSE = A_FEW_DAYS._replace(notice_s=0, challenge_s=0)

CHARTER: dict[str, Plain] = {
    "schema": 1,
    "name": "Second-hand circle",
    "about": "Neighbours who lend, swap and give things on before anybody buys them new.",
    "currency": "EUR",
    "place": "",
    "languages": ["en"],
    "values": [
        {
            "id": "used-first",
            "text": "We ask here before we buy new.",
            "rationale": "Most of what we need stands unused next door.",
        },
        {
            "id": "as-it-is",
            "text": "We say what is worn, missing or broken.",
            "rationale": "Nobody minds a scratch that was named.",
        },
        {
            "id": "comes-back",
            "text": "What was lent comes back when it was promised, and clean.",
            "rationale": "Then it is lent again.",
        },
    ],
    "membership": {
        "invite_slots": 3,
        "vouches": 1,
        "probation_s": 7 * DAY,
        "max_members": 150,  # as many as can still know each other
        "suspend_max_s": 7 * DAY,
        "expel_notice_s": 7 * DAY,
        "expel_hearing_s": 3 * DAY,
        "appeal_s": 7 * DAY,
        "exit_s": 0,
    },
    "rules": {
        "values": rule("consent", (1, 4), TWO_THIRDS, A_FEW_DAYS),
        "fees": rule("consent", (1, 4), THREE_QUARTERS, A_FEW_DAYS),
        "rules": rule("consent", (1, 4), TWO_THIRDS, A_FEW_DAYS),
        "offices": rule("irv", (1, 5), MORE_THAN_HALF, A_FEW_DAYS, second_call=True),
        "expulsion": rule("supermajority", (1, 2), THREE_QUARTERS, A_WEEK, recuse=True),
        "spending": rule("consent", (1, 5), TWO_THIRDS, A_FEW_DAYS, recuse=True),
        "picks": rule("approval", (0, 1), MORE_THAN_HALF, LOOSE),
        "advice": rule("irv", (0, 1), MORE_THAN_HALF, LOOSE),
    },
    "offices": offices(welcomers=2, mediators=2),
    "fees": {"default": fee(0, ("community", 10_000, None)), "categories": {}, "referral_depth": 1},
    # Without fees nobody has paid any, so there is nothing to pay back by.
    "surplus": surplus(reserve=5000, hardship=5000, patronage=0),
    "orders": orders(reply=3, pay=7, send=7, receive=14, review=30),
    "disputes": {"talk_s": 7 * DAY, "mediator_s": 7 * DAY, "steps": ["talk", "mediator"]},
    "credit": {"enabled": True, "limit": 5000, "warn": 4000},
    # What is lent goes to people one can find again.
    "guests": {"see_listings": True, "see_members": False, "may_order": False},
    "amendment": {
        "A": strictness(FUNDAMENTALS, THREE_QUARTERS, (3, 8)),
        "B": strictness(
            (
                "fees",
                "offices",
                "membership",
                "rules",
                "credit",
                "name",
                "currency",
                "values",
                "surplus",
                "orders",
                "disputes",
                "guests",
                "about",
                "place",
                "languages",
            ),
            TWO_THIRDS,
            (1, 4),
        ),
    },
}
