"""A few friends: no waits, one teller, everything is decided as soon as the outcome is certain."""

from __future__ import annotations

from governance.templates.common import (
    DAY,
    MORE_THAN_HALF,
    TWO_THIRDS,
    Times,
    offices,
    orders,
    rule,
    surplus,
    three_classes,
    usual_fee,
)
from protocol.codec import Plain

AT_ONCE = Times(
    notice_s=0,
    open_s=60,
    min_open_s=0,
    early_close=True,
    revise=False,
    challenge_s=0,
    delay_s=0,
)

CHARTER: dict[str, Plain] = {
    "schema": 1,
    "name": "Kitchen table",
    "about": "A few friends who share and sell things. Everything is decided at once.",
    "currency": "EUR",
    "place": "",
    "languages": ["en"],
    "values": [
        {
            "id": "say-it",
            "text": "We say what a thing is and what is wrong with it.",
            "rationale": "Trust is cheaper than returns.",
        }
    ],
    "membership": {
        "invite_slots": 5,
        "vouches": 0,
        "probation_s": 0,
        "max_members": 500,
        "suspend_max_s": 14 * DAY,
        "expel_notice_s": 0,
        "expel_hearing_s": 0,
        "appeal_s": 0,
        "exit_s": 0,
    },
    "rules": {
        "values": rule("consent", (1, 4), TWO_THIRDS, AT_ONCE),
        "fees": rule("majority", (1, 3), TWO_THIRDS, AT_ONCE),
        "rules": rule("majority", (1, 3), TWO_THIRDS, AT_ONCE),
        "offices": rule("approval", (1, 4), MORE_THAN_HALF, AT_ONCE),
        "expulsion": rule("majority", (1, 2), TWO_THIRDS, AT_ONCE, recuse=True),
        "spending": rule("majority", (1, 4), MORE_THAN_HALF, AT_ONCE),
        "picks": rule("approval", (0, 1), MORE_THAN_HALF, AT_ONCE),
        "advice": rule("schulze", (0, 1), MORE_THAN_HALF, AT_ONCE),
    },
    "offices": offices(),
    "fees": {"default": usual_fee(0), "categories": {}, "referral_depth": 1},
    "surplus": surplus(reserve=3000, hardship=1000, patronage=6000),
    "orders": orders(reply=7, pay=7, send=14, receive=30, review=60),
    "disputes": {"talk_s": 7 * DAY, "mediator_s": 7 * DAY, "steps": ["talk", "mediator", "vote"]},
    "credit": {"enabled": True, "limit": 10_000, "warn": 5000},
    "guests": {"see_listings": True, "see_members": False, "may_order": True},
    "amendment": three_classes(),
}
