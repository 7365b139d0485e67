"""What tellers are proved to have done against their office: the same on every node."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from node.assembly.words import person_json
from protocol.evidence import Rivals
from storage import agreement, certificates, halts
from storage.store import Store
from storage.views import profiles


def proved(store: Store) -> list[dict[str, Any]]:
    """What tellers are proved to have done, the oldest first, in plain values.

    `{what: "split", height, halted, certificates: [{id, kind}, ...], persons}`: they certified two
    things on one place; `halted`: nothing goes on before persons sign. `{what: "double", height,
    step, device, persons}`: one said two things at once. `persons`: who signed both, each
    `{person, name}`.
    """
    halted = halts.halt(store)
    names = profiles.names(store)
    found = [_split(store, each, halted, names) for each in halts.splits(store)]
    for proof in agreement.doubles(store):
        said = proof.messages[0]
        before = certificates.get(store, said.height - 1)
        signers = [s.person for s in before.next_tellers if s.device == proof.device]
        found.append(
            {
                "what": "double",
                "height": said.height,
                "step": said.kind,
                "device": proof.device.hex(),
                "persons": [person_json(person, names) for person in signers],
            }
        )
    return sorted(found, key=lambda each: each["height"])


def _split(
    store: Store, found: Rivals, halted: Rivals | None, names: Mapping[bytes, str]
) -> dict[str, Any]:
    one, other = (dict(each.signatures).keys() for each in found.certificates)
    before = certificates.at(store, -1).tellers
    if found.height > 0:
        before = certificates.get(store, found.height - 1).next_tellers
    return {
        "what": "split",
        "height": found.height,
        "halted": found == halted,
        "certificates": [{"id": each.id.hex(), "kind": each.kind} for each in found.certificates],
        "persons": [person_json(before[place].person, names) for place in sorted(one & other)],
    }
