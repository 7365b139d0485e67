"""Values and damage for the property tests of this folder."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from protocol.codec import Plain

quick = settings(max_examples=40, deadline=None, database=None)
thorough = settings(max_examples=120, deadline=None, database=None)

whole = st.integers(-(2**64), 2**64 - 1)
words = st.text(st.characters(codec="utf-8"), max_size=8)
scalars = st.one_of(st.none(), st.booleans(), whole, st.binary(max_size=40), words)
plain: st.SearchStrategy[Plain] = st.recursive(
    scalars,
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(words, inner, max_size=4)),
    max_leaves=12,
)
ids = st.binary(min_size=32, max_size=32)


@st.composite
def mutated(draw: st.DrawFn, data: bytes) -> bytes:
    """`data` with a few bytes changed, cut out, put in or repeated."""
    found = bytearray(data)
    for _ in range(draw(st.integers(1, 3))):
        at = draw(st.integers(0, len(found)))
        much = draw(st.integers(0, 9))
        match draw(st.sampled_from(["flip", "cut", "insert", "repeat", "end"])):
            case "flip" if at < len(found):
                found[at] ^= draw(st.integers(1, 255))
            case "cut":
                del found[at : at + much]
            case "insert":
                found[at:at] = draw(st.binary(min_size=1, max_size=9))
            case "repeat":
                found[at:at] = found[at : at + much]
            case "end":
                del found[at:]
    return bytes(found)


@st.composite
def damaged(draw: st.DrawFn, value: Any) -> Any:
    """`value` with one of its parts, however deep, replaced, dropped, repeated or added."""
    if not isinstance(value, (list, dict)) or not value or draw(st.integers(0, 3)) == 0:
        return draw(near(value))
    if isinstance(value, dict):
        key = draw(st.sampled_from(sorted(value)))
        rest = {name: part for name, part in value.items() if name != key}
        match draw(st.sampled_from(["deeper", "deeper", "drop", "add"])):
            case "drop":
                return rest
            case "add":
                return {**value, draw(words): draw(plain)}
            case _:
                return {**rest, key: draw(damaged(value[key]))}
    at = draw(st.integers(0, len(value) - 1))
    match draw(st.sampled_from(["deeper", "deeper", "drop", "repeat"])):
        case "drop":
            return value[:at] + value[at + 1 :]
        case "repeat":
            return [*value[: at + 1], *value[at:]]
        case _:
            return [*value[:at], draw(damaged(value[at])), *value[at + 1 :]]


def near(value: Any) -> st.SearchStrategy[Any]:
    """Something else in the place of `value`: anything, or much the same."""
    if isinstance(value, bool):
        return st.one_of(plain, st.integers(0, 1))
    if isinstance(value, int):
        return st.one_of(plain, st.booleans(), st.sampled_from([value + 1, value - 1, -value]))
    if isinstance(value, bytes):
        return st.one_of(plain, st.binary(min_size=len(value), max_size=len(value)))
    return plain
