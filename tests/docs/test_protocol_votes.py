"""What certificates do and how votes are counted: a reader written from the page alone agrees."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from governance import listing
from governance.certified import Certified, Version
from governance.charter_read import Share, Threshold
from governance.counting import Question, count
from governance.effects.registry import EFFECTS
from governance.folding import step
from governance.handover import moving, stepping_in
from governance.methods.registry import METHODS
from governance.roll import Roll
from protocol.certificates import Certificate, Seat
from protocol.errors import Invalid
from protocol.keys import Signer
from storage.assembly import Receipt
from storage.polling import Cast
from tests.docs import independent as other
from tests.docs import independent_count as counting
from tests.docs import independent_votes as votes
from tests.governance.four import FIRST, adopt, elect, election, seat
from tests.governance.hall import PEOPLE, Hall, key
from tests.governance.voting import any_choice, by_person
from tests.protocol.people import COMMUNITY, h

V: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "protocol.json").read_text("utf-8")
)


def raw(text: str) -> bytes:
    return bytes.fromhex(text)


def value(plain: Any) -> Any:
    """The value that JSON stands for."""
    if isinstance(plain, dict):
        return raw(plain["$hex"]) if set(plain) == {"$hex"} else {k: value(plain[k]) for k in plain}
    return [value(each) for each in plain] if isinstance(plain, list) else plain


# The vectors


def chain(height: int = -1) -> votes.Chain:
    """The chain of the vectors, to a height or to its end, each step as the vectors say."""
    made = votes.Chain.of(other.read_entry(other.decode(raw(V["records"]["found"]["entry"]))))
    for row in V["certificates"][: height + 1 or None]:
        made.fold(other.decode(raw(row["travel"])))
        assert made.state.id.hex() == row["id"]
        assert made.state.roll.packed().hex() == row["roll"]
    return made


def test_the_reader_folds_the_chain() -> None:
    made = chain()

    assert [vote.phase for vote in made.state.votes.values()] == [
        "in_effect",
        "in_effect",
        "failed",
    ]
    assert made.state.charter["fees"]["default"]["fee_bps"] == 500
    with pytest.raises(other.Bad):
        made.fold(other.decode(raw(V["certificates"][0]["travel"])))


@pytest.mark.parametrize("row", V["votes"], ids=lambda row: f"certificate {row['certificate']}")
def test_the_reader_counts_a_round_from_its_records(row: Any) -> None:
    """From the stop by ids to receipts and ballots, and from there to what the close says."""
    state = chain(row["certificate"]).state
    said = value(V["certificates"][row["certificate"]]["plain"])["decision"]
    vote = state.votes[said["proposal"]]
    last = vote.rounds[-1]
    records = [other.read_entry(other.decode(raw(each))) for each in row["evidence"]]
    records += [other.read_entry(other.decode(raw(each["entry"]))) for each in row["ballots"]]
    held = {each.id: each for each in records if other.signed(each, COMMUNITY)}
    lists = []
    for stop in last.result["stops"]:
        at, chained = held[stop].says()["last"], []
        assert (held[stop].kind, held[stop].says()["open"]) == ("stop", last.open)
        assert held[stop].device in [device for _, device in last.tellers]
        while at is not None:
            assert (held[at].kind, held[at].says()["open"]) == ("receipts", last.open)
            chained.insert(0, held[at].says())
            at = chained[0]["before"]
        lists.append([held[each] for link in chained for each in link["ballots"]])
    owner = {
        device: person
        for person in last.voters
        for device, height in state.roll.persons[person][3].items()
        if height <= last.height
    }
    asked = counting.Question(
        vote.rule["method"],
        [name for name, _ in last.options],
        last.seats,
        vote.opened["thresholds"],
        vote.opened["quorums"],
    )
    assert (asked._asdict(), len(last.voters)) == (
        {key: row.get(key, 0) for key in asked._fields},
        row["voters"],
    )

    ended = [
        [(r.id, owner.get(r.device), r.says()["version"], r.says()["choice"]) for r in each]
        for each in lists
    ]
    found = counting.counted(
        asked,
        ended,
        [[each] for each in ended],  # nobody's chain branches
        len(last.tellers),
        vote.rule["revise"],
    )
    ids = sorted(record for record, _ in found.values())
    result = counting.count(asked, [choice for _, choice in found.values()], len(last.voters))

    counts = [
        other.read_entry(other.decode(raw(b["entry"]))).id for b in row["ballots"] if b["counts"]
    ]
    assert ids == sorted(counts)
    result |= {"ballots": len(ids), "root": sha256(b"".join(ids)).digest()}
    assert {key: said[key] for key in result} == result


@pytest.mark.parametrize("row", V["counts"], ids=lambda row: f"{row['method']}: {row['what']}")
def test_both_count_the_small_votes(row: Any) -> None:
    asked = counting.Question(*(row[key] for key in counting.Question._fields[:5]))
    some = [counting.read_choice(asked, c) for times, c in row["choices"] for _ in range(times)]
    right = {k: row[k] for k in ("outcome", "winners", "tied", "tally")} | {
        "seats": row["seats left"]
    }

    assert counting.count(asked, some, row["voters"]) == right
    mine = question(asked)
    read = METHODS[mine.method].read
    choices = [read(c, mine.on_ballot) for times, c in row["choices"] for _ in range(times)]
    assert program(mine, choices, row["voters"]) == right


# Random votes


def question(asked: counting.Question) -> Question:
    """The same question in the program's words."""
    return Question(
        method=asked.method,
        options=tuple(asked.options),
        seats=asked.seats,
        thresholds=tuple(Threshold(*each) for each in asked.thresholds),
        quorums=tuple(Share(*each) for each in asked.quorums),
        alternates=asked.alternates,
    )


