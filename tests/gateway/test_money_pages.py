"""The desk's pages of money: settling up, the statement, credits, the funds' book."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import httpx
import pytest

from node.gateway.context import Gateway
from node.home import Home
from node.trade import credit, paying, settling
from tests.cli.council import Council, kitchen_table
from tests.gateway.floor import desk_of
from tests.gateway.own import text
from tests.gateway.reading import check_page
from tests.gateway.sending import follow, send, send_from
from tests.gateway.village import DESK
from tests.node.room import Room, opened
from tests.node.selling import sell

IBAN = "DE89 3704 0044 0532 0130 00"
PUBLIC = "everybody in this community sees for good who paid whom how much, and when"


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Council:
    council = Council(tmp_path_factory.mktemp("pages"))
    table = kitchen_table(credit={"limit": 1000, "warn": 400})
    table["fees"]["default"]["fee_bps"] = 1000
    council.found(table)
    return council


@pytest.fixture
def room(founded: Council, tmp_path: Path) -> Iterator[Room]:
    with opened(founded.copy(tmp_path)) as found:
        yield found


def desk(home: Home) -> AbstractAsyncContextManager[httpx.AsyncClient]:
    """The owner's desk."""
    gateway = Gateway(secret=bytes(32), home=home, desk_hosts={DESK})
    made: Any = desk_of(gateway)
    return made  # type: ignore[no-any-return]


async def test_one_says_that_one_paid_and_the_other_that_it_came(room: Room) -> None:
    sell(room.ben, 1, 10_000, host=room.ana)
    room.gather()
    async with desk(room.ben) as bens, desk(room.ana) as anas:
        page = await bens.get("/settle")
        check_page(page.text)
        assert "€2.50 to Ana" in text(page)
        assert "€2.50 from Ben" in text(await anas.get("/settle"))

        for _ in range(3):  # to the two funds and to Ana
            page = await follow(bens, await send_from(bens, page, button="I have paid it"))
        assert "You said that you paid €2.50; Ana has not said so yet." in text(page)
        room.gather()
        waits = await anas.get("/settle")
        check_page(waits.text)
        came = await follow(anas, await send_from(anas, waits, button="It came"))

    room.gather()
    assert "It counts once" in text(page)
    assert "Said. That payment counts now." in text(came)
    assert "Nobody owes you anything." in text(came)
    assert all(
        room.ana.person not in settling.settlement(home, "EUR").positions for home in room.homes
    )


async def test_what_is_typed_wrongly_stays_and_nothing_is_written(room: Room) -> None:
    async with desk(room.ben) as bens:
        fields = {"to": room.ana.person.hex(), "amount": "-5"}
        refused = await send(bens, "/settle", fields, button="I have paid it")
        assert refused.status_code == 422
        assert "negative" in text(refused)
        assert 'value="-5"' in refused.text
        for amount in ("0", "1.0005", "99999999999", "12 CHF"):
            again = await send_from(
                bens, refused, {**fields, "amount": amount}, button="I have paid it"
            )
            assert (again.status_code, check_page(again.text).text != "") == (422, True)
    assert paying.payments(room.ben) == []


async def test_an_account_is_kept_and_a_mistyped_one_is_not(room: Room) -> None:
    async with desk(room.ben) as bens:
        wrong = {"iban": IBAN[:-1] + "1", "name": "Ben"}
        refused = await send(bens, "/settle", wrong, button="Keep it")
        assert refused.status_code == 422
        assert "check digits" in text(refused)
        kept = await follow(bens, await send_from(bens, refused, {"iban": IBAN}, button="Keep it"))
        assert IBAN in text(kept)
        gone = await follow(bens, await send_from(bens, kept, button="Forget it"))
        assert IBAN not in text(gone)


async def test_where_to_pay_is_noted_and_gives_a_code_for_the_bank(room: Room) -> None:
    sell(room.ben, 1, 10_000)
    code = "/settle/pay.svg?to=community"
    async with desk(room.ben) as bens:
        assert (await bens.get(code)).status_code == 404
        fields = {"iban-1": IBAN[:-1] + "1", "name-1": "The market's purse"}
        refused = await send(bens, "/settle", fields, button="Keep it")
        assert "check digits" in text(refused)
        kept = await send_from(bens, refused, {"iban-1": IBAN}, button="Keep it")
        page = await follow(bens, kept)
        check_page(page.text)
        assert f"{IBAN} · The market's purse" in text(page)
        assert code in page.text
        drawn = await bens.get(code)
        assert drawn.headers["content-type"] == "image/svg+xml"
        paid = await follow(bens, await send_from(bens, page, button="I have paid it"))
        assert code not in paid.text
        assert (await bens.get(code)).status_code == 404  # all of it is said to be paid


