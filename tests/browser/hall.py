"""What the lively community decides: votes by every method, in every step of their lives.

Built by the functions that commands and the desk use, with one teller, Ana. Times are short enough
that a whole life fits between two newcomers.
"""

from __future__ import annotations

from typing import Any

from governance.templates import template
from node import teller
from node.assembly import acting, casting, proposing
from node.home import Home
from storage.holdings import StoreHoldings
from tests.pulling import pull

DAY_S = 86_400
DAY = 1000 * DAY_S
TIMES = {
    "notice_s": 2 * DAY_S,
    "open_s": 7 * DAY_S,
    "min_open_s": 7 * DAY_S,
    "challenge_s": 3 * DAY_S,
    "delay_s": 2 * DAY_S,
}
LONG_ANSWER = "Schraubenschlüsselsatzverleihgenossenschaftsversammlungsprotokollführung"


def rules() -> dict[str, Any]:
    """The rules of the makers' market, with shorter times and a method of each sort."""
    charter: Any = template("makers-market")
    found = {kind: {**rule, **TIMES} for kind, rule in charter["rules"].items()}
    found["fees"]["method"] = "supermajority"
    found["picks"]["method"] = "star"
    for kind in ("picks", "advice"):
        found[kind] |= {"notice_s": 0, "challenge_s": 0, "delay_s": 0}
    found["advice"] |= {"open_s": 30 * DAY_S, "min_open_s": 0}
    return found


class Hall:
    """The assembly of a world: `ana` counts, `ben` and `cleo` vote too."""

    def __init__(self, world: Any, ben: Home, cleo: Home) -> None:
        self.world = world
        self.ana: Home = world.ana
        self.ben, self.cleo = ben, cleo

    def act(self, days: float = 0) -> None:
        """Time goes by, everybody syncs, and Ana's node does what is due."""
        self.world.now += int(days * DAY)
        ana, *others = (StoreHoldings(home.store) for home in (self.ana, self.ben, self.cleo))
        for other in others:
            pull(ana, other)
        teller.act(self.ana.store, self.ana.unlock().device)
        for other in others:
            pull(other, ana)

    def propose(
        self, who: Home, kind: str, title: str, text: str, effect: dict[str, Any], **options: str
    ) -> str:
        """Write a proposal; its id."""
        made = proposing.propose(
            who, kind=kind, title=title, text=text, effect=effect, options=list(options.items())
        )
        return str(made["proposal"])

    def vote(self, proposal: str, **choices: str) -> None:
        """`ana="yes"`; a choice with reasons is split at the first "because"."""
        for name, choice in choices.items():
            said, _, reason = choice.partition(" because ")
            casting.cast(getattr(self, name), proposal, said, reason=reason)


def decided(hall: Hall, listings: dict[str, str]) -> dict[str, str]:
    """What is over, by a word for each; takes 17 days. One more has passed by then."""
    ana, ben, cleo = hall.ana, hall.ben, hall.cleo
    advice = {"type": "advice"}
    found = {
        "schulze": hall.propose(
            ben,
            "advice",
            "Where do we hold the winter market?",
            "The square is windy. What would you like best?",
            advice,
            A="The square, as always",
            B="The old tannery by the river, with a roof and a stove",
            C=LONG_ANSWER,
        ),
        "amended": hall.propose(
            ana,
            "values",
            "Say when a thing can't be mended",
            "A member asked what *mend* means for **felt**.",
            {
                "type": "amend_values",
                "amend": [
                    {"id": "mend", "text": "We mend what we sold, or say that it can't be mended."}
                ],
                "add": [{"id": "reuse", "text": "We wrap in what was wrapped before."}],
            },
        ),
        "rule": hall.propose(
            ben,
            "rules",
            "Advice by instant run-off",
            "Fewer numbers to explain.",
            {"type": "set_rules", "changes": {"rules": {"advice": {"method": "irv"}}}},
        ),
        "elected": hall.propose(
            cleo,
            "offices",
            "Who keeps the purse?",
            "",
            {
                "type": "elect",
                "office": "treasurer",
                "candidates": {"A": ben.person.hex(), "B": cleo.person.hex()},
            },
        ),
        "refused": hall.propose(
            ben,
            "spending",
            "A neon sign",
            "So that people find us at night.",
            {"type": "spend", "amount": 45_000, "purpose": "A neon sign above the stalls"},
        ),
        "withdrawn_vote": hall.propose(
            cleo, "rules", "No more notice", "", _rule("fees", notice_s=0)
        ),
    }
    hall.act()
    acting.withdraw(cleo, found["withdrawn_vote"])
    hall.act(2.1)
    hall.vote(found["amended"], ana="consent", ben="consent", cleo="aside")
    hall.vote(found["rule"], ana="yes", ben="yes", cleo="yes because It is easier to explain.")
    hall.vote(found["elected"], ana="A", ben="B", cleo="A,status-quo")
    hall.vote(
        found["refused"], ana="no because It would keep the owls awake.", ben="yes", cleo="no"
    )
    found["picked"] = hall.propose(
        ana,
        "picks",
        "Autumn picks",
        "",
        {"type": "pick", "title": "For the first cold days", "count": 2, "listings": listings},
    )
    hall.act(0.1)
    first, *_, last = listings
    hall.vote(
        found["picked"], ana=f"{first}:5,{last}:4", ben=f"{first}:3,{last}:5", cleo=f"{last}:2"
    )
    hall.act()
    hall.act(7)
    hall.act(5.5)
    found["passed"] = hall.propose(
        cleo,
        "spending",
        "Paint for the stalls",
        "Two buckets, weatherproof.",
        {"type": "spend", "amount": "96.50", "to": ben.person.hex(), "purpose": "Two buckets"},
    )
    hall.act()
    hall.act(2.1)
    hall.vote(found["passed"], ana="yes", ben="yes", cleo="yes")
    hall.act()
    return found


