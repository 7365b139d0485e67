"""Charters: what is accepted, what is refused, and in which words."""

from __future__ import annotations

import hashlib
import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.charter import MAX_BYTES, Charter, changed_parts, charter_hash
from governance.charter_amendment import CLASSES, PARTS
from governance.charter_parts import KINDS, METHODS, Value
from governance.charter_read import TEN_YEARS, Share, Threshold
from governance.charter_text import count, duration, percent, summary
from governance.templates import TEMPLATES, described, template
from protocol.codec import encode
from protocol.errors import NotFound, Refused

HERE = Path(__file__).parent
SHARED = HERE.parents[2] / "shared" / "charter"
NAMES = ("kitchen-table", "makers-market", "food-coop", "second-hand")
TABLE = (
    ("referrer", 4000, "community"),
    ("host", 2500, "community"),
    ("community", 2500, None),
    ("hardship", 1000, "community"),
)

GONE = object()


def market() -> dict[str, Any]:
    return template("makers-market")


def parts(data: Any, here: str = "") -> list[tuple[str, Any]]:
    """Everything in plain data with its path, the whole first."""
    pairs = data.items() if isinstance(data, dict) else ()
    pairs = enumerate(data) if isinstance(data, list) else pairs
    return [(here, data), *(p for key, item in pairs for p in parts(item, f"{here}.{key}"))]


def put(data: Any, path: str, value: object) -> None:
    """Set, or with GONE delete, what `fees.default.table.2.bps` leads to."""
    *steps, last = [int(s) if s.isdigit() else s for s in path.split(".")]
    for step in steps:
        data = data[step]
    if value is GONE:
        del data[last]
    else:
        data[last] = value


def refusal(data: object) -> str:
    with pytest.raises(Refused) as caught:
        Charter.from_data(data)
    assert type(caught.value) is Refused
    assert caught.value.reason == "bad-charter"
    sentence = str(caught.value)
    assert sentence == caught.value.text % caught.value.values
    assert caught.value.text.startswith("%(path)s ")
    assert sentence.endswith(".")
    assert "\n" not in sentence
    assert len(sentence) < 600
    return sentence


def table(*rows: tuple[str, int, str | None]) -> list[dict[str, object]]:
    return [{"role": role, "bps": bps, "fallback": back} for role, bps, back in rows]


# --- templates


@pytest.mark.parametrize("name", NAMES)
def test_a_template_equals_its_json(name: str) -> None:
    assert TEMPLATES[name] == json.loads((HERE / "charters" / f"{name}.json").read_text())


@pytest.mark.parametrize("name", NAMES[:2])
def test_a_template_equals_the_shared_json(name: str) -> None:
    if not SHARED.is_dir():
        pytest.skip("samples absent: the shared charters are not beside this project")
    assert TEMPLATES[name] == json.loads((SHARED / f"{name}.json").read_text())


def test_every_template_is_tested_and_says_whom_it_suits() -> None:
    assert set(TEMPLATES) == set(NAMES)
    assert [described(name)[0] for name in NAMES] == [
        Charter.from_data(TEMPLATES[name]).name for name in NAMES
    ]
    assert described("food-coop", str.upper)[0] == "FOOD CO-OP"
    with pytest.raises(NotFound):
        described("town-hall")


def test_templates_share_nothing_that_can_be_changed() -> None:
    """A copy is deep, and no template holds a list or map of another."""
    held = [
        {id(part) for _, part in parts(TEMPLATES[name]) if isinstance(part, dict | list)}
        for name in NAMES
    ]
    assert sum(map(len, held)) == len(set.union(*held))


def test_between_them_the_templates_use_every_method_and_choice() -> None:
    charters = [Charter.from_data(TEMPLATES[name]) for name in NAMES]
    rules = [charter.rules.of(kind) for charter in charters for kind in KINDS]

    assert {rule.method for rule in rules} == set(METHODS)
    for flag in ("early_close", "revise", "recuse", "second_call"):
        assert {getattr(rule, flag) for rule in rules} == {True, False}
    for rule in rules:  # early closing and revising exclude each other, so nobody may want both
        assert not (rule.early_close and rule.revise)
    assert {len(charter.amendment.classes) for charter in charters} == {2, 3}


