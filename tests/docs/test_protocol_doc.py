"""`docs/protocol.md` says what the program does, and a reader written from it alone agrees."""

from __future__ import annotations

import ast
import base64
import importlib
import json
import re
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from libp2p.host.ping import ID as PING
from libp2p.identity.identify.identify import ID as IDENTIFY

from governance import charter_amendment, charter_parts, folding
from governance.charter import Charter
from governance.effects.registry import EFFECTS
from governance.methods.method import Choosing
from governance.methods.registry import METHODS
from governance.templates import TEMPLATES, template
from node import running
from node.cards import CARDS
from node.network.libp2p_circuit import DCUTR, HOP, STOP
from node.network.libp2p_hazards import NOISE, YAMUX
from node.network.links import BLOB, JOIN, SYNC
from protocol import certificates, codec, evidence, keys, lobby, messages, records, teller_messages
from protocol.errors import Invalid
from protocol.evidence import SEATS, SPLIT
from protocol.kinds import listing
from protocol.kinds.registry import KINDS
from protocol.teller_messages import DOUBLE
from storage.views.registry import VIEWS
from tests.docs import independent as other
from tests.docs import independent_count, independent_effects, independent_votes

ROOT = Path(__file__).parents[2]
DOC = (ROOT / "docs" / "protocol.md").read_text(encoding="utf-8")
V: dict[str, Any] = json.loads((ROOT / "tests" / "vectors" / "protocol.json").read_text("utf-8"))
COMMUNITY = bytes.fromhex(V["community"])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.M | re.S)
PROSE = FENCE.sub("", DOC)


def raw(text: str) -> bytes:
    return bytes.fromhex(text)


def section(title: str) -> str:
    """The text under a heading, up to the next of its rank or above."""
    found = re.search(rf"^(#+) {re.escape(title)}$", DOC, re.M)
    assert found, f"no section {title}"
    rank = len(found[1])
    after = re.search(rf"^#{{1,{rank}}} ", DOC[found.end() :], re.M)
    return DOC[found.end() : found.end() + after.start() if after else None]


def tables(text: str) -> list[list[list[str]]]:
    """Every table's rows, head first; `|` splits cells and stands in none."""
    blocks = re.findall(r"(?:^\|.*\n)+", text, re.M)
    return [
        [
            [cell.strip() for cell in line.strip().strip("|").split("|")]
            for line in block.splitlines()
            if not re.fullmatch(r"[|\s-]+", line) or "---" not in line
        ]
        for block in blocks
    ]


