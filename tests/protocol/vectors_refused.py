"""What has to be refused, by which reader, and with which reason word; part of the vectors.

`reader` is one of: `codec` (strict DAG-CBOR), `header`, `entry`, `segment` (with device and lane),
`certificate` (as it travels), `signed certificate` (by the one teller Ana), `object`, `message`,
`card`, `question` (of the lobby, asked by Ben's device), `answer` and `link` (text). Where no other
community is named, it is the vectors' own.
"""

from __future__ import annotations

from typing import Any

from protocol import lobby
from protocol.cards import make_card
from protocol.codec import decode, encode
from protocol.evidence import fork_proof, spare
from protocol.invitation import Link
from protocol.messages import NUMBERS, Probe, Want
from protocol.records import ZERO, make_record
from tests.protocol.people import (
    ANA,
    BEN,
    COMMUNITY,
    EVA,
    FOUND,
    TIME,
    certificate,
    entries,
    gov,
    h,
    joined,
    market,
)

CODEC = {
    "a tag: a date": ("c11a514b67b0", "not-cbor"),
    "a tag: a CID": ("d82a4100", "not-cbor"),
    "a tag: a big number": ("c249010000000000000000", "not-cbor"),
    "a tag: shared values": ("82d81c8101d81d00", "not-cbor"),
    "a float": ("f93c00", "not-cbor"),
    "not a number": ("f97e00", "not-cbor"),
    "minus zero": ("f98000", "not-cbor"),
    "undefined": ("f7", "not-cbor"),
    "a simple value": ("f0", "not-cbor"),
    "a key twice": ("a2616101616102", "not-cbor"),
    "keys out of order": ("a2616201616101", "not-canonical"),
    "the longer key first": ("a262616101616201", "not-canonical"),
    "a number as key": ("a10101", "not-canonical"),
    "a number longer than needed": ("1817", "not-canonical"),
    "a length longer than needed": ("580161", "not-canonical"),
    "a list without an announced end": ("9f01ff", "not-cbor"),
    "text in pieces": ("7f6161ff", "not-cbor"),
    "text that is not UTF-8": ("61ff", "not-cbor"),
    "bytes that are not there": ("5bffffffffffffffff", "not-cbor"),
    "something after the end": ("0000", "not-canonical"),
    "seventeen lists": ("81" * 17 + "00", "too-deep"),
    "nothing": ("", "not-cbor"),
}


def refused() -> list[dict[str, Any]]:
    """All rows."""
    rows = [
        {"reader": "codec", "what": what, "hex": data, "reason": reason}
        for what, (data, reason) in CODEC.items()
    ]
    for part in (_headers, _entries, _segments, _certificates, _objects, _messages, _others):
        rows += part()
    return rows


def _row(reader: str, what: str, data: bytes, reason: str, **context: Any) -> dict[str, Any]:
    return {"reader": reader, "what": what, **context, "hex": data.hex(), "reason": reason}


THREE = market(ANA, ["Bread", "Jam", "Eggs"])
BENS = joined(BEN)


def _headers() -> list[dict[str, Any]]:
    good: list[Any] = list(THREE.records[0].header)
    rows = []
    for at, value, what in (
        (0, 2, "version two"),
        (0, True, "version true"),
        (1, bytes(31), "a device of 31 bytes"),
        (2, 3, "lane three"),
        (3, 0, "seq nought"),
        (3, 2**53 + 1, "too high a seq"),
        (4, None, "no prev"),
        (5, b"", "an empty gov"),
        (6, "", "no kind"),
        (6, "k" * 33, "a kind of 33 letters"),
        (6, "süß", "a kind that is not ASCII"),
        (7, -1, "a time before 1970"),
        (8, 0, "an empty body"),
        (8, 16385, "a body too large"),
        (9, bytes(33), "a hash of 33 bytes"),
    ):
        raw = encode([*good[:at], value, *good[at + 1 :]])
        rows.append(_row("header", what, raw, "bad-version" if at == 0 else "bad-header"))
    rows.append(_row("header", "nine fields", encode(good[:9]), "not-canonical"))
    rows.append(_row("header", "a byte too many", encode(good) + b"\0", "not-canonical"))
    return rows