@pytest.mark.parametrize("name", NAMES)
def test_a_founder_alone_can_let_others_in(name: str) -> None:
    """One vouch comes with the invitation; nobody is there yet who could give a second one."""
    charter = Charter.from_data(TEMPLATES[name])

    assert charter.membership.vouches <= 1 <= charter.membership.invite_slots
    assert charter.offices.teller.seats == 1


def test_changing_a_template_changes_only_the_copy() -> None:
    market()["values"].clear()
    assert TEMPLATES["makers-market"]["values"]


def test_an_unknown_template_is_not_found() -> None:
    with pytest.raises(NotFound, match="kitchen-table, makers-market") as caught:
        template("town-hall")
    assert caught.value.reason == "no-template"


# --- what is accepted


@pytest.mark.parametrize("name", NAMES)
def test_a_template_reads_and_gives_itself_back(name: str) -> None:
    charter = Charter.from_data(TEMPLATES[name])

    assert charter.to_data() == TEMPLATES[name]
    assert Charter.from_data(charter.to_data()) == charter
    assert hash(Charter.from_data(charter.to_data())) == hash(charter)


def test_the_parts_are_typed() -> None:
    charter = Charter.from_data(market())

    assert charter.values[1].id == "fair-hour"
    assert charter.membership.vouches == 1
    assert charter.rules.fees.threshold == Threshold(2, 3, "at_least") == (2, 3, "at_least")
    assert charter.rules.of("expulsion").recuse
    assert charter.offices.teller.recall == Share(2, 3)
    assert [(r.role, r.bps, r.fallback) for r in charter.fees.default.table] == list(TABLE)
    assert charter.disputes.steps == ("talk", "mediator", "vote")
    assert [each.name for each in charter.amendment.classes] == list(CLASSES)
    assert not charter.guests.see_members


def test_there_is_no_rule_for_an_unknown_kind() -> None:
    with pytest.raises(Refused, match="no such kind") as caught:
        Charter.from_data(market()).rules.of("data")
    assert caught.value.reason == "bad-kind"


def test_a_category_has_its_own_fee_and_others_the_default() -> None:
    data = market()
    data["fees"]["categories"]["Bread & jam"] = {
        "fee_bps": 200,
        "fee_min": 5,
        "fee_cap": 500,
        "table": table(("host", 5000, "fund"), ("fund", 5000, None)),
    }
    fees = Charter.from_data(data).fees

    assert fees.of("Bread & jam").fee_cap == 500
    assert fees.of("Tools") is fees.of(None) is fees.default
    assert Charter.from_data(data).to_data() == data


def test_an_unstated_invite_s_stays_unstated() -> None:
    charter = Charter.from_data(market())

    assert charter.membership.invite_s == 2_592_000
    assert "invite_s" not in charter.membership.data()


@pytest.mark.parametrize("seconds", [0, 60, 2_592_000])
def test_a_stated_invite_s_is_kept(seconds: int) -> None:
    data = market()
    data["membership"]["invite_s"] = seconds
    charter = Charter.from_data(data)

    assert charter.membership.invite_s == seconds
    assert charter.to_data() == data
    assert charter_hash(charter) != charter_hash(Charter.from_data(market()))


@pytest.mark.parametrize("seats", [1, 4])
def test_one_or_four_tellers_are_fine(seats: int) -> None:
    data = market()
    data["offices"]["teller"]["seats"] = seats
    assert Charter.from_data(data).offices.teller.seats == seats


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_known(method: str) -> None:
    data = market()
    data["rules"]["picks"]["method"] = method
    assert Charter.from_data(data).rules.picks.method == method


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("rules.values.threshold", [1, 1, "at_least"]),
        ("rules.values.threshold", [9999, 10_000, "more"]),
        ("rules.values.approval_quorum", [1, 1]),
        ("membership.exit_s", TEN_YEARS),
        ("orders.reply_s", 0),
        ("values", []),
        ("languages", ["de", "pt-BR", "zh-Hant-TW"]),
        ("about", "Two lines\n\tand a tab. Größe 🍞"),
        ("credit.warn", 0),
        ("fees.default.fee_cap", 0),
        ("disputes.steps", ["vote"]),
    ],
)
def test_the_edges_of_what_is_allowed_are_allowed(path: str, value: object) -> None:
    data = market()
    put(data, path, value)
    assert Charter.from_data(data).to_data() == data


