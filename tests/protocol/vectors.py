"""Makes `tests/vectors/protocol.json`: the protocol's bytes, for whoever writes another program.

Everything is a function of the names in `people.py`: two runs give the same file. Run it by
`scripts/make-vectors`; `test_vectors.py` works through the file without this module.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from protocol import lobby
from protocol.cards import make_card
from protocol.certificates import Seat
from protocol.codec import decode, encode
from protocol.invitation import Link
from protocol.keys import ENROL, JOIN, MOVE_SEAT, RECORD, Signer
from protocol.messages import (
    NUMBERS,
    Branch,
    Buckets,
    Bye,
    Certificates,
    End,
    Forked,
    Hello,
    Ids,
    Places,
    Probe,
    ProbeChain,
    SegmentOf,
    Side,
    SideIds,
    Turn,
    Want,
    WantBranch,
    WantCertificates,
    WantSide,
    WantSideIds,
    pack,
)
from protocol.records import MARKET, MAX_BODY, ZERO, Record
from tests.protocol.people import (
    ANA,
    BEN,
    COMMUNITY,
    DAN,
    EVA,
    FOUND,
    ONCE,
    TIME,
    entries,
    seat,
)
from tests.protocol.vectors_chain import certificates, counts, plain, votes
from tests.protocol.vectors_letters import SEALED, letters
from tests.protocol.vectors_money import GOT, PAYMENT
from tests.protocol.vectors_refused import refused
from tests.protocol.vectors_sales import GRANT, ORDER, RECEIPT, RECOMMEND, REFUND, REVIEW
from tests.protocol.vectors_story import (
    BENS,
    BREAD,
    CONFIRM,
    CONTEST,
    ERASE,
    EVAS,
    FIRST,
    FORK,
    INVITE,
    LAST,
    MARKET_LOG,
    MOVES,
    PROFILE,
    RECALLS,
    SECOND,
    SPARED,
    SPLITS,
)
from tests.protocol.vectors_votes import (
    ANA_GOV,
    APPEAL,
    ASK_SEAT,
    BALLOT,
    CHALLENGE,
    COMMENT,
    DANS,
    FEES,
    LEAVE,
    OTHER_INVITE,
    OTHER_ONCE,
    PHONE,
    PHONES,
    PRESENT,
    RECALL,
    RECEIPTS,
    RETIRE,
    STOP,
    VOUCH,
    WITHDRAW,
)

PLACE = Path(__file__).parents[1] / "vectors" / "protocol.json"
ABOUT = (
    "Bytes are lower-case hex. `plain` values are those of strict DAG-CBOR, with bytes written "
    'as {"$hex": "..."}. Everything hangs together: the community is founded by `records.found`, '
    "Ana invites by `records.invite`, Ben's join takes that up, certificate 1 admits him. `votes` "
    "are the rounds that certificates close, with all that counting them takes; `counts` are small "
    "votes of every method, each choice with by how many it was made. An `entry` is [header, "
    "signature, salt, body]. `refused` names the reader, its context and the reason word that has "
    "to come out. Made by scripts/make-vectors; do not edit."
)
ADDRESS = "/ip4/192.0.2.7/tcp/4001"


def keys() -> Any:
    named: dict[str, Signer] = {"once": ONCE, "once dan": OTHER_ONCE}
    for who in (ANA, BEN, EVA, DAN):
        named |= {f"{who} person": who.person, f"{who} device": who.device}
    named["ben phone"] = PHONE.device
    named["order"] = ORDER
    return {
        name: {"seed": signer.seed.hex(), "public": signer.public.hex()}
        for name, signer in named.items()
    }


def codec() -> Any:
    values: list[Any] = [
        None,
        True,
        False,
        *(0, 23, 24, 255, 256, 65535, 65536, 2**32 - 1, 2**32, 2**64 - 1),
        *(-1, -24, -25, -256, -257, -(2**63), -(2**64)),
        b"",
        b"\x01" * 24,
        "",
        "süß 🫖",
        [],
        [1, [2, [3]]],
        {},
        {"b": 1, "a": 2, "aa": 3, "": 4, "ü": 5, "z": None},
    ]
    return [{"plain": plain(value), "hex": encode(value).hex()} for value in values]


def signatures() -> Any:
    person, device = BEN.person.public, BEN.device.public
    rows: list[tuple[str, str, Signer, bytes, list[tuple[str, bytes]]]] = [
        ("record", "ana device", ANA.device, RECORD, [("community", COMMUNITY), ("id", LAST.id)]),
        (
            "enrolment",
            "ben person",
            BEN.person,
            ENROL,
            [("community", COMMUNITY), ("person", person), ("device", device)],
        ),
        (
            "move of the seat",
            "ana person",
            ANA.person,
            MOVE_SEAT,
            [("certificate", MOVES.certificates[0].id)],
        ),
        (
            "founder's enrolment",
            "ana person",
            ANA.person,
            ENROL,
            [("zeros", ZERO), ("person", ANA.person.public), ("device", ANA.device.public)],
        ),
        (
            "join",
            "once",
            ONCE,
            JOIN,
            [
                ("community", COMMUNITY),
                ("invite", INVITE.id),
                ("person", person),
                ("device", device),
            ],
        ),
    ]
    return [
        {
            "what": what,
            "signer": name,
            "purpose": purpose.hex(),
            "parts": [[word, part.hex()] for word, part in parts],
            "signature": signer.sign(purpose, *(part for _, part in parts)).hex(),
        }
        for what, name, signer, purpose, parts in rows
    ]


def record(found: Record, signer: str) -> Any:
    assert found.body is not None
    assert found.salt is not None
    return {
        "signer": signer,
        "fields": plain(found.header._asdict()),
        "header": found.raw.hex(),
        "id": found.id.hex(),
        "salt": found.salt.hex(),
        "plain": plain(decode(found.body, limit=MAX_BODY)),
        "body": found.body.hex(),
        "signature": None if found.signature is None else found.signature.hex(),
        "entry": encode(found.entry()).hex(),
    }


def records() -> Any:
    return {
        "found": record(FOUND, "ana device"),
        "invite": record(INVITE, "ana device"),
        "confirm": record(CONFIRM, "ana device"),
        "ben enrol": record(BENS.records[0], "ben device"),
        "ben join": record(BENS.records[1], "ben device"),
        "erase": record(ERASE, "ben device"),
        "leave": record(LEAVE, "ben device"),
        "eva enrol": record(EVAS.records[0], "eva device"),
        "eva join": record(EVAS.records[1], "eva device"),
        "dan invite": record(OTHER_INVITE, "ana device"),
        "dan enrol": record(DANS.records[0], "dan device"),
        "dan join": record(DANS.records[1], "dan device"),
        "vouch": record(VOUCH, "ben device"),
        "phone enrol": record(PHONES.records[0], "ben phone"),
        "proposal": record(FEES, "ben device"),
        "comment": record(COMMENT, "ben device"),
        "ballot": record(BALLOT, "ana device"),
        "receipts": record(RECEIPTS, "ana device"),
        "stop": record(STOP, "ana device"),
        "challenge": record(CHALLENGE, "dan device"),
        "appeal": record(APPEAL, "dan device"),
        "withdraw-proposal": record(WITHDRAW, "ben device"),
        "retire": record(RETIRE, "ben device"),
        "ask-seat": record(ASK_SEAT, "dan device"),
        "present": record(PRESENT, "dan device"),
        "recall": record(RECALL, "dan device"),
        "profile": record(PROFILE, "ana device"),
        "listing": record(BREAD, "ana device"),
        "withdraw": record(LAST, "ana device"),
        "payment": record(PAYMENT, "dan device"),
        "got": record(GOT, "ben device"),
        "sealed": record(SEALED, "ben device"),
        "grant": record(GRANT, "ben phone"),
        "recommend": record(RECOMMEND, "ana device"),
        "receipt": record(RECEIPT, "dan device"),
        "refund": record(REFUND, "dan device"),
        "review": record(REVIEW, "eva device"),
    }


def segments() -> Any:
    rows = [
        ("the founding", [FOUND]),
        ("ben's gov log: each record signed", BENS.records),
        ("ana's market log: one signature for three records", MARKET_LOG.records),
        (
            "the same after the first body was erased",
            [PROFILE._replace(salt=None, body=None), BREAD, LAST],
        ),
    ]
    return [
        {
            "what": what,
            "device": some[0].header.device.hex(),
            "lane": some[0].header.lane,
            "entries": encode(entries(some)).hex(),
            "ids": [each.id.hex() for each in some],
        }
        for what, some in rows
    ]


def objects() -> Any:
    rows: dict[str, Any] = {
        "fork": FORK,
        "contest": CONTEST,
        "seats": MOVES,
        "two recalls": RECALLS,
        "split": SPLITS,
        "record": SPARED,
    }
    return {name: {"raw": each.raw.hex(), "id": each.id.hex()} for name, each in rows.items()}


def link() -> Any:
    made = Link(COMMUNITY, ONCE.seed, INVITE.id, 0, FIRST.id, {ANA.device.public: (ADDRESS,)})
    return {
        "plain": plain([*made[:5], [[key, list(where)] for key, where in made.peers.items()]]),
        "payload": made.payload(),
        "text": made.text(),
        "on a shop window": made.text("https://shop.example/"),
    }


def card() -> Any:
    made = make_card(ANA.device, COMMUNITY, (ADDRESS,), TIME)
    raw, signature = made.travel
    assert isinstance(raw, bytes)
    assert isinstance(signature, bytes)
    return {
        "plain": plain([made.device, list(made.addresses), made.issued_ms, made.expires_ms]),
        "raw": raw.hex(),
        "signature": signature.hex(),
    }


def knock() -> Any:
    return {
        "question": lobby.ask(COMMUNITY, *BENS.records[:2]).hex(),
        "peer": BEN.device.public.hex(),
        "welcome": lobby.answer().hex(),
        "refused": lobby.answer("used", "Ask Ana for another.").hex(),
    }


PLACES = sorted(
    (r.header.device, r.header.lane, r.header.seq, r.id)
    for r in (ANA_GOV.records[-1], LAST, BENS.records[-1])
)


def _digest(some: Sequence[tuple[bytes, int, int, bytes]], size: int) -> bytes:
    packed = b"".join(d + bytes([lane]) + seq.to_bytes(8, "big") + i for d, lane, seq, i in some)
    return sha256(packed).digest()[:size]


def _buckets(count: int) -> bytes:
    sorted_out: list[list[tuple[bytes, int, int, bytes]]] = [[] for _ in range(count)]
    for place in PLACES:
        sorted_out[int.from_bytes(sha256(place[0]).digest()[:4], "big") % count].append(place)
    return b"".join(_digest(bucket, 8) for bucket in sorted_out)


SIDE = sorted([FORK.id, CONTEST.id, SPARED.id])
HELLO = Hello(
    COMMUNITY[:8], 1, SECOND.id, _digest(PLACES, 16), sha256(b"".join(SIDE)).digest()[:16]
)


def digests() -> Any:
    return {
        "places": plain(PLACES),
        "frontier": HELLO.frontier.hex(),
        "one bucket": _buckets(1).hex(),
        "four buckets": _buckets(4).hex(),
        "side ids": [each.hex() for each in SIDE],
        "side": HELLO.side.hex(),
    }


def messages() -> Any:
    log = (ANA.device.public, MARKET)
    some: list[Any] = [
        HELLO,
        WantCertificates(0),
        Certificates(FOUND.entry(), [FIRST.travel(), SECOND.travel()], False),
        WantSideIds(),
        SideIds(SIDE, False),
        WantSide([FORK.id]),
        Side(SPARED.raw),
        Buckets(_buckets(4)),
        Places(PLACES, False),
        Want([(*log, 0, ZERO)]),
        SegmentOf(*log, entries(MARKET_LOG.records)),
        Forked(*log),
        End(),
        Probe(*log, [1, 2, 3, 4]),
        Ids([PROFILE.id, BREAD.id, LAST.id, b""]),
        WantBranch(*log, 3),
        Branch([[LAST.raw, LAST.signature]]),
        Turn(list(HELLO)),
        Bye("done"),
        ProbeChain([0, 1]),
    ]
    return [
        {
            "name": type(each).__name__,
            "number": NUMBERS[type(each)],
            "fields": plain(dict(zip(each._fields, each, strict=True))),
            "frame": pack(each).hex(),
        }
        for each in some
    ]


def vectors() -> dict[str, Any]:
    """Everything, as it stands in the file."""
    return {
        "about": ABOUT,
        "keys": keys(),
        "codec": codec(),
        "signatures": signatures(),
        "community": COMMUNITY.hex(),
        "records": records(),
        "segments": segments(),
        "tellers": [[part.hex() for part in Seat(*seat(ANA))]],
        "certificates": certificates(),
        "votes": votes(),
        "counts": counts(),
        "objects": objects(),
        "link": link(),
        "card": card(),
        "lobby": knock(),
        "digests": digests(),
        "messages": messages(),
        "letters": letters(),
        "refused": refused(),
    }


def text() -> str:
    """The file's text."""
    return json.dumps(vectors(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    PLACE.write_text(text(), encoding="utf-8")
    print(f"{PLACE.name}: {PLACE.stat().st_size} bytes", file=sys.stderr)