def ticked(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def number(text: str) -> int:
    """The first number of a cell: `1,024`, `2^53`, `2^53 - 1`, `-1`."""
    found = re.match(r"(-?[\d,]+)(?:\^(\d+))?( - 1)?", text)
    assert found, text
    value = int(found[1].replace(",", "")) ** int(found[2] or 1)
    return value - bool(found[3])


# Messages, kinds, limits, words


def test_every_message_is_there_with_number_name_and_fields() -> None:
    (table,) = [t for t in tables(section("Sync")) if t[0][:2] == ["number", "message"]]

    said = [(int(n), ticked(name), ticked(fields)) for n, name, fields, _ in table[1:]]

    assert said == [
        (n, [kind.__name__], list(kind._fields)) for n, kind in enumerate(messages.MESSAGES)
    ]


def test_every_message_of_the_vectors_keeps_the_shapes_said() -> None:
    """Lists and texts at the limits said are read, and beyond them refused."""
    device, place = bytes(32), [bytes(32), 0, 0, bytes(32)]
    places = [[n.to_bytes(32, "big"), 0, 0, bytes(32)] for n in range(2049)]
    ids = [n.to_bytes(32, "big") for n in range(8193)]
    for good, bad in (
        ([4, ids[:8192], False], [4, ids, False]),
        ([4, [], False], [4, [], True]),
        ([5, ids[:2048]], [5, ids[:2049]]),
        ([5, ids[:1]], [5, ids[:1] * 2]),
        ([7, bytes(8 * 4096)], [7, bytes(8 * 8192)]),
        ([7, bytes(8)], [7, bytes(24)]),
        ([8, places[:2048], False], [8, places, False]),
        ([8, [], False], [8, [], True]),
        ([9, places[:2048]], [9, places]),
        ([9, [place]], [9, [place, place]]),
        ([13, device, 2, [1] * 64], [13, device, 2, [1] * 65]),
        ([13, device, 0, [2**53 - 1]], [13, device, 0, [2**53]]),
        ([14, [b""] * 64], [14, [b""] * 65]),
        ([16, [[b"", None]] * 1024], [16, [[b"", None]] * 1025]),
        ([18, "x" * 64], [18, "x" * 65]),
    ):
        messages.unpack(codec.encode(good))
        with pytest.raises(Invalid):
            messages.unpack(codec.encode(bad))


class Asked(dict[str, Any]):
    """A body that notes which keys were asked for."""

    def __init__(self, data: dict[str, Any]) -> None:
        super().__init__(data)
        self.keys_asked: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.keys_asked.add(key)
        return super().get(key, default)


RENDITION: dict[str, Any] = {"hash": bytes(32), "width": 480, "height": 320, "size": 9000}


def body_of(kind: str) -> dict[str, Any]:
    """A body of the vectors."""
    row = next(r for r in V["records"].values() if r["fields"]["kind"] == kind)
    body: dict[str, Any] = other.decode(raw(row["body"]))
    if kind == "listing":
        body["photos"] = [{"alt": "A loaf", "small": {**RENDITION}, "large": {**RENDITION}}]
    return body


def key_table(title: str, head: str = "key") -> list[list[str]]:
    (table,) = [t for t in tables(section(title)) if t[0][0] == head]
    return table[1:]


def test_the_kinds_are_those_of_the_registry() -> None:
    (table,) = [t for t in tables(section("Kinds")) if t[0][0] == "kind"]
    lanes = {number: name for name, number in records.LANES.items()}

    assert [(ticked(kind)[0], lane, erased) for kind, lane, erased in table[1:]] == [
        (k.name, lanes[k.lane], "yes" if k.erasable else "no")
        for k in sorted(KINDS.values(), key=lambda k: [r[0] for r in table].index(f"`{k.name}`"))
    ]
    assert set(re.findall(r"^### `([\w-]+)`$", section("Kinds"), re.M)) == set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_every_key_of_a_body_is_named(kind: str) -> None:
    body = Asked(body_of(kind))
    KINDS[kind].read(body)

    assert [ticked(row[0]) for row in key_table(f"`{kind}`")] == [
        [key] for key in sorted(body.keys_asked, key=_order_in(f"`{kind}`"))
    ]


def _order_in(title: str, head: str = "key") -> Callable[[str], int]:
    order = [ticked(row[0])[0] for row in key_table(title, head)]
    return lambda key: order.index(key) if key in order else len(order)


def samples(value: str) -> tuple[list[Any], list[Any]]:
    """What a cell of a `value` column allows, and what it does not, each at its border."""
    if found := re.fullmatch(r"(\d+) bytes", value):
        size = int(found[1])
        return [bytes(size)], [bytes(size - 1), bytes(size + 1), "x" * size]
    if found := re.fullmatch(r"(\d+) to (\S+) bytes", value):
        low, high = number(found[1]), number(found[2])
        return [bytes(low), bytes(high)], [bytes(low - 1), bytes(high + 1), "x" * low, None]
    if found := re.fullmatch(r"1 to (\d+) times (\d+) bytes", value):
        most, size = int(found[1]), int(found[2])
        bad = [b"", bytes(size - 1), bytes(size + 1), bytes(size * (most + 1)), "x" * size]
        return [bytes(size), bytes(size * most)], bad
    if found := re.fullmatch(r"list of at most (\d+) pairs", value):
        pair = [bytes(32), bytes(32)]
        bad = [[pair] * (int(found[1]) + 1), [pair[:1]], [[*pair, pair[0]]], [bytes(32)], "x"]
        return [[pair] * int(found[1]), []], bad
    if value == "boolean":
        return [True, False], [0, 1, "yes", [], {}]
    if found := re.fullmatch(r"integer, (\S+) to (\S+)", value):
        low, high = number(found[1]), number(found[2])
        return [low, high], [low - 1, high + 1, True, "1"]
    if found := re.fullmatch(r"text, (at most|1 to) (\S+)", value):
        most = number(found[2])
        bad = ["x" * (most + 1), 1, None] + ([""] if found[1] == "1 to" else [])
        return ["🫖" * most, "x"], bad
    if found := re.fullmatch(r"list of at most (\S+) texts, each at most (\S+)", value):
        count, most = number(found[1]), number(found[2])
        return [["🫖" * most] * count, []], [["x"] * (count + 1), ["x" * (most + 1)], [1], "x"]
    if found := re.fullmatch(r"list of at most (\S+) places", value):
        place = [bytes(32), 2, 2**53, bytes(32)]
        wrong = [[*place, 0], [bytes(31), *place[1:]], [bytes(32), 3, *place[2:]]]
        bad = [[each] for each in [*wrong, [*place[:2], 2**53 + 1, place[3]]]]
        return [[place] * number(found[1]), []], [[place] * (number(found[1]) + 1), *bad]
    if found := re.fullmatch(r"list of 1 to (\S+) ids", value):
        most = number(found[1])
        return [[bytes(32)], [bytes(32)] * most], [[], [bytes(32)] * (most + 1), [bytes(31)]]
    if found := re.fullmatch(r"list of at most (\S+) ids", value):
        most = number(found[1])
        return [[], [bytes(32)] * most], [[bytes(32)] * (most + 1), [bytes(31)], [1], "", 0, False]
    if found := re.fullmatch(r"plain data, at most (\S+) bytes", value):
        most = number(found[1])
        return ["x" * (most - 3), 0, False, [], {}], ["x" * (most - 2), None]
    if found := re.fullmatch(r"list of at most (\S+) options", value):
        names = ["A", "0_-", "x" * 24, *(f"n{n}" for n in range(number(found[1]) - 3))]
        good = [[[name, "🫖" * 200] for name in names], [["A", ""]], []]
        bad = ["", "-a", "_", "a b", "ä", "A\n", "x" * 25, "status-quo", 1]
        return good, [
            *([[each, ""]] for each in bad),
            *([["A", each]] for each in ("x" * 201, "a\nb", "\u202e", None)),
            [*good[0], ["B", ""]],
            [["A", ""], ["A", "x"]],
            [["A"]],
            ["A"],
            "A",
        ]
    if found := re.fullmatch(r"list of at most (\S+) maps", value):
        row = {"name": "x", "id": "x"}
        return [[row] * number(found[1]), []], [[row] * (number(found[1]) + 1), [1], "x"]
    if value == "list of 1 or 4 tellers":
        four = [[bytes([n]) * 32, bytes([n + 9]) * 32] for n in range(4)]
        one, person_twice = four[:1], [four[0], [four[0][0], bytes(32)], *four[2:]]
        bad = [four[:2], [*four, *four], person_twice, [one[0][:1]], [[b"", b""]], [], "x", None]
        return [one, four], bad
    if value == "list of at most 8 photos":
        row = {"alt": "A loaf", "small": RENDITION, "large": RENDITION}
        return [[row] * 8, []], [[row] * 9, [1], "x"]
    if value == "rendition":
        return [RENDITION], [None, [], {**RENDITION, "size": 409_601}, "x"]
    if value == "spot":
        bad = [[-9001, 0], [9001, 0], [0, -18_001], [0, 18_001], [1], [1, 2, 3], [True, 0], "0, 0"]
        return [[-9000, 18_000], [9000, -18_000], [0, 0]], [*bad, [4.5, 7.5], {"lat": 1, "lon": 1}]
    if value == "amounts":
        most = {f"r{n}": 10**12 for n in range(18)}
        bad = [{**most, "x": 1}, {"": 1}, {"x" * 41: 1}, {"x": -1}, {"x": 10**12 + 1}, {"x": True}]
        return [most, {}, {"x" * 40: 0}], [*bad, [], None]
    if value == "units":
        bad = [[0, 1], [1, 0], [1], [1, 1, 1], [1, 10**12 + 1], [1, True], {}, "x"]
        return [[1, 1], [10**12, 10**12]], bad
    if value == "list of 2 ids":
        return [[bytes(32)] * 2], [[bytes(32)], [bytes(32)] * 3, [bytes(31)] * 2, None, "x"]
    if value == "extras":
        one = {"delivery": 10**12, "tip": 0, "tax": "x" * 200}
        bad = [{**one, "tax": "x" * 201}, {**one, "tip": -1}, {"tip": 1}, [], None]
        return [one, {**one, "more": 1}], bad
    if value == "margin":
        bad = [[1, 0], [0, 10_001], [-1, 0], [0], [0, 0, 0], [True, 1], None]
        return [[0, 0], [0, 10_000], [10_000, 10_000]], bad
    if value == "signed record":
        entry = body_of("got")["record"]
        return [entry], [entry[:3], [], [*entry[:3], b"x"], "x", None]
    if value.startswith("one of "):
        return list(ticked(value)), ["x", None, 1, []]
    assert value == "map", value
    return [{}], [1, [], None]


def rows_with_place() -> Iterator[tuple[str, str, str, str, Callable[[Any], Any]]]:
    """(kind, key, value, absent, body -> the map that holds the key)."""
    for kind in KINDS:
        for key, value, absent in key_table(f"`{kind}`"):
            yield kind, ticked(key)[0], value, absent, lambda body: body
    for head, holder in (
        ("key of a variant", "variants"),
        ("key of a claim", "values"),
        ("key of a photo", "photos"),
    ):
        for key, value, absent in key_table("`listing`", head):
            yield "listing", ticked(key)[0], value, absent, lambda body, h=holder: body[h][0]
    for key, value, absent in key_table("`listing`", "key of a rendition"):
        yield "listing", ticked(key)[0], value, absent, lambda body: body["photos"][0]["large"]


@pytest.mark.parametrize(
    ("kind", "key", "value", "absent", "where"),
    [pytest.param(*row, id=f"{row[0]}-{row[1]}-{n}") for n, row in enumerate(rows_with_place())],
)
def test_a_key_holds_what_the_table_says(
    kind: str, key: str, value: str, absent: str, where: Callable[[Any], Any]
) -> None:
    allowed, refused = samples(value)
    optional = absent != "needed"
    if optional and not value.startswith(("text", "one of")):
        allowed = [*allowed, None]
    for each in allowed:
        body = body_of(kind)
        where(body)[key] = each
        KINDS[kind].read(body)
    for each in refused:
        body = body_of(kind)
        where(body)[key] = each
        with pytest.raises(Invalid):
            KINDS[kind].read(body)

    body = body_of(kind)
    where(body).pop(key, None)
    if optional:
        KINDS[kind].read(body)
    else:
        with pytest.raises(Invalid):
            KINDS[kind].read(body)


def test_rows_of_a_listing_are_named() -> None:
    variant, claim = Asked({"name": "x"}), Asked({"id": "x"})
    rendition = Asked(RENDITION)
    photo = Asked({"small": rendition, "large": rendition})
    listing._variant(variant)
    listing._claim(claim)
    listing.read_photo(photo)

    for head, asked in (
        ("key of a variant", variant),
        ("key of a claim", claim),
        ("key of a photo", photo),
        ("key of a rendition", rendition),
    ):
        assert {ticked(r[0])[0] for r in key_table("`listing`", head)} == asked.keys_asked


def test_header_and_certificate_are_there_item_by_item() -> None:
    (header,) = tables(section("Records"))[:1]
    (body,) = tables(section("Certificates"))[:1]

    assert [ticked(row[0])[0] for row in header[1:]] == list(records.Header._fields)
    assert [ticked(row[0])[0] for row in body[1:]] == [
        "community",
        "height",
        "prev",
        "kind",
        "charter_hash",
        "roll_root",
        "next_tellers",
        "decision",
    ]
    words = re.search(
        r"^Kinds: (.*?)\. The last can't be carried out", section("Certificates"), re.M | re.S
    )
    assert words
    assert tuple(ticked(words[1])) == certificates.KINDS
    assert {certificates.KINDS[-1]} == set(certificates.KINDS) - set(folding.STEPS)


def test_every_key_of_a_charter_is_named() -> None:
    said = set(ticked(section("The charter")))

    def named(data: Any) -> Iterator[str]:
        for key, part in data.items() if isinstance(data, dict) else ():
            yield key
            if key != "categories":
                yield from named(part)
        for item in data if isinstance(data, list) else ():
            yield from named(item)

    for name in TEMPLATES:
        assert set(named(template(name))) <= said
    assert {*charter_amendment.PARTS, *charter_parts.METHODS, "invite_s"} <= said
    assert f"{charter_parts.INVITE_SECONDS:,} when absent" in DOC


def test_the_charter_hash_is_over_the_bytes_of_the_founding() -> None:
    body = raw(V["records"]["found"]["body"])
    data = other.decode(body)["charter"]
    packed = other.encode(data)

    assert packed in body
    assert packed == codec.encode(Charter.from_data(data).to_data())
    assert f"`{sha256(packed).hexdigest()}`" in section("The charter")


def limits() -> list[list[str]]:
    (table,) = tables(section("Limits"))
    return table[1:]


@pytest.mark.parametrize("row", limits(), ids=lambda row: row[0])
def test_a_limit_is_the_constant_of_the_code(row: list[str]) -> None:
    module, _, name = ticked(row[2])[0].rpartition(".")

    assert number(row[1]) == getattr(importlib.import_module(module), name)


def test_no_limit_of_the_protocol_is_left_out() -> None:
    said = {ticked(row[2])[0] for row in limits()}
    # These stand in the tables of keys.
    kinds = (
        "ballot",
        "challenge",
        "comment",
        "listing",
        "payment",
        "profile",
        "proposal",
        "receipts",
        "review",
    )
    local = {"protocol.spot", *(f"protocol.kinds.{kind}" for kind in kinds)}
    for path in (ROOT / "protocol").rglob("*.py"):
        module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        if module in local:
            continue
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                name = node.targets[0].id
                if name.startswith("MAX_") or name in ("MOST", "WAYS", "OVERHEAD"):
                    assert f"{module}.{name}" in said


def raised(folder: str, *names: str) -> set[str]:
    """The reason words with which these errors are made in a folder or file."""
    place = ROOT / folder
    words = set()
    for path in [place] if place.is_file() else place.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in names
                and node.args
                and isinstance(node.args[0], ast.Constant)
            ):
                words.add(str(node.args[0].value))
    return words


