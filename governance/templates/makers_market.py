"""A town market of makers: two weeks of notice, a week to vote, three days to object."""

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

THOUGHT_OVER = Times(
    notice_s=14 * DAY,
    open_s=7 * DAY,
    min_open_s=7 * DAY,
    early_close=False,
    revise=True,
    challenge_s=3 * DAY,
    delay_s=7 * DAY,
)
# Nothing is bound by picks and advice, so nobody has to be warned of them.
A_WEEK = THOUGHT_OVER._replace(notice_s=0, challenge_s=0, delay_s=0)

CHARTER: dict[str, Plain] = {
    "schema": 1,
    "name": "Makers' market",
    "about": "People of one town who make things, and those who like to buy from them.",
    "currency": "EUR",
    "place": "",
    "languages": ["en"],
    "values": [
        {
            "id": "made-here",
            "text": "What we sell as our own was made within 50 km by the person who sells it.",
            "rationale": "It is what our neighbours come for.",
        },
        {
            "id": "fair-hour",
            "text": "A price pays the maker's hours decently.",
            "rationale": "Cheap must not mean unpaid.",
        },
        {
            "id": "mend",
            "text": "We mend what we sold, or find someone who can.",
            "rationale": "Things should last.",
        },
    ],
    "membership": {
        "invite_slots": 5,
        "vouches": 1,
        "probation_s": 30 * DAY,
        "max_members": 500,
        "suspend_max_s": 14 * DAY,
        "expel_notice_s": 15 * DAY,
        "expel_hearing_s": 5 * DAY,
        "appeal_s": 14 * DAY,
        "exit_s": 0,
    },
    "rules": {
        "values": rule("consent", (1, 4), TWO_THIRDS, THOUGHT_OVER),
        "fees": rule("majority", (1, 3), TWO_THIRDS, THOUGHT_OVER),
        "rules": rule("majority", (1, 3), TWO_THIRDS, THOUGHT_OVER),
        "offices": rule("approval", (1, 4), MORE_THAN_HALF, THOUGHT_OVER),
        "expulsion": rule("majority", (1, 2), TWO_THIRDS, THOUGHT_OVER, recuse=True),
        "spending": rule("majority", (1, 4), MORE_THAN_HALF, THOUGHT_OVER),
        "picks": rule("approval", (0, 1), MORE_THAN_HALF, A_WEEK),
        "advice": rule("schulze", (0, 1), MORE_THAN_HALF, A_WEEK),
    },
    "offices": offices(),
    "fees": {"default": usual_fee(500), "categories": {}, "referral_depth": 1},
    "surplus": surplus(reserve=3000, hardship=1000, patronage=6000),
    "orders": orders(reply=7, pay=7, send=14, receive=30, review=60),
    "disputes": {"talk_s": 7 * DAY, "mediator_s": 7 * DAY, "steps": ["talk", "mediator", "vote"]},
    "credit": {"enabled": True, "limit": 10_000, "warn": 5000},
    "guests": {"see_listings": True, "see_members": False, "may_order": True},
    "amendment": three_classes(),
}
