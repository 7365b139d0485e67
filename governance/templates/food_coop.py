"""Producers and eaters of one region, who order together and collect at a neighbour's door.

Two sides that need each other and want opposite prices. So neither can carry a fee or a rule
alone (supermajority), the fee pays those who give their hallway to the crates, and what is left
over goes back by what each paid. Many only come by to collect: a vote stays open over two weekly
collections, and one that too few took part in is called once more.
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

TWO_COLLECTIONS = Times(
    notice_s=7 * DAY,
    open_s=14 * DAY,
    min_open_s=14 * DAY,
    early_close=False,
    revise=True,
    challenge_s=3 * DAY,
    delay_s=7 * DAY,
)
# A broken fridge can't wait three weeks: it ends as soon as it is clear, though never within a day.
SOON = Times(
    notice_s=DAY,
    open_s=7 * DAY,
    min_open_s=DAY,
    early_close=True,
    revise=False,
    challenge_s=DAY,
    delay_s=0,
)
# What is best this week is chosen between two orders.
THIS_WEEK = Times(
    notice_s=0,
    open_s=3 * DAY,
    min_open_s=3 * DAY,
    early_close=False,
    revise=True,
    challenge_s=0,
    delay_s=0,
)
ADVICE = TWO_COLLECTIONS._replace(notice_s=0, challenge_s=0, delay_s=0)

# Whoever has the crates in their hallway gets half; a share that nobody earned by recommending
# helps those who can't pay in full.
SHARES = (
    ("host", 5000, "community"),
    ("community", 2500, None),
    ("hardship", 1500, "community"),
    ("referrer", 1000, "hardship"),
)

CHARTER: dict[str, Plain] = {
    "schema": 1,
    "name": "Food co-op",
    "about": "Producers and eaters of one region. We order together every week and collect at a "
    "neighbour's door.",
    "currency": "EUR",
    "place": "",
    "languages": ["en"],
    "values": [
        {
            "id": "grown-near",
            "text": "What we offer was grown or made within 100 km, or the listing says where.",
            "rationale": "We want to know our fields, and keep them.",
        },
        {
            "id": "how-it-grew",
            "text": "We say how it grew: what was sprayed and fed, and what was not.",
            "rationale": "Trust needs no label, but it needs the truth.",
        },
        {
            "id": "fair-farm",
            "text": "A price lets the producer go on next year. Who finds it too high talks to "
            "them first.",
            "rationale": "Cheap food that ends a farm is dear.",
        },
        {
            "id": "nothing-spoils",
            "text": "What would spoil is offered for less, or given away, in time.",
            "rationale": "It was somebody's work.",
        },
    ],
    "membership": {
        "invite_slots": 10,
        "vouches": 1,
        "probation_s": 28 * DAY,  # four weekly orders
        "max_members": 500,
        "suspend_max_s": 14 * DAY,
        "expel_notice_s": 14 * DAY,
        "expel_hearing_s": 7 * DAY,
        "appeal_s": 14 * DAY,
        "exit_s": 0,
    },
    "rules": {
        "values": rule("consent", (1, 4), TWO_THIRDS, TWO_COLLECTIONS, second_call=True),
        "fees": rule("supermajority", (1, 3), THREE_QUARTERS, TWO_COLLECTIONS, second_call=True),
        "rules": rule("supermajority", (1, 3), TWO_THIRDS, TWO_COLLECTIONS, second_call=True),
        "offices": rule("star", (1, 4), MORE_THAN_HALF, TWO_COLLECTIONS, second_call=True),
        # Nobody is tried twice because too few came the first time.
        "expulsion": rule("supermajority", (1, 2), THREE_QUARTERS, TWO_COLLECTIONS, recuse=True),
        "spending": rule("majority", (1, 5), MORE_THAN_HALF, SOON, recuse=True),
        "picks": rule("approval", (0, 1), MORE_THAN_HALF, THIS_WEEK),
        "advice": rule("star", (0, 1), MORE_THAN_HALF, ADVICE),
    },
    "offices": offices(alternates=3, treasurers=2, welcomers=4),
    "fees": {
        "default": fee(400, *SHARES),
        # A deposit comes back and is no sale; what everybody needs every week stays cheap.
        "categories": {"Deposit": fee(0, *SHARES), "Staples": fee(200, *SHARES)},
        "referral_depth": 1,
    },
    "surplus": surplus(reserve=2000, hardship=1000, patronage=7000),
    "orders": orders(reply=2, pay=7, send=7, receive=3, review=30),
    "disputes": {"talk_s": 3 * DAY, "mediator_s": 7 * DAY, "steps": ["talk", "mediator", "vote"]},
    # Seed and fodder are bought with money; a farm can't wait for favours.
    "credit": {"enabled": False, "limit": 0, "warn": 0},
    "guests": {"see_listings": True, "see_members": False, "may_order": False},
    "amendment": {
        "A": strictness(FUNDAMENTALS, THREE_QUARTERS, (3, 8)),
        # The surplus belongs to those who paid the fees, and so is no lesser matter than they.
        "B": strictness(
            (
                "fees",
                "surplus",
                "offices",
                "membership",
                "rules",
                "credit",
                "name",
                "currency",
            ),
            TWO_THIRDS,
            (1, 3),
        ),
        "C": strictness(
            ("values", "orders", "disputes", "guests", "about", "place", "languages"),
            MORE_THAN_HALF,
            (1, 5),
        ),
    },
}
