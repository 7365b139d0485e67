"""Listings in schema.org's words: right types, exact prices, harmless inside a page."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given

from node.exporting import json_ld, schema_org
from protocol.kinds.listing import Claim, Listing, Variant
from protocol.spot import Spot
from tests.exporting.offers import LISTINGS, SELLER, VALUES, offer

BREAD = Listing(
    title="Rye bread",
    mode="sell",
    price=350,
    currency="EUR",
    description="**Dark**",
    category="Food",
    place="Elm Street",
    quantity=4,
    tags=("rye",),
)


def node(said=BREAD, **more):
    return schema_org.listing_node(said, listing_id=bytes(32), seller="Ana", **more)


def test_what_is_sold_is_a_product_with_an_offer():
    found = node(address="https://ana.example/listing/00")

    assert found["@type"] == "Product"
    assert (found["name"], found["category"], found["keywords"]) == ("Rye bread", "Food", ["rye"])
    assert found["@id"] == found["url"] == "https://ana.example/listing/00"
    assert found["offers"] == {
        "@type": "Offer",
        "price": "3.50",
        "priceCurrency": "EUR",
        "businessFunction": "http://purl.org/goodrelations/v1#Sell",
        "availability": "https://schema.org/InStock",
        "inventoryLevel": {"@type": "QuantitativeValue", "value": 4},
        "availableAtOrFrom": {"@type": "Place", "name": "Elm Street"},
        "url": "https://ana.example/listing/00",
        "seller": {"@type": "Person", "name": "Ana"},
    }


@pytest.mark.parametrize(
    ("said", "price"),
    [
        (BREAD, "3.50"),
        (replace(BREAD, price=350, currency="JPY"), "350"),
        (replace(BREAD, price=350, currency="KWD"), "0.350"),
        (replace(BREAD, price=None), None),
        (replace(BREAD, currency="XXZ"), None),
        (replace(BREAD, mode="give", price=None), "0.00"),
    ],
)
def test_a_price_is_exact_or_not_there(said, price):
    assert node(said)["offers"].get("price") == price


def test_each_variant_is_an_offer():
    said = replace(
        BREAD,
        variants=(Variant(name="Small", quantity=0), Variant(name="Large", price=500, sku="L")),
    )

    small, large = node(said)["offers"]

    assert (small["name"], small["price"]) == ("Small", "3.50")
    assert small["availability"] == "https://schema.org/OutOfStock"
    assert (large["name"], large["price"], large["sku"]) == ("Large", "5.00", "L")


@pytest.mark.parametrize(
    ("mode", "kind", "function"),
    [
        ("service", "Service", "ProvideService"),
        ("lend", "Product", "LeaseOut"),
        ("swap", "Product", "Sell"),
    ],
)
def test_each_mode_has_its_function(mode, kind, function):
    found = node(replace(BREAD, mode=mode))

    assert found["@type"] == kind
    assert found["offers"]["businessFunction"].endswith(f"#{function}")


def test_what_is_wanted_is_a_demand_for_a_product():
    found = node(replace(BREAD, mode="wanted"))

    assert (found["@type"], found["itemOffered"]["@type"]) == ("Demand", "Product")
    assert "availability" not in found


def test_what_is_over_is_discontinued_and_a_condition_is_one_of_schema_org_s_or_a_property():
    assert node(open_=False)["offers"]["availability"].endswith("Discontinued")
    assert node(replace(BREAD, condition="Used"))["itemCondition"].endswith("UsedCondition")
    (worn,) = node(replace(BREAD, condition="worn"))["additionalProperty"]
    assert worn["value"] == "worn"


def test_a_spot_and_the_values_as_they_were_claimed_are_told():
    claims = (Claim(value="local", evidence="Ours"), Claim(value="gone", evidence="Once"))
    said = replace(BREAD, spot=Spot(-3386, 15121), values=claims)

    found = node(said, values=VALUES)

    geo = found["offers"]["availableAtOrFrom"]["geo"]
    assert (geo["latitude"], geo["longitude"]) == ("-33.86", "151.21")
    assert found["additionalProperty"] == [
        {"@type": "PropertyValue", "propertyID": "local", "name": "Made here", "value": "Ours"}
    ]


@given(LISTINGS)
def test_a_document_is_json_that_ends_no_script_element(said):
    text = schema_org.document(schema_org.alone(node(said)))

    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text)["@context"] == "https://schema.org"


def test_an_export_holds_what_everybody_may_see():
    written = json_ld.write(
        [
            offer(BREAD, number=1),
            offer(BREAD, "draft", number=2),
            offer(BREAD, "expired", number=3),
            offer(replace(BREAD, audience="members"), number=4),
        ],
        SELLER,
    )

    (found,) = json.loads(written.text)["@graph"]
    assert (written.count, written.left_out) == (1, 3)
    assert found["url"] == f"https://ana.example/listing/{offer(BREAD, number=1).id.hex()}"
