"""How people of one community know each other."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.acquaintance import LONGEST, Way, way

# Ana founded it and invited Ben and Cid; Ben invited Dora and Emil; Dora invited Finn, and so on.
INVITED = {
    "ben": "ana", "cid": "ana", "dora": "ben", "emil": "ben", "finn": "dora", "gus": "finn",
}  # fmt: skip
INVITERS: dict[bytes, bytes | None] = {
    b"ana": None,
    **{person.encode(): inviter.encode() for person, inviter in INVITED.items()},
}


def told(found: Way | None) -> str | None:
    return found and f"{' '.join(p.decode() for p in found.up)}|{b' '.join(found.down).decode()}"


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        ("ana", "ana", "|"),
        ("ana", "ben", "|ben"),
        ("ana", "dora", "|ben dora"),
        ("ana", "finn", "|ben dora finn"),
        ("ana", "gus", None),
        ("ben", "ana", "ana|"),
        ("finn", "ana", "dora ben ana|"),
        ("gus", "ana", None),
        ("ben", "cid", "ana|cid"),
        ("dora", "emil", "ben|emil"),
        ("cid", "dora", "ana|ben dora"),
        ("finn", "emil", "dora ben|emil"),
        ("finn", "cid", None),
        ("ana", "stranger", None),
        ("stranger", "ana", None),
    ],
)
def test_the_shortest_way_leads_over_the_nearest_inviter_of_both(one, other, expected):
    assert told(way(INVITERS, one.encode(), other.encode())) == expected


def test_people_who_are_said_to_have_invited_each_other_end_nothing():
    circle = {b"a": b"b", b"b": b"a", b"c": b"c"}
    assert way(circle, b"a", b"b") in (Way((b"b",), ()), Way((), (b"b",)))
    assert way(circle, b"a", b"c") is None


people = st.integers(0, 12)


@given(st.dictionaries(people, people), people, people)
def test_a_way_is_made_of_invitations_and_is_the_same_backwards(inviters, one, other):
    known = {bytes([p]): bytes([i]) for p, i in inviters.items() if i < p}
    found = way(known, bytes([one]), bytes([other]))
    back = way(known, bytes([other]), bytes([one]))
    assert (found is None) == (back is None)
    if found is None or back is None:
        return
    assert len(found.up) + len(found.down) <= LONGEST
    at = bytes([one])
    for step in found.up:
        assert known[at] == step
        at = step
    for step in found.down:
        assert known[step] == at
        at = step
    assert at == bytes([other])
    assert (len(back.up), len(back.down)) == (len(found.down), len(found.up))