def program(asked: Question, choices: list[Any], voters: int) -> dict[str, Any]:
    """What the program counts."""
    found = count(asked, by_person(choices), voters)
    return {
        "outcome": found.outcome,
        "winners": list(found.winners),
        "tied": list(found.tied),
        "seats": found.open_seats,
        **({} if found.alternates is None else {"alternates": list(found.alternates)}),
        "tally": found.tally,
    }


TAKES = [[1, 2, "at_least"], [1, 2, "more"], [2, 3, "at_least"], [4, 6, "more"], [3, 4, "more"]]
WORDS = {"consent": ("consent", "object", "aside")}


@pytest.mark.parametrize("method", METHODS)
def test_both_count_any_vote_alike(method: str) -> None:
    """Few options and few voters, so that much is level."""
    dice = random.Random(f"votes by {method}")
    outcomes = set()
    for _ in range(300):
        options = list("ABCDE")[: dice.randint(1, 5)] if METHODS[method].most_options else []
        asked = counting.Question(
            method,
            options,
            dice.randint(1, 3) if options else 1,
            dice.sample(TAKES, dice.randint(0, 2)),
            dice.sample([[0, 1], [1, 3], [1, 2], [3, 4]], dice.randint(0, 2)),
            dice.randint(0, 3) if options else 0,
        )
        mine, voters = question(asked), dice.randint(0, 9)
        if method in WORDS:
            choices: list[Any] = dice.choices(WORDS[method], k=dice.randint(0, voters))
        else:
            choices = [
                any_choice(dice, method, mine.on_ballot) for _ in range(dice.randint(0, voters))
            ]
        read = [counting.read_choice(asked, choice) for choice in choices]

        found = counting.count(asked, read, voters)

        assert found == program(mine, choices, voters), (asked, choices)
        outcomes.add(found["outcome"])
    ties = {"tie"} if METHODS[method].most_options else set()
    assert outcomes == {"adopted", "rejected", "missed"} | ties


@pytest.mark.parametrize("method", METHODS)
def test_both_read_the_same_choices(method: str) -> None:
    asked = counting.Question(method, ["A", "B"], 1, [], [])
    mine = question(asked)
    some: list[Any] = [*"AB", "yes", "no", "abstain", "consent", "object", "aside", "Yes", 1, True]
    some += [[], ["A"], ["A", "A"], ["status-quo", "A"], ["C"], [["A"]], [["A", "B"], []], [[]]]
    some += [[["B"], ["A"], ["status-quo"]], [["A", "B"]], [["A"], ["A"]], [[1]], [["A"], "B"], {}]
    some += [
        {"A": 5, "B": 0},
        {"A": 6},
        {"A": -1},
        {"A": True},
        {"C": 1},
        {"status-quo": 1},
        [None],
    ]
    taken = 0
    for choice in some:
        try:
            read = METHODS[method].read(choice, mine.on_ballot)
        except Invalid:
            with pytest.raises(other.Bad):
                counting.read_choice(asked, choice)
            continue
        taken += 1
        again = counting.read_choice(asked, read)
        assert again == counting.read_choice(asked, choice)
    assert 3 <= taken <= 6


