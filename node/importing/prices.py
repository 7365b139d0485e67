"""Money as people write it, and the whole number of minor units it stands for.

Invariant: `minor_units(money(n, c), c) == n` for every amount a listing can hold. Only integers
are used, so nothing is ever rounded. What a text leaves open (is `1.234` one or a thousand?) is
refused with advice on what to write; nothing here guesses.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

from babel.numbers import get_currency_precision, is_currency

from protocol.errors import Refused

CREDIT: Final = "CREDIT"  # the community's own unit, written with two decimals
MAX_AMOUNT: Final = 2**53 - 1  # the largest whole number that every JSON reader keeps exactly
_SHOWN: Final = 40  # how much of a wrong text an error repeats

_NUMBER = re.compile(r"[0-9.,]+")
_EXPONENT = re.compile(r"[-+]?[0-9.,]+[eE][-+]?[0-9]+")
_WHOLE = re.compile(r"0|[1-9][0-9]*")
_GROUPED = re.compile(r"[1-9][0-9]{0,2}(?:[.,][0-9]{3})+")


class PriceError(Refused):
    """A text that is no price, or could be two of them.

    `reason` is `ambiguous-price`, `bad-price` or `bad-currency`.
    """


def decimals(currency: str) -> int:
    """How many decimals an amount in `currency` is written with.

    Raises PriceError (`bad-currency`) for anything but `CREDIT` and an ISO 4217 code in capitals.
    The numbers are those of the Unicode CLDR as Babel carries them.
    """
    if currency == CREDIT:
        return 2
    if not is_currency(currency):
        raise PriceError(
            "bad-currency",
            "%(text)s is no currency code; write three capitals such as EUR.",
            text=_shown(currency),
        )
    return get_currency_precision(currency)


def minor_units(text: str, currency: str, decimal: str = "") -> int:
    """Read a price such as `9.99`, `500`, `0.5`, `1,234.50` or `1.234,50` exactly.

    The decimal sign is a point. A comma is one only beside points that mark the thousands. Fewer
    decimals than the currency has are fine. Three digits after a lone point are decimals where
    the currency has three, and refused everywhere else. Where somebody has said which sign is the
    `decimal` one, nothing is open: the other marks thousands. The currency's own code may stand
    beside the number. Raises PriceError.
    """
    places = decimals(currency)
    written = text.strip()
    number = written.removeprefix(currency).removesuffix(currency).strip()
    _refuse_other_signs(number or written, places)
    whole, fraction = _told(number, decimal, places) if decimal else _split(number, places)
    if len(fraction) > places:
        raise PriceError(
            "bad-price",
            "%(text)s has more decimals than %(currency)s, which has %(count)s; write the price as "
            "in %(example)s.",
            currency=currency,
            count=places,
            **_about(written, places),
        )
    if len(whole) > len(str(MAX_AMOUNT)):  # before int(): it has a limit of its own
        raise PriceError(
            "bad-price",
            "%(text)s is too large; write the price as in %(example)s.",
            **_about(written, places),
        )
    amount = int(whole + fraction.ljust(places, "0"))
    if amount > MAX_AMOUNT:
        raise PriceError(
            "bad-price",
            "%(text)s is too large; write the price as in %(example)s.",
            **_about(written, places),
        )
    return amount


def money(amount: int, currency: str) -> str:
    """Write minor units with a point and every decimal of the currency: `350` EUR is `3.50`."""
    places = decimals(currency)
    sign = "-" if amount < 0 else ""
    digits = str(abs(amount)).rjust(places + 1, "0")
    if not places:
        return sign + digits
    return f"{sign}{digits[:-places]}.{digits[-places:]}"


def _told(written: str, decimal: str, places: int) -> tuple[str, str]:
    """The digits before and after the decimal sign, which is known."""
    whole, sign, fraction = written.partition(decimal)
    grouped = _GROUPED.fullmatch(whole)
    if not (_WHOLE.fullmatch(whole) or grouped) or (sign and not fraction.isdigit()):
        raise PriceError(
            "bad-price",
            "%(text)s is not a number written in full; write the price as in %(example)s.",
            **_about(written, places),
        )
    return _digits(whole), fraction


def _split(written: str, places: int) -> tuple[str, str]:
    """The digits before and after the decimal sign, when only one reading is possible."""
    commas, points = written.count(","), written.count(".")
    if commas and points:
        sign = max(",.", key=written.rfind)
        grouped, _, fraction = written.rpartition(sign)
        if sign in grouped or not _GROUPED.fullmatch(grouped) or not fraction:
            raise PriceError(
                "bad-price",
                "%(text)s mixes points and commas in a way no number does; write the price as in "
                "%(example)s.",
                **_about(written, places),
            )
        return _digits(grouped), fraction
    if commas + points > 1:
        if not _GROUPED.fullmatch(written):
            raise PriceError(
                "bad-price",
                "%(text)s has thousands that are not groups of three; write the price as in "
                "%(example)s.",
                **_about(written, places),
            )
        return _digits(written), ""
    if commas:
        raise PriceError(
            "ambiguous-price",
            "%(text)s has a comma that could mark decimals or thousands; write the price as in "
            "%(example)s.",
            **_about(written, places),
        )
    whole, point, fraction = written.partition(".")
    if not _WHOLE.fullmatch(whole) or (point and not fraction):
        raise PriceError(
            "bad-price",
            "%(text)s is not a number written in full; write the price as in %(example)s.",
            **_about(written, places),
        )
    if len(fraction) == 3 and places != 3 and _GROUPED.fullmatch(written):
        raise PriceError(
            "ambiguous-price",
            "%(text)s has a point that could mark decimals or thousands; write the price as in "
            "%(example)s.",
            **_about(written, places),
        )
    return whole, fraction


def _refuse_other_signs(written: str, places: int) -> None:
    """Let only ASCII digits, points and commas through, and say what is wrong with the rest."""
    if not written:
        raise PriceError(
            "bad-price",
            "There is no price here; write one as in %(example)s.",
            example=_example(places),
        )
    if _NUMBER.fullmatch(written):
        return
    about = _about(written, places)
    if _EXPONENT.fullmatch(written):
        raise PriceError(
            "bad-price",
            "%(text)s is written with an exponent; write the price as in %(example)s.",
            **about,
        )
    if written[0] in "-\N{MINUS SIGN}(":
        raise PriceError(
            "bad-price",
            "%(text)s is negative, and a price can't be; write the price as in %(example)s.",
            **about,
        )
    if any(sign.isdecimal() and not sign.isascii() for sign in written):
        raise PriceError(
            "bad-price",
            "%(text)s has digits other than 0 to 9; write the price as in %(example)s.",
            **about,
        )
    if any(sign.isalpha() or unicodedata.category(sign) == "Sc" for sign in written):
        raise PriceError(
            "ambiguous-price",
            "%(text)s names a currency or a unit beside the number; write the price as in "
            "%(example)s.",
            **about,
        )
    raise PriceError(
        "bad-price",
        "%(text)s has signs that don't belong in a price; write the price as in %(example)s.",
        **about,
    )


def _digits(grouped: str) -> str:
    return grouped.replace(",", "").replace(".", "")


def _about(written: str, places: int) -> dict[str, str]:
    """What an error repeats, and a price to write like."""
    return {"text": _shown(written), "example": _example(places)}


def _example(places: int) -> str:
    return "1234" + (f".{'5'.ljust(places, '0')}" if places else "")


def _shown(text: str) -> str:
    short = text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
    return '"' + "".join(sign if sign.isprintable() else "?" for sign in short) + '"'
