"""mDNS packets: what we say is read again, and whatever else a LAN sends is harmless."""

from __future__ import annotations

from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from zeroconf import (  # type: ignore[attr-defined]
    DNSOutgoing,
    DNSPointer,
    DNSQuestion,
    DNSText,
)

from node.network.mdns import (
    MOST_ANSWERS,
    MOST_TOLD,
    SERVICE,
    Where,
    answer,
    chance_name,
    question,
    read,
)
from node.network.peer_id import peer_id_of
from protocol.errors import Invalid

ANA = peer_id_of(bytes([1]) * 32)
BEN = peer_id_of(bytes([2]) * 32)
HERE = f"/ip4/192.168.1.10/tcp/4001/p2p/{ANA}"


def txt(*entries: bytes, name: str = f"somebody.{SERVICE}", seconds: int = 120) -> bytes:
    """An answer with these bytes as the strings of its TXT record."""
    out = DNSOutgoing(0x8400)
    out.add_answer_at_time(DNSPointer(SERVICE, 12, 1, seconds, name), 0)
    text = b"".join(bytes([len(each)]) + each for each in entries)
    out.add_additional_answer(DNSText(name, 16, 1, seconds, text))
    return out.packets()[0]


def said(packet: bytes) -> list[Where]:
    heard = read(packet)
    return [] if heard is None else heard.answers


def test_what_we_say_is_read_again() -> None:
    six = f"/ip6/2001:db8::1/tcp/4001/p2p/{ANA}"
    heard = read(answer(chance_name(), [HERE, six]))

    assert heard is not None
    assert not heard.asks
    assert heard.answers == [
        Where(ANA, ip_address("192.168.1.10"), 4001, 120),
        Where(ANA, ip_address("2001:db8::1"), 4001, 120),
    ]
    assert [where.address for where in heard.answers] == [
        "/ip4/192.168.1.10/tcp/4001",
        "/ip6/2001:db8::1/tcp/4001",
    ]


def test_a_question_is_read_as_one_whatever_its_case() -> None:
    heard = read(question())
    loud = DNSOutgoing(0)
    loud.add_question(DNSQuestion("_P2P._UDP.LOCAL.", 12, 1))
    other = DNSOutgoing(0)
    other.add_question(DNSQuestion(f"ana.{SERVICE}", 16, 1))

    assert heard is not None and heard.asks
    assert (again := read(loud.packets()[0])) is not None and again.asks
    assert read(other.packets()[0]) is None


def test_however_many_addresses_we_have_the_answer_is_one_packet() -> None:
    long = [f"/ip6/2001:db8:1111:2222:3333:4444:5555:{n:x}/tcp/40000/p2p/{ANA}" for n in range(50)]
    packet = answer(chance_name(), long)

    assert len(packet) < 1400
    assert len(said(packet)) == MOST_TOLD


def test_nothing_in_a_packet_names_its_bearer_but_the_peer_id() -> None:
    one, other = chance_name(), chance_name()

    assert one != other
    assert len(one) <= 63
    rest = answer(one, [HERE]).replace(one.encode(), b"").replace(HERE.encode(), b"")
    assert b"moothall" not in rest.lower()


@pytest.mark.parametrize(
    "entry",
    [
        b"dnsaddr=",
        b"dnsaddr",
        b"=" + HERE.encode(),
        b"dnsaddr=/ip4/192.168.1.10/tcp/4001",
        b"dnsaddr=/ip4/192.168.1.10/udp/4001/quic-v1/p2p/" + ANA.encode(),
        b"dnsaddr=/dns4/bank.example/tcp/443/p2p/" + ANA.encode(),
        b"dnsaddr=/ip4/192.168.1.10/tcp/4001/p2p/" + ANA.encode() + b"/p2p-circuit",
        b"dnsaddr=/ip6/192.168.1.10/tcp/4001/p2p/" + ANA.encode(),
        b"dnsaddr=/ip6/fe80::1%25eth0/tcp/4001/p2p/" + ANA.encode(),
        b"dnsaddr=/ip4/192.168.1.10/tcp/0/p2p/" + ANA.encode(),
        b"dnsaddr=/ip4/192.168.1.10/tcp/65536/p2p/" + ANA.encode(),
        b"dnsaddr=/ip4/192.168.1.10/tcp/-1/p2p/" + ANA.encode(),
        b"dnsaddr=/ip4/192.168.1.10/tcp/" + b"9" * 150 + b"/p2p/" + ANA.encode(),
        b"dnsaddr=/ip4/192.168.1.10/tcp/4001/p2p/QmNobody",
        b"dnsaddr=/ip4/192.168.1.10/tcp/4001/p2p/" + b"1" * 52,
        b"dnsaddr=/ip4/192.168.1.\xd9\xa1/tcp/4001/p2p/" + ANA.encode(),
        b"dnsaddr=\xff\xfe\x00",
        b"",
    ],
)
def test_what_is_no_address_of_ours_is_left_out(entry: bytes) -> None:
    good = f"dnsaddr=/ip4/192.168.1.11/tcp/4002/p2p/{BEN}".encode()

    assert said(txt(entry, good)) == [Where(BEN, ip_address("192.168.1.11"), 4002, 120)]


def test_a_txt_record_whose_strings_overrun_it_ends_there() -> None:
    packet = txt(f"dnsaddr={HERE}".encode())
    at = packet.index(b"dnsaddr=")
    assert said(packet[: at - 1] + b"\xff" + packet[at:]) == []


def test_a_packet_full_of_addresses_gives_a_few() -> None:
    full = [f"dnsaddr=/ip4/10.0.0.1/tcp/{n}/p2p/{ANA}".encode() for n in range(10, 20)]
    out = DNSOutgoing(0x8400)
    text = b"".join(bytes([len(each)]) + each for each in full)
    for n in range(3):
        out.add_answer_at_time(DNSText(f"n{n}.{SERVICE}", 16, 1, 120, text[: len(text) // 3]), 0)
    assert 0 < len(said(out.packets()[0])) <= MOST_ANSWERS


def test_printers_are_not_decoded() -> None:
    printer = txt(b"ty=Printer", name="office._ipp._tcp.local.").replace(b"\x04_p2p", b"\x04_ipp")

    assert read(printer) is None
    assert said(txt(f"dnsaddr={HERE}".encode(), name="somebody._p2p._tcp.local.")) == []


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(tail: bytes) -> None:
    for packet in (
        tail + b"\x04_p2p",
        question()[:12] + tail,
        b"\x00\x00\x84\x00" + tail + b"\x04_p2p",
    ):
        try:
            heard = read(packet)
        except Invalid as error:
            assert error.reason == "bad-packet"
        else:
            assert heard is None or len(heard.answers) <= MOST_ANSWERS


@given(st.data())
def test_a_spoilt_answer_is_read_or_refused(data: st.DataObject) -> None:
    packet = bytearray(answer("n" * 40, [HERE, HERE.replace(ANA, BEN)]))
    for _ in range(data.draw(st.integers(1, 4))):
        packet[data.draw(st.integers(0, len(packet) - 1))] = data.draw(st.integers(0, 255))
    try:
        heard = read(bytes(packet[: data.draw(st.integers(0, len(packet)))]))
    except Invalid as error:
        assert error.reason == "bad-packet"
    else:
        assert heard is None or all(0 < each.port < 65_536 for each in heard.answers)
