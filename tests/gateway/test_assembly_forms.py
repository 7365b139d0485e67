"""The forms that make proposals: each kind, its preview, and what is wrong with what was typed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from governance.templates import template
from node.assembly import reading
from node.gateway.fee_example import NOTHING
from node.gateway.proposing.fees import percent_text
from node.gateway.proposing.rule_fields import PARTS, UNITS
from node.gateway.proposing.values import slug
from tests.gateway.floor import DAY_S, Floor, desk_of
from tests.gateway.own import text
from tests.gateway.sending import find_form, follow, send, send_from

NEW = "/assembly/new?kind="
TITLE = {"title": "A question to all", "text": "Because **I** think so."}
CHARTER: Any = template("makers-market")
SEND, LOOK = "Put it to the members", "Preview"


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    made = Floor(tmp_path)
    yield made
    made.close()


def proposals(floor: Floor) -> list[dict[str, Any]]:
    return reading.proposals(floor.ana.store, floor.ana.id)["proposals"]


FEE = {
    "fee_bps": 250,
    "fee_min": 50,
    "fee_cap": None,
    "table": [
        {"role": "referrer", "bps": 3000, "fallback": "community"},
        {"role": "host", "bps": 2500, "fallback": "community"},
        {"role": "community", "bps": 2500, "fallback": None},
        {"role": "hardship", "bps": 1000, "fallback": "community"},
        {"role": "repair-cafe", "bps": 1000, "fallback": "community"},
    ],
}
FEE_TYPED = {
    "percent": "2,5 %",
    "least": "0.50",
    "share-1": "30",
    "role-5": "repair-cafe",
    "share-5": "10",
}
KINDS: list[tuple[str, dict[str, Any], dict[str, Any], str]] = [
    (
        "values",
        {
            "new-text-1": "We say who made it.",
            "text-mend": "We mend what we sold.",
            "retire-fair-hour": True,
        },
        {
            "add": [{"id": "we-say-who-made-it", "text": "We say who made it.", "rationale": ""}],
            "amend": [
                {"id": "mend", "text": "We mend what we sold.", "rationale": "Things should last."}
            ],
            "retire": ["fair-hour"],
        },
        "We say who made it.",
    ),
    ("fees", FEE_TYPED, {"default": FEE}, "2.5% of the price instead of 5%"),
    (
        "fees",
        {
            "category": "books",
            **dict.fromkeys((f"share-{n}" for n in (1, 2, 4)), ""),
            "share-3": "100",
        },
        {
            "categories": {
                "books": {
                    "fee_bps": 500,
                    "fee_min": 0,
                    "fee_cap": None,
                    "table": [{"role": "community", "bps": 10_000, "fallback": None}],
                }
            }
        },
        "books",
    ),
    (
        "rules&part=rules-fees",
        {
            "rules-fees-notice_s": "36",
            "rules-fees-notice_s-unit": "hour",
            "rules-fees-approval_quorum": "1/2",
            "rules-fees-early_close": True,
            "json": '{"membership": {"vouches": 2}}',
        },
        {
            "changes": {
                "rules": {
                    "fees": {"notice_s": 36 * 3600, "approval_quorum": [1, 2], "early_close": True}
                },
                "membership": {"vouches": 2},
            }
        },
        "36 hours of notice",
    ),
    (
        "spending",
        {"amount": "12,50", "purpose": "Paint"},
        {"amount": 1250, "currency": "EUR", "to": None, "purpose": "Paint"},
        "The common fund pays €12.50",
    ),
    ("advice", {"options": "Friday\n\n Saturday  \nFriday"}, {}, "Nobody is bound"),
]


@pytest.mark.parametrize(("kind", "typed", "effect", "stake"), KINDS)
async def test_a_form_shows_what_it_would_do_and_then_writes_it(
    floor: Floor, kind: str, typed: Any, effect: Any, stake: str
):
    async with desk_of(floor.gateway()) as ana:
        looked = await send(ana, NEW + kind, {**typed, **TITLE}, button=LOOK)
        before = proposals(floor)
        made = await send_from(ana, looked, button=SEND)
        page = text(await follow(ana, made))
    (written,) = proposals(floor)

    assert looked.status_code == 200
    assert "This is only a preview, nothing is written yet." in text(looked)
    assert stake in text(looked).split("What it would do")[1].split("Title")[0]
    assert "What you write here stays for good." in text(looked)
    assert before == []
    assert "Your proposal is written" in page
    assert "Because I think so." in page
    assert written["effect"] | {"type": ""} == {**effect, "type": ""}
    assert written["title"] == "A question to all"
    if kind == "advice":
        assert [each["text"] for each in written["options"]] == ["Friday", "Saturday"]


async def test_a_change_of_fees_shows_one_sale_before_and_after(floor: Floor):
    async with desk_of(floor.gateway()) as ana:
        looked = text(await send(ana, f"{NEW}fees", {**FEE_TYPED, **TITLE}, button=LOOK))

    assert "A sale at €100.00" in looked
    assert "whoever recommended it €2.00 €0.75" in looked
    assert f"repair-cafe {NOTHING} €0.25" in looked
    assert "whoever sells €95.00 €97.50" in looked


async def test_people_and_listings_are_chosen_by_name(floor: Floor):
    bread, chair = floor.ana.offer("Bread"), floor.ben.offer("Chair")
    floor.catch_up()
    async with desk_of(floor.gateway()) as ana:
        await ana_sends(
            ana, "offices", {"office": "mediator", "candidate": [floor.ana.id.hex()[:16]]}
        )
        await ana_sends(ana, "expulsion", {"person": floor.ben.id.hex()[:16]})
        await ana_sends(
            ana,
            "picks",
            {
                "pick-title": "For autumn",
                "count": "1",
                "listing": [chair.hex()[:16]],
                "others": f"http://ana.example/listing/{bread.hex()[:16]}?x=1",
            },
        )
        people = find_form((await ana.get(f"{NEW}expulsion")).text, ["person"])
    picks, expulsion, offices = (each["effect"] for each in proposals(floor))

    assert offices["candidates"] == {"A": floor.ana.id.hex()}
    assert expulsion["person"] == floor.ben.id.hex()
    assert picks["listings"] == {"A": chair.hex(), "B": bread.hex()}
    assert floor.ana.id.hex()[:16] not in people.fields["person"].options  # nobody expels herself


async def ana_sends(ana: Any, kind: str, typed: dict[str, Any]) -> None:
    made = await send(ana, NEW + kind, {**typed, **TITLE}, button=SEND)
    assert made.status_code == 303, text(made)


@pytest.mark.parametrize(
    ("kind", "typed", "why"),
    [
        ("values", {}, "Nothing is changed yet"),
        ("values", {"text-mend": ""}, "1 to 500"),
        ("fees", {"share-1": "30"}, "The shares add up to 90%; together they have to be 100%."),
        ("fees", {"share-1": "much"}, "“much” is no percentage"),
        ("fees", {"percent": "101"}, "“101” is no percentage"),
        ("fees", {"else-3": "hardship"}, "Exactly one part has to be “always there”"),
        ("fees", {"role-5": "Café du nord", "share-5": "0"}, "is no word for a part"),
        ("fees", {"else-1": "hardship", "else-4": "referrer"}, "circle"),
        ("rules&part=rules-fees", {}, "Nothing is changed yet"),
        ("rules&part=rules-fees", {"json": "{"}, "The changes are no JSON; look at line 1."),
        ("rules&part=rules-fees", {"json": "[]"}, "have to be a JSON object"),
        ("rules&part=other", {"json": '{"fees": {}}'}, "set_rules can't change fees"),
        ("rules&part=other", {"json": '{"about": 1.5}'}, "whole numbers only"),
        ("rules&part=rules-fees", {"rules-fees-open_s": "0"}, "whole seconds from 1"),
        ("rules&part=rules-fees", {"rules-fees-open_s": "ten"}, "needs a whole number"),
        ("offices", {}, "Nobody stands yet"),
        ("expulsion", {}, "Say whom this is about."),
        ("spending", {"amount": "12"}, "Say what the money is for."),
        ("spending", {"amount": "much", "purpose": "Paint"}, "much"),
        ("picks", {"pick-title": "For autumn"}, "tick at least one listing"),
        ("picks", {"pick-title": "x", "others": "bread"}, "“bread” is no address"),
        ("picks", {"pick-title": "x", "others": "0" * 16, "count": "1"}, "There is no listing"),
        ("advice", {"options": " \n"}, "Write the options, one on each line."),
        ("advice", {"options": "\n".join(str(n) for n in range(21))}, "At most 20 options"),
        ("advice", {"options": "x" * 201}, "at most 200 characters"),
        ("advice", {"options": "Friday", "title": " "}, "needs a title"),
    ],
)
async def test_what_is_wrong_is_said_and_what_was_typed_stays(
    floor: Floor, kind: str, typed: Any, why: str
):
    async with desk_of(floor.gateway()) as ana:
        answer = await send(ana, NEW + kind, {**TITLE, **typed}, button=SEND)

    assert answer.status_code == 422
    assert why in text(answer)
    form = find_form(answer.text, ["title"])
    for name, value in ({**TITLE, **typed}).items():
        assert form.value(name).replace("\r\n", "\n").strip() == value.strip(), name
    assert proposals(floor) == []


async def test_a_form_made_from_an_older_charter_is_looked_at_again(floor: Floor):
    async with desk_of(floor.gateway()) as ana:
        page = await ana.get(f"{NEW}values")
        asked = floor.propose(
            floor.ben, "values", effect={"type": "amend_values", "retire": ["fair-hour"]}
        )
        floor.vote(floor.ben, asked, "consent")
        floor.act(7)
        floor.act(2)
        answer = await send_from(ana, page, {**TITLE, "new-text-1": "Ours."}, button=SEND)
        again = await send_from(ana, answer, button=SEND)

    assert answer.status_code == 422
    assert "The charter was changed meanwhile." in text(answer)
    assert again.status_code == 303
    newest = proposals(floor)[0]
    assert newest["effect"]["add"] == [{"id": "ours", "text": "Ours.", "rationale": ""}]
    assert set(newest["effect"]) == {"type", "add"}  # what was retired meanwhile is left alone


async def test_a_fourth_proposal_waits_and_says_so(floor: Floor):
    async with desk_of(floor.gateway()) as ana:
        for _ in range(3):
            floor.propose(floor.ana, "advice", effect={"type": "advice"}, options=[("A", "Yes")])
        made = await send(ana, f"{NEW}advice", {**TITLE, "options": "Friday"}, button=SEND)
        page = text(await follow(ana, made))
        hall = text(await ana.get("/assembly"))

    assert "At most 3 proposals of one person are under way at a time" in page
    assert "waits to be opened" in page
    assert "Not opened yet" in hall


def test_every_part_of_the_rules_form_is_in_the_charter_and_reads_back():
    assert set(UNITS) == {"day", "hour", "minute", "second"}
    for fields in PARTS.values():
        for path, _ in fields:
            at: Any = CHARTER
            for step in path:
                at = at[step]
    assert DAY_S % UNITS["hour"] == 0


def test_small_words_and_percentages():
    assert slug("Wir sagen, wer's gemacht hat!", ()) == "wir-sagen-wer-s-gemacht-hat"
    assert slug("خبز", {"value"}) == "value-2"
    assert len(slug("x" * 99, {slug("x" * 99, ())})) <= 40
    assert [percent_text(bps) for bps in (0, 5, 250, 10_000)] == ["0", "0.05", "2.5", "100"]