def test_one_class_may_cover_everything() -> None:
    data = market()
    data["amendment"] = {"A": {**data["amendment"]["A"], "covers": list(PARTS)}}
    assert Charter.from_data(data).to_data() == data


# --- what is refused, with the path it is found at

BAD: list[tuple[str, object, str]] = [
    # exact types
    ("membership.vouches", True, "membership.vouches is true; a whole number"),
    ("membership.vouches", 1.0, "membership.vouches is a number with a point; "),
    ("membership.vouches", "1", 'membership.vouches is "1"; '),
    ("membership.vouches", None, "membership.vouches is empty; "),
    ("guests.may_order", 1, "guests.may_order is 1; true or false"),
    ("values", {}, "values is a map; a list"),
    ("values.0", [], "values[0] is a list; a map"),
    ("rules", [], "rules is a list; a map"),
    ("name", b"Moot", "name is bytes; a text"),
    ("name", (), "name is of a type unknown here; a text"),
    # keys
    ("colour", 1, "colour is not a known key; one of schema, name"),
    ("membership.fee", 1, "membership.fee is not a known key; one of invite_slots"),
    ("values.2.why", "", "values[2].why is not a known key; one of id, text, rationale"),
    ("rules.lunch", {}, "rules.lunch is not a known key; one of values, fees"),
    ("orders.a b\n", 1, 'orders."a b?" is not a known key; '),
    ("offices.teller.recall", GONE, "offices.teller.recall is missing; "),
    ("credit", GONE, "credit is missing; "),
    ("schema", 2, "schema is 2; "),
    # ranges
    ("fees.default.fee_bps", 10_001, "fees.default.fee_bps is 10001; a whole number from 0 to"),
    ("fees.default.table.2.bps", -1, "fees.default.table[2].bps is -1; "),
    ("surplus.reserve_bps", 10**5000, "surplus.reserve_bps is a very large number; "),
    ("membership.exit_s", -1, "membership.exit_s is -1; whole seconds from 0 to"),
    ("membership.exit_s", TEN_YEARS + 1, "membership.exit_s is 315360001; "),
    ("membership.invite_s", True, "membership.invite_s is true; "),
    ("membership.max_members", 0, "membership.max_members is 0; "),
    ("credit.limit", 10**12 + 1, "credit.limit is 1000000000001; "),
    ("credit.warn", 10_001, "credit.warn is 10001; at most 10000, the limit,"),
    ("fees.default.fee_min", -5, "fees.default.fee_min is -5; "),
    ("fees.referral_depth", 2, "fees.referral_depth is 2; a whole number from 1 to 1"),
    # texts
    ("name", "", "name has 0 characters; 1 to 80"),
    ("name", " \u00a0", "name is blank; "),
    ("name", "n" * 81, "name has 81 characters; "),
    ("name", "two\nlines", "name holds the control character U+000A; "),
    ("about", "bell\x07", "about holds the control character U+0007; "),
    ("about", "\ud83c", "about holds half a character; "),
    ("currency", "eur", 'currency is "eur"; a code of three capitals'),
    ("currency", "EURO", 'currency is "EURO"; '),
    ("currency", "EU\u0420", "currency is "),
    ("languages", [], "languages has 0 items; a list of 1 to 16 items"),
    ("languages", ["en", "en"], 'languages[1] is "en" again; '),
    ("languages", ["English"], 'languages[0] is "English"; a language tag'),
    # values
    ("values.1.id", "made-here", 'values[1].id is "made-here" again; '),
    ("values.0.id", "Made_here", 'values[0].id is "Made_here"; '),
    ("values.0.id", "", 'values[0].id is ""; '),
    ("values.0.id", "a" * 41, "values[0].id is "),
    ("values.0.id", "mend\n", 'values[0].id is "mend?"; '),
    ("values.0.text", "t" * 501, "values[0].text has 501 characters; "),
    # rules
    ("rules.fees.method", "shouting", 'rules.fees.method is "shouting"; one of consent, majority'),
    ("rules.fees.method", ["irv"], "rules.fees.method is a list; "),
    ("rules.fees.open_s", 0, "rules.fees.open_s is 0; whole seconds from 1"),
    ("rules.fees.min_open_s", 604_801, "rules.fees.min_open_s is 604801; at most 604800"),
    ("rules.fees.threshold", [1, 1, "more"], "rules.fees.threshold asks for more than everyone"),
    ("rules.fees.threshold", [4, 3, "more"], "rules.fees.threshold[0] is 4; "),
    ("rules.fees.threshold", [0, 0, "more"], "rules.fees.threshold[1] is 0; "),
    ("rules.fees.threshold", [1, 10_001, "more"], "rules.fees.threshold[1] is 10001; "),
    ("rules.fees.threshold", [True, 2, "more"], "rules.fees.threshold[0] is true; "),
    ("rules.fees.threshold", [1, 2, "less"], 'rules.fees.threshold[2] is "less"; one of more'),
    ("rules.fees.threshold", [1, 2], "rules.fees.threshold has 2 items; a list of 3 items"),
    ("rules.fees.approval_quorum", [2, 1], "rules.fees.approval_quorum[0] is 2; "),
    ("rules.fees.approval_quorum", [1, 2, "more"], "rules.fees.approval_quorum has 3 items; "),
    # offices
    ("offices.teller.seats", 0, "offices.teller.seats is 0; "),
    ("offices.teller.seats", 2, "offices.teller.seats is 2; 1 or 4 tellers are allowed"),
    ("offices.teller.seats", 7, "offices.teller.seats is 7; seven tellers are switched off"),
    ("offices.teller.seats", 10, "offices.teller.seats is 10; "),
    ("offices.teller", GONE, "offices.teller is missing; "),
    ("offices.teller.term_s", 0, "offices.teller.term_s is 0; "),
    ("offices.teller.recall", [1, 2], "offices.teller.recall is 1/2; more than half"),
    ("offices.mayor", {}, "offices.mayor is not a known key; "),
    ("offices.mediator.seats", 21, "offices.mediator.seats is 21; "),
    # fee tables
    ("fees.default.table.0.bps", 3999, "fees.default.table adds up to 9999; exactly 10000"),
    ("fees.default.table.0.fallback", "owner", 'fees.default.table[0].fallback is "owner"; a role'),
    ("fees.default.table.1.role", "referrer", 'fees.default.table[1].role is "referrer" again; '),
    ("fees.default.table.0.role", "seller", 'fees.default.table[0].role is "seller", who gets'),
    ("fees.default.table.1.role", "the host", 'fees.default.table[1].role is "the host"; '),
    ("fees.default.table.3.fallback", None, "fees.default.table[3].fallback is empty, as that of"),
    ("fees.default.table.2.fallback", "host", "fees.default.table has a fallback in every row; "),
    ("fees.default.table.3.fallback", GONE, "fees.default.table[3].fallback is missing; "),
    ("fees.default.table", [], "fees.default.table has 0 items; "),
    ("fees.default.fee_cap", -1, "fees.default.fee_cap is -1; "),
    ("fees.categories", [], "fees.categories is a list; "),
    ("fees.categories.tools", {}, "fees.categories.tools.fee_bps is missing; "),
    ("fees.categories.", {}, 'fees.categories."" has 0 characters; '),
    ("fees.categories.\ud800", {}, 'fees.categories."?" holds half a character; '),
    # surplus, disputes
    ("surplus.reserve_bps", 2999, "surplus adds up to 9999; exactly 10000"),
    ("surplus.patronage_base", "shoe_size", 'surplus.patronage_base is "shoe_size"; '),
    ("disputes.steps", [], "disputes.steps has 0 items; "),
    ("disputes.steps", ["talk", "duel"], 'disputes.steps[1] is "duel"; one of talk, mediator'),
    ("disputes.steps", ["talk", "talk"], 'disputes.steps[1] is "talk" again; '),
    # amendment
    ("amendment", {}, "amendment.A is missing; "),
    ("amendment.A", GONE, "amendment.A is missing; "),
    ("amendment.D", {}, "amendment.D is not a known key; one of A, B, C"),
    ("amendment.A.covers.3", "exit", 'amendment.A.covers[3] is "exit", which class A has already'),
    ("amendment.A.covers.3", GONE, 'amendment has no class that covers "amendment"; '),
    ("amendment.C", GONE, 'amendment has no class that covers "values"; '),
    ("amendment.B.covers.0", "hearing", 'amendment.B.covers[0] is "hearing", which class A has'),
    ("amendment.B.covers.0", "tax", 'amendment.B.covers[0] is "tax"; one of one_member_one_vote'),
    ("amendment.A.approval", [1, 1, "more"], "amendment.A.approval asks for more than everyone"),
    ("amendment.A.approval", [5, 4, "at_least"], "amendment.A.approval[0] is 5; "),
    ("amendment.A.approval_quorum", [9, 8], "amendment.A.approval_quorum[0] is 9; "),
    ("amendment.B.approval", [3, 4, "more"], "amendment.B.approval asks for too much; at most"),
    ("amendment.C.approval_quorum", [1, 2], "amendment.C.approval_quorum asks for too much; "),
]


