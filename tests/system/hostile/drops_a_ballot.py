"""A teller who gives receipts for ballots, then writes its log anew with a stop in their place."""

from __future__ import annotations

from node.cli.main import main
from node.duties import Duties
from node.tellership import receipts
from protocol.kinds import stop
from storage import assembly
from storage.own import Draft
from tests.system.hostile import forging

dropped: set[bytes] = set()


async def act(duties: Duties) -> None:
    """What a teller does; and the first receipts of each round are taken back."""
    await forging.honest(duties)
    store, signer = duties._store, duties._signer
    for _, round_ in receipts.rounds(store):
        given = assembly.receipts_of(store, store.device, round_.open)
        if given and round_.open not in dropped:
            dropped.add(round_.open)
            end = Draft("stop", stop.body(round_.open, None))
            await forging.tell(duties, forging.forged(store, signer, given[0].seq, [end]))


if __name__ == "__main__":
    Duties._act = act  # type: ignore[method-assign]
    main()