def test_both_take_the_same_ballots_from_the_lists_of_several_tellers() -> None:
    dice = random.Random("lists")
    asked = counting.Question("majority", [], 1, [], [])
    differing = proved = 0
    for _ in range(300):
        tellers = dice.choice((1, 4, 7))
        third, revise = (tellers - 1) // 3, dice.random() < 0.5
        cast = [
            Cast(h("person", dice.randint(1, 3)), h("ballot", n), dice.randint(1, 2), "yes")
            for n in range(6)
        ]
        chains = [
            [dice.sample(cast, dice.randint(1, 6)) for _ in range(dice.choice((1, 1, 3)))]
            for _ in range(tellers)
        ]
        stopped = dice.sample(range(tellers), dice.randint(2 * third + 1, tellers))
        ended = [dice.choice(chains[each]) for each in stopped]

        found = counting.counted(
            asked,
            [plain(each) for each in ended],
            [[plain(each) for each in some] for some in chains],
            tellers,
            revise,
        )

        stands = standing(cast, ended, chains, revise)
        assert {p: record for p, (record, _) in found.items()} == stands
        differing += standing(cast, ended, chains, not revise) != stands
        proved += standing(cast, ended, [[]] * tellers, revise) != stands
    assert min(differing, proved) > 50


def plain(casts: Iterable[Cast]) -> list[Any]:
    return [(each.record, each.person, each.version, each.choice) for each in casts]


def standing(
    cast: list[Cast], ended: list[list[Cast]], chains: list[list[list[Cast]]], revise: bool
) -> dict[bytes, bytes]:
    """By person the ballot that counts, as the program finds it; one record to a ballot."""
    owners = {each.record: each.person for each in cast}
    backing = []
    for number, some in enumerate(chains):
        links = [
            Receipt(
                h(f"link {number} {which} {at}"),
                at,
                h(f"link {number} {which} {at - 1}") if at else None,
                (each.record,),
            )
            for which, named in enumerate(some)
            for at, each in enumerate(named)
        ]
        backing.append(listing.backed(owners, links, revise=revise))
    found = listing.standing(
        {each.record: each for each in cast},
        [[each.record for each in named] for named in ended],
        backing,
        tellers=len(chains),
        revise=revise,
    )
    return {person: each.record for person, each in found.items()}


# Certificates


def test_both_carry_out_every_part_of_a_roll_decision() -> None:
    """Admitted, enrolled, expired, left, back again, retired: the same bytes are hashed."""
    ana, ben, phone = ([bytes([n]) * 32, bytes([n + 1]) * 32] for n in (1, 3, 5))
    join, later = b"j" * 32, b"l" * 32
    state = Certified(
        community=COMMUNITY,
        height=-1,
        id=COMMUNITY,
        versions=(Version(number=1, height=-1, at=0, hash=bytes(32), data={}),),
        tellers=(Seat(*ana),),
        roll=Roll(),
    )
    mine = other.Roll()
    decisions: list[dict[str, Any]] = [
        {"admit": [[*ana, None, None, COMMUNITY]]},
        {"admit": [[*ben, ana[0], [ana[1], 7, 0], join]], "expire": [[ana[1], 2, 0]]},
        {"enrol": [[ben[0], phone[0], join]], "expire": [[phone[0], 0, 0], [ana[1], 7, 1]]},
        {"leave": [[ben[0], join, [[phone[0], 1, 3, later], [ben[1], 0, 0, later]]]]},
        {"admit": [[ben[0], phone[1], ana[0], [ana[1], 2, 1], later]]},
        {"retire": [[phone[1], [[phone[1], 2, 9, join], [ana[1], 2, 9, join]]]], "cite": [later]},
    ]
    for height, decision in enumerate(decisions):
        after = step(state, "roll", decision)
        mine = mine.after(decision, height, COMMUNITY, ana)

        assert sha256(mine.packed()).digest() == after.roll.root()
        state = replace(after, height=height, id=COMMUNITY)
    assert len(mine.cuts) == 9
    for wrong in (
        {},
        {"admit": [[*ana, None, None, COMMUNITY]]},
        {"admit": [[b"x" * 32, b"y" * 32, ben[0], [phone[1], 0, 0], join]]},
        {"expire": [[ana[1], 7, 1]]},
        {"enrol": [[ana[0], phone[0], join]]},
        {"leave": [[b"x" * 32, join, []]]},
        {"retire": [[b"x" * 32, []]]},
        {"else": []},
        {"cite": [[later]]},
        {"cite": later},
    ):
        with pytest.raises(Invalid):
            step(state, "roll", wrong)
        with pytest.raises(other.Bad):
            mine.after(wrong, 6, COMMUNITY, ana)