@pytest.mark.parametrize(("path", "value", "start"), BAD, ids=range(len(BAD)))
def test_a_bad_charter_is_refused_with_its_path(path: str, value: object, start: str) -> None:
    data = market()
    put(data, path, value)
    assert refusal(data).startswith(start)


@pytest.mark.parametrize(
    "rows",
    [
        (("a", 5000, "b"), ("b", 4000, "a"), ("fund", 1000, None)),
        (("a", 9000, "a"), ("fund", 1000, None)),
        (("a", 2000, "b"), ("b", 3000, "c"), ("c", 4000, "b"), ("fund", 1000, None)),
    ],
)
def test_fallbacks_in_a_circle_are_refused(rows: tuple[tuple[str, int, str | None], ...]) -> None:
    data = market()
    data["fees"]["default"]["table"] = table(*rows)
    assert refusal(data).startswith("fees.default.table[0].fallback leads round in a circle; ")


def test_a_long_chain_of_fallbacks_is_fine() -> None:
    rows = [(f"r{i}", 600, f"r{i + 1}") for i in range(15)]
    data = market()
    data["fees"]["default"]["table"] = table(*rows, ("r15", 1000, None))
    assert Charter.from_data(data).to_data() == data


def test_a_category_is_checked_like_the_default() -> None:
    data = market()
    data["fees"]["categories"]["bread"] = deepcopy(data["fees"]["default"])
    data["fees"]["categories"]["bread"]["table"][2]["bps"] = 2501
    assert refusal(data).startswith("fees.categories.bread.table adds up to 10001; ")


