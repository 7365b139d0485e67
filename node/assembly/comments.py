"""What members say about a proposal, a ballot or a newcomer; each may erase their own words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from governance.certified import Certified
from node.assembly import mine
from node.assembly.finding import Found
from node.assembly.words import Names
from node.status import rfc3339
from storage import assembly as held
from storage.store import Store


def about_all(
    store: Store, state: Certified, found: Found, me: bytes | None, names: Names
) -> list[dict[str, Any]]:
    """The discussion of a proposal, oldest first; `answer` marks words of whom it concerns."""
    concerned = mine.concerned(state, found)
    return [
        {
            "id": each.record.hex(),
            "person": each.person.hex(),
            "name": names.get(each.person, ""),
            "text": each.text,
            "at": rfc3339(each.shown_ms),
            "reply": None if each.reply is None else each.reply.hex(),
            "mine": each.person == me,
            "answer": each.person in concerned,
        }
        for each in held.comments(store, [found.record])
    ]


def reason_of(store: Store, record: bytes, person: bytes) -> str | None:
    """What a person says about a record of their own, such as a ballot; the last word counts."""
    return reasons(store, {record: person}).get(record)


def reasons(store: Store, records: Mapping[bytes, bytes]) -> dict[bytes, str]:
    """Record -> its own author's words about it. `records`: record -> person."""
    return {
        each.about: each.text
        for each in held.comments(store, records)
        if each.person == records[each.about]
    }
