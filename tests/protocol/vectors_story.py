"""The story that the vectors tell: a founding, an invitation, two joins, a market, a fork.

It goes on with votes in `vectors_votes.py`.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any

from governance import recall, seats
from governance.certified import Certified, beginning
from governance.folding import fold, step
from governance.roll import admit
from protocol.certificates import (
    Certificate,
    Seat,
    make_body,
    read_certificate,
    sign_certificate,
    sign_move,
)
from protocol.codec import encode
from protocol.evidence import SEATS, SPLIT, contest_proof, fork_proof, rivals_proof, spare
from protocol.keys import RECALL, Signer
from protocol.kinds import confirm, erase, invite
from protocol.kinds.listing import Claim, Listing, Variant
from protocol.kinds.profile import Profile
from protocol.kinds.recall import Slate
from protocol.kinds.registry import content
from protocol.records import GOV, MARKET
from tests.protocol.people import (
    ANA,
    BEN,
    COMMUNITY,
    EVA,
    FOUND,
    ONCE,
    Log,
    Person,
    certificate,
    h,
    joined,
)

ANA_GOV = Log(ANA.device, COMMUNITY, GOV)
ANA_GOV.records = [FOUND]
FOUNDING = content(FOUND)
CHARTER_HASH = sha256(encode(FOUNDING.charter)).digest()
START = beginning(COMMUNITY, ANA.device.public, FOUNDING, CHARTER_HASH)


def certify(state: Certified, decision: dict[str, Any]) -> Certificate:
    """Ana's certificate of what `decision` leads to."""
    after = step(state, "roll", decision)
    return certificate(
        [(0, ANA)],
        height=state.height + 1,
        prev=state.id,
        decision=decision,
        charter_hash=after.charter_hash,
        roll_root=after.roll.root(),
    )


FIRST = certify(
    START,
    {"admit": [admit(ANA.person.public, ANA.device.public, None, None, COMMUNITY)]},
)
ONE = fold(START, FIRST)
INVITE = ANA_GOV.add("invite", invite.body(0, 0, ONCE.public), gov=FIRST.id)
BENS = joined(BEN, ONCE, INVITE.id)
EVAS = joined(EVA, ONCE, INVITE.id)
CONFIRM = ANA_GOV.add("confirm", confirm.body(0, 0, BENS.records[1].id))
SECOND = certify(
    ONE,
    {
        "admit": [
            admit(
                BEN.person.public,
                BEN.device.public,
                ANA.person.public,
                (ANA.device.public, 0, 0),
                BENS.records[1].id,
            )
        ]
    },
)
TWO = fold(ONE, SECOND)
MARKET_LOG = Log(ANA.device, COMMUNITY, MARKET)
PROFILE = MARKET_LOG.add(
    "profile",
    Profile(version=1, name="Ana", about="I bake.", skills=("baking",), place="Bern").body(),
    sign=False,
    gov=SECOND.id,
)
BREAD = MARKET_LOG.add(
    "listing",
    Listing(
        title="Bread",
        mode="sell",
        price=350,
        currency="EUR",
        description="Rye, *sourdough*.",
        variants=(Variant(name="500 g"), Variant(name="1 kg", price=600, sku="R-1")),
        values=(Claim(value="local", evidence="Baked here."),),
    ).body(),
    sign=False,
)
OTHER = MARKET_LOG.copy()
LAST = MARKET_LOG.add("withdraw", {"listing": BREAD.id})
OTHER.offer("Honey")
ERASE = BENS.add("erase", erase.body([h("a listing")]))
FORK = fork_proof(COMMUNITY, MARKET_LOG.records[2:], OTHER.records[2:])
CONTEST = contest_proof(COMMUNITY, BENS.records[:2], EVAS.records)
SPARED = spare(ERASE)


def _move(laptop: int) -> Certificate:
    """Ana, whose laptop is lost, moves the teller's seat to one of two others."""
    device = Signer(h("ana laptop", laptop))
    heads = [(ANA.device.public, GOV, 3, CONFIRM.id), (ANA.device.public, MARKET, 3, LAST.id)]
    decision = seats.moving(device.public, h("enrol", laptop), 1, heads)
    after = step(TWO, "move-seat", decision)
    raw = make_body(
        community=COMMUNITY,
        height=TWO.height + 1,
        prev=TWO.id,
        kind="move-seat",
        charter_hash=after.charter_hash,
        roll_root=after.roll.root(),
        next_tellers=after.tellers,
        decision=decision,
    )
    return read_certificate([raw, 0, [[0, sign_move(raw, ANA.person)]]])


MOVES = rivals_proof(COMMUNITY, SEATS, _move(1), _move(2))


def _above_two(kind: str, decision: Any, signed: list[Any]) -> Certificate:
    after = step(TWO, kind, decision)
    raw = make_body(
        community=COMMUNITY,
        height=TWO.height + 1,
        prev=TWO.id,
        kind=kind,
        charter_hash=after.charter_hash,
        roll_root=after.roll.root(),
        next_tellers=after.tellers,
        decision=decision,
    )
    return read_certificate([raw, 0, signed or [[0, sign_certificate(raw, 0, ANA.device)]]])


def slate(person: Person) -> Slate:
    """A recall that makes this person the teller after certificate 1."""
    teller = Seat(person.person.public, person.device.public)
    return Slate(prev=TWO.id, attempt=1, tellers=(teller,))


def _recall(person: Person) -> Certificate:
    """Ana and Ben recall the teller."""
    wanted, keys = slate(person), {each.person.public: each.person for each in (ANA, BEN)}
    signed = [
        [place, keys[key].sign(RECALL, *wanted.parts(COMMUNITY))]
        for place, key in enumerate(recall.signers(TWO))
    ]
    return _above_two("recall", recall.recalling(1, wanted.tellers), signed)


RECALLS = rivals_proof(COMMUNITY, SEATS, _recall(ANA), _recall(BEN))
TWICE = [_above_two("roll", {"cite": [h("a record", number)]}, []) for number in (1, 2)]
SPLITS = rivals_proof(COMMUNITY, SPLIT, *TWICE)
