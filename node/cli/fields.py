"""A listing's fields on the command line: the options, and how their texts become values.

Shared by `listing add` and `listing edit`. `none` takes a price, a quantity or a date away; an
empty text does that for everything else.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from node.cli import photos
from protocol.errors import Refused
from protocol.kinds.listing import AUDIENCES, MODES, Claim, Listing, Variant

if TYPE_CHECKING:
    from node.home import Home
    from protocol.spot import Spot

NONE = "none"
TEXTS = (
    "title",
    "mode",
    "description",
    "story",
    "category",
    "place",
    "condition",
    "audience",
    "delivery",
)


class Count(click.ParamType[int | str]):
    """A whole number, or `none`."""

    name = "number"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> int | str:
        """The number as int, `none` as it is."""
        if value == NONE:
            return NONE
        return int(click.IntRange(0, 10**9).convert(value, param, ctx))


def fields(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options for all fields."""
    for option in reversed(
        (
            click.option("--title", metavar="TEXT", help="What it is, in a few words."),
            click.option("--mode", type=click.Choice(MODES), help="What you want to do with it."),
            click.option(
                "--price",
                metavar="AMOUNT",
                help='The price, such as 3.50; "none" means on request.',
            ),
            click.option(
                "--currency",
                metavar="CODE",
                help="The price's currency.  [default: the community's]",
            ),
            click.option("--description", metavar="TEXT", help="All about it, in Markdown."),
            click.option("--story", metavar="TEXT", help="Where it comes from, in Markdown."),
            click.option("--category", metavar="TEXT", help="Its category, in a word or two."),
            click.option("--place", metavar="TEXT", help="Where it is."),
            click.option(
                "--spot",
                metavar="COORDINATES",
                help='Where that is on a map, such as "47.99, 7.85" or a map\'s address; kept to '
                "about a kilometre.  [default: your profile's]",
            ),
            click.option(
                "--quantity",
                type=Count(),
                metavar="NUMBER",
                help='How many there are; "none" means not counted.',
            ),
            click.option("--condition", metavar="TEXT", help="Whether it is new, used, worn..."),
            click.option(
                "--variant",
                "variants",
                multiple=True,
                metavar="NAME[=PRICE][*COUNT]",
                help='A form it comes in, such as "Large=15.99*3". Can be given several times.',
            ),
            click.option(
                "--value",
                "values",
                multiple=True,
                metavar="ID=EVIDENCE",
                help="A value of the charter that it keeps, and why you say so. Can be given "
                "several times.",
            ),
            click.option("--audience", type=click.Choice(AUDIENCES), help="Who may see it."),
            click.option("--delivery", metavar="TEXT", help="How it gets to the buyer."),
            click.option(
                "--expires",
                metavar="DATE",
                help='When it is over, such as 2027-01-31 (from 0:00 UTC on); "none" means never.',
            ),
            click.option(
                "--tag",
                "tags",
                multiple=True,
                metavar="WORD",
                help="A word to find it by. Can be given several times.",
            ),
            *photos.OPTIONS,
        )
    ):
        command = option(command)
    return command


def changes(home: Home, given: dict[str, Any], before: Listing | None) -> dict[str, Any]:
    """The fields that were named, as `Listing` holds them."""
    found: dict[str, Any] = {
        key: given[key].replace("\r\n", "\n").strip() for key in TEXTS if given[key] is not None
    }
    if given["quantity"] is not None:
        found["quantity"] = None if given["quantity"] == NONE else given["quantity"]
    if given["expires"] is not None:
        found["expires_ms"] = None if given["expires"] == NONE else date(given["expires"])
    if given["spot"] is not None:
        found["spot"] = spot_of(given["spot"])
    if given["tags"]:
        tags = (text.strip() for text in given["tags"])
        found["tags"] = tuple(dict.fromkeys(text for text in tags if text))
    if given["values"]:
        found["values"] = tuple(_claim(text) for text in given["values"] if text.strip())
    found |= _money(home, given, before)
    return found | photos.photos(home, given, before)


def _money(home: Home, given: dict[str, Any], before: Listing | None) -> dict[str, Any]:
    """Price, currency and variants, which only make sense together."""
    from node.importing.prices import decimals, minor_units

    found: dict[str, Any] = {}
    price, variants = given["price"], [text for text in given["variants"] if text.strip()]
    if price is None and not given["currency"] and not given["variants"]:
        return found
    kept = before.currency if before is not None and before.currency else None
    currency = currency_of(home, given["currency"] or kept)
    decimals(currency)
    if before is not None and kept is not None and currency != kept:
        priced = [v for v in before.variants if v.price is not None]
        if (before.price is not None and price is None) or (priced and not given["variants"]):
            raise Refused(
                "price-needed",
                f"The prices are in {kept}: name them anew together with --currency {currency}. "
                "Nothing was changed.",
            )
    found["currency"] = currency
    if price is not None:
        found["price"] = None if price == NONE else minor_units(price, currency)
    if given["variants"]:
        found["variants"] = tuple(_variant(text, currency) for text in variants)
    return found


def currency_of(home: Home, given: str | None) -> str:
    """The currency that was named, or the community's."""
    return given.strip().upper() if given else home.charter().currency


def _claim(text: str) -> Claim:
    value, _, evidence = text.partition("=")
    return Claim(value=value.strip(), evidence=evidence.strip())


def _variant(text: str, currency: str) -> Variant:
    from node.importing.prices import minor_units

    rest, star, count = text.rpartition("*")
    digits = count.strip()
    if not star or not (digits.isascii() and digits.isdigit() and len(digits) < 10):
        rest, digits = text, ""
    name, equals, price = rest.rpartition("=")
    if not equals:
        name, price = rest, ""
    if not name.strip():
        raise Refused("bad-variant", f"{text!r} has no name; write NAME=PRICE*COUNT.")
    return Variant(
        name=name.strip(),
        price=minor_units(price.strip(), currency) if price else None,
        quantity=int(digits) if digits else None,
    )


def spot_of(text: str) -> Spot | None:
    """The spot that a text names; None for an empty one, and for `none`."""
    from node.spots import parse_spot

    return parse_spot(text) if text.strip() not in ("", NONE) else None


def date(text: str) -> int:
    """Milliseconds since 1970 of a date or a time as RFC 3339 writes it; UTC if it doesn't say."""
    try:
        moment = datetime.datetime.fromisoformat(text.strip())
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=datetime.UTC)
        found = int(moment.timestamp() * 1000)
    except (ValueError, OverflowError) as error:
        raise Refused(
            "bad-date", f"{text!r} is no date; write it as year, month and day: 2027-01-31."
        ) from error
    if found < 0:
        raise Refused("bad-date", f"{text!r} is too long ago; write a date as 2027-01-31.")
    return found