def _entries() -> list[dict[str, Any]]:
    raw, signature, salt, body = THREE.records[0].entry()
    assert isinstance(body, bytes)
    return [
        _row("entry", what, encode(entry), reason)
        for what, entry, reason in (
            ("three parts", [raw, signature, salt], "bad-entry"),
            ("a header of text", ["header", signature, salt, body], "bad-entry"),
            ("a short signature", [raw, bytes(63), salt, body], "bad-signature"),
            ("another salt", [raw, signature, bytes(16), body], "bad-body"),
            ("another body", [raw, signature, salt, body[:-1] + b"X"], "bad-body"),
            ("a body without its salt", [raw, signature, None, body], "bad-body"),
            ("a salt without its body", [raw, signature, salt, None], "bad-body"),
        )
    ]


def _segments() -> list[dict[str, Any]]:
    one, two, three = THREE.records
    enrol, join = BENS.records
    bens = market(BEN, ["Bread", "Jam"]).records
    other = market(ANA, ["Bread", "Honey", "Soap"]).records
    unsigned = three._replace(signature=None)
    false = three._replace(signature=two.signature or bytes(64))
    stray = make_record(
        ANA.device,
        community=None,
        lane=1,
        seq=2,
        prev=ZERO,
        gov=None,
        kind="listing",
        time_ms=TIME,
        salt=bytes(16),
        body={},
    )
    rows = []
    for what, records, reason in (
        ("a record dropped", [one, three], "gap"),
        ("records swapped", [one, three, two], "gap"),
        ("a record repeated", [one, two, two, three], "gap"),
        ("a record of another branch", [one, two, other[2]], "broken-chain"),
        ("a record of another device", [one, bens[1]], "wrong-log"),
        ("no signature at the end", [one, two], "bad-signature"),
        ("the last signature left out", [one, two, unsigned], "bad-signature"),
        ("a false signature at the end", [one, two, false], "bad-signature"),
        ("a record that hangs on nothing", [stray], "broken-chain"),
    ):
        rows.append(_segment(what, records, reason, records[0]))
    for what, records, reason in (
        ("an unsigned record in gov", [enrol._replace(signature=None), join], "bad-signature"),
        (
            "a record in gov without its body",
            [enrol, join._replace(salt=None, body=None)],
            "no-body",
        ),
    ):
        rows.append(_segment(what, records, reason, enrol))
    rows.append(_segment("records of another lane", THREE.records, "wrong-log", one, lane=2))
    for what, records, reason in (
        ("another community's log", [one, two, three], "other-community"),
        ("another community's log, but for its beginning", [two, three], "bad-signature"),
        ("another community's founding record", [FOUND], "other-community"),
    ):
        elsewhere = {"community": h("elsewhere").hex()}
        rows.append(_segment(what, records, reason, records[0], **elsewhere))
    return rows


def _segment(what: str, records: Any, reason: str, of: Any, **other: Any) -> dict[str, Any]:
    log: dict[str, Any] = {"device": of.header.device.hex(), "lane": of.header.lane}
    return _row("segment", what, encode(entries(records)), reason, **(log | other))


def _certificates() -> list[dict[str, Any]]:
    good = certificate([(0, ANA)], decision={"admit": []})
    raw, view, signatures = good.travel()
    body = decode(good.raw, limit=4096)
    assert isinstance(body, list)
    assert isinstance(signatures, list)
    rows = [
        _row("certificate", what, encode(travel), "bad-certificate")
        for what, travel in (
            ("two parts", [raw, view]),
            ("a view of more than 32 bits", [raw, 2**32, signatures]),
            ("one seat twice", [raw, view, signatures * 2]),
            ("a seat beyond the seventh", [raw, view, [[7, bytes(64)]]]),
        )
    ]
    for at, value, what in (
        (1, True, "height true"),
        (3, "coup", "an unknown kind"),
        (6, [[h(1), h(2)]] * 2, "two tellers"),
        (6, [[h(1), h(2)]] * 4, "four seats on one device"),
        (7, [], "a decision that is no map"),
    ):
        changed = encode([*body[:at], value, *body[at + 1 :]])
        rows.append(_row("certificate", what, encode([changed, 0, []]), "bad-certificate"))
    for what, found, reason in (
        ("nobody's signature", certificate([], decision={}), "bad-certificate"),
        ("somebody else's signature", certificate([(0, BEN)], decision={}), "bad-signature"),
        ("a seat that does not exist", certificate([(1, ANA)], decision={}), "bad-certificate"),
        ("a signature for another view", good._replace(view=1), "bad-signature"),
    ):
        rows.append(_row("signed certificate", what, encode(found.travel()), reason))
    return rows


