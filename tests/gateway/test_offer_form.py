"""The form of a listing and the listing it stands for."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.gateway.forms import Form
from node.gateway.offer_form import Fields, Row, blank, fields_of, listing_of, read
from node.gateway.typed import amount, day_ms, day_text, split_tags
from node.gateway.words import ENGLISH
from protocol.errors import Refused
from protocol.kinds.listing import AUDIENCES, MODES, Claim, Listing, Variant
from protocol.spot import Spot

NOW = 1_790_000_000_000
VALUES = ("made-here", "mended")

plain = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=40)
lines = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], include_characters="\n\t")
)
count = st.none() | st.integers(0, 10**9)
price = st.none() | st.integers(0, 2**53 - 1)
listings = st.builds(
    Listing,
    title=plain.filter(str.strip),
    mode=st.sampled_from([mode for mode in MODES if mode != "give"]),
    version=st.integers(1, 9),
    price=price,
    currency=st.sampled_from(["", "EUR", "JPY", "KWD", "CREDIT", "Bun"]),
    description=lines,
    story=lines,
    category=plain,
    place=plain,
    spot=st.none() | st.builds(Spot, st.integers(-9000, 9000), st.integers(-18000, 18000)),
    quantity=count,
    condition=plain,
    delivery=plain,
    expires_ms=st.none() | st.integers(0, 2**48),
    audience=st.sampled_from(AUDIENCES),
    tags=st.lists(plain, max_size=4).map(tuple),
    variants=st.lists(
        st.builds(Variant, name=plain.filter(str.strip), price=price, quantity=count, sku=plain),
        max_size=4,
        unique_by=lambda variant: variant.name.strip(),
    ).map(tuple),
    values=st.lists(
        st.builds(Claim, value=st.sampled_from(["gone", *VALUES]), evidence=plain),
        max_size=3,
        unique_by=lambda claim: claim.value,
    ).map(tuple),
)


def sent(fields: Fields) -> Form:
    """What a browser sends of a form that shows these fields."""
    pairs = {name: (text.replace("\n", "\r\n"),) for name, text in fields.texts.items()}
    for number, row in enumerate(fields.padded()):
        for part in ("name", "price", "quantity", "sku"):
            pairs[f"variant-{number}-{part}"] = (getattr(row, part),)
    for claim in fields.claims:
        pairs[f"evidence-{claim.value}"] = (claim.evidence,)
        if claim.ticked:
            pairs[f"claim-{claim.value}"] = ("yes",)
    return Form(pairs)


@given(listings)
def test_a_form_that_nobody_touched_is_the_same_listing(listing: Listing):
    fields = fields_of(listing, "EUR", VALUES)
    back = read(sent(fields), [claim.value for claim in fields.claims])

    made, wrong = listing_of(back, listing, currency="EUR", now_ms=NOW, words=ENGLISH)

    assert wrong == {}
    assert made == listing


@given(listings, plain.filter(str.strip))
def test_one_changed_field_changes_nothing_else(listing: Listing, title: str):
    fields = fields_of(listing, "EUR", VALUES)
    changed = replace(fields, texts={**fields.texts, "title": title})
    back = read(sent(changed), [claim.value for claim in fields.claims])

    made, wrong = listing_of(back, listing, currency="EUR", now_ms=NOW, words=ENGLISH)

    assert wrong == {}
    assert made is not None
    assert made.title.strip() == title.strip()
    assert replace(made, title=listing.title) == listing


@given(st.dictionaries(st.sampled_from([*blank("EUR", ()).texts, "variant-0-name"]), st.text()))
def test_whatever_is_typed_there_is_a_listing_or_a_sentence(typed: dict[str, str]):
    form = Form({name: (text,) for name, text in typed.items()})

    made, wrong = listing_of(read(form, VALUES), None, currency="EUR", now_ms=NOW, words=ENGLISH)

    assert (made is None) == bool(wrong)
    assert all(sentence.endswith(".") for sentence in wrong.values())


def test_a_value_that_is_unticked_is_claimed_no_longer():
    listing = Listing(title="Bowl", mode="sell", values=(Claim(value="mended", evidence="Yes."),))
    form = sent(fields_of(listing, "EUR", VALUES))
    del form.fields["claim-mended"]

    made, _ = listing_of(read(form, VALUES), listing, currency="EUR", now_ms=NOW, words=ENGLISH)

    assert made == replace(listing, values=())


def test_a_day_that_has_passed_since_may_stay_but_not_be_named_anew():
    listing = Listing(title="Bowl", mode="sell", expires_ms=86_400_000 + 5)
    fields = fields_of(listing, "EUR", ())

    kept, _ = listing_of(read(sent(fields), ()), listing, currency="", now_ms=NOW, words=ENGLISH)
    fields.texts["expires"] = "1970-01-03"
    _, wrong = listing_of(read(sent(fields), ()), listing, currency="", now_ms=NOW, words=ENGLISH)

    assert kept == listing
    assert "has begun already" in wrong["expires"]


def test_a_listing_without_any_price_names_no_currency():
    fields = blank("EUR", ())
    fields.texts["title"] = "Bowl"

    made, _ = listing_of(fields, None, currency="EUR", now_ms=NOW, words=ENGLISH)

    assert made is not None
    assert made.currency == ""


def test_empty_rows_between_variants_are_left_out():
    rows = (Row(), Row("Blue"), Row(), Row("Red", "3"))

    assert Fields({}, rows).padded(1) == (Row("Blue"), Row("Red", "3"), Row())


@pytest.mark.parametrize(
    ("text", "currency", "units"),
    [
        ("3,50", "EUR", 350),
        ("3.50", "EUR", 350),
        ("1.234,50", "EUR", 123_450),
        ("1,234.50", "EUR", 123_450),
        ("12", "EUR", 1200),
        ("3,50", "CREDIT", 350),
        ("500", "JPY", 500),
        ("1.234", "KWD", 1234),
    ],
)
def test_a_price_is_read_as_it_is_written_here_and_there(text, currency, units):
    assert amount(text, currency) == units


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("1,234", "EUR"),
        ("1,234", "KWD"),
        ("3,5", "EUR"),
        ("3,50", "JPY"),
        ("", "EUR"),
        ("a", "EUR"),
    ],
)
def test_a_price_that_could_be_two_is_refused(text, currency):
    with pytest.raises(Refused):
        amount(text, currency)


@given(st.integers(0, 2_932_896))
def test_a_day_comes_back_from_its_field(day: int):
    assert day_ms(day_text(day * 86_400_000)) == day * 86_400_000


@pytest.mark.parametrize("text", ["", "2026-02-30", "1969-12-31", "26-01-01", "2026-1-1", "soon"])
def test_what_is_no_day_is_none(text):
    assert day_ms(text) is None


def test_tags_are_words_between_commas_each_once():
    assert split_tags(" rye, spelt ,,rye, ") == ("rye", "spelt")