def noted(folder: str) -> set[str]:
    """The reason words with which somebody is blamed by name: the last of a call's arguments."""
    words = set()
    for path in (ROOT / folder).rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if not isinstance(node, ast.Call) or not node.args:
                continue
            name, last = ast.unparse(node.func).rpartition(".")[2], node.args[-1]
            if (
                name.lstrip("_") in ("fault", "note", "note_fault")
                and isinstance(last, ast.Constant)
                and re.fullmatch(r"[a-z]+(-[a-z]+)*", str(last.value))
            ):
                words.add(str(last.value))
    return words


def test_every_reason_word_is_listed_and_none_beside() -> None:
    (table,) = tables(section("Reason words"))
    listed = [ticked(row[0])[0] for row in table[1:]]
    ours = raised("protocol", "Invalid", "PeerFault", "Refused")
    others = raised("storage", "Invalid", "PeerFault") | raised("node", "PeerFault")
    # mDNS blames nobody: who sent a packet on a LAN is not known.
    for path in (ROOT / "node").rglob("*.py"):
        if path.name != "mdns.py":
            others |= raised(str(path.relative_to(ROOT)), "Invalid")
    others |= raised("governance", "Invalid")
    seen = noted("node") | noted("storage") | raised("node/network/libp2p_members.py", "LinkError")

    assert len(listed) == len(set(listed))
    assert set(listed) == ours | others | seen
    assert set(listed[-5:]) == seen - ours - others


