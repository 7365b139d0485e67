"""What several templates have in common, so that each of them shows what is its own.

Plain data, in the order in which a charter is read.
"""

from __future__ import annotations

from typing import NamedTuple

from protocol.codec import Plain

DAY = 86_400  # seconds
YEAR = 365 * DAY

# Of those who vote yes or no.
MORE_THAN_HALF = (1, 2, "more")
TWO_THIRDS = (2, 3, "at_least")
THREE_QUARTERS = (3, 4, "at_least")

# What protects the single member, and so is the hardest to change.
FUNDAMENTALS = ("one_member_one_vote", "hearing", "exit", "amendment")


class Times(NamedTuple):
    """How a vote goes: how long each part of it lasts, and what may happen while it is open."""

    notice_s: int
    open_s: int
    min_open_s: int
    early_close: bool
    revise: bool
    challenge_s: int
    delay_s: int


def rule(
    method: str,
    quorum: tuple[int, int],
    threshold: tuple[int, int, str],
    times: Times,
    *,
    recuse: bool = False,
    second_call: bool = False,
) -> Plain:
    """How one kind of proposal is decided; `quorum` is of the whole electorate."""
    return {
        "method": method,
        "approval_quorum": [*quorum],
        "threshold": [*threshold],
        "notice_s": times.notice_s,
        "open_s": times.open_s,
        "min_open_s": times.min_open_s,
        "early_close": times.early_close,
        "revise": times.revise,
        "recuse": recuse,
        "challenge_s": times.challenge_s,
        "delay_s": times.delay_s,
        "second_call": second_call,
    }


def offices(
    *, alternates: int = 2, treasurers: int = 1, welcomers: int = 3, mediators: int = 3
) -> Plain:
    """One teller, as every community begins with, whom two thirds can recall; terms of a year."""
    return {
        "teller": {"seats": 1, "alternates": alternates, "term_s": YEAR, "recall": [2, 3]},
        "treasurer": {"seats": treasurers, "term_s": YEAR},
        "welcomer": {"seats": welcomers, "term_s": YEAR},
        "mediator": {"seats": mediators, "term_s": YEAR},
    }


def fee(bps: int, *rows: tuple[str, int, str | None]) -> dict[str, Plain]:
    """A fee without smallest or largest amount, and who shares it: role, share, fallback."""
    table: list[Plain] = [{"role": r, "bps": share, "fallback": back} for r, share, back in rows]
    return {"fee_bps": bps, "fee_min": 0, "fee_cap": None, "table": table}


def usual_fee(bps: int) -> dict[str, Plain]:
    """A fee of which most goes to whoever brings buyer and seller together."""
    return fee(
        bps,
        ("referrer", 4000, "community"),
        ("host", 2500, "community"),
        ("community", 2500, None),
        ("hardship", 1000, "community"),
    )


def surplus(*, reserve: int, hardship: int, patronage: int) -> Plain:
    """How a surplus is divided, in basis points."""
    return {
        "reserve_bps": reserve,
        "hardship_bps": hardship,
        "patronage_bps": patronage,
        "patronage_base": "fees_paid",
    }


def orders(*, reply: int, pay: int, send: int, receive: int, review: int) -> Plain:
    """How many days each step of an order may take."""
    return {
        "reply_s": reply * DAY,
        "pay_s": pay * DAY,
        "send_s": send * DAY,
        "receive_s": receive * DAY,
        "review_s": review * DAY,
    }


def strictness(
    covers: tuple[str, ...], approval: tuple[int, int, str], quorum: tuple[int, int]
) -> Plain:
    """A class of amendments."""
    return {"covers": [*covers], "approval": [*approval], "approval_quorum": [*quorum]}


def three_classes() -> Plain:
    """Fundamentals, what touches everybody's money and say, and the rest."""
    money_and_say = ("fees", "offices", "membership", "rules", "credit", "name", "currency")
    rest = ("values", "surplus", "orders", "disputes", "guests", "about", "place", "languages")
    return {
        "A": strictness(FUNDAMENTALS, THREE_QUARTERS, (3, 8)),
        "B": strictness(money_and_say, TWO_THIRDS, (1, 3)),
        "C": strictness(rest, MORE_THAN_HALF, (1, 4)),
    }
