"""A teller who lists a ballot that came too late, as if before its stop."""

from __future__ import annotations

from node.cli.main import main
from node.duties import Duties
from protocol.kinds import receipts, stop
from storage import assembly, certificates
from storage.own import Draft
from tests.system.hostile import forging

listed: set[bytes] = set()


async def act(duties: Duties) -> None:
    """What a teller does; and its log is written anew from the stop on."""
    await forging.honest(duties)
    store, signer = duties._store, duties._signer
    state = certificates.current(store)
    for vote in state.votes.values() if state is not None else ():
        open_ = vote.rounds[-1].open if vote.rounds else b""
        stopped = assembly.stop_of(store, store.device, open_)
        given = assembly.receipts_of(store, store.device, open_)
        known = {ballot for each in given for ballot in each.ballots} | listed
        late = [each.record for each in assembly.ballots(store, open_) if each.record not in known]
        if stopped is None or not late:
            continue
        listed.update(late)
        one = Draft("receipts", receipts.body(open_, late, stopped.last))
        (first,) = forging.forged(store, signer, stopped.seq, [one])
        end = Draft("stop", stop.body(open_, first.id))
        await forging.tell(duties, [first, *forging.after(store, signer, first, [end])])


if __name__ == "__main__":
    Duties._act = act  # type: ignore[method-assign]
    main()