def under_way(hall: Hall, listings: dict[str, str]) -> dict[str, str]:
    """One open vote of each method, one announced, one that waits; takes three days."""
    ana, ben, cleo = hall.ana, hall.ben, hall.cleo
    found: dict[str, str] = {}
    found |= {
        "proposal": hall.propose(
            ben,
            "fees",
            "A larger part for whoever hosts",
            "Hosts carry the cost of a computer that is always on.\n\n- 4 % of every sale\n"
            "- books at cost",
            {
                "type": "set_fees",
                "default": {
                    "fee_bps": 400,
                    "table": [
                        {"role": "referrer", "bps": 3000, "fallback": "community"},
                        {"role": "host", "bps": 4000, "fallback": "community"},
                        {"role": "community", "bps": 3000, "fallback": None},
                    ],
                },
                "categories": {"books": {"fee_bps": 0}},
            },
        ),
        "consent": hall.propose(
            ana,
            "values",
            "Children sell for free",
            "",
            {
                "type": "amend_values",
                "add": [{"id": "children", "text": "Whoever is under 14 pays no fee."}],
                "retire": ["fair-hour"],
            },
        ),
        "approval": hall.propose(
            ben,
            "offices",
            "Who helps when two can't agree?",
            "",
            {
                "type": "elect",
                "office": "mediator",
                "candidates": {
                    key: home.person.hex()
                    for key, home in zip("ABC", (ana, ben, cleo), strict=True)
                },
            },
        ),
    }
    hall.act()
    hall.act(2.1)
    hall.vote(found["proposal"], ben="yes because I host, and it adds up.", cleo="abstain")
    hall.vote(found["consent"], ben="object because Who checks how old somebody is?")
    found["irv"] = hall.propose(
        cleo,
        "advice",
        "Which day suits you?",
        "",
        {"type": "advice"},
        sat="Saturday",
        sun="Sunday",
        fri="Friday evening, once the ferry is in",
    )
    found["star"] = hall.propose(
        cleo,
        "picks",
        "Winter picks",
        "",
        {"type": "pick", "title": "For long evenings", "count": 2, "listings": listings},
    )
    hall.act()
    hall.vote(found["irv"], ana="sun>sat", ben="sat>sun>fri")
    hall.vote(hall.world.ids["schulze"], ana="B>A=C", ben="A>B")
    found |= {
        "expulsion": hall.propose(
            ana,
            "expulsion",
            "Ben has sold what was not his",
            "Three people told the mediators so.",
            {"type": "expel", "person": ben.person.hex()},
        ),
        "waiting_vote": hall.propose(
            ana, "rules", "A week of notice", "", _rule("fees", notice_s=7 * DAY_S)
        ),
    }
    hall.act(0.4)
    _talk(hall, found)
    hall.act(0.1)
    return found


def _talk(hall: Hall, found: dict[str, str]) -> None:
    acting.comment(
        hall.ben, found["expulsion"], "I had **asked** the owner. Here is what he wrote."
    )
    first = acting.comment(hall.cleo, found["proposal"], "Who pays for books then?")["comment"]
    hall.act()
    acting.comment(hall.ana, found["proposal"], "Whoever sells them, I think.", first)
    acting.comment(hall.ben, found["proposal"], f"Nobody: {LONG_ANSWER}.", first)
    acting.comment(hall.cleo, found["proposal"], "مرحبا بكم، كل شيء واضح")


def _rule(kind: str, **changes: Any) -> dict[str, Any]:
    return {"type": "set_rules", "changes": {"rules": {kind: changes}}}
