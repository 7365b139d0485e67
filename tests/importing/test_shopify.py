"""Shopify's product files: both headers, grouping, and every fault named."""

from __future__ import annotations

from pathlib import Path

import pytest

from node.importing import shopify
from node.importing.formats import read_file
from node.importing.model import Picture, Product, Variant
from node.importing.table import read_table

FIXTURES = Path(__file__).parents[1] / "fixtures" / "import"
SAMPLES = Path(__file__).parents[2].parent / "shared" / "samples"
LOAF = Picture(address="https://pictures.example/loaf.jpg", alt="A dark loaf on a board")
MUG = "https://pictures.example/mug.jpg"


def read(text, currency="EUR", format=None):
    return read_file(text.encode(), format=format, currency=currency)


def fixture(name):
    reading = read_file((FIXTURES / name).read_bytes(), format=None, currency="EUR")
    return reading, {product.handle: product for product in reading.products}


def sheet(*rows, columns="Handle,Title,Option1 Name,Option1 Value,Variant Price,Image Src"):
    return read("\n".join([columns, *rows]) + "\n")


def places(reading):
    return [(error.line, error.column) for error in reading.errors]


def test_a_legacy_file_gives_its_products():
    reading, products = fixture("shopify-legacy.csv")

    assert reading.errors == ()
    assert list(products) == ["rye-loaf", "wool-socks", "garden-help", "winter-coat", "old-lamp"]
    assert products["rye-loaf"] == Product(
        handle="rye-loaf",
        title="Rye loaf",
        description="Sour and dark.\n\n* Flour from the **mill**\n* No yeast",
        category="Bread",
        tags=("Bread", "Rye"),
        status="open",
        price=450,
        currency="EUR",
        quantity=12,
        variants=(),
        pictures=(LOAF,),
        line=2,
    )


def test_rows_with_one_handle_are_variants_and_pictures_of_one_product():
    _, products = fixture("shopify-legacy.csv")

    socks = products["wool-socks"]

    assert socks.line == 7  # the loaf's description spans five lines
    assert socks.price == 1800
    assert socks.quantity == 2
    assert socks.variants == (
        Variant(name="Small / Red", price=1800, quantity=2, sku="SOCK-SR"),
        Variant(name="Large / Red", price=2100, quantity=0, sku="SOCK-LR"),
        Variant(name="Large / Green", price=2100, quantity=None, sku="SOCK-LG"),
    )
    assert [(picture.address[-9:], picture.alt) for picture in socks.pictures] == [
        ("cks-1.jpg", "Two red socks"),
        ("cks-2.jpg", ""),
        ("cks-3.jpg", "A sock, worn"),
        ("large.jpg", ""),
    ]


def test_what_the_shop_hides_is_a_draft_and_what_has_no_price_is_on_request():
    _, products = fixture("shopify-legacy.csv")

    assert products["winter-coat"].status == "draft"
    assert products["old-lamp"].status == "draft"
    assert products["garden-help"].status == "open"
    assert products["garden-help"].price is None
    assert products["garden-help"].quantity is None


def test_gift_cards_are_left_out_with_a_reason():
    reading, _ = fixture("shopify-legacy.csv")

    (skip,) = reading.skipped
    assert (skip.line, skip.column) == (14, "Gift Card")
    assert "gift card" in skip.reason


def test_a_current_file_gives_its_products_whatever_the_order_of_its_columns():
    reading, products = fixture("shopify-current.csv")

    assert reading.errors == ()
    assert list(products) == ["honey", "candle", "beeswax", "bee-house"]
    assert products["honey"].description == "From lime trees & clover."
    assert products["honey"].category == "Honey"
    assert products["candle"].category == "Home"
    assert [variant.name for variant in products["honey"].variants] == ["250 g", "500 g"]
    assert products["honey"].quantity == 14
    assert products["honey"].pictures[0].alt == "A jar"
    assert [product.status for product in reading.products] == ["open", "draft", "draft", "open"]
    assert [product.price for product in reading.products] == [600, 800, 300, None]


@pytest.mark.parametrize(("name", "rows"), [("home-and-garden", 21), ("jewelery", 41)])
def test_a_sample_export_is_read_without_a_fault(name, rows):
    path = SAMPLES / "shopify" / f"{name}.csv"
    if not path.exists():
        pytest.skip("samples absent: they are not beside this checkout")

    reading = read_file(path.read_bytes(), format=None, currency="EUR")

    assert len(read_table(path.read_bytes()).rows) == rows
    assert reading.errors == reading.skipped == ()
    assert len(reading.products) == 20
    assert {product.status for product in reading.products} == {"open"}
    assert all(product.price and product.pictures for product in reading.products)