def test_a_cap_below_the_minimum_is_refused() -> None:
    data = market()
    data["fees"]["default"].update(fee_min=100, fee_cap=99)
    assert refusal(data).startswith("fees.default.fee_cap is 99; at least 100")


@pytest.mark.parametrize("part", PARTS)
def test_a_part_that_no_class_covers_is_refused(part: str) -> None:
    data = market()
    for each in data["amendment"].values():
        each["covers"] = [covered for covered in each["covers"] if covered != part]
    assert refusal(data).startswith(f'amendment has no class that covers "{part}"; ')


@pytest.mark.parametrize("key", list(market()))
def test_every_part_is_needed(key: str) -> None:
    data = market()
    del data[key]
    assert refusal(data).startswith(f"{key} is missing; ")


def test_texts_that_are_too_long_together_are_refused() -> None:
    data = market()
    data["values"] = [{"id": f"v{i}", "text": "t" * 500, "rationale": ""} for i in range(20)]
    sentence = refusal(data)

    assert sentence.startswith("charter takes ")
    assert str(MAX_BYTES) in sentence


@pytest.mark.parametrize("data", [None, 1, "", [], {}, [[]], {1: 2}, {None: 0}, {"": 0}, set()])
def test_what_is_no_charter_at_all_is_refused(data: object) -> None:
    refusal(data)


def test_keys_that_are_not_text_are_refused() -> None:
    data = market()
    data["guests"][7] = True
    assert refusal(data).startswith("guests has a key that is 7; ")


def test_endless_nesting_is_refused() -> None:
    deep: list[object] = []
    deep.append(deep)
    for path in ("name", "values", "rules", "fees.default.table", "rules.fees.threshold"):
        data = market()
        put(data, path, deep)
        refusal(data)


# --- helpers that make another charter


