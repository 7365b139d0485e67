"""The form of a listing: its fields as they are typed, and the listing that they stand for.

Nothing here knows a request or a store. What is put into fields and comes back untouched is the
same listing to the last byte: a field whose text was not changed keeps what it stood for, and
what has no field stays as it was. Whatever is wrong is told field by field.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from node.gateway.forms import Form
from node.gateway.typed import amount, day_ms, day_text, split_tags
from node.gateway.words import Words
from node.importing.prices import decimals, money
from node.market import MAX_TAG, MAX_TAGS
from node.spots import parse_spot, spot_text
from protocol.errors import Refused
from protocol.kinds.listing import (
    AUDIENCES,
    MAX_TEXT,
    MAX_TITLE,
    MAX_VARIANTS,
    MODES,
    Claim,
    Listing,
    Variant,
)
from protocol.spot import Spot

LINES = ("description", "story")  # texts of several lines
LONGEST = {
    "title": MAX_TITLE,
    "description": MAX_TEXT,
    "story": MAX_TEXT,
    "category": 100,
    "place": 100,
    "condition": 100,
    "delivery": 500,
}
OTHERS = ("mode", "price", "currency", "quantity", "audience", "expires", "tags", "spot")
TEXTS = (*LONGEST, *OTHERS)
LONGEST_EVIDENCE = 1000
LONGEST_VARIANT, LONGEST_SKU = 200, 80
MOST = 10**9  # of one thing
EMPTY_ROWS = 3
MORE_ROWS = 5
_ECHO = 40  # characters of a wrong value that a sentence repeats


@dataclass(frozen=True, slots=True)
class Row:
    """A variant as it is typed."""

    name: str = ""
    price: str = ""
    quantity: str = ""
    sku: str = ""


@dataclass(frozen=True, slots=True)
class ClaimField:
    """A value of the charter: whether it is claimed, and why, and whether as it reads now."""

    value: str
    ticked: bool = False
    evidence: str = ""
    renewed: bool = False


@dataclass(frozen=True, slots=True)
class Fields:
    """Everything that the form holds beside photos; `rows` may end in empty ones."""

    texts: dict[str, str] = field(default_factory=dict)
    rows: tuple[Row, ...] = ()
    claims: tuple[ClaimField, ...] = ()

    def padded(self, empty: int = EMPTY_ROWS) -> tuple[Row, ...]:
        """The variants that were typed, and so many empty rows after them."""
        typed = [row for row in self.rows if row != Row()]
        return (*typed, *[Row()] * max(0, min(empty, MAX_VARIANTS - len(typed))))


def blank(currency: str, values: Iterable[str], mode: str = "sell") -> Fields:
    """The form of a new listing."""
    texts = dict.fromkeys(TEXTS, "") | {"mode": mode, "audience": AUDIENCES[0]}
    texts["currency"] = currency
    return Fields(texts, (), tuple(ClaimField(value) for value in values))


def fields_of(listing: Listing, currency: str, values: Iterable[str]) -> Fields:
    """The form of a listing as it stands.

    `currency` is shown where the listing names none, `values` are the ids that may be claimed
    beside those that the listing claims already.
    """
    code = listing.currency or currency
    claimed = {claim.value: claim.evidence for claim in listing.values}
    texts = {name: getattr(listing, name) for name in (*LONGEST, "mode", "audience")} | {
        "price": _amount_text(listing.price, code),
        "currency": code,
        "quantity": _count_text(listing.quantity),
        "expires": day_text(listing.expires_ms),
        "tags": ", ".join(listing.tags),
        "spot": spot_text(listing.spot),
    }
    return Fields(
        texts,
        tuple(
            Row(v.name, _amount_text(v.price, code), _count_text(v.quantity), v.sku)
            for v in listing.variants
        ),
        tuple(
            ClaimField(value, value in claimed, claimed.get(value, ""))
            for value in dict.fromkeys((*values, *claimed))
        ),
    )


def read(form: Form, values: Iterable[str]) -> Fields:
    """What a browser sent; `values` are the ids that the form asked about."""
    texts = {name: form.text(name) for name in TEXTS}
    rows = []
    for number in range(MAX_VARIANTS):
        names = [f"variant-{number}-{part}" for part in ("name", "price", "quantity", "sku")]
        if names[0] not in form.fields:
            break
        rows.append(Row(*(form.text(name) for name in names)))
    claims = tuple(
        ClaimField(
            value,
            form.checked(f"claim-{value}"),
            form.text(f"evidence-{value}"),
            form.checked(f"renew-{value}"),
        )
        for value in values
    )
    return Fields(texts, tuple(rows), claims)


def listing_of(
    fields: Fields,
    before: Listing | None,
    *,
    currency: str,
    now_ms: int,
    words: Words,
    charter: bytes | None = None,
) -> tuple[Listing | None, dict[str, str]]:
    """The listing that the fields stand for, or what is wrong by the name of its field.

    `before` is the listing that the form was made from, `currency` the community's, `charter` the
    hash of the one in force, under which values are claimed as they read now.
    """
    reading = _Reading(fields, before, currency, now_ms, words, charter)
    listing = reading.listing()
    return (None if reading.wrong else listing), reading.wrong


class _Reading:
    """One form being read; `wrong` gathers sentences."""

    def __init__(
        self,
        fields: Fields,
        before: Listing | None,
        currency: str,
        now_ms: int,
        words: Words,
        charter: bytes | None,
    ) -> None:
        self.fields, self.texts, self.before = fields, fields.texts, before
        self.was = None if before is None else fields_of(before, currency, ())
        self.now_ms, self.words, self.charter = now_ms, words, charter
        self.wrong: dict[str, str] = {}

    def listing(self) -> Listing:
        """The listing; not to be used when something is wrong."""
        before = self.before or Listing(title="", mode=MODES[0])
        texts: dict[str, Any] = {name: self._text(name, LONGEST[name]) for name in LONGEST}
        if not texts["title"] and "title" not in self.wrong:
            self.wrong["title"] = self.words.gettext("A listing needs a title.")
        made = replace(before, **texts)
        made = replace(
            made,
            mode=self._one_of("mode", MODES),
            audience=self._one_of("audience", AUDIENCES),
            quantity=self._quantity(),
            expires_ms=self._day(),
            tags=self._tags(),
            spot=self._spot(),
            values=self._claims(),
        )
        return self._money(made)

    def _untouched(self, *names: str) -> bool:
        """Whether these fields say what they said when the form was made."""
        return self.was is not None and all(
            self.texts[name] == _sent(self.was.texts[name]) for name in names
        )

    def _text(self, name: str, limit: int) -> str:
        if self.before is not None and self._untouched(name):
            return str(getattr(self.before, name))
        return self._checked(name, self.texts[name], limit, lines=name in LINES)

    def _checked(self, name: str, text: str, limit: int, *, lines: bool = False) -> str:
        t = self.words.gettext
        if len(text) > limit:
            self.wrong[name] = t("This has %(n)s characters; %(most)s fit.") % {
                "n": self.words.number(len(text)),
                "most": self.words.number(limit),
            }
        for sign in text:
            if unicodedata.category(sign) in ("Cc", "Cs", "Zl", "Zp") and not (
                lines and sign in "\n\t"
            ):
                self.wrong[name] = t(
                    "There is a sign in this that nobody can see (%(code)s); write it without."
                ) % {"code": f"U+{ord(sign):04X}"}
        return text

    def _one_of(self, name: str, allowed: tuple[str, ...]) -> str:
        if self.texts[name] not in allowed:
            self.wrong[name] = self.words.gettext("Choose one of these.")
            return allowed[0]
        return self.texts[name]

    def _quantity(self) -> int | None:
        if self.before is not None and self._untouched("quantity"):
            return self.before.quantity
        return self._count("quantity", self.texts["quantity"])

    def _count(self, name: str, text: str) -> int | None:
        """How many there are; None where nothing was typed."""
        if not text:
            return None
        if not (text.isascii() and text.isdigit()) or len(text) > 10 or int(text) > MOST:
            t = self.words.gettext
            self.wrong[name] = t(
                '"%(given)s" is no number that fits; write digits alone, or nothing.'
            ) % {"given": text[:_ECHO]}
            return None
        return int(text)

    def _day(self) -> int | None:
        """When it ends, in milliseconds since 1970; the day it names begins then, in UTC."""
        if self.before is not None and self._untouched("expires"):
            return self.before.expires_ms
        text = self.texts["expires"]
        if not text:
            return None
        t = self.words.gettext
        found = day_ms(text)
        if found is None:
            self.wrong["expires"] = t('"%(given)s" is no day; write it as 2027-01-31.') % {
                "given": text[:_ECHO]
            }
        elif found <= self.now_ms:
            self.wrong["expires"] = t("That day has begun already; name one that is to come.")
        return found

    def _tags(self) -> tuple[str, ...]:
        if self.before is not None and self._untouched("tags"):
            return self.before.tags
        tags = split_tags(self.texts["tags"])
        t = self.words.gettext
        if len(tags) > MAX_TAGS:
            self.wrong["tags"] = t("These are more than the %(n)s tags that fit.") % {
                "n": self.words.number(MAX_TAGS)
            }
        for tag in tags:
            self._checked("tags", tag, MAX_TAG)
        return tags

    def _spot(self) -> Spot | None:
        if not self.texts["spot"]:
            return None
        try:
            return parse_spot(self.texts["spot"])
        except Refused as error:
            self.wrong["spot"] = self.words.told(error)
            return None

    def _claims(self) -> tuple[Claim, ...]:
        """What is claimed; who left a claim as it was has said nothing new of it."""
        stood = {} if self.before is None else {each.value: each for each in self.before.values}
        made = []
        for each in self.fields.claims:
            was = stood.get(each.value)
            if not each.ticked:
                continue
            self._checked(f"evidence-{each.value}", each.evidence, LONGEST_EVIDENCE)
            if was is None or _sent(was.evidence) != each.evidence:
                made.append(Claim(value=each.value, evidence=each.evidence))
            else:
                made.append(replace(was, charter=self.charter) if each.renewed else was)
        order = {value: place for place, value in enumerate(stood)}
        return tuple(sorted(made, key=lambda claim: order.get(claim.value, len(order))))

    def _money(self, made: Listing) -> Listing:
        """With price, currency and variants, which only make sense together."""
        rows = tuple(row for row in self.fields.rows if row != Row())
        before, was = self.before, self.was
        if (
            before is not None
            and was is not None
            and self._untouched("price", "currency")
            and rows == tuple(map(_sent_row, was.rows))
        ):
            made = replace(
                made, price=before.price, currency=before.currency, variants=before.variants
            )
        else:
            made = self._priced(made, rows)
        if made.mode == "give" and any((made.price, *(v.price for v in made.variants))):
            self.wrong["price"] = self.words.gettext(
                "What is given away has no price; leave the prices out."
            )
        return made

    def _priced(self, made: Listing, rows: tuple[Row, ...]) -> Listing:
        code = self.texts["currency"].upper()
        if not self.texts["price"] and not any(row.price for row in rows):
            code = "" if self.before is None else self.before.currency
        else:
            try:
                decimals(code)
            except Refused:
                t = self.words.gettext
                self.wrong["currency"] = t(
                    '"%(given)s" is no currency; write three capitals such as EUR.'
                ) % {"given": code[:_ECHO]}
                return made
        price = self._amount("price", self.texts["price"], code)
        return replace(made, price=price, currency=code, variants=self._variants(rows, code))

    def _variants(self, rows: tuple[Row, ...], code: str) -> tuple[Variant, ...]:
        t = self.words.gettext
        made: list[Variant] = []
        for number, row in enumerate(rows):
            key = f"variant-{number}"
            if not row.name:
                self.wrong[f"{key}-name"] = t("This variant needs a name.")
            elif any(each.name == row.name for each in made):
                self.wrong[f"{key}-name"] = t("Another variant has this name already.")
            made.append(
                Variant(
                    name=self._checked(f"{key}-name", row.name, LONGEST_VARIANT),
                    price=self._amount(f"{key}-price", row.price, code),
                    quantity=self._count(f"{key}-quantity", row.quantity),
                    sku=self._checked(f"{key}-sku", row.sku, LONGEST_SKU),
                )
            )
        return tuple(made)

    def _amount(self, name: str, text: str, code: str) -> int | None:
        if not text:
            return None
        try:
            return amount(text, code)
        except Refused:
            t = self.words.gettext
            self.wrong[name] = t('"%(given)s" is no price; write it as 3.50.') % {
                "given": text[:_ECHO]
            }
            return None


def _amount_text(price: int | None, currency: str) -> str:
    if price is None:
        return ""
    try:
        return money(price, currency)
    except Refused:  # another program let this currency through: shown as it would be with cents
        return f"{price // 100}.{price % 100:02}"


def _count_text(quantity: int | None) -> str:
    return "" if quantity is None else str(quantity)


def _sent(text: str) -> str:
    """A text as it comes back from a form that nobody touched."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _sent_row(row: Row) -> Row:
    return Row(_sent(row.name), row.price, row.quantity, _sent(row.sku))