def test_words_in_brackets_are_reason_words() -> None:
    (table,) = tables(section("Reason words"))
    listed = {ticked(row[0])[0] for row in table[1:]}
    for inside in re.findall(r"\(((?:`[a-z]+-[a-z-]+`(?:, | and )?)+)\)", PROSE):
        assert set(ticked(inside)) <= listed


# Votes


def test_the_methods_are_there_with_what_they_count() -> None:
    (table,) = tables(section("Choices"))
    text = section("Methods")

    assert {name for row in table[1:] for name in ticked(row[0])} == set(METHODS)
    named = dict(re.findall(r"^\*\*`(\w+)`.*?Number: `(\w+)`", text, re.M | re.S))
    choosing = {k: m.number for k, m in METHODS.items() if isinstance(m, Choosing)}
    assert named == choosing


def test_the_types_of_effects_are_there_with_their_kinds() -> None:
    table = tables(section("Effects"))[0]

    assert {ticked(row[0])[0]: (ticked(row[1])[0],) for row in table[1:]} == {
        name: effect.kinds for name, effect in EFFECTS.items()
    }


# Signatures, evidence, lobby, network


def test_the_purposes_are_those_of_the_code() -> None:
    (table,) = tables(section("Keys and signatures"))
    said = {ticked(row[0])[0].replace("\\0", "\0").encode() for row in table[1:]}

    source = Path(str(keys.__file__)).read_text("utf-8")
    assert said == {each.encode() + b"\0" for each in re.findall(r'= b"(moothall/.*?)\\0"', source)}
    assert f"`moothall/certificate/1\\0` ({len(keys.CERTIFICATE)} bytes)" in DOC