def test_other_values_are_checked_again() -> None:
    charter = Charter.from_data(market())
    mend = Value(id="mend", text="We mend.", rationale="")

    assert charter.with_values([mend]).values == (mend,)
    assert charter.with_values([{"id": "mend", "text": "We mend."}]).values == (mend,)
    with pytest.raises(Refused, match=r'values\[1\]\.id is "mend" again'):
        charter.with_values([mend, mend])
    with pytest.raises(Refused, match="values is a map"):
        charter.with_values({})
    with pytest.raises(Refused, match=r"values\[0\] is 3"):
        charter.with_values([3])


def test_another_name_and_currency_are_checked_again() -> None:
    charter = Charter.from_data(market())
    renamed = charter.with_name_and_currency("Lindenhof", "CHF")

    assert (renamed.name, renamed.currency) == ("Lindenhof", "CHF")
    assert changed_parts(charter, renamed) == {"name", "currency"}
    with pytest.raises(Refused, match=r'currency is "Fr\."'):
        charter.with_name_and_currency("Lindenhof", "Fr.")


def test_changes_replace_whole_parts() -> None:
    charter = Charter.from_data(market())
    credit = {"enabled": False, "limit": 0, "warn": 0}

    assert not charter.with_changes({"credit": credit}).credit.enabled
    assert charter.with_changes({}) == charter
    with pytest.raises(Refused, match=r"credit\.limit is missing"):
        charter.with_changes({"credit": {"enabled": True}})
    with pytest.raises(Refused, match="taxes is not a known key"):
        charter.with_changes({"taxes": 1})


# --- which parts a change touches


@pytest.mark.parametrize(
    ("path", "value", "part", "strictest"),
    [
        ("rules.fees.method", "consent", "one_member_one_vote", "A"),
        ("rules.fees.open_s", 700_000, "rules", "B"),
        ("membership.expel_notice_s", 1, "hearing", "A"),
        ("membership.expel_hearing_s", 1, "hearing", "A"),
        ("membership.appeal_s", 1, "hearing", "A"),
        ("membership.exit_s", 1, "exit", "A"),
        ("membership.vouches", 2, "membership", "B"),
        ("membership.invite_s", 60, "membership", "B"),
        ("amendment.C.approval", [1, 3, "more"], "amendment", "A"),
        ("fees.default.fee_bps", 400, "fees", "B"),
        ("offices.teller.seats", 4, "offices", "B"),
        ("credit.limit", 20_000, "credit", "B"),
        ("values.0.text", "Made here.", "values", "C"),
        ("place", "Linden", "place", "C"),
        ("languages", ["de"], "languages", "C"),
    ],
)
def test_a_change_touches_one_part(path: str, value: object, part: str, strictest: str) -> None:
    before, data = Charter.from_data(market()), market()
    put(data, path, value)
    touched = changed_parts(before, Charter.from_data(data))

    assert touched == {part}
    found = before.amendment.strictest(touched)
    assert found is not None
    assert found.name == strictest


def test_a_mixed_change_takes_the_strictest_class() -> None:
    amendment = Charter.from_data(market()).amendment
    found = amendment.strictest({"values", "fees", "exit"})

    assert found is not None
    assert found.name == "A"
    assert amendment.strictest(()) is None


def test_no_change_touches_nothing() -> None:
    charter = Charter.from_data(market())
    assert changed_parts(charter, charter) == frozenset()


# --- the hash


HASHES = {
    "kitchen-table": "ce7f376d7ed7ca00a6f0f67e242057ab9845ac7603581cb38aaa70d25553867e",
    "makers-market": "84846980fdab58fd13d266a6b10ad6a5b9d9a919f38e43f23c76d99d2e25e2c6",
    "food-coop": "b31f09510a12d82d1f1307cdc33160c1361dc654670500041357bd09ce647b6c",
    "second-hand": "5f8c429487017c15f3657df9fcf35817ed74151cca3295d99d7968d1c6d4cd6d",
}


@pytest.mark.parametrize("name", NAMES)
def test_the_hash_of_a_template_never_changes(name: str) -> None:
    data = json.loads((HERE / "charters" / f"{name}.json").read_text())
    found = charter_hash(Charter.from_data(data))

    assert found == hashlib.sha256(cbor2.dumps(data, canonical=True)).digest()
    assert found.hex() == HASHES[name]