class Two:
    """A hall whose certificates the reader folds as well, and comes to the same."""

    def __init__(self, hall: Hall) -> None:
        self.hall = hall
        first, ana = hall.state.versions[0], PEOPLE["ana"]
        self.chain = votes.Chain(
            hall.community,
            ana.person.public,
            ana.device.public,
            other.decode(other.encode(dict(first.data))),
        )
        self.follow()

    def follow(self) -> None:
        """Fold what the hall has certified since."""
        made: list[Certificate] = self.hall.chain
        for each in made[self.chain.state.height + 1 :]:
            self.chain.fold(other.decode(other.encode(each.travel())))
        mine, theirs = self.chain.state, self.hall.state
        for proposal, vote in theirs.votes.items():
            found = mine.votes[proposal]
            assert (found.phase, found.electorate) == (vote.phase, vote.electorate)
            assert (found.sure, found.winners) == (vote.sure, vote.winners)
            for one, last in zip(found.rounds, vote.rounds, strict=True):
                assert (one.name, one.open, one.seats) == (last.name, last.open, last.seats)
                assert [tuple(each) for each in one.options] == list(last.options)
                assert (one.electorate, one.voters or set()) == (last.electorate, last.voters)
                assert one.alternates == last.alternates
            assert found.reserve == vote.reserve
        assert mine.alternates == theirs.alternates
        assert mine.officers == {k: list(held.persons) for k, held in theirs.officers.items()}
        picks = theirs.picks and [theirs.picks.title, list(theirs.picks.listings)]
        assert mine.picks == picks
        assert [each["amount"] for each in mine.grants] == [each.amount for each in theirs.spends]

    def refuse(self, kind: str, decision: dict[str, Any]) -> None:
        """Neither can carry this out."""
        self.hall.refused(kind, decision)
        with pytest.raises(other.Bad):
            votes.step(self.chain.state, kind, other.decode(other.encode(decision)), b"")


class Words:
    """Names as a hall's people say them."""

    me = key("ben")

    def person(self, text: str) -> bytes:
        return key(text)

    def listing(self, text: str) -> bytes:
        return h(text)

    def money(self, text: str, currency: str) -> int:
        return int(text)


def effect(hall: Hall, **given: Any) -> dict[str, Any]:
    """What the record of a proposal holds for these words."""
    return EFFECTS[given["type"]].prepare(given, hall.state, Words())


ROWS = [{"role": "community", "bps": 10_000, "fallback": None}]
FEE = {"fee_bps": 500, "fee_min": 0, "fee_cap": None, "table": ROWS}