def _objects() -> list[dict[str, Any]]:
    jam, honey = market(ANA, ["Bread", "Jam"], every=1), market(ANA, ["Bread", "Honey"], every=1)
    fork: Any = decode(fork_proof(COMMUNITY, jam.records[1:], honey.records[1:]).raw, limit=2**16)
    enrol, join = gov(BEN).records[0], BENS.records[1]
    return [
        _row("object", what, encode(value), reason)
        for what, value, reason in (
            ("an unknown sort", ["proof", 1], "bad-evidence"),
            ("branches in the wrong order", [*fork[:4], fork[5], fork[4]], "bad-evidence"),
            ("one branch twice", [*fork[:4], fork[4], fork[4]], "bad-evidence"),
            ("another seq", [*fork[:3], 3, *fork[4:]], "bad-evidence"),
            ("another lane", [*fork[:2], 2, *fork[3:]], "wrong-log"),
            (
                "a branch without a signature",
                [*fork[:4], [[fork[4][0][0], None]], fork[5]],
                "bad-signature",
            ),
            ("one join twice", ["contest", *[entries([enrol, join])] * 2], "bad-evidence"),
            ("a spared record of market", ["record", jam.records[0].entry()], "bad-evidence"),
            (
                "a spared record without its signature",
                decode(spare(join._replace(signature=None)).raw, limit=2**16),
                "bad-signature",
            ),
            (
                "a spared record without its body",
                decode(spare(join._replace(salt=None, body=None)).raw, limit=2**16),
                "bad-evidence",
            ),
        )
    ]


def _messages() -> list[dict[str, Any]]:
    place: list[Any] = [ANA.device.public, 1, 3, h(3)]
    return [
        _row("message", what, encode(value), "bad-message")
        for what, value in (
            ("no list", {"hello": 1}),
            ("an unknown number", [20]),
            ("number true", [True, 0]),
            ("a field too many", [12, 0]),
            ("a probe of nothing", [NUMBERS[Probe], ANA.device.public, 1, []]),
            ("two places of one log", [NUMBERS[Want], [place, place]]),
            ("a place in no lane", [NUMBERS[Want], [[ANA.device.public, 3, 3, h(3)]]]),
            ("a goodbye that rings the bell", [18, "\x07"]),
        )
    ]


def _others() -> list[dict[str, Any]]:
    raw, signature = make_card(BEN.device, COMMUNITY, ("/ip4/192.0.2.7/tcp/4001",), TIME).travel
    enrol, join = BENS.records
    evas = joined(EVA).records
    rows = [
        _row("card", "another's signature", encode([raw, bytes(64)]), "bad-signature"),
        _row("card", "no signature", encode([raw]), "bad-card"),
        _row("question", "no enrolment", encode(["join", COMMUNITY, []]), "bad-segment"),
        _row("question", "another's records", lobby.ask(COMMUNITY, *evas), "wrong-log"),
        _row("question", "the wrong way round", lobby.ask(COMMUNITY, join, enrol), "gap"),
        _row("answer", "an unknown reason", encode(["refused", "no", ""]), "bad-message"),
        _row("answer", "two lines", encode(["refused", "busy", "a\nb"]), "bad-message"),
    ]
    assert isinstance(signature, bytes)
    text = Link(COMMUNITY, h("once"), h("invite"), 0, h("tip"), {}).text()
    slip = "B" if text[-20] == "A" else "A"
    for what, damaged in (
        ("a letter missing", text[:-1]),
        ("a letter changed", text[:-20] + slip + text[-19:]),
        ("another scheme", text.replace("moothall:", "mailto:")),
    ):
        rows.append({"reader": "link", "what": what, "text": damaged, "reason": "bad-link"})
    return rows