# --- properties

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from([0, 1, 2, 3, 4, 5000, 10_000, 2**63, 2**64, 10**400])
    | st.floats()
    | st.text(max_size=12)
    | st.text(st.characters(categories=["Cs", "Cc", "L"]), max_size=3)
    | st.sampled_from(["more", "at_least", "consent", "A", "amendment", "community", "EUR", "en"])
    | st.binary(max_size=3)
)
KEYS = st.text(max_size=5) | st.sampled_from(["name", "A", "bps", "rules", "values", "seats"])
JSONISH = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(KEYS, inner, max_size=4)
        | st.dictionaries(st.integers() | st.none() | st.booleans(), inner, max_size=2)
        | st.tuples(inner)
    ),
    max_leaves=8,
)


def places(data: Any, here: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every path in plain data, the root's empty one left out."""
    if isinstance(data, dict):
        found = list(data.items())
    elif isinstance(data, list):
        found = list(enumerate(data))
    else:
        found = []
    return [p for step, item in found for p in [(*here, step), *places(item, (*here, step))]]


PLACES = {name: places(TEMPLATES[name]) for name in NAMES}


@st.composite
def mutated(draw: st.DrawFn) -> Any:
    """A template with one to three places deleted, replaced, doubled, or given a new neighbour."""
    name = draw(st.sampled_from(NAMES))
    data: Any = template(name)
    for *steps, last in draw(st.lists(st.sampled_from(PLACES[name]), min_size=1, max_size=3)):
        holder = data
        try:
            for step in steps:
                holder = holder[step]
            old = holder[last]
        except (KeyError, IndexError, TypeError):
            continue  # an earlier mutation took this place away
        if not isinstance(holder, dict | list):
            continue
        match draw(st.sampled_from(["delete", "replace", "nudge", "double", "add", "swap"])):
            case "delete":
                del holder[last]
            case "nudge" if type(old) is int:
                holder[last] = old + draw(st.integers(-2, 2))
            case "double" if isinstance(holder, list):
                holder.append(deepcopy(old))
            case "add" if isinstance(holder, dict):
                holder[draw(KEYS)] = draw(JSONISH)
            case "add" if isinstance(holder, list):
                holder.append(draw(JSONISH))
            case "swap":
                others = list(holder.values()) if isinstance(holder, dict) else holder
                holder[last] = deepcopy(draw(st.sampled_from(others)))
            case _:
                holder[last] = draw(JSONISH)
    return data


def read_or_refuse(data: object) -> Charter | None:
    try:
        return Charter.from_data(data)
    except Refused as error:
        assert error.reason == "bad-charter"
        assert len(str(error)) < 600
        str(error).encode()
        return None


@given(JSONISH)
def test_random_data_is_only_ever_refused(data: object) -> None:
    assert read_or_refuse(data) is None


@given(mutated())
def test_a_mutated_template_is_refused_or_round_trips(data: object) -> None:
    charter = read_or_refuse(data)
    if charter is not None:
        assert charter.to_data() == data
        assert Charter.from_data(charter.to_data()) == charter
        assert len(encode(charter.to_data())) <= MAX_BYTES
        assert changed_parts(charter, Charter.from_data(market())) <= set(PARTS)
        summary(charter)


@st.composite
def sound(draw: st.DrawFn) -> dict[str, Any]:
    """A template whose numbers, texts and tables are drawn from what is allowed."""
    data: Any = template(draw(st.sampled_from(NAMES)))
    seconds = st.integers(0, TEN_YEARS)
    words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60)
    slugs = st.text("abcxyz0189-", min_size=1, max_size=40)
    data["about"], data["place"] = draw(words), draw(words)
    data["values"] = [
        {"id": slug, "text": "." + draw(words), "rationale": draw(words)}
        for slug in draw(st.lists(slugs, max_size=5, unique=True))
    ]
    if draw(st.booleans()):
        data["membership"]["invite_s"] = draw(seconds)
    for kind in KINDS:
        den = draw(st.integers(1, 10_000))
        num = draw(st.integers(0, den))
        data["rules"][kind].update(
            method=draw(st.sampled_from(METHODS)),
            notice_s=draw(seconds),
            approval_quorum=[num, den],
            threshold=[num, den, draw(st.sampled_from(["more", "at_least"]))],
        )
        if num == den:
            data["rules"][kind]["threshold"][2] = "at_least"
    roles = draw(st.lists(slugs, min_size=1, max_size=6, unique=True))
    cuts = sorted(draw(st.integers(0, 10_000)) for _ in roles[1:])
    rows = zip(roles, [0, *cuts], [*cuts, 10_000], [*roles[1:], None], strict=True)
    name = "." + draw(words.filter(lambda word: len(word) < 50))
    data["fees"]["categories"][name] = {
        "fee_bps": draw(st.integers(0, 10_000)),
        "fee_min": draw(st.integers(0, 99)),
        "fee_cap": draw(st.none() | st.integers(99, 10**12)),
        "table": [{"role": r, "bps": b - a, "fallback": back} for r, a, b, back in rows],
    }
    return dict(data)