def test_both_fold_every_effect_and_every_way_a_vote_can_go() -> None:
    hall = Hall(members=5, second_call=True)
    two = Two(hall)
    classes: Any = hall.state.charter["amendment"]
    covers = [*classes["B"]["covers"], *classes["C"]["covers"]]
    rules = {"expulsion": {"method": "schulze"}, "spending": {"recuse": True}}
    less = {
        "A": {"approval_quorum": [1, 3]},
        "B": {"covers": covers, "approval_quorum": [1, 4]},
        "C": None,
    }
    verdict: dict[str, Any] = {"type": "verdict", "order": h("order").hex(), "buyer": "ben"}
    verdict |= {"seller": "eva", "refund": 250, "text": "The jar was half full."}
    passes: list[tuple[str, dict[str, Any]]] = [
        (
            "values",
            {
                "type": "amend_values",
                "add": [{"id": "b", "text": "Mend it."}, {"id": "a", "text": "Share it."}],
                "amend": [{"id": "say-it", "text": "Say it."}],
            },
        ),
        ("fees", {"type": "set_fees", "default": FEE, "categories": {"bread": FEE}}),
        (
            "rules",
            {
                "type": "set_rules",
                "changes": {
                    "rules": rules,
                    "membership": {"invite_s": 60, "expel_notice_s": 60},
                    "languages": ["de", "en"],
                },
            },
        ),
        ("rules", {"type": "set_rules", "changes": {"amendment": less}}),
        ("spending", {"type": "spend", "amount": 5, "to": "eva", "purpose": "Paint"}),
        ("spending", {"type": "spend", "amount": 7, "purpose": "Nails"}),
        ("spending", verdict),
        ("advice", {"type": "advice"}),
    ]
    for kind, given in passes:
        options = ["A"] if kind == "advice" else []
        proposal = hall.open(kind, effect(hall, **given), *options)
        hall.close(proposal, "missed", ballots=0)
        hall.begin(proposal, "second-call")
        hall.close(proposal, "adopted", *options)
        hall.effect(proposal)
        two.follow()
    opened = list(hall.state.votes.values())
    assert [vote.amendment for vote in opened] == [*"CBAA", "", "", "", ""]
    assert [tuple(each) for each in opened[3].quorums] == [(1, 3), (3, 8), (1, 4)]

    listings = {"A": "bread", "B": "jam", "C": "tea"}
    pick = effect(hall, type="pick", title="Spring", count=2, listings=listings)
    proposal = hall.open("picks", pick, "C")
    for why in ("again", "recount", None):  # a close that is undone leaves nobody sure of a seat
        hall.close(proposal, "tie", "B", tied=["C", "A"], seats=1)
        if why is None:
            break
        annul = {"proposal": proposal, "why": why, "record": h("c"), "at": 1}
        hall.certify("annul", annul)  # type: ignore[arg-type]
        assert (hall.state.votes[proposal].sure, hall.state.votes[proposal].winners) == ((), ())
        if why == "again":
            hall.begin(proposal, "again")
        two.follow()
    hall.begin(proposal, "run-off")
    hall.certify("annul", {"proposal": proposal, "why": "again", "record": None, "at": 1})
    hall.begin(proposal, "again")
    hall.close(proposal, "tie", tied=["C", "A"], seats=1)
    hall.certify("annul", {"proposal": proposal, "why": "recount", "record": h("c"), "at": 1})
    two.follow()
    hall.close(proposal, "missed")
    hall.begin(proposal, "second-call")
    hall.close(proposal, "adopted", "A")
    hall.effect(proposal)
    two.follow()
    assert hall.state.picks is not None
    assert hall.state.picks.listings == (h("jam"), h("bread"))

    people = {"A": "ben", "B": "eva", "C": "dan"}
    office = effect(hall, type="elect", office="mediator", candidates=people)
    proposal = hall.open("offices", office)
    other_one = hall.open("offices", {**office, "office": "treasurer"}, author="gus")
    dan = effect(hall, type="expel", person="dan")
    gone = hall.open("expulsion", dan)
    late = hall.open("expulsion", dan, author="eva")
    hall.begin(gone, "")
    for each, won in ((proposal, "CAB"), (other_one, "C"), (gone, ["adopt"])):
        hall.close(each, "adopted", *won)
    hall.effect(proposal)
    hall.begin(gone, "appeal", record=h("appeal"))
    hall.close(gone, "adopted", "adopt")
    two.follow()
    two.refuse("effect", {"proposal": gone, "at": 1})
    hall.effect(gone, "remove", heads=[[PEOPLE["dan"].device.public, 0, 3, h("head")]])
    hall.effect(other_one)
    hall.certify("annul", {"proposal": late, "why": "stale", "record": None, "at": 1})
    odd = hall.open("advice", {"type": "advice"}, "A")
    hall.certify("annul", {"proposal": odd, "why": "opening", "record": h("c"), "at": 1})
    two.refuse("annul", {"proposal": odd, "why": "opening", "record": h("c"), "at": 1})
    two.follow()
    assert hall.state.votes[other_one].why == "stale"
    assert hall.state.officers["mediator"].persons == (key("ben"), key("eva"))

    teller = effect(hall, type="elect", office="teller", candidates={"A": "eva", "B": "ben"})
    proposal = hall.open("offices", teller)
    hall.close(proposal, "adopted", "B")
    two.follow()
    two.refuse("effect", {"proposal": proposal, "at": 1})
    hall.effect(proposal, "tellers")
    two.follow()
    assert hall.state.tellers == (Seat(key("ben"), PEOPLE["ben"].device.public),)


