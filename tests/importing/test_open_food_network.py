"""The Open Food Network's products: a row for each unit, one product for each name and producer."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.importing.formats import read_file
from node.importing.model import Variant
from tests.importing.reading import only, places, read

FIXTURES = Path(__file__).parents[1] / "fixtures" / "import"
KALE = {"producer": "Elm Farm", "name": "Kale", "units": "1", "unit_type": "kg", "price": "3"}


def fixture():
    data = (FIXTURES / "open-food-network.csv").read_bytes()
    reading = read_file(data, format=None, currency="EUR")
    return reading, list(reading.products)


def test_a_product_list_gives_one_product_for_each_name_and_producer():
    reading, products = fixture()

    assert (reading.format, reading.errors) == ("ofn", ())
    assert [(product.title, product.tags) for product in products] == [
        ("Tomatoes", ("Elm Farm",)),
        ("Eggs", ("Elm Farm",)),
        ("Sourdough", ("Oak Bakery",)),
        ("Tomatoes", ("Oak Bakery",)),
    ]
    assert products[0].description == "Ripe & **sweet**."
    assert products[0].category == "Vegetables"


def test_units_are_variants_since_the_price_is_for_them():
    _, (tomatoes, eggs, bread, _) = fixture()

    assert tomatoes.variants == (
        Variant(name="Cherry (500 g)", price=350, quantity=100, sku="TOM-C"),
        Variant(name="1 kg", price=500, quantity=50, sku="TOM-B"),
    )
    assert (tomatoes.price, tomatoes.quantity) == (350, 150)
    assert [variant.name for variant in bread.variants] == ["1 loaf"]
    assert [variant.name for variant in eggs.variants] == ["6 eggs"]


def test_what_is_made_on_demand_is_not_counted():
    _, (_, eggs, _, _) = fixture()

    assert (eggs.quantity, eggs.variants[0].quantity) == (None, None)
    assert only(read(KALE | {"on_hand": "4", "on_demand": "1"})).quantity is None


def test_a_product_without_units_has_no_variants():
    kale = only(read(KALE | {"units": "", "unit_type": "", "on_hand": "-2"}))

    assert (kale.variants, kale.price, kale.quantity) == ((), 300, 0)


@pytest.mark.parametrize(
    ("rows", "place"),
    [
        ([KALE | {"name": ""}], (2, "name")),
        ([KALE | {"price": "3,5"}], (2, "price")),
        ([KALE | {"on_hand": "1.5"}], (2, "on_hand")),
        ([KALE | {"on_demand": "perhaps"}], (2, "on_demand")),
        ([KALE, KALE], (3, "units")),
        ([KALE, KALE | {"units": "2", "price": ""}], (3, "price")),
        ([KALE | {"category": "Leaves"}, KALE | {"units": "2", "category": "Roots"}],
         (3, "category")),
        ([KALE, KALE | {"units": "", "unit_type": ""}], (3, "units")),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_by_line_and_column(rows, place):
    assert places(read(*rows)) == [place]
