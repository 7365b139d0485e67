"""Two charters side by side: what differs, and in which words."""

from __future__ import annotations

from copy import deepcopy
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from governance.charter import Charter
from governance.charter_amendment import PARTS
from governance.charter_diff import Change, change_json, differences, in_words
from governance.charter_diff_text import KIND_NAMES, METHOD_NAMES, PART_NAMES, TEXTS
from governance.charter_parts import KINDS, METHODS
from governance.saying import Amount, Said, spoken
from governance.templates import TEMPLATES, template
from protocol.errors import Term

DAY = 86_400
FEE = "The fee of a sale"
MARKET: Any = TEMPLATES["makers-market"]
POT = {"role": "pot", "bps": 500, "fallback": "community"}


def changed(edit: Any, name: str = "makers-market") -> list[Change]:
    """What `edit` changes in a template's data."""
    before: Any = template(name)
    after = deepcopy(before)
    edit(after)
    return differences(Charter.from_data(before), Charter.from_data(after))


def told(edit: Any) -> list[str]:
    """The sentences for what `edit` changes; amounts as minor units."""
    return [str(in_words(change)) for change in changed(edit)]


def put(path: str, value: object) -> Any:
    *steps, last = path.split(".")

    def edit(data: Any) -> None:
        for step in steps:
            data = data[step]
        data[last] = value

    return edit


def fee(data: Any) -> Any:
    return data["fees"]["default"]


# --- a change is said


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("name", "Elm", 'The community is called "Elm" instead of "Makers\' market".'),
        ("about", "", "What the community says about itself is rewritten: not stated"),
        ("place", "Linden", "The community's place: Linden instead of not stated."),
        ("languages", ["de", "en"], "The community's languages: de, en instead of en."),
        ("currency", "CHF", "Prices and fees are in CHF instead of EUR."),
        ("membership.vouches", 0, "Vouches that a newcomer needs: 0 instead of 1."),
        (
            "membership.probation_s",
            0,
            "Newcomers are on probation for no time instead of 30 days.",
        ),
        (
            "membership.invite_s",
            60,
            "An unused invitation lapses after 1 minute instead of 30 days.",
        ),
        ("membership.invite_s", 30 * DAY, "An unused invitation lapses after 30 days, as before."),
        ("rules.fees.notice_s", 7 * DAY, "Votes on fees: 7 days of notice instead of 14 days."),
        (
            "rules.offices.method",
            "star",
            "Votes on offices are decided by scores with a run-off (STAR) instead of approval of "
            "options.",
        ),
        (
            "rules.picks.approval_quorum",
            [1, 5],
            "Votes on picks: of all who may vote, 1/5 have to approve instead of 0.",
        ),
        (
            "rules.spending.threshold",
            [2, 3, "at_least"],
            "Votes on spending: of those who say yes or no, at least 2/3 have to say yes instead "
            "of more than 1/2.",
        ),
        (
            "rules.values.early_close",
            True,
            "Votes on values now end as soon as nothing can change their outcome.",
        ),
        (
            "rules.expulsion.recuse",
            False,
            "Votes on expulsions: those who are concerned now vote too.",
        ),
        ("offices.teller.seats", 4, "Seats for the office of teller: 4 instead of 1."),
        (
            "offices.teller.recall",
            [3, 4],
            "The tellers are replaced when 3/4 of all members sign instead of 2/3.",
        ),
        ("fees.default.fee_bps", 475, f"{FEE} is 4.75% of the price instead of 5%."),
        (
            "fees.default.fee_cap",
            900,
            f"{FEE} is at most 900 minor units of EUR; there was no limit.",
        ),
        (
            "disputes.steps",
            ["vote"],
            "The steps of a dispute: vote instead of talk, mediator, vote.",
        ),
        ("credit.enabled", False, "Members can't trade for credit any more."),
        (
            "credit.warn",
            0,
            "Credit: a warning comes from a debt of 0 minor units of EUR on instead of",
        ),
        ("guests.see_members", True, "Guests can now see who is a member."),
        (
            "amendment.B.approval",
            [2, 3, "more"],
            "Changes of class B: of those who say yes or no, more than 2/3 have to say yes instead "
            "of at least 2/3.",
        ),
    ],
)
def test_one_change_is_one_sentence(path: str, value: object, sentence: str) -> None:
    (change,) = changed(put(path, value))

    assert str(in_words(change)).startswith(sentence)
    assert change.path == path
    assert change_json(change) == {"path": path, "before": change.before, "after": value}


