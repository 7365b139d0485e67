"""What a teller proposes next to others, on real homes with one clock."""

from __future__ import annotations

import pytest

from governance.agreement import patience_s
from node.teller import due
from node.tellership import agreeing
from protocol import teller_messages
from protocol.certificates import sign_certificate
from storage import agreement, certificates
from storage.standing import settle
from tests.node.four import TELLERS, Four

ADVICE = {"type": "advice"}


def test_a_step_that_found_no_quorum_does_not_hold_up_another(four: Four):
    one, two = (four.propose("Eva", title, ADVICE, "Rye") for title in ("Bread?", "Cake?"))
    four.gather()
    store = four.homes["Ana"].store
    at, state = agreement.height(store), certificates.current(store)
    assert at is not None and state is not None
    first, second = (step for step in due(store) if step.kind == "open")
    liar = TELLERS[at.leader(0)]
    # The leader of the first view proposes a time that is long past, which nobody else finds right.
    body = certificates.body(store, state, first.kind, {**first.decision, "at": 1})
    key = four.homes[liar].unlock().device
    message = teller_messages.propose(key, at.about, 0, body, None)
    others = [name for name in TELLERS if name != liar]
    for name in others:
        with four.homes[name].store.transaction():
            assert agreement.receive(four.homes[name].store, message)
            settle(four.homes[name].store)
    assert four.act(*others) == []
    four.wait(patience_s(0) + 1)
    four.settle(*others)

    opened = certificates.current(four.homes[others[0]].store)
    assert opened is not None
    assert {bytes.fromhex(one), bytes.fromhex(two)} <= opened.votes.keys()
    order = list(opened.votes)
    assert order.index(second.decision["proposal"]) < order.index(first.decision["proposal"])


def test_a_teller_who_has_no_seat_says_nothing(four: Four):
    four.propose("Eva", "Bread?", ADVICE, "Rye")
    four.gather()
    eva = four.homes["Eva"]

    assert agreeing.speak(eva.store, eva.unlock().device, due) == []
    assert agreeing.next_look(eva.store, due) is None


def test_a_proposal_that_breaks_the_judge_does_not_silence_a_teller(
    four: Four, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def broken(*_: object) -> str:
        raise KeyError("what no test has thought of")

    four.propose("Eva", "Bread?", ADVICE, "Rye")
    four.gather()
    at = agreement.height(four.homes["Ana"].store)
    assert at is not None
    leader = TELLERS[at.leader(0)]
    monkeypatch.setattr(agreeing.judging, "judge", broken)
    assert four.act(leader) == ["propose"]
    four.gather()
    assert four.act(*TELLERS) == []
    assert "a proposal can't be judged" in caplog.text
    four.wait(patience_s(0) + 1)
    assert set(four.act(*TELLERS)) == {"move-on"}


def test_who_lost_the_device_that_signs_says_nothing_and_does_not_look_again(four: Four):
    dan = four.homes["Dan"]
    four.propose("Eva", "Bread?", ADVICE, "Rye")
    four.gather()
    state = certificates.current(dan.store)
    assert state is not None
    body = certificates.body(dan.store, state, "roll", {"retire": [[dan.device, []]]})
    keys = {home.device: home.unlock().device for home in four.tellers}
    seals = [
        [number, sign_certificate(body, 0, keys[seat.device])]
        for number, seat in enumerate(state.tellers)
    ]
    with dan.store.transaction():
        certificates.keep(dan.store, [body, 0, seals])
        settle(dan.store)
    agreeing.next_look(dan.store, due)
    four.wait(patience_s(0) + 1)

    assert agreeing.speak(dan.store, dan.unlock().device, due) == []
    assert agreeing.next_look(dan.store, due) is None


def test_what_a_teller_said_binds_it_whatever_becomes_of_the_copy_for_others(four: Four):
    four.propose("Eva", "Bread?", ADVICE, "Rye")
    four.gather()
    at = agreement.height(four.homes["Ana"].store)
    assert at is not None
    leader = TELLERS[at.leader(0)]
    assert four.act(leader) == ["propose", "prepare"]
    store = four.homes[leader].store
    store.db.execute("DELETE FROM side WHERE sort = 'teller'")

    assert four.act(leader) == []
    assert {each.kind for each in agreement.own(store)[0]} == {"propose", "prepare"}