def test_the_objects_of_the_side_set_are_there() -> None:
    text = section("The side set")
    sorts = set(re.findall(r'`\["(\w+)"', text))
    source = Path(str(evidence.__file__)).read_text("utf-8")

    judged = set(re.findall(r'value\[0\] == "(\w+)"', source))
    assert sorts - set(teller_messages.KINDS) == judged | {SEATS, SPLIT, DOUBLE}
    assert {other.decode(raw(row["raw"]))[0] for row in V["objects"].values()} == sorts - {
        *teller_messages.KINDS,
        DOUBLE,
    }
    assert [row[0] for row in tables(text)[0][1:]][:4] == ["fork", "contest", "seats", "split"]


def test_the_lobby_gives_these_reasons() -> None:
    table = next(t for t in tables(section("The lobby")) if t[0][0] == "reason")

    assert {ticked(row[0])[0] for row in table[1:]} == set(lobby.REASONS)
    assert {ticked(r[0])[0] for r in table[1:] if r[2] != "yes"} == set(lobby.FINAL)


def test_protocols_and_topic_are_those_of_the_code() -> None:
    (table,) = tables(section("The network"))

    assert [ticked(row[0])[0] for row in table[1:]] == [
        *(JOIN, SYNC, CARDS, BLOB, "/meshsub/1.1.0"),
        *(IDENTIFY, PING, HOP, STOP, DCUTR),
    ]
    assert f"`{NOISE}`" in DOC
    assert f"`{YAMUX}`" in DOC
    assert f"`moothall/{V['community'][:16]}`" in section("Gossip")
    assert 'f"moothall/{home.store.community.hex()[:16]}"' in Path(str(running.__file__)).read_text(
        "utf-8"
    )