def test_values_are_told_by_id_wherever_they_stand() -> None:
    def edit(data: Any) -> None:
        made_here, _, mend = data["values"]
        mend["rationale"] = ""
        made_here["text"] = "Made here."
        new = {"id": "no-waste", "text": "We waste nothing.", "rationale": "It costs us all."}
        data["values"] = [new, mend, made_here]

    changes = changed(edit)
    assert [(change.path, change.fate) for change in changes] == [
        ("values.made-here.text", "changed"),
        ("values.fair-hour", "retired"),
        ("values.mend.rationale", "changed"),
        ("values.no-waste", "added"),
        ("values", "changed"),
    ]
    assert changes[3].after == {"text": "We waste nothing.", "rationale": "It costs us all."}
    assert [str(in_words(change)) for change in changes] == [
        'The value "made-here" now says: Made here.',
        'The value "fair-hour" is retired: A price pays the maker\'s hours decently.',
        'The reason for the value "mend" is now: not stated',
        'A new value, "no-waste": We waste nothing.',
        "The values stand in another order: no-waste, mend, made-here.",
    ]


def test_a_table_of_shares_is_told_by_role() -> None:
    def edit(data: Any) -> None:
        referrer, host, community, _ = fee(data)["table"]
        referrer["bps"], host["fallback"] = 4500, "pot"
        fee(data)["table"] = [POT, community, referrer, host]

    assert told(edit) == [
        f"{FEE}: 45% of it instead of 40% goes to whoever recommended it.",
        f"{FEE}: what would go to the member whose shop window it was found in but can't goes to "
        "pot instead of the community.",
        f"{FEE}: nothing of it goes to the hardship fund any more; it was 10%.",
        f"{FEE}: 5% of it now goes to pot, or else to the community.",
        f"{FEE}: what can't be divided evenly now favours them in this order: pot, the community, "
        "whoever recommended it, the member whose shop window it was found in.",
    ]


def test_another_common_fund_is_two_changed_fallbacks() -> None:
    def edit(data: Any) -> None:
        _, _, community, hardship = fee(data)["table"]
        community["fallback"], hardship["fallback"] = "hardship", None

    assert told(edit) == [
        f"{FEE}: what would go to the community but can't now goes to the hardship fund.",
        f"{FEE}: what goes to the hardship fund goes nowhere else any more; before, it could go to "
        "the community.",
    ]


def test_categories_come_change_and_go() -> None:
    def edit(data: Any) -> None:
        categories = data["fees"]["categories"]
        del categories["Deposit"]
        categories["Staples"]["fee_min"] = 5
        categories["Bread & jam"] = {**fee(data), "fee_bps": 100}

    changes = changed(edit, "food-coop")
    assert [change.path for change in changes] == [
        "fees.categories.Deposit",
        "fees.categories.Staples.fee_min",
        'fees.categories."Bread & jam"',
    ]
    assert changes[2].after == {**fee(template("food-coop")), "fee_bps": 100}
    assert [str(in_words(change)) for change in changes] == [
        'Sales in "Deposit" have no fee of their own any more, but the usual one.',
        'The fee of a sale in "Staples" is at least 5 minor units of EUR instead of 0 minor units '
        "of EUR.",
        'Sales in "Bread & jam" have a fee of their own: 1% of the price.',
    ]