def test_names_of_columns_may_vary_in_case_and_spaces_behind_a_byte_order_mark():
    reading = read("\ufeff HANDLE ,title,Variant  price\nbread,Bread,3\n")

    assert reading.products[0].price == 300


def test_a_title_alone_is_enough_when_the_format_is_named():
    reading = read("Title\nBread & butter\n", format="shopify")

    assert reading.products[0].handle == "bread-butter"
    assert reading.products[0].title == "Bread & butter"


def test_a_file_with_a_header_alone_has_no_products_and_no_faults():
    assert read("Handle,Title\n") == read("Handle,Title")
    assert read("Handle,Title\n").errors == ()


def test_one_option_that_is_no_default_is_a_variant():
    reading = sheet("mug,Mug,Colour,Blue,9,")

    assert [variant.name for variant in reading.products[0].variants] == ["Blue"]


def test_rows_of_a_product_need_not_follow_each_other():
    reading = sheet("mug,Mug,Colour,Blue,9,", "cup,Cup,,,4,", "MUG,,,Red,8,")

    assert [len(product.variants) for product in reading.products] == [2, 0]
    assert reading.products[0].price == 800


@pytest.mark.parametrize(
    ("status", "published", "expected"),
    [
        ("", "", "open"),
        ("Active", "TRUE", "open"),
        ("active", "false", "draft"),
        ("Draft", "TRUE", "draft"),
        ("archived", "", "draft"),
        ("unlisted", "true", "draft"),
    ],
)
def test_only_what_is_active_and_published_is_open(status, published, expected):
    reading = sheet(f"mug,Mug,{status},{published}", columns="Handle,Title,Status,Published")

    assert reading.products[0].status == expected


@pytest.mark.parametrize(
    ("cells", "column", "words"),
    [
        ({"Variant Price": '"1,234"'}, "Variant Price", "two ways"),
        ({"Variant Price": "€5"}, "Variant Price", "currency"),
        ({"Variant Price": "-5"}, "Variant Price", "negative"),
        ({"Variant Price": "5.999"}, "Variant Price", "two ways"),
        ({"Variant Inventory Qty": "2.5"}, "Variant Inventory Qty", "whole number"),
        ({"Variant Inventory Qty": "many"}, "Variant Inventory Qty", "whole number"),
        ({"Variant Inventory Qty": "9" * 12}, "Variant Inventory Qty", "whole number"),
        ({"Published": "WAHR"}, "Published", "true or false"),
        ({"Gift Card": "yes"}, "Gift Card", "true or false"),
        ({"Status": "sold"}, "Status", "active, draft or archived"),
        ({"Title": ""}, "Title", "title"),
        ({"Title": "x" * 201}, "Title", "201 characters"),
        ({"Title": "Mu\x07g"}, "Title", "control character"),
        ({"Handle": "x" * 201}, "Handle", "201 characters"),
        ({"Handle": "", "Title": "", "Type": "Pot"}, "Handle", "no handle and no title"),
        ({"Type": "x" * 201}, "Type", "201 characters"),
        ({"Variant SKU": "x" * 201}, "Variant SKU", "201 characters"),
        ({"Option1 Value": "x" * 201}, "Option1 Value", "201 characters"),
        ({"Body (HTML)": "<p>" + "x" * 10_001}, "Body (HTML)", "10,001 characters"),
        ({"Body (HTML)": "<p>" + "\u20ac" * 9_000}, "Body (HTML)", "27,006 bytes"),
        ({"Body (HTML)": "<div>" * 100 + "x"}, "Body (HTML)", "inside one another"),
        ({"Tags": "x" * 101}, "Tags", "101 characters"),
        ({"Tags": '"' + ",".join(map(str, range(51))) + '"'}, "Tags", "51 tags"),
        ({"Image Src": "loaf.jpg"}, "Image Src", "https://"),
        ({"Image Src": "file:///etc/hosts"}, "Image Src", "https://"),
        ({"Image Src": "https://[x/a.jpg"}, "Image Src", "https://"),
        ({"Image Src": "https://a.example/b c.jpg"}, "Image Src", "https://"),
        ({"Image Src": "https://a.example/" + "x" * 2000}, "Image Src", "https://"),
        ({"Variant Image": "javascript:x"}, "Variant Image", "https://"),
        ({"Image Position": "first", "Image Src": MUG}, "Image Position", "whole"),
        ({"Image Alt Text": "x" * 1001, "Image Src": MUG}, "Image Alt Text", "1,001 char"),
    ],
)  # fmt: skip
def test_a_wrong_cell_is_named_by_line_and_column(cells, column, words):
    row = {"Handle": "mug", "Title": "Mug", **cells}
    for name in ("Handle", "Title", "Published"):
        row.setdefault(name, "")
    text = f"{','.join(row)}\n{','.join(row.values())}\n"

    reading = read(text)

    (error,) = reading.errors
    assert (error.line, error.column) == (2, column)
    assert words in error.reason
    assert reading.products == ()


