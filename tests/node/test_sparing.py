"""A cut that a person names themselves spares what the tellers held of sales, money and letters."""

from __future__ import annotations

from pathlib import Path

from node import home as homes
from node import post
from node.recovery import Surroundings
from node.tellership import roll
from protocol.kinds import leave as leave_kind
from protocol.kinds import retire as retire_kind
from protocol.kinds.listing import Listing
from protocol.kinds.payment import Payment
from protocol.records import GOV, MARKET
from storage import certificates, own
from storage.own import Draft
from storage.rows import find_log
from tests.node.four import Four

DAY = 86_400


def pays(four: Four) -> Draft:
    """Fay's word that she has paid Ana."""
    said = Payment(to=four.homes["Ana"].person, amount=500, currency="EUR")
    return Draft("payment", said.body())


def offers(title: str) -> Draft:
    return Draft("listing", Listing(title=title, mode="give").body())


def end(four: Four) -> tuple[int, bytes]:
    """Where Fay's market log ends by certificate."""
    state = certificates.current(four.homes["Ana"].store)
    assert state is not None
    cut: tuple[int, bytes] = state.roll.cuts[four.homes["Fay"].device, MARKET]
    return cut


def writes_on(four: Four, *drafts: Draft) -> list[bytes]:
    """Fay's device writes although it has left, as another program would let it."""
    fay = four.homes["Fay"]
    return [each.id for each in own.append(fay.store, fay.unlock().device, drafts)]


def go_on(four: Four) -> None:
    for _ in range(6):
        four.settle()
        four.wait(10)


def test_who_goes_takes_nothing_back_that_binds_others(four: Four) -> None:
    fay = four.homes["Fay"]
    _, paid, _ = fay.append([offers("Bread"), pays(four), offers("Cake")])
    log = find_log(fay.store, fay.device, MARKET)
    assert log is not None
    four.gather()
    gov = find_log(fay.store, fay.device, GOV)
    assert gov is not None
    fay.append(
        [Draft("leave", leave_kind.body([(fay.device, GOV, gov.prefix_seq, gov.prefix_id)]))]
    )
    four.gather()
    writes_on(four, pays(four))  # too late: whoever finds a device could do the same
    four.gather()
    four.wait(31 * DAY)
    go_on(four)

    assert end(four) == (log.prefix_seq - 1, paid)


def test_a_head_that_nobody_has_empties_no_log(four: Four) -> None:
    """Else whoever goes would name one, and be free of all that they owe."""
    fay = four.homes["Fay"]
    _, paid = fay.append([offers("Bread"), pays(four)])
    four.gather()
    log = find_log(four.homes["Ana"].store, fay.device, MARKET)
    assert log is not None
    fay.append([Draft("leave", leave_kind.body([(fay.device, MARKET, 1, bytes(32))]))])
    four.wait(31 * DAY)
    go_on(four)

    assert end(four) == (log.prefix_seq, paid)


def test_who_gives_up_a_device_keeps_what_it_owes(four: Four, tmp_path: Path) -> None:
    fay = four.homes["Fay"]
    phone = homes.recover(
        tmp_path / "phone",
        fay.store.community,
        fay.unlock().person,
        Surroundings("Fay"),
        None,
        four.clock,
    )
    four.homes["phone"] = phone
    try:
        for _ in range(3):
            four.settle(*four.homes)
            four.wait(10)
        (paid,) = fay.append([pays(four)])
        sent = post.write(fay, four.homes["Ana"].person, "It is on its way.")
        four.gather(*four.homes)
        log = find_log(phone.store, fay.device, MARKET)
        assert log is not None
        assert log.prefix_id == sent
        named = (fay.device, MARKET, log.prefix_seq - 1, paid)
        phone.append([Draft("retire", retire_kind.body(fay.device, [named]))])
        for _ in range(6):
            four.settle(*four.homes)
            four.wait(10)
        assert end(four) == (log.prefix_seq, sent)
    finally:
        four.homes.pop("phone").close()


def test_a_teller_agrees_to_no_cut_that_spares_less(four: Four) -> None:
    fay, ana = four.homes["Fay"], four.homes["Ana"]
    first, second = (fay.append([pays(four)])[0] for _ in range(2))
    four.gather()
    fay.append([Draft("leave", leave_kind.body([]))])
    four.gather()
    late, bread = writes_on(four, pays(four), offers("Bread"))
    four.gather()
    four.wait(31 * DAY)
    (line,) = roll.decision(ana.store)["leave"]  # type: ignore[misc]
    person, record, heads = line  # type: ignore[misc]
    log = find_log(ana.store, fay.device, MARKET)
    assert log is not None
    last = log.prefix_seq
    assert heads == [[fay.device, MARKET, last - 2, second]]

    def accepts(*places: list[object]) -> bool:
        return roll.acceptable(ana.store, {"leave": [[person, record, list(places)]]})

    assert accepts(*heads)
    assert accepts([fay.device, MARKET, last - 1, late])  # who heard of it in another order
    assert not accepts()
    assert not accepts([fay.device, MARKET, last - 3, first])
    assert not accepts([fay.device, MARKET, last - 1, first])
    assert not accepts([fay.device, MARKET, last, bread])
    assert not accepts([fay.device, MARKET, last + 1, bytes(32)])
    assert not accepts(*heads, [fay.device, GOV, 1, bytes(32)])