def test_a_part_that_moves_between_classes_is_told_once_and_order_means_nothing() -> None:
    def edit(data: Any) -> None:
        a, b, c = data["amendment"].values()
        b["covers"].remove("fees")
        b["covers"].reverse()
        a["covers"].append("fees")
        b["covers"] += c["covers"]
        del data["amendment"]["C"]

    changes = changed(edit)
    assert {change.path for change in changes} == {
        "amendment.C",
        "amendment.covers.fees",
        *(f"amendment.covers.{part}" for part in MARKET["amendment"]["C"]["covers"]),
    }
    lines = [str(in_words(change)) for change in changes]
    assert lines[0] == "There is no class C of changes any more."
    assert 'Changes of "fees" are of class A instead of class B.' in lines
    assert told(lambda data: data["amendment"]["B"]["covers"].reverse()) == []


def test_amounts_are_in_the_currency_of_their_own_charter() -> None:
    def edit(data: Any) -> None:
        data["currency"] = "CHF"
        data["credit"]["limit"] = 20_000

    said = in_words(changed(edit)[1])
    assert said.values == {"before": Amount(10_000, "EUR"), "after": Amount(20_000, "CHF")}


# --- any two charters


def rows() -> st.SearchStrategy[list[dict[str, Any]]]:
    """A table of one to five roles, in any order, with fallbacks to the next in another order."""
    names = ["referrer", "host", "community", "pot", "a"]
    return st.permutations(names).flatmap(
        lambda roles: st.integers(1, 5).flatmap(
            lambda n: st.permutations(
                [
                    {
                        "role": role,
                        "bps": 10_000 - 1000 * (n - 1) if i == 0 else 1000,
                        "fallback": roles[i + 1] if i + 1 < n else None,
                    }
                    for i, role in enumerate(roles[:n])
                ]
            )
        )
    )


def fee_rules() -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries(
        {
            "fee_bps": st.sampled_from([0, 100, 875]),
            "fee_min": st.sampled_from([0, 5]),
            "fee_cap": st.sampled_from([None, 50, 500]),
            "table": rows(),
        }
    )


VALUES = [
    {"id": id_, "text": f"We {id_}.", "rationale": why} for id_ in "abcd" for why in ("", "So.")
]


@st.composite
def charters(draw: st.DrawFn) -> Charter:
    """Parts of the four templates, mixed, with fees, values and an expiry of their own."""
    names = st.sampled_from(list(TEMPLATES))
    data: Any = {key: template(draw(names))[key] for key in template("kitchen-table")}
    data["values"] = draw(
        st.lists(st.sampled_from(VALUES), max_size=4, unique_by=lambda value: value["id"])
    )
    data["fees"]["default"] = draw(fee_rules())
    data["fees"]["categories"] = draw(
        st.dictionaries(st.sampled_from(["default", "Bread & jam", "Größe", "x"]), fee_rules())
    )
    if draw(st.booleans()):
        data["membership"]["invite_s"] = draw(st.sampled_from([0, 60, 30 * DAY]))
    return Charter.from_data(data)


def flat(data: Any, here: tuple[str, ...] = ()) -> dict[tuple[str, ...], Any]:
    """Every leaf by its path; lists of things with ids become maps, their order is left out."""
    if isinstance(data, list) and data and isinstance(data[0], dict):
        key = "id" if "id" in data[0] else "role"
        data = {item[key]: {k: v for k, v in item.items() if k != key} for item in data}
    if isinstance(data, dict):
        return {p: v for key, item in data.items() for p, v in flat(item, (*here, key)).items()}
    return {} if data == [] else {here: data}


def leaves(charter: Charter) -> dict[tuple[str, ...], Any]:
    data: Any = charter.to_data()
    for name, each in list(data["amendment"].items()):
        for part in each.pop("covers"):
            data["amendment"].setdefault("covers", {})[part] = name
    return flat(data)


def orders(charter: Charter) -> dict[tuple[str, ...], list[str]]:
    """The ids of every list in which their order counts."""
    fees = {("default",): charter.fees.default}
    fees |= {("categories", name): rule for name, rule in charter.fees.categories}
    return {
        ("values",): [value.id for value in charter.values],
        **{
            ("fees", *where, "table"): [row.role for row in rule.table]
            for where, rule in fees.items()
        },
    }


