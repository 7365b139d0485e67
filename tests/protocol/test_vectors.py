"""The published vectors, worked through from the file as another program would."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from governance.certified import beginning
from governance.folding import fold
from protocol.cards import read_card
from protocol.certificates import (
    Certificate,
    Seat,
    check_signatures,
    make_body,
    read_certificate,
    sign_certificate,
)
from protocol.codec import decode, encode
from protocol.errors import Invalid, MoothallError, Refused
from protocol.evidence import Contest, Fork, Spared, read_object
from protocol.invitation import Link, read_link
from protocol.keys import ADDRESS, RECORD, Signer, verified
from protocol.kinds.registry import KINDS, content
from protocol.lobby import Answer, read_answer, read_question
from protocol.messages import MESSAGES, pack, unpack
from protocol.records import Header, read_entry, read_header, signed
from protocol.segments import read_segment
from storage import frontier
from tests.protocol import vectors as maker

FILE = Path(__file__).parents[1] / "vectors" / "protocol.json"
V: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
COMMUNITY = bytes.fromhex(V["community"])
LIMIT = 2**20
KEYS = {name: Signer(bytes.fromhex(each["seed"])) for name, each in V["keys"].items()}


def raw(text: str) -> bytes:
    return bytes.fromhex(text)


def value(json_value: Any) -> Any:
    """The DAG-CBOR value that JSON stands for."""
    if isinstance(json_value, dict):
        if set(json_value) == {"$hex"}:
            return bytes.fromhex(json_value["$hex"])
        return {key: value(part) for key, part in json_value.items()}
    if isinstance(json_value, list):
        return [value(part) for part in json_value]
    return json_value


def named(rows: list[Any], *keys: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", rows, ids=[": ".join(r[k] for k in keys) for r in rows])


def test_the_file_is_what_the_script_makes() -> None:
    assert FILE.read_text(encoding="utf-8") == maker.text()
    assert maker.text() == maker.text()


def test_keys_come_from_their_seeds() -> None:
    for name, each in V["keys"].items():
        assert KEYS[name].public == raw(each["public"])


def test_values_have_one_encoding() -> None:
    for row in V["codec"]:
        assert encode(value(row["plain"])) == raw(row["hex"])
        assert decode(raw(row["hex"]), limit=LIMIT) == value(row["plain"])


@named(V["signatures"], "what")
def test_a_signature_covers_purpose_and_parts(row: Any) -> None:
    parts = [raw(part) for _, part in row["parts"]]
    signer, purpose = KEYS[row["signer"]], raw(row["purpose"])

    assert signer.sign(purpose, *parts) == raw(row["signature"])
    assert signer.sign(purpose + b"".join(parts)) == raw(row["signature"])
    assert purpose.endswith(b"\0")
    assert verified(signer.public, raw(row["signature"]), purpose, *parts)


@pytest.mark.parametrize("name", V["records"])
def test_a_record_is_made_as_the_file_says(name: str) -> None:
    row = V["records"][name]
    signer = KEYS[row["signer"]]
    header, body, salt = raw(row["header"]), raw(row["body"]), raw(row["salt"])
    fields = value(row["fields"])
    record_id = sha256(header).digest()

    assert encode(list(fields.values())) == header
    assert read_header(header) == Header(**fields)
    assert encode(value(row["plain"])) == body
    assert (len(body), sha256(salt + body).digest()) == (fields["body_size"], fields["body_hash"])
    assert fields["device"] == signer.public
    assert row["id"] == record_id.hex()
    signature = raw(row["signature"]) if row["signature"] else None
    if signature is not None:
        assert signature == signer.sign(RECORD, COMMUNITY, record_id)
    entry = encode([header, signature, salt, body])
    assert entry == raw(row["entry"])
    found = read_entry(decode(entry, limit=LIMIT))
    assert signed(found, COMMUNITY) is (signature is not None)
    assert content(found) is not None


def test_every_kind_has_a_record() -> None:
    assert {row["fields"]["kind"] for row in V["records"].values()} == set(KINDS)


def test_the_records_tell_one_story() -> None:
    said = {
        name: content(read_entry(decode(raw(row["entry"]), limit=LIMIT)))
        for name, row in V["records"].items()
    }
    ben = V["records"]["ben enrol"]["fields"]["device"]["$hex"]

    assert V["records"]["found"]["id"] == V["community"]
    said["found"].check(KEYS["ana device"].public)
    said["ben enrol"].check(COMMUNITY, raw(ben))
    for who in ("ben", "eva"):
        join = said[f"{who} join"]
        assert join.invite.hex() == V["records"]["invite"]["id"]
        person, device = KEYS[f"{who} person"].public, KEYS[f"{who} device"].public
        assert join.proves(said["invite"].key, COMMUNITY, person, device)
    assert said["confirm"].join.hex() == V["records"]["ben join"]["id"]


@named(V["segments"], "what")
def test_a_segment_is_accepted(row: Any) -> None:
    found = read_segment(
        decode(raw(row["entries"]), limit=LIMIT),
        community=COMMUNITY,
        device=raw(row["device"]),
        lane=row["lane"],
    )

    assert [record.id.hex() for record in found.records] == row["ids"]


def test_the_chain_of_certificates_is_made_and_folds() -> None:
    found = read_entry(decode(raw(V["records"]["found"]["entry"]), limit=LIMIT))
    said = content(found)
    charter_hash = sha256(encode(said.charter)).digest()
    state = beginning(COMMUNITY, found.header.device, said, charter_hash)
    assert [[seat.person.hex(), seat.device.hex()] for seat in state.tellers] == V["tellers"]
    for height, row in enumerate(V["certificates"]):
        fields = value(row["plain"])
        tellers = [Seat(*pair) for pair in fields.pop("next_tellers")]
        body = make_body(next_tellers=tellers, **fields)
        signature = sign_certificate(body, row["view"], KEYS["ana device"])

        assert body == raw(row["body"])
        assert sha256(body).hexdigest() == row["id"]
        assert row["signatures"] == [[0, signature.hex()]]
        assert sha256(raw(row["roll"])).digest() == fields["roll_root"]
        travel = encode([body, row["view"], [[0, signature]]])
        assert travel == raw(row["travel"])

        state = fold(state, read_certificate(decode(travel, limit=LIMIT)))
        assert (state.height, state.id.hex()) == (height, row["id"])
        assert state.roll.root() == sha256(raw(row["roll"])).digest()
    assert state.roll.is_member_device(KEYS["ben device"].public)


@pytest.mark.parametrize(
    ("name", "sort"), [("fork", Fork), ("contest", Contest), ("record", Spared)]
)
def test_an_object_proves_what_it_says(name: str, sort: type[Any]) -> None:
    row = V["objects"][name]
    found = read_object(raw(row["raw"]), COMMUNITY)

    assert type(found) is sort
    assert found.id.hex() == row["id"] == sha256(raw(row["raw"])).hexdigest()


def test_the_link_is_read_and_written() -> None:
    row = V["link"]
    parts: list[Any] = value(row["plain"])
    peers = {key: tuple(where) for key, where in parts.pop()}
    link = Link(*parts, peers)

    assert link.payload() == row["payload"]
    assert link.text() == row["text"]
    assert read_link(row["text"]) == read_link(row["on a shop window"]) == link
    assert Signer(link.secret).public == KEYS["once"].public


def test_the_card_is_read_and_written() -> None:
    row = V["card"]
    data = encode(value(row["plain"]))
    signature = KEYS["ana device"].sign(ADDRESS, COMMUNITY, data)

    assert (data, signature) == (raw(row["raw"]), raw(row["signature"]))
    card = read_card([data, signature], COMMUNITY)
    assert [card.device, list(card.addresses), card.issued_ms, card.expires_ms] == value(
        row["plain"]
    )


def test_the_lobby_understands_both_sides() -> None:
    row = V["lobby"]
    asked = [
        decode(raw(V["records"][name]["entry"]), limit=LIMIT) for name in ("ben enrol", "ben join")
    ]

    assert encode(["join", COMMUNITY, asked]) == raw(row["question"])
    assert read_question(raw(row["question"]), COMMUNITY, raw(row["peer"])) == asked
    assert read_answer(raw(row["welcome"])) == Answer("", "")
    assert read_answer(raw(row["refused"])) == Answer("used", "Ask Ana for another.")


def test_digests_are_over_places_and_ids() -> None:
    row = V["digests"]
    places = [tuple(place) for place in value(row["places"])]

    assert places == sorted(places)
    assert frontier.digest_of(places, 16) == raw(row["frontier"])
    for name, count in (("one bucket", 1), ("four buckets", 4)):
        split = frontier.split(places, count)
        assert b"".join(frontier.digest_of(each, 8) for each in split) == raw(row[name])
    ids = [raw(each) for each in row["side ids"]]
    assert ids == sorted(ids)
    assert sha256(b"".join(ids)).digest()[:16] == raw(row["side"])


@named(V["messages"], "name")
def test_a_message_has_its_frame(row: Any) -> None:
    kind = MESSAGES[row["number"]]
    message = unpack(raw(row["frame"]))

    assert kind.__name__ == row["name"]
    assert encode([row["number"], *value(row["fields"]).values()]) == raw(row["frame"])
    assert type(message) is kind
    assert pack(message) == raw(row["frame"])


def test_every_message_has_a_vector() -> None:
    assert [row["number"] for row in V["messages"]] == list(range(len(MESSAGES)))


def _certificate(data: bytes) -> Certificate:
    return read_certificate(decode(data, limit=LIMIT))


def _read(row: Any) -> Callable[[bytes], Any]:
    community = raw(row.get("community", V["community"]))
    teller = [Seat(*map(raw, V["tellers"][0]))]
    readers: dict[str, Callable[[bytes], Any]] = {
        "codec": lambda data: decode(data, limit=LIMIT),
        "header": read_header,
        "entry": lambda data: read_entry(decode(data, limit=LIMIT)),
        "segment": lambda data: read_segment(
            decode(data, limit=LIMIT),
            community=community,
            device=raw(row["device"]),
            lane=row["lane"],
        ),
        "certificate": _certificate,
        "signed certificate": lambda data: check_signatures(_certificate(data), teller),
        "object": lambda data: read_object(data, community),
        "message": unpack,
        "card": lambda data: read_card(decode(data, limit=LIMIT), community),
        "question": lambda data: read_question(data, community, KEYS["ben device"].public),
        "answer": read_answer,
    }
    return readers[row["reader"]]


@named(V["refused"], "reader", "what")
def test_it_is_refused_for_the_reason_given(row: Any) -> None:
    with pytest.raises(MoothallError) as caught:
        read_link(row["text"]) if row["reader"] == "link" else _read(row)(raw(row["hex"]))

    assert type(caught.value) is (Refused if row["reader"] == "link" else Invalid)
    assert caught.value.reason == row["reason"]
