"""`docs/governance.md` says what the program does: its numbers, its sentences, its proofs.

Its commands are typed by `tests/system/test_readme.py`.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
import pytest

from governance import duties, seats
from governance.charter import Charter
from governance.charter_parts import KINDS
from governance.counting import Count, Question, count
from governance.methods import irv
from governance.opening import rule_for, share_of, threshold_of
from governance.templates import template
from node.cli import assembly_text
from node.cli.main import cli
from node.cli.output import Output
from node.tellership import receipts
from tests.governance.hall import Hall
from tests.governance.voting import by_person, cast

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "governance.md"
DOC = PAGE.read_text(encoding="utf-8")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
HEADING = re.compile(r"^(#+) (.+)$", re.M)
DAY = 86_400
NUMBERS = {3: "Three", 8: "eight", 12: "twelve", 20: "20", 60: "60"}


def section(title: str) -> str:
    """The text under a heading, up to the next of its rank or above."""
    found = re.search(rf"^(#+) {re.escape(title)}$", DOC, re.M)
    assert found, f"no section {title}"
    after = re.search(rf"^#{{1,{len(found[1])}}} ", DOC[found.end() :], re.M)
    return DOC[found.end() : found.end() + after.start() if after else None]


def rows(text: str) -> list[list[str]]:
    """The first table's rows, without its head."""
    found = re.search(r"(?:^\|.*\n)+", text, re.M)
    assert found
    lines = found[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


# Its form


def slugs(text: str) -> list[str]:
    """What headings are linked by, as GitHub makes them."""
    prose = FENCE.sub("", text)
    titles = [title.lower().replace("`", "") for _, title in HEADING.findall(prose)]
    return [re.sub(r"[^\w -]", "", title).replace(" ", "-") for title in titles]


def test_links_lead_somewhere_and_lines_are_short() -> None:
    for target in re.findall(r"\]\(([^)]+)\)", " ".join(DOC.split())):
        file, _, anchor = target.partition("#")
        page = PAGE if not file else PAGE.parent / file
        assert page.exists(), target
        assert not anchor or anchor in slugs(page.read_text(encoding="utf-8")), target
    assert [line for line in DOC.splitlines() if len(line) > 100] == []
    for other in ("README.md", "docs/architecture.md"):
        assert "governance.md" in (ROOT / other).read_text(encoding="utf-8")


def commands() -> Iterator[list[str]]:
    """Every command that the page types or names, as words without `--home`."""
    typed = [
        line.removeprefix("$ ")
        for sort, block in FENCE.findall(DOC)
        for line in block.splitlines()
        if sort in ("sh", "console") and line.removeprefix("$ ").startswith("moothall ")
    ]
    named = re.findall(r"`(moothall [^`]+)`", FENCE.sub("", DOC))
    for line in (*typed, *named):
        words = shlex.split(re.sub(r" (&|> .*)$", "", line))[1:]
        if words[0] == "--home":
            words = words[2:]
        yield words


def test_every_command_is_one_of_ours_with_these_options() -> None:
    root = cli.make_context("moothall", ["status"], obj=Output(home=Path(), as_json=False))
    seen = set()
    for words in commands():
        command = cli.get_command(root, words[0])
        assert command is not None, words
        rest = words[1:]
        if isinstance(command, click.Group):
            assert rest[0] in command.commands, words
            command, rest = command.commands[rest[0]], rest[1:]
        known = {option for param in command.params for option in param.opts}
        assert {word for word in rest if word.startswith("--")} <= known, words
        seen.add(command)
    assert len(seen) >= 12


# Its numbers


HEAD = re.compile(
    r"(\w+): (\d+) may vote(?:, (\d) seats)?(?:, (at least|more than) (\d)/(\d))?"
    r"(?:, quorum (\d)/(\d))?"
)
OUTCOME = re.compile(r" +(adopted|rejected|missed|tie)(?: ([A-Z](?:, [A-Z])*))?(?:: (.+))?")


def examples() -> Iterator[tuple[str, Count, re.Match[str], list[str]]]:
    """Each line of ballots: its text, their count, what the page says of it, its steps."""
    for sort, block in FENCE.findall(DOC):
        if sort != "text":
            continue
        head, *lines = block.splitlines()
        found = HEAD.fullmatch(head)
        assert found, head
        method, electorate, seats_, compare, num, den, part, whole = found.groups()
        threshold = (int(num or 1), int(den or 1), "more" if compare == "more than" else "at_least")
        asked = Question(
            method=method,
            options=tuple(sorted(set(re.findall(r"\b[A-C]\b", block)))),
            seats=int(seats_ or 1),
            thresholds=(threshold_of(threshold),) if num else (),
            quorums=(share_of((int(part), int(whole))),) if part else (),
        )
        for number, line in enumerate(lines):
            if not line.startswith("  ") or line.startswith("   "):
                continue
            ballots = re.findall(r"(\d+) \u00d7 (\S+)", line)
            said = OUTCOME.fullmatch(re.sub(r"^(?: +\d+ \u00d7 \S+)+", "", line))
            assert ballots and said, line
            votes = {choice: int(times) for times, choice in ballots}
            assert len(votes) == len(ballots) and sum(votes.values()) <= int(electorate), line
            made = count(asked, by_person(cast(method, votes, asked.on_ballot)), int(electorate))
            steps = []
            for below in lines[number + 1 :]:
                if not below.startswith("     "):
                    break
                steps.append(below.strip())
            yield line, made, said, steps


def test_every_example_of_a_count_is_right() -> None:
    methods = set()
    for line, made, said, steps in examples():
        outcome, named, why = said.groups()
        told = [str(step) for step in made.steps]
        assert made.outcome == outcome, line
        if named:
            assert list(made.tied or made.winners) == named.split(", "), line
        rest = iter(told)
        assert [step for step in steps if step not in rest] == [], (line, told)
        for favour, sides in re.findall(r"(\d+) of (\d+)", why or ""):
            assert any(f"{favour} of {sides} are." in step for step in told), line
        for needed in re.findall(r"(\d+) must be in favour", why or ""):
            assert any(f"The quorum is {needed} in favour" in step for step in told), line
        methods.add(line)
    assert len(methods) >= 20
    assert {block.split(":")[0] for sort, block in FENCE.findall(DOC) if sort == "text"} == {
        *("consent", "majority", "supermajority", "approval", "schulze", "irv", "star"),
    }


def seconds(text: str) -> int:
    if text == "none":
        return 0
    found = re.fullmatch(r"(\d+) (day|minute)s?(?: at most)?", text)
    assert found, text
    return int(found[1]) * {"day": DAY, "minute": 60}[found[2]]


def test_the_templates_are_as_the_page_tells_them() -> None:
    told = rows(section("A vote, step by step"))
    assert len(told) == 4
    for name, method, *times in told:
        rule: Any = template(name.strip("`"))["rules"]
        fees = rule["fees"]
        assert fees["method"] == method
        parts = ("notice_s", "open_s", "challenge_s", "delay_s")
        assert [seconds(each) for each in times] == [fees[part] for part in parts]
        assert fees["early_close"] == ("at most" in times[1])
    for name in ("kitchen-table", "makers-market"):
        classes = Charter.from_data(template(name)).amendment.classes
        table = rows(section("When it is passed"))
        for each, (letter, covers, approval, quorum) in zip(classes, table, strict=True):
            words = "more than" if each.approval.compare == "more" else "at least"
            assert letter == each.name
            assert approval == f"{words} {each.approval.num}/{each.approval.den}"
            assert quorum == f"{each.approval_quorum.num}/{each.approval_quorum.den}"
            if not covers.startswith("everything else"):
                named = covers.replace("the classes", "amendment").split(", ")
                assert [part.replace(" ", "_") for part in named] == list(each.covers)


def test_an_expulsion_from_a_market_takes_as_long_as_the_page_says() -> None:
    state = Hall().state
    market = replace(state.versions[-1], data=template("makers-market"))
    rule = rule_for(replace(state, versions=(market,)), "expulsion")
    times = (rule.notice_s, rule.min_open_s, rule.challenge_s, rule.delay_s)
    told = " ".join(section("Expelling somebody").split())

    found = re.search(
        r"(\d+) days of notice, (\d+) days of voting, (\d+) days for an appeal and (\d+) more", told
    )

    assert found
    assert [int(days) * DAY for days in found.groups()] == list(times)
    table = rule_for(state, "expulsion")
    assert {table.notice_s, table.min_open_s, table.challenge_s, table.delay_s} == {0}


@pytest.mark.parametrize(
    ("constant", "sentence"),
    [
        (duties.MOST_RUNNING, "{} proposals of one member are under way at a time"),
        (duties.MOST_VOTES, "of all together {};"),
        (receipts.MOST_REVISIONS, "ballots in a round the teller lists {}."),
        (seats.MOST_LOST, "more than {} certificates for that"),
        (seats.MOST_LOST, "more than {} certificates, each"),
        (seats.MOST_LOST, "up to {} of the newest certificates"),
        (irv.MOST_OPTIONS, "rank up to {} options"),
    ],
)
def test_a_number_in_the_prose_is_the_constant_of_the_code(constant: int, sentence: str) -> None:
    assert sentence.format(NUMBERS[constant]) in " ".join(DOC.split())


def test_there_are_these_kinds_of_proposals() -> None:
    assert [row[0].strip("`") for row in rows(section("The words"))] == list(KINDS)


# Its sentences


ROUND: dict[str, Any] = {
    "options": [],
    "round": "",
    "method": "majority",
    "here": 480,
    "ballots": 500,
    "electorate": 600,
    "voted": [],
    "steps": [],
    "winners": [],
    "outcome": "adopted",
    "certificate": "0" * 64,
    "challengeable": False,
    "why": [],
}


def test_what_a_node_tells_is_quoted_as_it_says_it() -> None:
    lines = {
        assembly_text.receipts_text({"tellers": 1, "safe": held == 1, "receipts": held})
        for held in (0, 1)
    }
    for status in ("equal", "differs", "incomplete"):
        found = {"title": "A fee", "earlier": [], **ROUND, "status": status}
        lines.update(assembly_text.count_text(found).split("\n"))

    quoted = [row[0].strip("`") for row in rows(section("What your node tells you"))]

    assert len(quoted) == 6
    assert set(quoted) <= lines


# Its proofs


def proofs(text: str) -> Iterator[tuple[str, str]]:
    """(file, test) for each name in the paragraphs that begin with `Proof:`."""
    for paragraph in re.findall(r"^Proof: (.+?)(?:\n\n|\Z)", text, re.M | re.S):
        file = ""
        for word in re.findall(r"`([^`]+)`", paragraph):
            if "/" in word:
                file = word
            else:
                yield file, word


def test_every_test_that_is_named_as_a_proof_is_there() -> None:
    named = list(proofs(DOC))
    assert len(named) >= 50
    defined = {
        (file, node.name)
        for file in {file for file, _ in named}
        for node in ast.walk(ast.parse((ROOT / file).read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert [each for each in named if each not in defined] == []
    assert re.findall(r"`(test_\w+)`", DOC) == [test for _, test in named]


def test_every_attack_is_told_and_proved_unless_nothing_is_done_about_it() -> None:
    table = rows(section("Attacks"))
    titles = [title for rank, title in HEADING.findall(section("Attacks")) if rank == "####"]
    assert [row[0] for row in table] == [
        f"[{title}](#{slugs(f'# {title}')[0]})" for title in titles
    ]
    for title, (_, outcome) in zip(titles, table, strict=True):
        assert list(proofs(section(title))) or outcome == "open", title