@settings(max_examples=50)
@given(charters(), charters())
def test_the_differences_lead_from_one_charter_to_the_other(one: Charter, other: Charter) -> None:
    """Replayed on all that one says, they give all that the other says, and each was needed."""
    state, goal = leaves(one), leaves(other)
    old_orders, new_orders = orders(one), orders(other)
    reordered = {
        where
        for where in old_orders.keys() & new_orders.keys()
        if [x for x in old_orders[where] if x in new_orders[where]]
        != [x for x in new_orders[where] if x in old_orders[where]]
    }
    for change in differences(one, other):
        steps = change.steps
        if steps in old_orders:
            assert (change.before, change.after) == (old_orders[steps], new_orders[steps])
            reordered.remove(steps)
            continue
        begun = {path for path in state if path[: len(steps)] == steps}
        assert {path: state[path] for path in begun} == (
            {} if change.fate == "added" else flat(change.before, steps)
        )
        for path in begun:
            del state[path]
        if change.fate != "retired":
            state |= flat(change.after, steps)
        assert change.before != change.after
    assert state == goal
    assert not reordered


@settings(max_examples=50)
@given(charters(), charters())
def test_every_difference_has_a_sentence_in_every_language(one: Charter, other: Charter) -> None:
    for change in differences(one, other):
        said = in_words(change)
        assert "path" not in said.values  # the sentence of last resort
        loud = spoken(said, lambda text: f"<{text}>", lambda value: "x")
        assert loud.startswith("<") and loud.endswith(">")
        assert "%(" not in loud + str(said)


@settings(max_examples=25)
@given(charters())
def test_a_charter_does_not_differ_from_itself(charter: Charter) -> None:
    assert differences(charter, Charter.from_data(charter.to_data())) == []


def test_every_key_of_the_templates_has_words() -> None:
    """Between the templates and a few edits every sentence is needed, and none is missing."""
    found = [
        in_words(change)
        for one, other in permutations(map(Charter.from_data, TEMPLATES.values()), 2)
        for change in differences(one, other)
    ]
    assert all("path" not in said.values for said in found)
    assert set(KIND_NAMES) == set(KINDS)
    assert set(METHOD_NAMES) == set(METHODS)
    assert set(PART_NAMES) == set(PARTS)
    keys = {
        ".".join(path)
        for data in TEMPLATES.values()
        for path in patterns(Charter.from_data(data))
        if path not in {("schema",), ("fees", "referral_depth"), ("surplus", "patronage_base")}
    }
    assert keys == set(TEXTS) - {
        "values",
        "fee.table",
        "membership.invite_s",
    }  # no leaves of theirs


def patterns(charter: Charter) -> set[tuple[str, ...]]:
    """Paths of leaves as TEXTS has them: `*` for a name from a list."""
    found = set()
    for path in leaves(charter):
        match path:
            case ("fees", "default", "table", _, key):
                path = ("fee", "table", "*", key)
            case ("fees", "default", key):
                path = ("fee", key)
            case ("fees", "categories", *_):
                continue
            case ("values" | "rules" | "offices" as part, _, key):
                path = (part, "*", key)
            case ("amendment", "covers", _):
                path = ("amendment", "covers", "*")
            case ("amendment", _, key):
                path = ("amendment", "*", key)
        found.add(path)
    return found


def test_pieces_of_a_sentence_are_translated_with_it() -> None:
    (change,) = changed(put("rules.spending.threshold", [2, 3, "at_least"]))
    german = {
        "spending": "Ausgaben",
        "at least %(share)s": "mindestens %(share)s",
        "more than %(share)s": "mehr als %(share)s",
    }
    said = in_words(change)

    assert isinstance(said.values["after"], Said) and isinstance(said.values["kind"], Term)
    assert spoken(said, lambda text: german.get(text, text)) == (
        "Votes on Ausgaben: of those who say yes or no, mindestens 2/3 have to say yes instead of "
        "mehr als 1/2."
    )
