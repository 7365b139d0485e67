"""Every kind's body: what is written is read back; anything else is unreadable, never a crash."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.templates import template
from protocol.certificates import Seat
from protocol.codec import Plain, decode, encode
from protocol.errors import Invalid
from protocol.keys import Signer
from protocol.kinds import (
    appeal,
    ask_seat,
    ballot,
    challenge,
    confirm,
    enrol,
    erase,
    found,
    got,
    invite,
    join,
    leave,
    present,
    recall,
    receipt,
    receipts,
    refund,
    retire,
    stop,
    vouch,
    withdraw,
    withdraw_proposal,
)
from protocol.kinds.comment import Comment
from protocol.kinds.grant import Grant
from protocol.kinds.listing import (
    AUDIENCES,
    LARGE_BYTES,
    MAX_SIDE,
    MODES,
    SMALL_BYTES,
    Claim,
    Listing,
    Photo,
    Rendition,
    Variant,
)
from protocol.kinds.payment import MAX_AMOUNT, Payment
from protocol.kinds.profile import Profile
from protocol.kinds.proposal import OPTION_ID, STATUS_QUO, Proposal
from protocol.kinds.receipt import Extras, Statement, Units
from protocol.kinds.recommend import Recommend
from protocol.kinds.registry import KINDS
from protocol.kinds.review import Review
from protocol.kinds.sealed import Sealed
from protocol.records import GOV, MARKET, MAX_BODY, MAX_TIME, TALK
from protocol.spot import MAX_LAT, MAX_LON, Spot
from tests.protocol.people import ANA, BEN, COMMUNITY, ONCE, Log, h
from tests.protocol.strategies import damaged, ids, plain, quick, thorough

counts = st.integers(0, 2**53)
some = st.one_of(st.none(), counts)


def _recall(
    prev: bytes, attempt: int, seats: int, word: bytes
) -> tuple[dict[str, Any], recall.Recall]:
    tellers = tuple(Seat(h(word, n), h(word, n, "device")) for n in range(seats))
    slate = recall.Slate(prev=prev, attempt=attempt, tellers=tellers)
    data = recall.body(BEN.person, COMMUNITY, slate)
    signature: Any = data["signature"]
    return data, recall.Recall(person=BEN.person.public, slate=slate, signature=signature)


def words(limit: int, least: int = 0) -> st.SearchStrategy[str]:
    return st.text(st.characters(codec="utf-8"), min_size=least, max_size=min(limit, 12))


def many(item: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(item, max_size=3).map(tuple)


spots = st.none() | st.builds(Spot, st.integers(-MAX_LAT, MAX_LAT), st.integers(-MAX_LON, MAX_LON))


def renditions(limit: int) -> st.SearchStrategy[Rendition]:
    side = st.integers(1, MAX_SIDE)
    return st.builds(Rendition, hash=ids, width=side, height=side, size=st.integers(1, limit))


listings = st.builds(
    Listing,
    title=words(200, 1),
    mode=st.sampled_from(MODES),
    version=st.integers(1, 2**53),
    root=st.one_of(st.none(), ids),
    price=some,
    currency=words(10),
    description=words(10_000),
    story=words(10_000),
    category=words(100),
    place=words(100),
    spot=spots,
    quantity=some,
    condition=words(100),
    delivery=words(500),
    expires_ms=st.one_of(st.none(), st.integers(0, MAX_TIME)),
    audience=st.sampled_from(AUDIENCES),
    tags=many(words(80)),
    variants=many(st.builds(Variant, name=words(200), price=some, quantity=some, sku=words(80))),
    values=many(
        st.builds(
            Claim,
            value=words(40),
            evidence=words(1000),
            charter=st.none() | st.binary(min_size=32, max_size=32),
        )
    ),
    photos=many(
        st.builds(
            Photo, alt=words(300), small=renditions(SMALL_BYTES), large=renditions(LARGE_BYTES)
        )
    ),
    grant=st.none() | ids,
    goods=st.none() | ids,
    margin_bps=st.none() | st.integers(0, 10_000),
)
profiles = st.builds(
    Profile,
    version=st.integers(1, 2**53),
    name=words(100),
    about=words(4000),
    skills=many(words(80)),
    interests=many(words(80)),
    needs=many(words(80)),
    place=words(100),
    spot=spots,
    away_until_ms=st.none() | st.integers(0, MAX_TIME),
    away_note=words(200),
)
heads = st.tuples(ids, st.integers(0, 2), counts, ids)
lines = st.text(st.sampled_from("Aé🫖-_ "), max_size=12)
proposals = st.builds(
    Proposal,
    kind=words(40),
    title=lines.map(lambda text: f"Why {text}?"),
    text=words(8000),
    effect=st.dictionaries(words(9), plain, max_size=2),
    options=st.dictionaries(st.from_regex(OPTION_ID, fullmatch=True), lines, max_size=3)
    .map(lambda some: {k: v for k, v in some.items() if k != STATUS_QUO})
    .map(lambda some: tuple(some.items())),
)
comments = st.builds(
    Comment, about=ids, text=words(4000).map(lambda text: f"I say: {text}"), reply=st.none() | ids
)
reviews = st.builds(
    Review,
    order=ids,
    version=st.integers(1, 2**53),
    stars=st.integers(1, 5),
    text=words(4000),
    buyer=st.none() | ids,
    by_order=st.binary(min_size=64, max_size=64),
)
amounts = st.dictionaries(st.sampled_from(("seller", "community", "host")), st.integers(0, 10**12))
statements = st.builds(
    Statement,
    order=ids,
    vendor=ids,
    seller=ids,
    listing=ids,
    category=words(100),
    at=st.tuples(ids, ids),
    charter=ids,
    currency=words(10),
    quantity=st.integers(1, 10**12),
    price=st.integers(0, 10**12),
    fee=st.integers(0, 10**12),
    shares=amounts,
    extras=st.builds(
        Extras, delivery=st.integers(0, 10**12), tip=st.integers(0, 10**12), tax=words(200)
    ),
    host=st.none() | ids,
    referrer=st.none() | ids,
    referral=st.none() | ids,
    grant=st.none() | ids,
    goods=st.none() | ids,
    units=st.none() | st.builds(Units, st.integers(1, 10**12), st.integers(1, 10**12)),
    margin_bps=st.integers(0, 10_000),
)
signatures = st.none() | st.binary(min_size=64, max_size=64)
grants = st.builds(
    Grant,
    to=ids,
    quota=st.integers(0, 10**12),
    margin=st.tuples(st.integers(0, 5000), st.integers(5000, 10_000)),
    version=st.integers(1, 2**53),
    root=st.none() | ids,
    listings=many(ids),
    until_ms=st.none() | st.integers(0, MAX_TIME),
    withdrawn=st.booleans(),
)
payments = st.builds(
    Payment,
    amount=st.integers(1, MAX_AMOUNT),
    currency=words(10, 1),
    to=st.none() | ids,
    fund=words(40),
    from_fund=words(40),
    order=st.none() | ids,
    decision=st.none() | ids,
    reference=words(35),
)
SAID: dict[str, st.SearchStrategy[tuple[dict[str, Plain], Any]]] = {
    "listing": listings.map(lambda said: (said.body(), said)),
    "profile": profiles.map(lambda said: (said.body(), said)),
    "withdraw": ids.map(lambda i: (withdraw.body(i), withdraw.Withdraw(listing=i))),
    "erase": st.lists(ids, min_size=1, max_size=5).map(
        lambda some: (erase.body(some), erase.Erase(records=tuple(some)))
    ),
    "leave": st.lists(heads, max_size=3).map(
        lambda some: (leave.body(some), leave.Leave(heads=tuple(some)))
    ),
    "proposal": proposals.map(lambda said: (said.body(), said)),
    "comment": comments.map(lambda said: (said.body(), said)),
    "review": reviews.map(lambda said: (said.body(), said)),
    "sealed": st.builds(
        Sealed,
        box=st.binary(min_size=52, max_size=300),
        key=ids,
        to=st.integers(1, 16).map(lambda readers: bytes(52 * readers)),
    ).map(lambda said: (said.body(), said)),
    "payment": payments.map(lambda said: (said.body(), said)),
    "got": payments.map(
        lambda said: Log(BEN.device, COMMUNITY, MARKET).add("payment", said.body())
    ).map(lambda record: (got.body(record), got.Got(payment=record.id, record=record))),
    "receipt": st.builds(
        lambda said, by_order: (
            receipt.body(said.data(), by_order),
            receipt.Receipt(statement=said, digest=b"", by_order=by_order),
        ),
        statements,
        signatures,
    ),
    "refund": st.builds(
        lambda order, vendor, number, amount, parts, by_order: (
            refund.body(refund.terms(order, vendor, number, amount, parts), by_order),
            refund.Refund(
                order=order,
                vendor=vendor,
                number=number,
                amount=amount,
                parts=parts,
                digest=b"",
                by_order=by_order,
            ),
        ),
        ids,
        ids,
        st.integers(1, 1000),
        st.integers(1, 10**12),
        amounts,
        signatures,
    ),
    "grant": grants.map(lambda said: (said.body(), said)),
    "recommend": st.builds(
        lambda subject, is_person, version, withdrawn: (
            (
                said := Recommend(
                    listing=None if is_person else subject,
                    person=subject if is_person else None,
                    version=version,
                    withdrawn=withdrawn,
                )
            ).body(),
            said,
        ),
        ids,
        st.booleans(),
        st.integers(1, 2**53),
        st.booleans(),
    ),
    "withdraw-proposal": ids.map(
        lambda i: (withdraw_proposal.body(i), withdraw_proposal.WithdrawProposal(proposal=i))
    ),
    "appeal": ids.map(lambda i: (appeal.body(i), appeal.Appeal(proposal=i))),
    "vouch": ids.map(lambda i: (vouch.body(i), vouch.Vouch(person=i))),
    "ballot": st.builds(
        lambda o, v, c: (ballot.body(o, v, c), ballot.Ballot(open=o, version=v, choice=c)),
        ids,
        st.integers(1, 2**53),
        st.one_of(words(12), st.lists(st.lists(words(9), max_size=2), max_size=2)),
    ),
    "receipts": st.builds(
        lambda o, i, b: (
            receipts.body(o, i, b),
            receipts.Receipts(open=o, ballots=tuple(i), before=b),
        ),
        ids,
        st.lists(ids, min_size=1, max_size=3),
        st.none() | ids,
    ),
    "stop": st.builds(
        lambda o, i: (stop.body(o, i), stop.Stop(open=o, last=i)), ids, st.none() | ids
    ),
    "challenge": st.builds(
        lambda p, c, i: (
            challenge.body(p, c, i),
            challenge.Challenge(proposal=p, close=c, ballots=tuple(i)),
        ),
        ids,
        ids,
        st.lists(ids, max_size=3),
    ),
    "ask-seat": st.builds(
        lambda c, d, some: (
            ask_seat.body(c, d, some),
            ask_seat.AskSeat(certificate=c, device=d, heads=tuple(some)),
        ),
        ids,
        st.none() | ids,
        st.lists(heads, max_size=3),
    ),
    "present": ids.map(lambda i: (present.body(i), present.Present(certificate=i))),
    "recall": st.builds(
        _recall, ids, st.integers(1, 2**31 - 1), st.sampled_from((1, 4)), st.binary(max_size=4)
    ),
    "retire": st.builds(
        lambda d, some: (retire.body(d, some), retire.Retire(device=d, heads=tuple(some))),
        ids,
        st.lists(heads, max_size=3),
    ),
    "confirm": st.builds(
        lambda s, r, j: (confirm.body(s, r, j), confirm.Confirm(slot=s, round=r, join=j)),
        counts,
        counts,
        ids,
    ),
    "invite": st.builds(
        lambda s, r, k: (invite.body(s, r, k), invite.Invite(slot=s, round=r, key=k)),
        st.integers(0, invite.MAX_SLOTS - 1),
        counts,
        ids,
    ),
    "join": ids.map(
        lambda i: (
            (body := join.body(ONCE, COMMUNITY, i, h("p"), h("d"))),
            join.Join(invite=i, proof=body["proof"]),  # type: ignore[arg-type]
        )
    ),
    "enrol": ids.map(
        lambda d: (
            (body := enrol.body(ANA.person, COMMUNITY, d)),
            enrol.Enrol(person=ANA.person.public, proof=body["proof"]),  # type: ignore[arg-type]
        )
    ),
    "found": ids.map(
        lambda d: (
            (body := found.body(ANA.person, d, template("makers-market"))),
            found.Found(
                person=ANA.person.public,
                proof=body["proof"],  # type: ignore[arg-type]
                charter=template("makers-market"),
            ),
        )
    ),
}


def test_every_kind_is_tested() -> None:
    assert set(SAID) == set(KINDS)


@pytest.mark.parametrize("name", SAID)
def test_a_body_survives_the_journey(name: str) -> None:
    @quick
    @given(SAID[name], st.dictionaries(st.just("newer"), plain))
    def check(said: tuple[dict[str, Plain], Any], newer: dict[str, Plain]) -> None:
        body, meant = said
        travelled = decode(encode({**body, **newer}), limit=MAX_BODY)
        assert isinstance(travelled, dict)
        assert KINDS[name].read(travelled) == meant

    check()


@pytest.mark.parametrize("name", SAID)
def test_a_damaged_body_is_read_or_unreadable(name: str) -> None:
    @thorough
    @given(st.data())
    def check(data: st.DataObject) -> None:
        body, _ = data.draw(SAID[name])
        plain_body = decode(encode(body), limit=MAX_BODY)
        damage = data.draw(damaged(plain_body))
        if isinstance(damage, dict):
            reads_or_refuses(name, damage)

    check()


@quick
@given(st.sampled_from(sorted(KINDS)), st.data())
def test_any_map_is_read_or_unreadable(name: str, data: st.DataObject) -> None:
    body, _ = data.draw(SAID[name])
    reads_or_refuses(name, data.draw(st.dictionaries(st.sampled_from(sorted(body)), plain)))


def reads_or_refuses(name: str, body: Mapping[str, Any]) -> None:
    try:
        said = KINDS[name].read(body)
    except Invalid as error:
        assert error.reason == "unreadable"
        return
    hash(tuple(asdict(said)))
    for key, value in asdict(said).items():
        assert key in ("choice", "withdrawn") or not isinstance(value, bool | float)


LISTING: dict[str, Any] = {"title": "Bread", "mode": "sell", "version": 1}
REVIEW: dict[str, Any] = {"order": h(1), "version": 1, "stars": 5, "by_order": bytes(64)}
RECEIPT: dict[str, Any] = Statement(
    order=h(1),
    vendor=h(2),
    seller=h(2),
    listing=h(3),
    category="",
    at=(h(4), h(5)),
    charter=h(6),
    currency="EUR",
    quantity=1,
    price=10,
    fee=1,
    shares={"community": 1, "seller": 9},
).data()
GRANT: dict[str, Any] = Grant(to=h(1), quota=1, margin=(0, 0)).body()
RENDITION: dict[str, Any] = {"hash": h(1), "width": 480, "height": 320, "size": 9000}
PHOTO: dict[str, Any] = {"alt": "A loaf", "small": RENDITION, "large": RENDITION}
UNREADABLE: list[tuple[str, dict[str, Any]]] = [
    ("listing", {**LISTING, "mode": ["sell"]}),
    ("listing", {**LISTING, "mode": {}}),
    ("listing", {**LISTING, "audience": ["everyone"]}),
    ("listing", {**LISTING, "audience": None}),
    ("listing", {**LISTING, "title": ""}),
    ("listing", {**LISTING, "title": "x" * 201}),
    ("listing", {**LISTING, "version": 0}),
    ("listing", {**LISTING, "version": True}),
    ("listing", {**LISTING, "price": True}),
    ("listing", {**LISTING, "price": -1}),
    ("listing", {**LISTING, "price": 2**53 + 1}),
    ("listing", {**LISTING, "quantity": -1}),
    ("listing", {**LISTING, "expires": MAX_TIME + 1}),
    ("listing", {**LISTING, "root": bytes(31)}),
    ("listing", {**LISTING, "tags": ["x"] * 51}),
    ("listing", {**LISTING, "tags": "bread"}),
    ("listing", {**LISTING, "variants": [[]]}),
    ("listing", {**LISTING, "variants": [{}]}),
    ("listing", {**LISTING, "variants": [{"name": "S", "price": False}]}),
    ("listing", {**LISTING, "variants": [{"name": "S"}] * 101}),
    ("listing", {**LISTING, "values": [{"evidence": "yes"}]}),
    ("listing", {**LISTING, "values": [None]}),
    ("listing", {**LISTING, "values": [{"id": "fair", "charter": bytes(31)}]}),
    ("listing", {**LISTING, "photos": PHOTO}),
    ("listing", {**LISTING, "photos": [PHOTO] * 9}),
    ("listing", {**LISTING, "photos": [None]}),
    ("listing", {**LISTING, "photos": [{"alt": "A loaf", "small": RENDITION}]}),
    ("listing", {**LISTING, "photos": [{**PHOTO, "alt": "x" * 301}]}),
    ("listing", {**LISTING, "photos": [{**PHOTO, "alt": 1}]}),
    ("listing", {**LISTING, "photos": [{**PHOTO, "small": [h(1), 480, 320, 9000]}]}),
    ("listing", {**LISTING, "photos": [{**PHOTO, "small": {**RENDITION, "hash": h(1)[:31]}}]}),
    ("listing", {**LISTING, "photos": [{**PHOTO, "large": {**RENDITION, "width": 0}}]}),
    ("listing", {**LISTING, "photos": [{**PHOTO, "large": {**RENDITION, "height": 4097}}]}),
    ("listing", {**LISTING, "photos": [{**PHOTO, "large": {**RENDITION, "size": True}}]}),
    ("listing", {**LISTING, "photos": [{**PHOTO, "small": {**RENDITION, "size": 65_537}}]}),
    ("listing", {**LISTING, "photos": [{**PHOTO, "large": {**RENDITION, "size": 409_601}}]}),
    ("listing", {}),
    ("profile", {"version": 1}),
    ("profile", {"version": 1, "name": b"Ana"}),
    ("profile", {"version": True, "name": "Ana"}),
    ("profile", {"version": 1, "name": "Ana", "spot": [9001, 0]}),
    ("profile", {"version": 1, "name": "Ana", "away_until": "2026-12-24"}),
    ("profile", {"version": 1, "name": "Ana", "away_until": -1}),
    ("profile", {"version": 1, "name": "Ana", "away_note": "x" * 201}),
    ("listing", {**LISTING, "spot": [0, -18_001]}),
    ("listing", {**LISTING, "spot": [47.99, 7.85]}),
    ("listing", {**LISTING, "spot": [4799]}),
    ("listing", {**LISTING, "spot": "47.99, 7.85"}),
    ("profile", {"version": 1, "name": "Ana", "skills": ["x"] * 31}),
    ("erase", {"records": []}),
    ("erase", {"records": [h(1)] * 257}),
    ("erase", {"records": [h(1), "x"]}),
    ("erase", {"records": {}}),
    ("erase", {}),
    ("leave", {"heads": [[h(1), 1, 1]]}),
    ("leave", {"heads": [[h(1), True, 1, h(2)]]}),
    ("leave", {"heads": [[h(1), 3, 1, h(2)]]}),
    ("leave", {"heads": [[h(1), 1, 1, h(2)]] * 65}),
    ("confirm", {"slot": 0, "round": True, "join": h(1)}),
    ("confirm", {"slot": -1, "round": 0, "join": h(1)}),
    ("invite", {"slot": 1000, "round": 0, "key": h(1)}),
    ("invite", {"slot": 0, "round": 0, "key": "k" * 32}),
    ("join", {"invite": h(1), "proof": bytes(63)}),
    ("enrol", {"person": h(1)}),
    ("found", {"person": h(1), "proof": bytes(64), "charter": []}),
    ("withdraw", {"listing": None}),
    ("receipt", {**RECEIPT, "at": [h(1)]}),
    ("receipt", {**RECEIPT, "shares": {"seller": 10**12 + 1}}),
    ("receipt", {**RECEIPT, "shares": {"seller": True}}),
    ("receipt", {**RECEIPT, "shares": {"": 1}}),
    ("receipt", {**RECEIPT, "shares": {f"r{n}": 1 for n in range(19)}}),
    ("receipt", {**RECEIPT, "price": -1}),
    ("receipt", {**RECEIPT, "quantity": 0}),
    ("receipt", {**RECEIPT, "units": [0, 1]}),
    ("receipt", {**RECEIPT, "units": [1, True]}),
    ("receipt", {**RECEIPT, "extras": {"delivery": 0, "tip": 0}}),
    ("receipt", {**RECEIPT, "by_order": bytes(63)}),
    ("refund", refund.terms(h(1), h(2), 0, 1, {})),
    ("refund", refund.terms(h(1), h(2), 1, 0, {})),
    ("grant", {**GRANT, "margin": [2000, 1000]}),
    ("grant", {**GRANT, "margin": [0, 10_001]}),
    ("grant", {**GRANT, "withdrawn": None}),
    ("grant", {**GRANT, "listings": [h(1)] * 101}),
    ("recommend", {"listing": h(1), "version": 1}),
    ("review", {**REVIEW, "stars": 0}),
    ("review", {**REVIEW, "stars": 6}),
    ("review", {**REVIEW, "stars": True}),
    ("review", {**REVIEW, "version": 0}),
    ("review", {**REVIEW, "buyer": b"ana"}),
    ("review", {**REVIEW, "by_order": bytes(63)}),
    ("review", {**REVIEW, "text": "x" * 4001}),
]


@pytest.mark.parametrize(("name", "body"), UNREADABLE)
def test_a_body_of_the_wrong_shape_is_unreadable(name: str, body: dict[str, Any]) -> None:
    with pytest.raises(Invalid) as caught:
        KINDS[name].read(body)
    assert caught.value.reason == "unreadable"


def test_each_kind_has_its_lane_and_nothing_in_gov_may_be_erased() -> None:
    trade = {"sealed", "receipt", "refund", "grant", "recommend", "payment", "got"}
    market, talk = {"listing", "profile", "withdraw"} | trade, {"comment", "review"}
    for name, kind in KINDS.items():
        assert kind.name == name
        assert kind.lane == (MARKET if name in market else TALK if name in talk else GOV)
        assert not (kind.lane == GOV and kind.erasable)


# --- proofs inside bodies


def test_ana_enrols_her_own_device_and_nobody_elses() -> None:
    body = enrol.body(ANA.person, COMMUNITY, ANA.device.public)
    said = KINDS["enrol"].read(body)

    said.check(COMMUNITY, ANA.device.public)
    for community, device in ((h("elsewhere"), ANA.device.public), (COMMUNITY, BEN.device.public)):
        with pytest.raises(Invalid) as caught:
            said.check(community, device)
        assert caught.value.reason == "bad-enrolment"


def test_ana_founds_with_her_own_device_and_no_odd_key() -> None:
    body = found.body(ANA.person, ANA.device.public, {})
    said = KINDS["found"].read(body)

    said.check(ANA.device.public)
    with pytest.raises(Invalid):
        said.check(BEN.device.public)
    for odd in (bytes(32), b"\x01" + bytes(31)):
        with pytest.raises(Invalid) as caught:
            said.check(odd)
        assert caught.value.reason == "bad-key"


def test_a_proof_of_founding_is_no_proof_of_enrolment() -> None:
    body = found.body(ANA.person, ANA.device.public, {})
    said = enrol.Enrol(person=ANA.person.public, proof=body["proof"])  # type: ignore[arg-type]

    with pytest.raises(Invalid):
        said.check(COMMUNITY, ANA.device.public)


def test_a_join_is_bens_alone_whoever_carries_it() -> None:
    person, device = BEN.person.public, BEN.device.public
    said = KINDS["join"].read(join.body(ONCE, COMMUNITY, h("invite"), person, device))

    assert said.proves(ONCE.public, COMMUNITY, person, device)
    assert not said.proves(ONCE.public, COMMUNITY, ANA.person.public, device)
    assert not said.proves(ONCE.public, COMMUNITY, person, ANA.device.public)
    assert not said.proves(ONCE.public, h("elsewhere"), person, device)
    assert not said.proves(Signer(h("guess")).public, COMMUNITY, person, device)
    other = join.Join(invite=h("other"), proof=said.proof)
    assert not other.proves(ONCE.public, COMMUNITY, person, device)


def test_eight_photos_with_the_longest_texts_fit_a_body() -> None:
    said = KINDS["listing"].read({**LISTING, "photos": [{**PHOTO, "alt": "面" * 300}] * 8})

    assert len(encode(said.body())) <= MAX_BODY


def test_a_photo_from_a_newer_program_is_read_without_what_is_new() -> None:
    newer = {**PHOTO, "small": {**RENDITION, "blur": b"x"}, "credit": "Ana"}

    assert KINDS["listing"].read({**LISTING, "photos": [newer]}) == KINDS["listing"].read(
        {**LISTING, "photos": [PHOTO]}
    )
