"""A teller who proposes certificates that claim to be of long ago."""

from __future__ import annotations

from collections.abc import Iterable

from node.cli.main import main
from node.tellership import agreeing
from storage import certificates
from storage.store import Store


def body(store: Store, steps: agreeing.Steps, tried: Iterable[bytes]) -> bytes | None:
    """The next certificate that is due, as if it were 1970."""
    state, step = certificates.current(store), next(steps(store), None)
    if state is None or step is None:
        return None
    return certificates.body(store, state, step.kind, step.decision | {"at": 1})


if __name__ == "__main__":
    agreeing._body = body
    main()
