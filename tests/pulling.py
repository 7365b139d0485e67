"""Bringing one store what another holds, without a network."""

from __future__ import annotations

from protocol.messages import pack, unpack
from protocol.sync import Answerer, Asker
from storage.holdings import StoreHoldings


def pull(asking: StoreHoldings, asked: StoreHoldings) -> None:
    """Bring what one side lacks, by the same machines and bytes that nodes use."""
    asker, answerer = Asker(asking), Answerer(asked)
    messages = asker.begin(asking.hello(), asked.hello())
    while messages:
        further = []
        for message in messages:
            for reply in answerer.answer(unpack(pack(message))):
                further += asker.receive(unpack(pack(reply)))
        messages = further
    assert asker.done
