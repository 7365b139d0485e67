"""Our own CSV: every field, further rows for variants, and columns that say nothing."""

from __future__ import annotations

import pytest

from node.importing.model import Variant
from protocol.kinds.listing import Claim
from protocol.spot import Spot
from tests.importing.reading import only, places, read

BREAD = {"title": "Bread", "mode": "sell", "price": "3.50", "currency": "EUR"}


def test_every_field_is_read():
    bread = only(
        read(
            BREAD
            | {
                "id": "A" * 64,
                "status": "draft",
                "quantity": "4",
                "category": "Food",
                "tags": 'rye, "salt, pepper"\nsour',
                "place": "Elm Street",
                "spot": "47.99, 7.85",
                "condition": "fresh",
                "delivery": "by bicycle",
                "audience": "members",
                "expires": "2027-01-31",
                "values": "say-it=Rye, water = salt.\nlocal=",
                "description": "Dark.\r\n\r\n* sour",
                "story": "Grandmother's.",
            }
        )
    )

    assert (bread.handle, bread.status, bread.price, bread.quantity) == ("a" * 64, "draft", 350, 4)
    assert bread.tags == ("rye", "salt, pepper", "sour")
    assert bread.description == "Dark.\n\n* sour"
    assert bread.further == {
        "mode": "sell",
        "place": "Elm Street",
        "spot": Spot(4799, 785),
        "condition": "fresh",
        "delivery": "by bicycle",
        "audience": "members",
        "expires_ms": 1_801_353_600_000,
        "values": (
            Claim(value="say-it", evidence="Rye, water = salt."),
            Claim(value="local", evidence=""),
        ),
        "story": "Grandmother's.",
    }


def test_further_rows_with_one_id_are_variants():
    bread = only(
        read(
            BREAD | {"id": "1", "variant": "Small", "variant price": "", "variant quantity": "2"},
            {"id": "1", "variant": "Large", "variant price": "5", "variant sku": "L"},
        )
    )

    assert bread.price == 350
    assert bread.variants == (
        Variant(name="Small", price=None, quantity=2, sku=""),
        Variant(name="Large", price=500, quantity=None, sku="L"),
    )


def test_a_column_that_is_missing_says_nothing_and_an_empty_cell_says_that_there_is_none():
    assert only(read(BREAD)).silent == {"description", "category", "tags", "quantity", "variants"}
    assert only(read(BREAD)).further == {"mode": "sell"}
    assert only(read(BREAD | {"story": "", "expires": ""})).further == {
        "mode": "sell",
        "story": "",
        "expires_ms": None,
    }


def test_what_is_over_is_left_out_with_a_reason():
    reading = read(BREAD | {"status": "expired"})

    assert reading.products == reading.errors == ()
    assert (reading.skipped[0].title, reading.skipped[0].column) == ("Bread", "status")


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"title": ""}, "title"),
        ({"mode": "auction"}, "mode"),
        ({"status": "sold"}, "status"),
        ({"audience": "friends"}, "audience"),
        ({"price": "1.234"}, "price"),
        ({"currency": "euro"}, "currency"),
        ({"quantity": "many"}, "quantity"),
        ({"spot": "by the oak"}, "spot"),
        ({"expires": "soon"}, "expires"),
        ({"expires": "1969-12-31"}, "expires"),
        ({"place": "x" * 101}, "place"),
        ({"story": "x" * 10_001}, "story"),
        ({"values": "say-it=" + "x" * 1001}, "values"),
        ({"variant sku": "A", "variant": ""}, "variant"),
        ({"variant": "S", "variant price": "3,5"}, "variant price"),
    ],
)
def test_a_wrong_cell_is_named_by_line_and_column(cells, column):
    assert places(read(BREAD | cells)) == [(2, column)]


def test_rows_that_contradict_each_other_are_named():
    rows = [BREAD | {"id": "1", "variant": "S"}, {"id": "1", "title": "Cake", "variant": "S"}]

    assert places(read(*rows)) == [(3, "title"), (3, "variant")]
