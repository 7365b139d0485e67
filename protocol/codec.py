"""Strict DAG-CBOR: the one door through which bytes from others come in.

Every value has exactly one encoding, so bytes that decode here re-encode to themselves. Allowed:
null, booleans, integers of at most 64 bits, byte strings, UTF-8 text, lists, and maps with text
keys sorted by length, then by bytes. No floats, no tags, no indefinite lengths, nothing trailing.

cbor2 alone is lenient, so `decode` lets it decode, walks the result, encodes again and compares.
Every tag is refused while cbor2 reads it, before it means anything: shared references would let a
few hundred bytes stand for a value that no walk gets through, and others compile, parse or compute.
Only `Invalid` comes out of `decode`, whatever goes in. Source: RFC 8949 and the DAG-CBOR
specification of IPLD.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any, Never

import cbor2

from protocol.errors import Invalid

MAX_DEPTH = 16
_MAX_UINT = 2**64 - 1
_MIN_INT = -(2**64)
_SCALARS = frozenset({str, bytes, bool, type(None)})
_UINT_HEADS = {1: b"\x18", 2: b"\x19", 4: b"\x1a", 8: b"\x1b"}
_FEW = 32  # keys of a map whose order is remembered
_SMALL = 16 * 1024  # bytes of input whose maps may be remembered

Plain = None | bool | int | bytes | str | list["Plain"] | dict[str, "Plain"]


def _refuse_tag(_content: object, _immutable: bool) -> Never:
    raise Invalid("not-cbor", "a tag")


class _EveryTag(dict[int, Callable[[Any, bool], Never]]):
    """For cbor2: whatever the tag, this is what to do with it."""

    def __missing__(self, tag: int) -> Callable[[Any, bool], Never]:
        return _refuse_tag


NO_TAGS = _EveryTag()
"""`semantic_decoders` for every call of `cbor2.loads` on bytes from others."""


def encode(value: Plain) -> bytes:
    """The canonical bytes of `value`. ValueError for what DAG-CBOR can't hold (a bug of ours)."""
    try:
        ordered = _ordered(value, MAX_DEPTH)
    except Invalid as error:
        raise ValueError(str(error)) from error
    return cbor2.dumps(ordered)


def decode(data: bytes, *, limit: int) -> Plain:
    """The value that `data` encodes; Invalid unless strict DAG-CBOR of at most `limit` bytes."""
    if len(data) > limit:
        raise Invalid("too-large", f"{len(data)} bytes where at most {limit} are allowed")
    try:
        value: Plain = cbor2.loads(
            data,
            max_depth=MAX_DEPTH + 1,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            semantic_decoders=NO_TAGS,
        )
        _walk(value, MAX_DEPTH, remember=len(data) <= _SMALL)
        same = cbor2.dumps(value) == data
    except Invalid:
        raise
    except Exception as error:
        raise Invalid("not-cbor", "these bytes are not strict DAG-CBOR") from error
    if not same:
        raise Invalid("not-canonical", "these bytes are not in their one canonical form")
    return value


def _walk(value: object, depth: int, *, remember: bool) -> None:
    """Refuse anything outside the data model, unsorted keys, and too deep nesting.

    `remember`: the input is small enough for its maps' keys to be kept for the next time.
    """
    kind = type(value)
    if kind in _SCALARS:
        return
    if kind is int:
        if not _MIN_INT <= value <= _MAX_UINT:  # type: ignore[operator]
            raise Invalid("not-cbor", "an integer of more than 64 bits")
        return
    items: Iterable[object]
    if isinstance(value, dict):
        keys = tuple(value)
        if not (_seen_in_order if remember and len(keys) <= _FEW else _in_order)(keys):
            raise Invalid("not-canonical", "map keys that are not text or out of order")
        items = value.values()
    elif isinstance(value, list):
        items = value
    else:
        raise Invalid("not-cbor", f"a value of type {kind.__name__}")
    if depth == 0:
        raise Invalid("too-deep", f"nested deeper than {MAX_DEPTH}")
    for item in items:
        if type(item) not in _SCALARS:
            _walk(item, depth - 1, remember=remember)


def uint(number: int) -> bytes:
    """The canonical bytes of an integer from 0 to 2**64 - 1."""
    if number < 24:
        return bytes((number,))
    size = 1 if number < 2**8 else 2 if number < 2**16 else 4 if number < 2**32 else 8
    return _UINT_HEADS[size] + number.to_bytes(size, "big")


def _in_order(keys: tuple[object, ...]) -> bool:
    before = (-1, b"")
    for key in keys:
        if not isinstance(key, str):
            return False
        raw = key.encode()
        if (len(raw), raw) <= before:
            return False
        before = (len(raw), raw)
    return True


# A kind's bodies mostly share their keys: a third of a decode otherwise. What a stranger can put
# here is bounded by _FEW, _SMALL and the number of entries.
_seen_in_order = lru_cache(maxsize=1024)(_in_order)


def _ordered(value: Plain, depth: int) -> Plain:
    """A copy with every map's keys in canonical order."""
    if isinstance(value, dict):
        if depth == 0:
            raise Invalid("too-deep", f"nested deeper than {MAX_DEPTH}")
        if not all(type(key) is str for key in value):
            raise Invalid("not-cbor", "a map key that is not text")
        keys = sorted(value, key=lambda key: (len(key.encode()), key.encode()))
        return {key: _ordered(value[key], depth - 1) for key in keys}
    if isinstance(value, (list, tuple)):
        if depth == 0:
            raise Invalid("too-deep", f"nested deeper than {MAX_DEPTH}")
        return [item if type(item) in _SCALARS else _ordered(item, depth - 1) for item in value]
    _walk(value, depth, remember=False)
    return value
