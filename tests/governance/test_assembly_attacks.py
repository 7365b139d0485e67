"""A teller with a hostile program certifies what it likes: others fold it alike or refuse it."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest

from governance import assembly, duties
from governance.certified import AGAIN, APPEAL, CHALLENGE, RUN_OFF, SECOND_CALL, Certified
from governance.charter import Charter
from governance.effects.registry import EFFECTS
from governance.handover import WHY, moving, stepping_in
from governance.tellers import decides, is_able, successors, term_ends
from protocol.codec import decode, encode
from protocol.errors import Invalid, Refused
from protocol.keys import Signer
from tests.governance.four import four
from tests.governance.hall import NAMES, PEOPLE, Hall, key
from tests.governance.test_votes import ADVICE, FEE, effect
from tests.protocol.people import h

SPARE = Signer(h("a spare device of Ben's"))
ODD: list[Any] = [
    *(None, True, 0, -1, 2**53, 2**64 - 1, -(2**64), "", "A", "tie", "adopted", "stale", "again"),
    *(b"", bytes(32), h("r"), [], [[]], [None], ["A", "A"], {}, {"type": ["x"]}, {"a": {"b": []}}),
    [[PEOPLE["ben"].device.public, 0, 1, h("head")]],
]
GIVEN: list[tuple[str, dict[str, Any]]] = [
    ("fees", {"type": "set_fees", "default": FEE}),
    ("fees", {"type": "set_fees", "default": {**FEE, "fee_bps": 900}}),
    ("values", {"type": "amend_values", "add": [{"id": "v", "text": "More"}]}),
    ("rules", {"type": "set_rules", "changes": {"rules": {"offices": {"method": "star"}}}}),
    ("expulsion", {"type": "expel", "person": "ben"}),
    ("expulsion", {"type": "expel", "person": "eva"}),
    ("offices", {"type": "elect", "office": "teller", "candidates": {"A": "ben", "B": "ana"}}),
    ("offices", {"type": "elect", "office": "mediator", "candidates": {"A": "ben", "B": "eva"}}),
    (
        "offices",
        {"type": "elect", "office": "teller", "candidates": {name: name for name in NAMES[:5]}},
    ),
    ("rules", {"type": "set_rules", "changes": {"offices": {"teller": {"seats": 1}}}}),
    ("rules", {"type": "set_rules", "changes": {"offices": {"teller": {"seats": 4}}}}),
    ("spending", {"type": "spend", "amount": 5, "to": "eva", "purpose": "Flour"}),
    ("picks", {"type": "pick", "title": "Best", "count": 2, "listings": {"A": "x", "B": "y"}}),
]
ROUNDS = ("", RUN_OFF, SECOND_CALL, APPEAL, AGAIN)


def decided(rng: Random, hall: Hall) -> tuple[str, Any]:
    """Something that may be certified in this hall, rightly or not."""
    votes = list(hall.state.votes.values())
    if not votes or rng.random() < 0.25:
        kind, given = rng.choice([*GIVEN, ("advice", ADVICE)])
        options = ("A", "B") if kind == "advice" else ()
        try:
            own = given if kind == "advice" else effect(hall, **given)
            return "open", hall.opening(kind, own, *options)
        except (Invalid, Refused):
            return "roll", {"leave": [[key("dan"), h("leave"), []]]}
    vote = rng.choice(votes[-4:])
    about: dict[str, Any] = {"proposal": vote.proposal, "at": rng.choice([0, 9, 2**53])}
    if vote.round is not None and rng.random() < 0.5:
        named = [name for name, _ in vote.round.options]
        outcome = rng.choice(assembly.OUTCOMES)
        won = rng.sample(named, rng.randint(0, len(named))) if outcome in ("adopted", "tie") else []
        tied = [name for name in named if name not in won] if outcome == "tie" else []
        more = {"tied": tied, "seats": int(bool(tied)), "ballots": rng.randint(0, 3)}
        if outcome == "adopted" and vote.round.alternates:
            won, more["alternates"] = won[:4], won[4:]
        return "close", {**hall.closing(vote.proposal, outcome, *won), **more}
    why = rng.choice(["recount", "again", "stale", "withdrawn"])
    return rng.choice(
        [
            ("open", {**about, "stage": "vote", "round": rng.choice(ROUNDS), "record": h("r")}),
            ("effect", about),
            ("tellers", about),
            ("remove", {**about, "heads": []}),
            ("tellers", stepping_in(rng.randrange(4), rng.choice(WHY), None, 9)),
            ("tellers", stepping_in(rng.randrange(4), "resigned", h("r"), 9)),
            ("move-seat", moving(1, SPARE.public, h("r"), [])),
            ("roll", {"enrol": [[key("ben"), SPARE.public, h("r")]]}),
            ("roll", {"retire": [[PEOPLE[rng.choice(NAMES)].device.public, []]]}),
            ("annul", {**about, "why": why, "record": rng.choice([None, h("r")])}),
        ]
    )


def bent(rng: Random, value: Any) -> Any:
    """The same with something odd in it somewhere."""
    if not isinstance(value, list | dict) or not value or rng.random() < 0.2:
        return rng.choice(ODD)
    if isinstance(value, list):
        at = rng.randrange(len(value))
        return [
            *value[:at],
            *([] if rng.random() < 0.2 else [bent(rng, value[at])]),
            *value[at + 1 :],
        ]
    name = rng.choice(sorted(value))
    if rng.random() < 0.2:
        return {k: v for k, v in value.items() if k != name}
    return {**value, name: bent(rng, value[name])}


def sound(state: Certified) -> None:
    """Whatever was certified, everybody can go on from there."""
    Charter.from_data(state.charter)
    for vote in state.votes.values():
        assembly.is_stale(state, vote)
        assert isinstance(duties.due(vote, 10.0**10), duties.Due)
        assert len(set(vote.winners)) == len(vote.winners)
        if vote.phase == CHALLENGE:
            assembly.certificate_for(state, vote, 1)
        EFFECTS[vote.effect["type"]].in_words(vote.effect, state)
    assert len(state.tellers) in (1, 4)
    assert len({seat.device for seat in state.tellers}) == len(state.tellers)
    assert decides(state) or len(state.tellers) == 1
    assert not {seat.person for seat in state.tellers} & set(state.alternates)
    assert all(is_able(state, seat) for seat in successors(state))
    term_ends(state)
    for held in state.officers.values():
        assert len(set(held.persons)) == len(held.persons)


@pytest.mark.parametrize("seed", range(24))
def test_what_a_teller_makes_up_is_refused_or_means_the_same_to_all(seed: int) -> None:
    rng = Random(seed)
    rules = {"notice_s": 60 * (seed % 2), "second_call": seed % 3 == 0}
    hall = Hall(members=6, **rules) if seed % 4 else four(**rules)
    hall.more.append(SPARE)
    there = {name for name in NAMES if key(name) in hall.state.roll.persons}
    made = 0
    for _ in range(50):
        kind, decision = decided(rng, hall)
        decision = bent(rng, decision) if rng.random() < 0.3 else decision
        if isinstance(decision, dict):
            try:
                hall.certify(kind, decode(encode(decision), limit=2**16))  # type: ignore[arg-type]
                made += 1
            except Invalid:
                continue
            if made % 6 == 0:
                sound(hall.state)
    sound(hall.state)
    assert made > 2
    assert {name for name in NAMES if key(name) in hall.state.roll.persons} == there


def test_an_option_can_not_win_and_be_level_at_once() -> None:
    hall = Hall()
    office = effect(
        hall, type="elect", office="mediator", candidates={"A": "ana", "B": "ben", "C": "eva"}
    )
    proposal = hall.open("offices", office)
    twice = hall.closing(proposal, "tie", "A", tied=["A", "B"], seats=1)
    assert "an option twice" in hall.refused("close", twice)
