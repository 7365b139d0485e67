"""`docs/trade.md` says what the program does: its tables are those of the code."""

from __future__ import annotations

import re
from pathlib import Path

from governance.charter_market import Disputes, Orders
from governance.orders import judging, life, past
from governance.orders import table as t
from governance.orders.past import MOST_LETTERS

PAGE = Path(__file__).parents[2] / "docs" / "trade.md"
DOC = PAGE.read_text(encoding="utf-8")


def section(title: str) -> str:
    """The text under a heading, up to the next of its rank or above."""
    found = re.search(rf"^(#+) {re.escape(title)}$", DOC, re.M)
    assert found, f"no section {title}"
    after = re.search(rf"^#{{1,{len(found[1])}}} ", DOC[found.end() :], re.M)
    return DOC[found.end() : found.end() + after.start() if after else None]


def tables(text: str) -> list[list[list[str]]]:
    """The rows of each table, without its head."""
    found = re.findall(r"(?:^\|.*\n)+", text, re.M)
    return [
        [[cell.strip() for cell in line.strip("|").split("|")] for line in each.splitlines()[2:]]
        for each in found
    ]


def ticked(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_the_states_are_those_of_the_code() -> None:
    (rows,) = tables(section("States"))
    assert tuple(ticked(row[0])[0] for row in rows) == t.STATES
    assert {ticked(row[0])[0] for row in rows if row[2].startswith("nobody")} == t.FINAL


def test_the_moves_are_those_of_the_table() -> None:
    moves, _ = tables(section("Who may make which move"))
    said = []
    for move, sides, where, needs in moves:
        listed = set(where.removeprefix("all but ").split(", "))
        assert listed <= set(t.STATES)
        states = set(t.STATES) - listed if where.startswith("all but ") else listed
        said += [
            t.Row(ticked(move)[0], side, frozenset(states), tuple(ticked(needs)))
            for side in sides.split(", ")
        ]
    assert len(said) == len(t.TABLE)
    assert set(said) == set(t.TABLE)


def test_the_needs_are_explained_in_the_words_of_the_code() -> None:
    _, needs = tables(section("Who may make which move"))
    assert {ticked(row[0])[0]: row[1] for row in needs} == t.NEEDS


def test_every_reason_is_listed_and_none_beside() -> None:
    (rows,) = tables(section("Void letters"))
    listed = {ticked(row[0])[0] for row in rows}
    words = {past.STRANGER, past.TOO_MANY, life.BAD_PROOF, life.ONESELF, life.ANOTHER_PLACE}
    words |= {life.CROSSED, judging.NOT_YOURS, judging.NOT_NOW}
    words |= {judging.WRONG_TERMS, judging.SUPERSEDED, judging.WRONG_SHARE}
    assert listed == words
    assert f"heard {MOST_LETTERS} times" in section("Void letters")


def test_the_deadlines_are_the_charter_s() -> None:
    times = {name for name in ticked(section("Deadlines")) if name.endswith("_s")}
    assert times <= {*Orders.__dataclass_fields__, *Disputes.__dataclass_fields__}