def test_the_state_digest_goes_over_the_views_named() -> None:
    text = section("What stands").partition("**State digest.**")[2]
    names = [word for word in ticked(text) if word.isalpha()]

    assert names == [view.name for view in VIEWS]


def test_links_inside_the_page_lead_somewhere() -> None:
    heads = re.findall(r"^#+ (.*)$", PROSE, re.M)
    anchors = {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}

    assert set(re.findall(r"\]\(#([^)]+)\)", DOC.replace("\n", " "))) <= anchors


# Examples


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for part in value.values():
            yield from texts(part)
    elif isinstance(value, list):
        for part in value:
            yield from texts(part)


def all_hex() -> str:
    payload = V["link"]["payload"]
    link = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)).hex()
    return "\n".join([*texts(V), link])


HEX = all_hex()


def hex_blocks() -> list[str]:
    found = []
    for language, text in FENCE.findall(DOC):
        assert language in ("hex", "text")
        if language == "hex":
            lines = [re.split(r" {2,}", line)[0] for line in text.splitlines()]
            found.append("".join(lines).replace(" ", ""))
    return found


@pytest.mark.parametrize("example", hex_blocks(), ids=lambda text: text[:16])
def test_a_block_of_hex_is_in_the_vectors(example: str) -> None:
    assert re.fullmatch(r"([0-9a-f]{2})+", example)
    assert example in HEX


def test_hex_in_the_prose_is_in_the_vectors() -> None:
    found = [word for word in ticked(PROSE) if re.fullmatch(r"([0-9a-f]{2}){2,}", word)]

    assert len(found) > 15
    for word in found:
        assert word in HEX
    assert V["link"]["text"] in DOC


# A reader written from the page


ENTRIES = {name: other.decode(raw(row["entry"])) for name, row in V["records"].items()}
PLACES = [[raw(p[0]["$hex"]), p[1], p[2], raw(p[3]["$hex"])] for p in V["digests"]["places"]]


