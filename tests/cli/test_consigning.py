"""Consignment, recommendations and receipts by the command line: what each answers and refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from governance.opening import charter_in_force
from governance.waterfall import statement
from node import market
from node.assembly import rehearsing
from node.home import Home
from node.trade import consigning, receipts, recommending
from protocol.errors import Refused
from protocol.keys import Signer
from protocol.kinds import receipt
from protocol.kinds.receipt import Statement
from storage import certificates
from tests.cli.council import Council, kitchen_table
from tests.cli.people import Person

Grant = dict[str, Any]


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Council:
    council = Council(tmp_path_factory.mktemp("consigning"))
    charter = kitchen_table()
    charter["fees"]["default"]["fee_bps"] = 500
    council.found(charter)
    return council


@pytest.fixture
def council(founded: Council, tmp_path: Path) -> Council:
    return founded.copy(tmp_path)


@pytest.fixture
def jar(council: Council) -> str:
    """Ana's honey."""
    return str(council.ana.add("Honey", "--price", "8.00", "--quantity", "20")["id"])


@pytest.fixture
def grant(council: Council, jar: str) -> Grant:
    """Ben may sell ten jars of it."""
    made = council.ana.do(
        *("consign", "new", "Ben", "--listing", jar, "--margin", "10-25", "--quota", "10")
    )
    council.gather()
    return dict(made["grant"])


def sale(home: Home, order: Signer, listing: str, **more: Any) -> Statement:
    """What the seller agrees to when this listing of theirs is ordered."""
    offer = market.find(home, listing)
    state = certificates.current(home.store)
    assert state is not None and offer.listing.price is not None
    quantity = more.pop("quantity", 1)
    return statement(
        charter_in_force(state),
        order=order.public,
        vendor=home.person,
        buyer=None,
        listing=offer.id,
        category=offer.listing.category,
        at=(home.store.community, state.id),
        currency=offer.listing.currency,
        quantity=quantity,
        price=offer.listing.price * quantity,
        consigned=consigning.consigned(home, offer.listing, quantity),
        **more,
    )


def sell(person: Person, listing: str, number: int, **more: Any) -> Statement:
    """A sale up to its receipt, as the seller's node writes it."""
    order = Signer(bytes([number] * 32))
    with person.home() as home:
        said = sale(home, order, listing, **more)
        by_order = receipt.sign(order, home.store.community, said.data())
        (draft,) = receipts.drafts(home, said.data(), by_order)
        home.append([draft])
        assert receipts.drafts(home, said.data(), by_order) == []  # written already
    return said


def test_a_listing_says_that_it_is_on_consignment(council: Council, jar: str, grant: Grant) -> None:
    put_up = council.ben.do("consign", "sell", grant["grant"][:8], "--margin", "20")["listing"]
    council.gather()
    said = {
        "grant": grant["grant"],
        "maker": grant["maker"],
        "goods": jar,
        "margin_bps": 2000,
    }
    assert put_up["consignment"] == said
    assert council.eva.do("listing", "show", put_up["id"])["listing"]["consignment"] == said
    found = {each["id"]: each for each in council.eva.do("search", "honey")["listings"]}
    assert found[put_up["id"]]["consignment"] == said
    assert found[jar]["consignment"] is None
    shown = council.eva.text("listing", "show", put_up["id"])
    assert f"on consignment: goods of Ana, 20 % margin, grant {grant['grant'][:8]}" in shown