async def test_a_statement_can_be_read_printed_and_put_into_a_spreadsheet(room: Room) -> None:
    sell(room.ben, 1, 10_000, host=room.ana)
    async with desk(room.ben) as bens:
        page = await bens.get("/settle/statement")
        check_page(page.text)
        assert "You owe what stands below zero." in text(page)
        assert "-€10.00" in text(page)
        empty = await bens.get("/settle/statement?to=1999-12-31&currency=XYZ")
        assert "From" not in text(empty)
        assert "You are even." in text(empty)
        table = await bens.get("/settle/statement.csv?currency=EUR")
    assert table.headers["content-type"] == "text/csv; charset=utf-8"
    rows = table.text.splitlines()
    assert len(rows) == 4
    assert rows[-1].split(",")[5] == "-10.00"


async def test_it_is_said_before_paying_in_credits_that_all_see_it(room: Room) -> None:
    async with desk(room.ben) as bens, desk(room.ana) as anas:
        page = await bens.get("/credit")
        check_page(page.text)
        assert text(page).index(PUBLIC) < text(page).index("Pay publicly")

        fields = {"to": room.ana.person.hex(), "amount": "4,00", "reference": "Bread"}
        paid = await follow(bens, await send_from(bens, page, fields, button="Pay publicly"))
        assert "Paid. The credits move once Ana has taken them." in text(paid)
        room.gather()
        taken = await follow(anas, await send(anas, "/credit", button="Take it"))
        check_page(taken.text)
        assert "You have 4.00 credits" in text(taken)
    room.gather()
    assert credit.ledger(room.eva).of(room.ben.person) == -400


async def test_a_warning_comes_before_the_limit_and_at_the_limit_it_ends(room: Room) -> None:
    async with desk(room.ben) as bens:
        fields = {"to": room.ana.person.hex(), "amount": "4.01"}
        warned = await send(bens, "/credit", fields, button="Pay publicly")
        assert warned.status_code == 422
        assert "Mind the limit: this would take you to -4.01 credits" in text(warned)
        assert paying.payments(room.ben) == []
        over = await send_from(
            bens, warned, {"amount": "10.01", "sure": True}, button="Pay publicly"
        )
        assert "at most 10.00 can be paid now" in text(over)
        sure = await send_from(bens, warned, {"sure": True}, button="Pay publicly")
        assert sure.status_code == 303
    assert [each.amount for each in paying.payments(room.ben)] == [401]


async def test_an_overdraft_stands_on_everybodys_page(room: Room) -> None:
    for number, home in enumerate((room.ana, room.eva)):
        sell(room.ben, number, 100_000, currency="CREDIT", host=home)
    room.gather()
    async with desk(room.eva) as evas:
        page = await evas.get("/credit")
        check_page(page.text)
        assert "190.00 credits beyond the limit" in text(page)


async def test_the_treasurer_confirms_pays_out_and_everybody_reads_the_book(room: Room) -> None:
    elect = {"type": "elect", "office": "treasurer", "candidates": {"A": room.eva.person.hex()}}
    room.vote(room.propose(room.ana, elect, ("A", "Eva")), "A", room.ana, room.ben, room.eva)
    settling.pay(room.ben, "community", 5_000, "EUR")
    grant = {"type": "spend", "amount": 3_000, "purpose": "Paint", "to": room.ben.person.hex()}
    room.vote(room.propose(room.ana, grant), "yes", room.ana, room.ben, room.eva)
    async with desk(room.eva) as evas, desk(room.ben) as bens:
        page = await evas.get("/fund")
        check_page(page.text)
        assert "The purse is kept by: you" in text(page)
        came = await follow(evas, await send_from(evas, page, button="It came"))
        paid = await follow(evas, await send_from(evas, came, button="I have paid €30.00"))
        check_page(paid.text)
        assert "not confirmed yet" in text(paid)
        room.gather()
        page = await bens.get("/settle")
        assert "It came" not in text(page)
        read = await bens.get("/fund")
        assert "Paint" in text(read)
        assert "I have paid" not in text(read)  # only the treasurer has that button