def test_both_hand_seats_over_where_there_are_several_tellers() -> None:
    hall = Hall(members=7)
    adopt(hall, 4)
    two = Two(hall)
    proposal = hall.open("offices", election(*FIRST, "gus", "fay", "hal"))
    two.follow()
    tie: dict[str, Any] = {"tied": ["dan", "gus"], "seats": 1}
    for wrong in (None, "fay", ["dan"], ["fay", "fay"], ["fay", "hal", "dan"], [["fay"]]):
        closing = hall.closing(proposal, "tie", "ana", "ben", "eva", alternates=wrong, **tie)
        two.refuse("close", closing)
    hall.close(proposal, "tie", "ana", "ben", "eva", alternates=["fay"], **tie)
    hall.begin(proposal, "run-off")
    few = hall.close(proposal, "tie", alternates=[], **tie)
    assert few.phase == "failed"
    two.follow()
    again = {"proposal": proposal, "why": "recount", "record": h("c"), "at": 1}
    hall.certify("annul", again)
    hall.close(proposal, "adopted", "gus", alternates=["dan"])
    two.follow()
    retire = [PEOPLE["ben"].device.public, []]
    hall.certify("roll", {"retire": [retire]})
    hall.effect(proposal, "tellers")
    two.follow()
    assert hall.state.tellers == tuple(map(seat, ("ana", "eva", "gus", "dan")))
    assert hall.state.alternates == (key("fay"),)

    few_left = [[PEOPLE[name].device.public, []] for name in ("eva", "gus")]
    two.refuse("roll", {"retire": few_left})
    gone = hall.open("expulsion", {"type": "expel", "person": key("dan")}, author="fay")
    hall.close(gone, "adopted")
    hall.effect(gone, "remove", heads=[])
    two.follow()
    for changed in ({"why": "silent"}, {"seat": 0}, {"record": h("r")}, {"at": -1}, {"more": 1}):
        two.refuse("tellers", {**stepping_in(3, "gone", None, 9), **changed})
    hall.certify("tellers", stepping_in(3, "gone", None, 9))
    two.follow()
    two.refuse("tellers", stepping_in(0, "silent", None, 9))  # by nobody

    hall.more.append(phone := Signer(h("a phone of gus")))
    hall.certify("roll", {"enrol": [[key("gus"), phone.public, h("enrol")]]})
    two.follow()
    heads = [(PEOPLE["gus"].device.public, 0, 3, h("head"))]
    move = moving(2, phone.public, h("asks"), heads)
    for changed in ({"seat": 1}, {"device": h("x")}, {"retire": 5}, {"record": 5}, {"attempt": 1}):
        two.refuse("move-seat", {**move, **changed})
    hall.certify("move-seat", move)
    two.follow()
    adopt(hall, 1)
    elect(hall, "hal")
    two.follow()
    assert hall.state.tellers == (seat("hal"),)