def test_a_jar_on_consignment_is_paid_for_to_the_cent(
    council: Council, jar: str, grant: Grant
) -> None:
    ana, ben, eva = council.ana, council.ben, council.eva
    put_up = ben.do("consign", "sell", grant["grant"][:8], "--margin", "20")["listing"]
    council.gather()
    word = eva.do("recommend", "new", put_up["id"], "--text", "Dark and thick.")["recommendation"]
    council.gather()
    with ben.home() as home:
        said = recommending.named(home, word["recommendation"][:8], bytes.fromhex(put_up["id"]), ())

    sell(ben, put_up["id"], 1, quantity=3, referral=said)
    council.gather()

    assert (put_up["title"], put_up["quantity"]) == ("Honey", 10)
    (made,) = eva.do("receipt", "list", "--mine")["receipts"]
    assert made["valid"] and made["reason"] is None
    assert (made["price"], made["fee"], made["currency"]) == (2400, 120, "EUR")
    assert made["shares"] == {
        "referrer": 48,
        "community": 60,
        "hardship": 12,
        "reseller": 456,
        "seller": 1824,
    }
    assert (made["units"], made["margin_bps"], made["goods"]) == ([1, 3], 2000, jar)
    for person in (ana, ben, eva):
        assert person.do("receipt", "show", made["receipt"][:8]) == made
        assert person.do("receipt", "verify") == {"receipts": 1, "valid": 1, "marked": []}
    text = ana.text("receipt", "show", made["order_key"][:8])
    assert "goods of Ana" in text and "seller (Ana)" in text and "18.24 EUR" in text
    assert "does not say who bought" in text
    assert ana.do("consign", "show", grant["grant"][:8])["grant"]["sold"] == 3
    with ana.home() as home:
        (past,) = rehearsing.past_sales(home.store)
    assert (past.price, past.referrer, past.host) == (2400, True, False)


def test_an_unsigned_receipt_is_marked_on_every_node(council: Council, jar: str) -> None:
    with council.ana.home() as home:
        said = sale(home, Signer(bytes(32)), jar).data()
        home.append(receipts.drafts(home, said, None))
    council.gather()

    for person in (council.ana, council.eva):
        verified = person.do("receipt", "verify")
        assert (verified["receipts"], verified["valid"]) == (1, 0)
        (marked,) = verified["marked"]
        assert marked["reason"] == "no-order-key"
        listed = person.do("receipt", "list", "--reason", "no-order-key")
        assert [each["receipt"] for each in listed["receipts"]] == [marked["receipt"]]
        assert person.do("receipt", "list", "--reason", "twice")["total"] == 0
    assert "no-order-key" in council.ana.text("receipt", "verify")
    assert "NOT VALID" in council.ana.text("receipt", "show", marked["receipt"][:8])
    assert council.ana.refused("receipt", "list", "--reason", "dear", code=2) == "usage"


def test_only_what_was_granted_is_sold(council: Council, jar: str, grant: Grant) -> None:
    ana, ben, eva = council.ana, council.ben, council.eva
    soap = ana.add("Soap", "--price", "2.00")["id"]
    council.gather()
    name = grant["grant"][:8]

    assert eva.refused("consign", "sell", name) == "not-yours"
    assert ben.refused("consign", "sell", name, soap) == "no-grant"
    assert ben.refused("consign", "sell", name, "--margin", "25.01") == "bad-margin"
    assert ben.refused("consign", "sell", name, "--margin", "1/4") == "bad-margin"
    assert ben.refused("consign", "sell", name, "--quantity", "11") == "past-quota"
    assert ben.refused("consign", "sell", "0" * 8) == "no-grant"
    assert ben.refused("consign", "change", name, "--quota", "99") == "not-yours"
    assert ben.refused("consign", "withdraw", name) == "not-yours"
    assert ben.do("listing", "list", "--mine")["total"] == 0


def test_what_can_not_be_granted(council: Council, jar: str) -> None:
    ana, ben = council.ana, council.ben
    council.gather()
    terms = ("--margin", "20", "--quota", "5")

    assert ana.refused("consign", "new", "Ana", *terms) == "oneself"
    assert ben.refused("consign", "new", "Eva", "--listing", jar, *terms) == "not-yours"
    assert ana.refused("consign", "new", "Ben", *terms, "--until", "2020-01-01") == "past"
    assert ana.refused("consign", "new", "Ben", "--margin", "30-20", "--quota", "5") == "bad-margin"
    assert ana.refused("consign", "new", "Ben", "--margin", "101", "--quota", "5") == "bad-margin"
    assert ana.refused("consign", "new", "Zoe", *terms) == "no-member"
    assert ana.refused("consign", "new", "Ben", "--margin", "20", "--quota", "-1", code=2)
    assert ana.do("consign", "list") == {"grants": []}


