"""A community that decides: Ana is teller, Ben, Eva and Fay are members, Dan has left.

An example of every effect as a member writes it, and the votes that carry them out.
"""

from __future__ import annotations

from dataclasses import replace
from hashlib import sha256
from typing import Any

from governance.certified import CHALLENGE, Certified, Held, Version, Vote
from governance.charter import Charter
from governance.effects.effect import EffectType
from governance.effects.registry import EFFECTS
from governance.roll import LEFT, Roll
from governance.templates import template
from protocol.certificates import Seat
from protocol.codec import Plain, decode, encode
from protocol.errors import NotFound
from tests.governance.members import dev, key, member
from tests.protocol.people import COMMUNITY, h

HEIGHT, AT = 8, 1_767_225_600
BREAD, HONEY, SOAP = h("bread"), h("honey"), h("soap")
LISTINGS = {"bread": BREAD, "honey": HONEY, "soap": SOAP}


def version(data: dict[str, Plain], number: int = 1) -> Version:
    digest = sha256(encode(data)).digest()
    return Version(number=number, height=-1, at=0, hash=digest, data=data)


def charter_data() -> dict[str, Any]:
    """The charter in force."""
    return template("makers-market")


def state_of(data: dict[str, Plain], **other: Any) -> Certified:
    people = [member(name) for name in ("ana", "ben", "eva", "fay")]
    fields: dict[str, Any] = {
        "community": COMMUNITY,
        "height": HEIGHT - 1,
        "id": h("tip"),
        "tellers": (Seat(key("ana"), dev("ana")),),
        "versions": (version(data),),
        "roll": Roll(persons=dict([*people, member("dan", standing=LEFT)])),
        "officers": {"treasurer": Held(persons=(key("ben"),), proposal=h("old"), height=2, at=0)},
    }
    return Certified(**(fields | other))


STATE = state_of(charter_data())


class Words:
    """Names as Ana's node knows them."""

    me = key("ana")

    def person(self, text: str) -> bytes:
        if text.lower() in ("ana", "ben", "eva", "fay", "dan", "gil"):
            return key(text.lower())
        return self._hex(text)

    def listing(self, text: str) -> bytes:
        return LISTINGS[text] if text in LISTINGS else self._hex(text)

    def money(self, text: str, currency: str) -> int:
        return int(text.replace(".", ""))

    def _hex(self, text: str) -> bytes:
        try:
            found = bytes.fromhex(text)
        except ValueError:
            found = b""
        if len(found) != 32:
            raise NotFound("no-member", "Nobody is called so.")
        return found


NAMES = Words()
FOOD = {
    "fee_bps": 200,
    "fee_min": 0,
    "fee_cap": None,
    "table": [{"role": "community", "bps": 10_000, "fallback": None}],
}

GIVEN: dict[str, dict[str, Any]] = {
    "amend_values": {
        "type": "amend_values",
        "add": [{"id": "reuse", "text": "We use what there is.", "rationale": "It lasts."}],
        "amend": [{"id": "fair-hour", "text": "An hour of work is paid as an hour."}],
        "retire": [charter_data()["values"][0]["id"]],
    },
    "set_fees": {
        "type": "set_fees",
        "default": {"fee_bps": 300},
        "categories": {"food": FOOD},
    },
    "set_rules": {
        "type": "set_rules",
        "changes": {
            "rules": {"fees": {"notice_s": 3600}, "picks": {"method": "star"}},
            "membership": {"vouches": 2, "invite_s": 86_400},
            "languages": ["de", "es"],
        },
    },
    "elect": {
        "type": "elect",
        "office": "welcomer",
        "candidates": {"A": "Ben", "B": key("eva").hex(), "C": "Fay"},
    },
    "expel": {"type": "expel", "person": "Ben"},
    "spend": {"type": "spend", "amount": "12.50", "to": "Eva", "purpose": "Paint for the stall"},
    "pick": {
        "type": "pick",
        "title": "Spring",
        "count": 2,
        "listings": {"A": "bread", "B": "honey", "C": "soap"},
    },
    "advice": {"type": "advice"},
    "verdict": {
        "type": "verdict",
        "order": h("order").hex(),
        "buyer": "Eva",
        "seller": "Ben",
        "refund": "2.50",
        "text": "The jar was half full.",
    },
}


def sort_of(given: dict[str, Any]) -> EffectType:
    return EFFECTS[given["type"]]


def prepared(given: dict[str, Any], state: Certified = STATE) -> dict[str, Any]:
    """The record's effect as another node reads it."""
    found = decode(encode(sort_of(given).prepare(given, state, NAMES)), limit=2**16)
    assert isinstance(found, dict)
    return found


def vote_on(effect: dict[str, Any], *winners: str, proposal: bytes = h("proposal")) -> Vote:
    """A passed vote on an effect."""
    charter = Charter.from_data(charter_data())
    sort = EFFECTS[effect["type"]]
    return Vote(
        proposal=proposal,
        author=key("ana"),
        kind=sort.kinds[0],
        effect=effect,
        options=(),
        seats=1,
        rule=charter.rules.of(sort.kinds[0]),
        amendment="",
        thresholds=(),
        quorums=(),
        electorate=frozenset(),
        opened=h("open"),
        height=3,
        at=0,
        phase=CHALLENGE,
        winners=winners,
    )


def carried_out(effect: dict[str, Any], *winners: str, state: Certified = STATE) -> Certified:
    vote = vote_on(effect, *winners)
    return EFFECTS[effect["type"]].apply(state, vote, height=HEIGHT, at=AT)


def without(state: Certified, name: str) -> Certified:
    """The state after somebody has left."""
    gone = dict([member(name, standing=LEFT)])
    return replace(state, roll=replace(state.roll, persons={**state.roll.persons, **gone}))