def test_both_refuse_what_can_not_be_opened_closed_or_annulled() -> None:
    hall = Hall(members=3)
    two = Two(hall)
    fees = hall.opening("fees", effect(hall, type="set_fees", default=FEE))
    path, was, now = fees["effect"]["changes"][0]  # type: ignore[call-overload, index]

    def changes(*some: Any) -> dict[str, Any]:
        return {"effect": {"type": "set_fees", "changes": list(some)}}

    for wrong in (
        {"author": h("nobody")},
        {"kind": "values"},
        {"stage": "notice"},
        {"class": "A"},
        {"thresholds": []},
        {"quorums": [[True, 3]]},
        {"options": [["adopt", ""]]},
        {"options": [["adopt"]]},
        {"at": -1},
        {"proposal": b""},
        {"more": 1},
        {"effect": {"type": "else"}},
        {"effect": {**fees["effect"], "more": 1}},  # type: ignore[dict-item]
        changes(),
        changes([path, was]),
        changes([path, None, now]),
        changes([path, h("another"), now]),
        changes([path, was, now], [path, was, now]),
        changes([path, was, now], [[*path, "table"], None, 1]),
        changes([[*path, "fee_bps"], None, 1]),
        changes([["fees"], was, now]),
        changes([["fees", "referral_depth", "more"], None, 1]),
    ):
        two.refuse("open", {**fees, **wrong})
    people = {"A": key("ana"), "B": key("ben")}
    verdict: dict[str, Any] = {
        "type": "verdict",
        "order": h("order"),
        "buyer": key("ana"),
        "seller": key("ben"),
        "refund": 1,
        "currency": "EUR",
        "text": "x",
    }
    for given, kind in (
        ({"type": "elect", "office": "king", "candidates": people}, "offices"),
        ({"type": "elect", "office": "teller", "candidates": {"A": h("nobody")}}, "offices"),
        ({"type": "elect", "office": "teller", "candidates": {"-": key("ana")}}, "offices"),
        ({"type": "elect", "office": "teller", "candidates": {}}, "offices"),
        ({"type": "expel", "person": key("ana")}, "expulsion"),
        ({"type": "expel", "person": h("nobody")}, "expulsion"),
        ({"type": "spend", "amount": 0, "currency": "EUR", "to": None, "purpose": "x"}, "spending"),
        ({"type": "spend", "amount": 1, "currency": "eur", "to": None, "purpose": "x"}, "spending"),
        ({"type": "spend", "amount": 1, "currency": "EUR", "purpose": "x"}, "spending"),
        ({"type": "spend", "amount": 1, "currency": "EUR", "to": None, "purpose": " "}, "spending"),
        (
            {"type": "spend", "amount": 1, "currency": "EUR", "to": h("x"), "purpose": "x"},
            "spending",
        ),
        ({**verdict, "refund": -1}, "spending"),
        ({**verdict, "currency": "credit"}, "spending"),
        ({**verdict, "buyer": verdict["seller"]}, "spending"),
        ({**verdict, "text": "two\nlines"}, "spending"),
        ({**verdict, "order": h("order")[:31]}, "spending"),
        ({"type": "pick", "title": "x", "count": 3, "listings": people}, "picks"),
        ({"type": "pick", "title": "\u202ex", "count": 1, "listings": people}, "picks"),
        (
            {"type": "pick", "title": "x", "count": 1, "listings": {"A": h("x"), "B": h("x")}},
            "picks",
        ),
        ({"type": "advice", "more": 1}, "advice"),
        ({"type": "advice"}, "advice"),
    ):
        opening = {**fees, "effect": given, "kind": kind, "options": [], "class": ""}
        two.refuse("open", opening)

    proposal = hall.open("advice", {"type": "advice"}, "A", "B")
    two.follow()
    right = hall.closing(proposal, "adopted", "A")
    for wrong in (
        {"open": h("another")},
        {"stops": []},
        {"stops": [h("one"), h("two")]},
        {"outcome": "won"},
        {"outcome": "tie"},
        {"outcome": "missed"},
        {"winners": []},
        {"winners": ["C"]},
        {"winners": ["A", "B"]},
        {"tied": ["A"]},
        {"seats": 1},
        {"ballots": 4},
        {"root": b""},
        {"tally": None},
        {"at": None},
    ):
        two.refuse("close", {**right, **wrong})
    two.refuse("open", {"proposal": proposal, "stage": "vote", "round": "again", "at": 1})
    two.refuse("open", {"proposal": proposal, "stage": "vote", "at": 1})
    for why in ("withdrawn", "recount", "stale", "else", None):
        two.refuse("annul", {"proposal": proposal, "why": why, "record": h("r"), "at": 1})
    two.refuse("annul", {"proposal": proposal, "why": "opening", "record": None, "at": 1})
    hall.certify("close", right)
    two.follow()
    for kind in ("remove", "tellers"):
        two.refuse(kind, {"proposal": proposal, "heads": [], "at": 1})
    two.refuse("open", {"proposal": proposal, "stage": "vote", "round": "appeal", "at": 1})
    two.refuse("annul", {"proposal": proposal, "why": "again", "record": None, "at": 1})
    two.refuse("close", right)
