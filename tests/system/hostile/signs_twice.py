"""A teller who tells the others two things at once, whatever it says."""

from __future__ import annotations

from node.cli.main import main
from node.tellership import agreeing
from protocol.keys import Signer
from protocol.teller_messages import PREPARE, About, Message, prepare
from storage.store import Store

honest = agreeing.speak


def speak(store: Store, signer: Signer, steps: agreeing.Steps) -> list[Message]:
    """All that is to be said, and beside each prepare another one."""
    said = honest(store, signer, steps)
    return said + [
        prepare(
            signer,
            About(store.community, each.height, each.prev),
            each.view,
            b"another" + bytes(25),
        )
        for each in said
        if each.kind == PREPARE
    ]


if __name__ == "__main__":
    agreeing.speak = speak
    main()
