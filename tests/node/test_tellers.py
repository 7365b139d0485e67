"""What a member is told about the tellers: who was heard when, what is due, who signed what."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from governance.effects.words import PersonId
from governance.saying import Said
from node import people, tellers
from node.assembly.words import plainly
from node.status import rfc3339
from node.tellership.sentences import in_words
from protocol.certificates import make_body
from protocol.teller_messages import Prepared, commit, gather, move_on, prepare, propose
from storage import agreement, certificates, heard
from storage.views import profiles
from tests.node.four import TELLERS, Four

HOUR = 3600
DAY = 24 * HOUR
ADVICE = {"type": "advice"}
OPEN = "Open the vote on “Which bread?”"


def shown(four: Four, name: str) -> dict[str, Any]:
    """What this person is told, in English."""
    store = four.homes[name].store
    found: dict[str, Any] = plainly(tellers.show(four.homes[name]), profiles.names(store))
    return found


def answers(found: dict[str, Any]) -> dict[str, list[str]]:
    return {each["name"]: each["answers"] for each in found["tellers"]}


def waiting(four: Four, name: str) -> str | None:
    found = tellers.waiting(four.homes[name].store)
    return None if found is None else str(found)


def ask(four: Four) -> str:
    """Fay proposes something, and nobody has heard of it yet."""
    return four.propose("Fay", "Which bread?", ADVICE, "Rye", "Wheat")


def test_the_seats_in_order_with_who_was_heard_when_and_for_how_long_they_hold_them(four: Four):
    four.homes["Cleo"].store.db.execute("DELETE FROM heard")
    four.settle()
    four.wait(2 * HOUR)
    found = shown(four, "Fay")

    seats = found["tellers"]
    assert [each["name"] for each in seats] == list(TELLERS)
    assert [(each["mine"], each["here"], each["able"]) for each in seats] == [
        (False, False, True)
    ] * 4
    assert all(each["heard"] < rfc3339(four.now_ms - 3_600_000) for each in seats)
    unheard = shown(four, "Cleo")["tellers"]
    assert {each["heard"] for each in unheard if not each["here"]} == {None}
    assert [each["mine"] for each in shown(four, "Cleo")["tellers"]].index(True) == 2
    assert found["needed"] == 3
    assert [(each["name"], each["able"]) for each in found["alternates"]] == [("Eva", True)]
    assert not found["over"] and found["elect"] is None
    assert found["next"] is None and found["due"] == []
    assert answers(found) == {name: [] for name in TELLERS}
    ask(four)
    four.gather("Ben", "Fay")
    four.act("Ben")
    four.gather("Ben", "Fay")
    now = {each["name"]: each["heard"] for each in shown(four, "Fay")["tellers"]}
    then = {each["name"]: each["heard"] for each in seats}
    assert now == {**then, "Ben": rfc3339(four.now_ms)}
    four.wait(366 * DAY)
    later = shown(four, "Fay")
    assert later["over"]
    assert later["elect"].startswith("The tellers' term is over")


def test_what_is_due_and_what_each_says_until_it_is_signed(four: Four):
    ask(four)
    before = shown(four, "Fay")
    four.gather("Ben", "Fay")
    leader = before["next"]["leader"]
    assert TELLERS[leader] == "Ben"  # the height before is 4
    four.act("Ben")
    four.gather("Ben", "Fay")
    proposed = shown(four, "Fay")
    four.gather("Ben", "Ana", "Cleo", "Fay")
    four.act("Ana", "Cleo")
    four.gather("Ana", "Cleo", "Fay", "Ben")
    prepared = shown(four, "Fay")
    four.act("Cleo")
    four.gather("Cleo", "Fay")
    signing = shown(four, "Fay")
    four.settle()
    done = shown(four, "Fay")

    assert before["due"] == proposed["due"] == prepared["due"] == [OPEN]
    assert before["next"] == {
        "height": 5,
        "attempt": 1,
        "leader": 1,
        "proposed": [],
        "patience": None,
    }
    assert set(map(tuple, answers(before).values())) == {("No word yet",)}
    assert proposed["next"]["proposed"] == [OPEN]
    right, signed, none = ["Finds it right"], ["Has signed it"], ["No word yet"]
    assert answers(proposed) == {"Ana": none, "Ben": right, "Cleo": none, "Dan": none}
    assert answers(prepared) == {"Ana": right, "Ben": right, "Cleo": right, "Dan": none}
    assert answers(signing) == {"Ana": right, "Ben": right, "Cleo": signed, "Dan": none}
    assert done["next"] is None and done["due"] == []
    assert done["signed"][0]["height"] == 5
    assert done["signed"][0]["what"] == [OPEN]
    signers = [each["name"] for each in done["signed"][0]["by"]]
    assert len(signers) == 3 and set(signers) <= set(TELLERS)
    assert [each["name"] for each in done["signed"][1]["by"]] == ["Ana"]  # who handed over
    assert [each["height"] for each in done["signed"]] == [5, 4, 3, 2, 1]


def test_how_long_a_teller_waits_for_another_and_what_it_says_then(four: Four):
    ask(four)
    four.gather("Ana", "Fay")
    assert shown(four, "Ana")["next"]["patience"] is None  # it has not looked yet
    assert four.act("Ana") == []
    four.wait(3)
    store = four.homes["Ana"].store
    changes = store.db.conn.total_changes
    waits = shown(four, "Ana")
    assert store.db.conn.total_changes == changes

    assert waits["next"]["patience"] is not None
    four.wait(2)
    assert shown(four, "Ana")["next"]["patience"] is None
    assert four.act("Ana") == ["move-on"]
    four.gather("Ana", "Dan", "Cleo")
    four.act("Dan", "Cleo")
    four.wait(5)
    four.act("Dan", "Cleo")
    four.gather("Cleo", "Dan", "Ana", "Fay")
    moved = shown(four, "Fay")
    assert moved["next"]["attempt"] == 2
    assert TELLERS[moved["next"]["leader"]] == "Cleo"
    assert answers(moved)["Ana"] == ["No word yet"]  # on this attempt


def test_one_who_asks_for_another_attempt_is_shown_to_do_so(four: Four):
    ask(four)
    four.gather("Ana", "Fay")
    four.act("Ana")
    four.wait(5)
    four.act("Ana")
    four.gather("Ana", "Fay")

    found = shown(four, "Fay")

    assert found["next"]["attempt"] == 1
    assert answers(found)["Ana"] == ["Asks that somebody else proposes"]


def test_a_proposal_that_can_not_be_carried_out_is_said_to_be_one(four: Four):
    """Nobody has judged it: its leader may write anything."""
    ana, fay = four.homes["Ben"], four.homes["Fay"]
    at = agreement.height(fay.store)
    assert at is not None
    state = certificates.current(fay.store)
    assert state is not None
    for kind, decision in (
        ("open", {}),
        ("tellers", {"seat": 99, "why": "whim"}),
        ("roll", {"admit": [[]]}),
        ("effect", {"proposal": 7}),
    ):
        body = make_body(
            community=at.about.community,
            height=at.about.height,
            prev=at.about.prev,
            kind=kind,
            charter_hash=state.charter_hash,
            roll_root=state.roll.root(),
            next_tellers=state.tellers,
            decision=decision,
        )
        message = propose(ana.unlock().device, at.about, 0, body, None)
        with fay.store.transaction():
            fay.store.db.execute("DELETE FROM side WHERE sort = 'teller'")
            assert agreement.receive(fay.store, message)

        found = shown(four, "Fay")

        assert found["next"]["proposed"] == ["Something that can't be carried out"], kind
        assert answers(found)["Ben"] == ["Has proposed it"]


def test_a_signature_holds_when_others_have_moved_on(four: Four):
    store = four.homes["Fay"].store
    at = agreement.height(store)
    assert at is not None
    keys = [home.unlock().device for home in four.tellers]
    about, what = at.about, sha256(b"what").digest()
    prepares = {seat: prepare(keys[seat], about, 0, what) for seat in (0, 1, 3)}
    prepared = Prepared(0, what, gather(prepares))
    with store.transaction():
        agreement.receive(store, prepares[0])
        agreement.receive(store, commit(keys[3], about, prepared))
        for seat in (0, 1, 2):
            agreement.receive(store, move_on(keys[seat], about, 1, None))

    found = shown(four, "Fay")

    assert found["next"]["attempt"] == 2
    none = ["No word yet"]
    assert answers(found) == {"Ana": none, "Ben": none, "Cleo": none, "Dan": ["Has signed it"]}


def test_a_device_that_said_two_things_at_once_is_named(four: Four):
    dan, fay = four.homes["Dan"], four.homes["Fay"]
    at = agreement.height(fay.store)
    assert at is not None
    for word in (b"one", b"other"):
        message = prepare(dan.unlock().device, at.about, 0, sha256(word).digest())
        with fay.store.transaction():
            agreement.receive(fay.store, message)

    doubled = {each["name"]: each["doubled"] for each in shown(four, "Fay")["tellers"]}

    assert doubled == {"Ana": False, "Ben": False, "Cleo": False, "Dan": True}


def test_who_steps_in_and_who_can_not_sign_any_more(four: Four):
    people.leave(four.homes["Dan"])
    four.gather("Dan", "Fay")
    due = shown(four, "Fay")["due"]
    four.settle()
    four.wait(5)
    four.settle()
    after = shown(four, "Fay")
    people.leave(four.homes["Ana"])
    four.settle()
    gone = shown(four, "Fay")

    assert due[0] == "Put an alternate in the place of Dan, who gave the seat up"
    assert [each["name"] for each in after["tellers"]] == ["Ana", "Ben", "Cleo", "Eva"]
    assert after["alternates"] == []
    assert any(each["what"] == due[:1] for each in after["signed"])
    assert [each["able"] for each in gone["tellers"]] == [False, True, True, True]
    assert any(each["what"] == ["Let Ana go, who has left"] for each in gone["signed"])


def test_a_decision_waits_only_after_a_while_and_while_too_few_are_there(four: Four):
    four.wait(2 * HOUR)
    quiet = waiting(four, "Fay")
    ask(four)
    at_first = waiting(four, "Fay")
    four.wait(HOUR / 2)
    later = waiting(four, "Fay")
    four.gather("Ana", "Fay")
    four.act("Ana")
    four.wait(5)
    four.act("Ana")
    four.gather("Ana", "Fay")
    one = waiting(four, "Fay")
    own = waiting(four, "Ana")
    four.wait(2 * DAY)
    still = waiting(four, "Fay")
    for name in ("Ben", "Cleo"):
        heard.note(four.homes["Fay"].store, four.homes[name].device)
    enough = waiting(four, "Fay")

    assert quiet is None
    assert at_first is None
    assert later is not None and "3 of 4 must agree, and this node has heard of 0" in later
    assert one is not None and "heard of 1 lately" in one
    assert own is None  # Ana has only just heard of it
    assert still == one  # Ana has had her say
    assert enough is None


def test_a_deadline_that_has_just_passed_keeps_nobody_waiting(four: Four):
    asked = ask(four)
    four.settle()
    state = certificates.current(four.homes["Fay"].store)
    assert state is not None
    vote = state.votes[bytes.fromhex(asked)]
    four.wait(vote.rule.open_s - 60)
    before = waiting(four, "Fay")
    four.wait(7 * DAY + 120)
    just_passed = shown(four, "Fay")["due"], waiting(four, "Fay")
    four.wait(HOUR)
    late = waiting(four, "Fay")

    assert before is None
    assert just_passed == (
        ["Let “Which bread?” be opened again: it could not be counted"],
        None,
    )
    assert late is not None


def test_every_step_has_words_of_its_own(four: Four):
    asked = ask(four)
    four.settle()
    store = four.homes["Fay"].store
    state = certificates.current(store)
    assert state is not None
    names = profiles.names(store)
    who, proposal = four.homes["Dan"].person, bytes.fromhex(asked)

    def words(kind: str, **decision: Any) -> list[str]:
        found: list[str] = plainly(in_words(store, kind, decision, state.tellers), names)
        return found

    about = {"proposal": proposal}
    assert words("open", stage="notice", **about) == ["Announce “Which bread?”"]
    assert words("open", stage="vote", round="run-off", **about) == [
        "Open the run-off on “Which bread?”"
    ]
    assert words("close", **about) == ["Say what was decided on “Which bread?”"]
    assert words("effect", **about) == ["Put “Which bread?” in effect"]
    assert words("remove", **about) == [
        "Certify something that this program has no words for (remove)"
    ]
    assert words("annul", why="stale", **about) == [
        "Give “Which bread?” up: what it rests on has changed"
    ]
    assert words("tellers", **about) == ["Hand over to the tellers whom “Which bread?” elected"]
    assert words("tellers", seat=3, why="double") == [
        "Put an alternate in the place of Dan, whose device said two things at once"
    ]
    assert words("move-seat", seat=3) == ["Move the teller's seat of Dan to another device"]
    assert words("recall") == ["Put others in the tellers' place, as the members signed"]
    assert words("checkpoint") == [
        "Certify something that this program has no words for (checkpoint)"
    ]
    assert words("close", proposal=bytes(32)) == [
        "Say what was decided on “a proposal that is not here (00000000)”"
    ]
    assert words(
        "roll",
        enrol=[[who, b"", b""]],
        retire=[[four.homes["Dan"].device, []], [bytes(32), []]],
        expire=[[b"", 0, 0], [b"", 1, 0]],
    ) == [
        "Accept a new device of Dan",
        "Cut off a device that Dan has given up",
        "Let old invitations lapse: 2",
    ]
    many = [[who, b"", None, None, b""]] * 5
    assert words("roll", admit=many) == ["Let Dan in"] * 3 + ["the same for 2 more"]
    assert in_words(store, "roll", {"admit": many[:1]}, ()) == [
        Said("Let %(who)s in", {"who": PersonId.of(who)})
    ]