def test_a_grant_ends_where_its_maker_says_and_what_was_sold_stands(
    council: Council, grant: Grant
) -> None:
    ana, ben = council.ana, council.ben
    put_up = ben.do("consign", "sell", grant["grant"])["listing"]
    sell(ben, put_up["id"], 1, quantity=4)
    council.gather()

    assert ana.refused("consign", "change", grant["grant"], "--quota", "3") == "below-sold"
    ended = ana.do("consign", "withdraw", grant["grant"])["grant"]
    council.gather()

    assert (ended["quota"], ended["withdrawn"], ended["sold"]) == (4, True, 4)
    assert "[withdrawn]" in ben.text("consign", "list")
    assert ben.refused("consign", "sell", grant["grant"]) == "withdrawn"
    with ben.home() as home, pytest.raises(Refused) as error:
        sale(home, Signer(bytes(32)), put_up["id"])
    assert error.value.reason == "withdrawn"
    assert ben.do("receipt", "verify")["valid"] == 1
    again = ana.do("consign", "change", grant["grant"], "--quota", "5")["grant"]
    council.gather()
    assert (again["quota"], again["withdrawn"]) == (5, False)
    with ben.home() as home:
        units = sale(home, Signer(bytes(32)), put_up["id"]).units
        with pytest.raises(Refused) as error:
            sale(home, Signer(bytes(32)), put_up["id"], quantity=2)
    assert units == (5, 1) and error.value.reason == "past-quota"


def test_units_that_are_promised_are_not_sold_again() -> None:
    assert consigning.free_unit([], 2) == 1
    assert consigning.free_unit([(1, 2), (5, 1)], 2) == 3
    assert consigning.free_unit([(5, 1), (1, 2)], 3) == 6
    assert consigning.free_unit([(2, 1), (1, 9)], 1) == 10


def test_recommending_and_taking_it_back(council: Council, jar: str) -> None:
    ana, ben, eva = council.ana, council.ben, council.eva
    council.gather()

    made = ben.do("recommend", "new", jar, "--text", "Good on *bread*.")["recommendation"]
    better = ben.do("recommend", "new", jar[:8], "--text", "Good on cake.")["recommendation"]
    of_ana = eva.do("recommend", "new", "Ana", "--text", "She keeps her word.")["recommendation"]
    council.gather()

    assert made["recommendation"] == better["recommendation"]
    listed = ana.do("recommend", "list", "--listing", jar)["recommendations"]
    assert [(each["recommendation"], each["text"]) for each in listed] in (
        [(better["recommendation"], "Good on cake."), (of_ana["recommendation"], of_ana["text"])],
        [(of_ana["recommendation"], of_ana["text"]), (better["recommendation"], "Good on cake.")],
    )
    assert eva.do("recommend", "list")["recommendations"] == [of_ana]
    assert eva.refused("recommend", "withdraw", made["recommendation"]) == "not-yours"
    gone = ben.do("recommend", "withdraw", made["recommendation"])["recommendation"]
    council.gather()
    assert (gone["withdrawn"], gone["text"]) == (True, "")
    left = ana.do("recommend", "list", "--listing", jar)["recommendations"]
    assert [each["recommendation"] for each in left] == [of_ana["recommendation"]]
    with ana.home() as home, pytest.raises(Refused) as error:
        recommending.named(home, made["recommendation"], bytes.fromhex(jar), (home.person,))
    assert error.value.reason == "no-referral"
    assert ana.refused("recommend", "new", jar, "--text", "Mine.") == "oneself"
    assert ana.refused("recommend", "new", "Ana", "--text", "Me.") == "oneself"
    assert ben.refused("recommend", "new", jar, "--text", " ") == "no-text"
    assert ben.refused("recommend", "new", "Zoe", "--text", "Who?") == "no-subject"
