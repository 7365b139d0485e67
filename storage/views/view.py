"""What every view declares. A view is a module with one `View`, and a line in `registry`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from protocol.records import Record
from storage.rows import Log
from storage.store import Store


class Item(NamedTuple):
    """An admissible record with what it says (its kind's dataclass)."""

    rowid: int
    log: Log
    record: Record
    said: Any


def nothing(store: Store, *_: object) -> None:
    """For views that need no such step."""


def no_rows(store: Store) -> Iterator[bytes]:
    """For views that add nothing to the digest (their facts show in another view)."""
    return iter(())


@dataclass(frozen=True, kw_only=True, slots=True)
class View:
    """A view over records of some kinds.

    `apply` adds facts of newly admissible records; `retract` takes those of a log after a seq
    back; `erase` forgets one record's body; `standing` is told which devices (by number) came
    into view or left it. `digest` yields the shared content in an order that depends on nothing
    but that content; node-local views leave it out. `tables` are emptied by a rebuild.
    """

    name: str
    kinds: Sequence[str]
    tables: Sequence[str]
    apply: Callable[[Store, Sequence[Item]], None]
    retract: Callable[[Store, int, int], None]
    erase: Callable[[Store, int], None] = nothing
    standing: Callable[[Store, Iterable[int]], None] = nothing
    digest: Callable[[Store], Iterator[bytes]] = no_rows
