"""Steps of votes that several system tests take, by the command line alone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.system.people import Person


def propose(person: Person, folder: Path, kind: str, effect: dict[str, Any], *more: str) -> str:
    """Propose this; the proposal's id."""
    file, text = folder / "effect.json", folder / "text.md"
    file.write_text(json.dumps(effect))
    text.write_text("Because we talked about it.")
    title = f"A question of {kind}"
    answer = person.do(
        *("proposal", "new", "--kind", kind, "--title", title, "--text", str(text)),
        *("--effect", str(file), *more),
    )
    return str(answer["proposal"])


def status(person: Person, proposal: str) -> str:
    """A proposal's status as this person's node knows it; "" while it isn't there."""
    listed = {each["proposal"]: each["status"] for each in proposals(person)}
    return str(listed.get(proposal, ""))


def proposals(person: Person) -> list[dict[str, Any]]:
    """What `proposal list` shows."""
    found: list[dict[str, Any]] = person.do("proposal", "list")["proposals"]
    return found


def reaches(proposal: str, wanted: str, *people: Person) -> None:
    """Wait until everybody's node shows this status."""
    for person in people:
        person.until(
            lambda p=person: status(p, proposal) == wanted,  # type: ignore[misc]
            f"{proposal[:8]} is {wanted}",
        )


def decide(proposal: str, choice: str, *people: Person) -> None:
    """Everybody votes the same once the vote is open, and it comes in effect everywhere."""
    for person in people:
        person.until(
            lambda p=person: status(p, proposal) in ("open", "counting", "in_effect"),  # type: ignore[misc]
            "the vote is open",
        )
        if status(person, proposal) == "open":
            person.do("vote", proposal, choice)
    reaches(proposal, "in_effect", *people)
