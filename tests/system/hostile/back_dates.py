"""A teller who proposes certificates that claim to be of long ago."""

from __future__ import annotations

from collections.abc import Iterator

from node import teller
from node.cli.main import main
from node.tellership.votes import Step
from storage.store import Store

honest = teller.due


def due(store: Store) -> Iterator[Step]:
    """What is due, as if it were 1970."""
    for step in honest(store):
        yield step._replace(decision=step.decision | {"at": 1}) if "at" in step.decision else step


if __name__ == "__main__":
    teller.due = due
    main()