def test_every_fault_of_a_file_is_named_at_once():
    reading = sheet(
        "mug,Mug,,,one,",
        "cup,,,,2.999,",
        "short",
        'jar,Jar,Size,"Large\nor not",3,',
        "jar,,,Large or not,4,",
        "pan,Pan,,,5,nowhere",
    )

    assert places(reading) == [
        (2, "Variant Price"),
        (3, "Title"),
        (3, "Variant Price"),
        (4, "Title"),
        (7, "Option1 Value"),
        (8, "Image Src"),
    ]
    assert reading.products == ()


@pytest.mark.parametrize(
    ("rows", "place", "words"),
    [
        (["mug,Mug,,,9,", "mug,Jug,,,,https://a.example/b"], (3, "Title"), "differs from line 2"),
        (["mug,Mug,,,9,", "mug,,,,,"], (3, "Handle"), "adds no"),
        ([",Mug,,,9,", ",mug!,,,9,"], (3, "Handle"), "Line 2"),
        (["mug,Mug,Colour,Blue,9,", "mug,,,,9,"], (3, "Option1 Value"), "needs a value"),
    ],
)
def test_rows_that_contradict_each_other_are_named(rows, place, words):
    reading = sheet(*rows)

    assert places(reading) == [place]
    assert words in reading.errors[0].reason


def test_variants_choose_among_the_same_options():
    columns = "Handle,Title,Option1 Name,Option1 Value,Option2 Name,Option2 Value"

    reading = sheet("mug,Mug,Colour,Blue,,", "mug,,,Red,,Large", columns=columns)

    assert places(reading) == [(3, "Option2 Value")]


def test_names_of_variants_differ_even_where_a_slash_is_part_of_an_option():
    columns = "Handle,Title,Option1 Name,Option1 Value,Option2 Name,Option2 Value"

    reading = sheet("mug,Mug,Colour,A / B,Size,C", "mug,,,A,,B / C", columns=columns)

    assert places(reading) == [(3, "Option1 Value")]


def test_a_product_with_several_rows_needs_options_in_all_of_them():
    assert places(sheet("mug,Mug,,,9,", "mug,,,,8,")) == [
        (2, "Option1 Value"),
        (3, "Option1 Value"),
    ]


def test_a_variant_without_a_price_beside_priced_ones_is_named():
    """It would be shown at the lowest price of the others."""
    reading = sheet("mug,Mug,Colour,Blue,9,", "mug,,,Red,,")

    assert places(reading) == [(3, "Variant Price")]


def test_too_many_variants_and_pictures_are_named_where_they_start():
    rows = [f"mug,Mug,Colour,C{n},9,https://a.example/{n}" for n in range(105)]

    assert places(sheet(*rows)) == [(22, "Image Src"), (102, "Option1 Value")]


@pytest.mark.parametrize(
    ("columns", "line", "column", "words"),
    [
        ("Handle,URL handle,Title", 1, "URL handle", "mean the same"),
        ("Handle,Title,TITLE", 1, "Title", "Two columns"),
    ],
)
def test_columns_that_mean_the_same_are_refused(columns, line, column, words):
    reading = read(f"{columns}\n")

    (error,) = reading.errors
    assert error.line == line
    assert words in error.reason
    assert error.column in columns.split(",")


def test_a_header_is_recognised_by_its_names():
    assert not shopify.missing(["Title", "URL handle"])
    assert shopify.missing(["TITLE", "DESCRIPTION", "PRICE", "CURRENCY_CODE", "IMAGE1"])
    assert shopify.missing(["ID", "Type", "SKU", "Name", "Published", "Images"])
    assert shopify.missing(["Handle", "Body (HTML)"]) == ["Title"]
