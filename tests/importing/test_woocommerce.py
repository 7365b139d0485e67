"""WooCommerce's products: variations by their parent, sale prices, labels in three languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.importing.formats import read_file
from node.importing.model import Variant
from tests.importing.reading import only, places, read

FIXTURES = Path(__file__).parents[1] / "fixtures" / "import"
CAP = {"ID": "1", "Type": "simple", "Name": "Cap", "Regular price": "9"}
HOOD = {"ID": "2", "Type": "variable", "SKU": "HOOD", "Name": "Hood", "Regular price": ""}


def variation(number: str, value: str, **more: str) -> dict[str, str]:
    return {
        "ID": number,
        "Type": "variation",
        "Name": "Hood",
        "Regular price": "20",
        "Parent": "HOOD",
        "Attribute 1 value(s)": value,
        **more,
    }


def fixture():
    reading = read_file((FIXTURES / "woocommerce.csv").read_bytes(), format=None, currency="EUR")
    return reading, {product.title: product for product in reading.products}


def test_an_export_of_eva_s_shop_gives_her_products():
    reading, products = fixture()

    assert (reading.format, reading.errors) == ("woocommerce", ())
    assert list(products) == ["Hoodie", "Socks", "Knitting lesson", "Cap"]
    assert products["Hoodie"].description == (
        "Warm, with a hood.\n\n**Fleece** inside.\\\nWash at 30°.\n\nMade by Ana."
    )
    assert products["Hoodie"].category == "Hoodies"
    assert products["Hoodie"].tags == ("wool", "hood", "Winter", "Food, other")
    assert [picture.address[-8:] for picture in products["Hoodie"].pictures] == [
        "odie.jpg",
        "blue.jpg",
    ]
    assert len(products["Socks"].pictures) == 2


def test_variations_find_their_product_by_its_number_or_its_id():
    _, products = fixture()

    hoodie = products["Hoodie"]
    assert hoodie.variants == (
        Variant(name="Blue / Yes", price=4200, quantity=None, sku="HOODIE-B"),
        Variant(name="Green / No", price=3900, quantity=0, sku="HOODIE-G"),
    )
    assert hoodie.price == 3900
    assert hoodie.notes == ("Variants that the shop hides were left out.",)


def test_a_sale_price_counts_unless_it_holds_for_some_days_only():
    _, products = fixture()

    assert (products["Socks"].price, products["Socks"].notes) == (450, ())
    assert products["Knitting lesson"].price == 4000
    assert "some days" in products["Knitting lesson"].notes[0]


def test_what_the_shop_does_not_show_is_a_draft():
    _, products = fixture()

    status = {title: product.status for title, product in products.items()}
    assert status == {"Hoodie": "open", "Socks": "open", "Knitting lesson": "draft", "Cap": "draft"}
    assert (products["Socks"].quantity, products["Cap"].quantity) == (8, 0)


def test_what_only_leads_elsewhere_is_left_out_with_a_reason():
    reading, _ = fixture()

    assert [(left.line, left.title) for left in reading.skipped] == [
        (6, "Winter set"),
        (7, "Elsewhere"),
    ]


@pytest.mark.parametrize(
    "labels",
    [
        ("Typ", "Artikelnummer", "Name", "Veröffentlicht", "Beschreibung", "Regulärer Preis",
         "Kategorien", "Schlagwörter", "Übergeordnetes Produkt", "Attribut 1 Wert(e)"),
        ("Tipo", "SKU", "Nombre", "Publicado", "Descripción", "Precio normal",
         "Categorías", "Etiquetas", "Superior", "Valor(es) del atributo 1"),
    ],
)  # fmt: skip
def test_labels_follow_the_language_of_the_shop(labels):
    kind, sku, name, published, text, price, categories, tags, parent, value = labels
    hood = {kind: "variable", sku: "H", name: "Hood", published: "1", text: "Warm.\\nGreen."}
    hood |= {price: "", categories: "A > B", tags: "x, y", parent: "", value: "S, M"}
    small = {kind: "variation", sku: "H-S", name: "", published: "1", parent: "H", value: "S"}

    product = only(read(hood, small | {price: "20"}))

    assert (product.title, product.description) == ("Hood", "Warm.\\\nGreen.")
    assert (product.category, product.tags) == ("B", ("x", "y"))
    assert product.variants == (Variant(name="S", price=2000, quantity=None, sku="H-S"),)


def test_labels_of_an_unknown_language_name_the_missing_columns():
    (error,) = read({"ID": "1", "Tyyppi": "simple", "Nimi": "Cap", "Hinta": "9"}).errors

    assert error.line == 1
    assert "WooCommerce: Name, Type, Regular price" in error.reason


def test_german_decimals_are_asked_for_and_then_read():
    lamp = {"Type": "simple", "Name": "Lampe", "Regulärer Preis": "1.234,50"}
    cap = {"Type": "simple", "Name": "Kappe", "Regulärer Preis": "12,50"}

    (error,) = read(lamp, cap).errors
    told = read(lamp, cap, decimal=",")

    assert (error.line, error.column) == (3, "Regulärer Preis")
    assert error.choice == "decimal"
    assert [product.price for product in told.products] == [123_450, 1250]


@pytest.mark.parametrize(
    ("rows", "place", "words"),
    [
        ([CAP | {"Name": ""}], (2, "Name"), "no name"),
        ([CAP | {"Type": "bundle"}], (2, "Type"), "simple, variable"),
        ([CAP | {"Published": "yes"}], (2, "Published"), "1 for published"),
        ([CAP | {"Stock": "2.5"}], (2, "Stock"), "whole number"),
        ([CAP | {"Images": "cap.jpg"}], (2, "Images"), "https://"),
        ([CAP | {"Sale price": "1.234"}], (2, "Sale price"), "two ways"),
        ([CAP, CAP | {"Name": "Other"}], (3, "ID"), "Line 2 has the same"),
        ([CAP, variation("5", "S", Parent="CAP-9")], (3, "Parent"), "not in the file"),
        ([CAP, variation("5", "S", Parent="")], (3, "Parent"), "not in the file"),
        (
            [HOOD, variation("5", "S"), variation("6", "S")],
            (4, "Attribute 1 value(s)"),
            "Line 3 has a variant of the same name",
        ),
        (
            [HOOD, variation("5", "S"), variation("6", "M", **{"Regular price": ""})],
            (4, "Regular price"),
            "have a price",
        ),
    ],
)
def test_what_is_wrong_is_named_by_line_and_column(rows, place, words):
    reading = read(*rows)

    assert places(reading) == [place]
    assert words in reading.errors[0].reason


def test_a_description_with_blocks_keeps_them():
    text = "<ul>\\n<li>One</li>\\n<li>Two</li>\\n</ul>\\n\\nAnd <em>more</em>."

    assert only(read(CAP | {"Description": text})).description == "* One\n* Two\n\nAnd *more*."


def test_a_text_that_the_export_guarded_is_read_as_it_was():
    assert only(read(CAP | {"Name": "'-20% cap"})).title == "-20% cap"
    assert only(read(CAP | {"Name": "'Tis a cap"})).title == "'Tis a cap"