@pytest.mark.parametrize(
    "module", [other, independent_count, independent_effects, independent_votes]
)
def test_the_reader_shares_nothing_with_the_program(module: Any) -> None:
    tree = ast.parse(Path(str(module.__file__)).read_text("utf-8"))
    imported = {
        alias.name if isinstance(node, ast.Import) else str(node.module)
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    standard = "__future__ base64 collections hashlib itertools re typing"

    assert {name.split(".")[0] for name in imported} <= {*standard.split(), "nacl", "tests"}
    for name in imported:
        assert not name.startswith("tests") or name.startswith("tests.docs.independent")


def test_the_reader_has_the_same_one_form() -> None:
    for row in V["codec"]:
        assert other.encode(other.decode(raw(row["hex"]))).hex() == row["hex"]
    assert other.decode(raw(V["codec"][-1]["hex"])) == V["codec"][-1]["plain"]


@pytest.mark.parametrize("name", V["records"])
def test_the_reader_checks_a_record(name: str) -> None:
    row = V["records"][name]
    found = other.read_entry(ENTRIES[name])

    assert found.id.hex() == row["id"]
    assert sha256(raw(row["salt"]) + raw(row["body"])).digest() == found.hash
    assert other.signed(found, COMMUNITY) is (row["signature"] is not None)


@pytest.mark.parametrize("row", V["segments"], ids=lambda row: row["what"])
def test_the_reader_checks_a_segment(row: Any) -> None:
    entries, device = other.decode(raw(row["entries"])), raw(row["device"])

    found = other.read_segment(entries, COMMUNITY, device, row["lane"])

    assert [each.id.hex() for each in found] == row["ids"]


def test_the_reader_takes_a_trusted_tip() -> None:
    row = V["segments"][2]
    entries, device = other.decode(raw(row["entries"]))[:2], raw(row["device"])

    other.read_segment(entries, COMMUNITY, device, 1, {raw(row["ids"][1])})
    with pytest.raises(other.Bad):
        other.read_segment(entries, COMMUNITY, device, 1)


@pytest.mark.parametrize("name", V["objects"])
def test_the_reader_checks_an_object(name: str) -> None:
    object_id, value = other.read_object(raw(V["objects"][name]["raw"]), COMMUNITY)

    assert object_id.hex() == V["objects"][name]["id"]
    assert value[0] == {"two recalls": "seats"}.get(name, name)


def test_the_reader_checks_signatures_links_and_cards() -> None:
    for row in V["signatures"]:
        signer, parts = raw(V["keys"][row["signer"]]["public"]), [raw(p) for _, p in row["parts"]]
        purpose = raw(row["purpose"]).removesuffix(b"\0")
        assert other.verified(signer, raw(row["signature"]), purpose, *parts)
    link = other.read_link(V["link"]["text"])
    assert link == other.read_link(V["link"]["on a shop window"])
    assert link[1] == COMMUNITY
    other.read_card([raw(V["card"]["raw"]), raw(V["card"]["signature"])], COMMUNITY)


def test_the_reader_has_the_same_digests() -> None:
    row = V["digests"]

    assert other.digest(PLACES, 16).hex() == row["frontier"]
    assert other.buckets(PLACES, 1).hex() == row["one bucket"]
    assert other.buckets(PLACES, 4).hex() == row["four buckets"]
    assert sha256(b"".join(map(raw, row["side ids"]))).hexdigest()[:32] == row["side"]


READERS: dict[str, Callable[[bytes, Any], Any]] = {
    "codec": lambda data, _: other.decode(data),
    "header": lambda data, _: other.read_record(data),
    "entry": lambda data, _: other.read_entry(other.decode(data)),
    "segment": lambda data, row: other.read_segment(
        other.decode(data),
        raw(row.get("community", V["community"])),
        raw(row["device"]),
        row["lane"],
    ),
    "certificate": lambda data, _: other.read_certificate(other.decode(data)),
    "signed certificate": lambda data, _: sealed(data),
    "object": lambda data, _: other.read_object(data, COMMUNITY),
    "card": lambda data, _: other.read_card(other.decode(data), COMMUNITY),
    "link": lambda data, _: other.read_link(data.decode()),
}


def sealed(data: bytes) -> None:
    body, view, signatures, _ = other.read_certificate(other.decode(data))
    other.check_seals(sha256(body).digest(), view, signatures, [[*map(raw, V["tellers"][0])]])


@pytest.mark.parametrize(
    "row",
    [row for row in V["refused"] if row["reader"] in READERS],
    ids=lambda row: f"{row['reader']}: {row['what']}",
)
def test_the_reader_refuses_what_must_be_refused(row: Any) -> None:
    data = raw(row["hex"]) if "hex" in row else row["text"].encode()
    with pytest.raises(other.Bad):
        READERS[row["reader"]](data, row)