@given(sound())
def test_a_sound_charter_round_trips(data: dict[str, Any]) -> None:
    charter = Charter.from_data(data)

    assert charter.to_data() == data
    assert Charter.from_data(charter.to_data()) == charter
    assert encode(charter.to_data()) == cbor2.dumps(data, canonical=True)


def shuffled(draw: st.DrawFn, data: Any) -> Any:
    if isinstance(data, dict):
        return {key: shuffled(draw, data[key]) for key in draw(st.permutations(list(data)))}
    if isinstance(data, list):
        return [shuffled(draw, item) for item in data]
    return data


@given(st.composite(shuffled)(TEMPLATES["makers-market"]))
def test_the_order_of_keys_changes_neither_charter_nor_hash(data: object) -> None:
    ordered = Charter.from_data(market())
    other = Charter.from_data(data)

    assert other == ordered
    assert charter_hash(other) == charter_hash(ordered)


@given(st.dictionaries(st.text("abc", min_size=1), st.integers(0, 9), max_size=4), st.randoms())
def test_the_order_of_categories_does_not_matter(fees: dict[str, int], random: Any) -> None:
    data, entries = market(), list(fees.items())
    default = data["fees"]["default"]
    data["fees"]["categories"] = {name: {**default, "fee_bps": bps} for name, bps in entries}
    one = Charter.from_data(data)
    random.shuffle(entries)
    data["fees"]["categories"] = {name: {**default, "fee_bps": bps} for name, bps in entries}

    assert Charter.from_data(data) == one


# --- plain words


def test_the_summary_says_how_newcomers_come_in() -> None:
    lines = summary(Charter.from_data(market()))

    assert ("Newcomers", "1 vouch, 30 days of probation, 5 invitations per member") in lines
    assert ("Tellers", "1 teller, replaced when 2 of 3 members sign") in lines
    assert ("Fee", "5% of a sale") in lines
    assert ("Fee", "40% of the fee to whoever recommended it") in lines
    assert lines[0] == ("Values", Charter.from_data(market()).values[0].text)


def test_the_summary_of_a_kitchen_table_has_no_waits() -> None:
    lines = dict(summary(Charter.from_data(template("kitchen-table"))))

    assert lines["Newcomers"] == "no vouches, no probation, 5 invitations per member"
    assert lines["Changing the rules"] == "1 minute to vote"
    assert lines["Fee"] == "no fee"


def test_the_summary_can_be_translated() -> None:
    german = {"{n} vouch": "{n} Fürsprache", "Newcomers": "Neue"}
    lines = dict(summary(Charter.from_data(market()), lambda text: german.get(text, text)))
    assert lines["Neue"].startswith("1 Fürsprache, ")


def test_durations_counts_and_percentages_in_words() -> None:
    assert [duration(s) for s in (0, 1, 60, 5400, 86_400, 1_209_600)] == [
        "no time",
        "1 second",
        "1 minute",
        "90 minutes",
        "1 day",
        "14 days",
    ]
    assert [count(n, "no seats", "{n} seat", "{n} seats") for n in range(3)] == [
        "no seats",
        "1 seat",
        "2 seats",
    ]
    assert [percent(b) for b in (0, 5, 500, 875, 1000, 10_000)] == [
        "0%",
        "0.05%",
        "5%",
        "8.75%",
        "10%",
        "100%",
    ]
