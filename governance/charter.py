"""The charter: a community's values and rules, checked once and then only read.

A `Charter` comes from `Charter.from_data` and holds no contradiction that would stop the
community: there are tellers, every part can be amended, every fee adds up. Its hash is over the
canonical bytes of `to_data()`, so nodes that agree on a hash agree on the rules. Nothing here does
I/O, reads a clock, or knows how a charter comes into force.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass

from governance.charter_amendment import PARTS, Amendment
from governance.charter_market import Credit, Disputes, Fees, Guests, Orders, Surplus
from governance.charter_parts import KINDS, Membership, Offices, Part, Rules, Value, read_values
from governance.charter_read import At
from governance.remembered import Remembered
from protocol.codec import Plain, encode
from protocol.errors import Term

SCHEMA = 1
MAX_BYTES = 12 * 1024  # of the canonical encoding; a record's body holds 16 KiB

_KEYS = (
    "schema",
    "name",
    "about",
    "currency",
    "place",
    "languages",
    "values",
    "membership",
    "rules",
    "offices",
    "fees",
    "surplus",
    "orders",
    "disputes",
    "credit",
    "guests",
    "amendment",
)
_CURRENCY = re.compile(r"[A-Z]{3}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8}){0,3}")
_NO_CURRENCY = Term("%(path)s is %(value)s; a code of three capitals, as EUR, is allowed.")
_NO_LANGUAGE = Term("%(path)s is %(value)s; a language tag, as en or pt-BR, is allowed.")
_HEARING = ("expel_notice_s", "expel_hearing_s", "appeal_s")
_EXIT = "exit_s"


@dataclass(frozen=True, kw_only=True, slots=True)
class Charter(Part):
    """A checked charter. Make one with `from_data`; the constructor checks nothing."""

    schema: int
    name: str
    about: str
    currency: str  # ISO 4217
    place: str
    languages: tuple[str, ...]  # BCP 47, the first is the community's own
    values: tuple[Value, ...]
    membership: Membership
    rules: Rules
    offices: Offices
    fees: Fees
    surplus: Surplus
    orders: Orders
    disputes: Disputes
    credit: Credit
    guests: Guests
    amendment: Amendment

    @classmethod
    def from_data(cls, data: object) -> Charter:
        """Check plain data, as JSON or DAG-CBOR gives it, and make a charter of it.

        Raises `Refused("bad-charter")` with one sentence that starts with the path of the first
        thing wrong (`fees.default.table[2].bps`) and ends with what is allowed there. No other
        error escapes, whatever `data` is. `data` is neither kept nor changed.
        """
        f = At("", data).fields(_KEYS)
        charter = cls(
            schema=f["schema"].whole(SCHEMA, SCHEMA),
            name=f["name"].text(1, 80),
            about=f["about"].text(0, 2000, lines=True),
            currency=f["currency"].shaped(_CURRENCY, _NO_CURRENCY),
            place=f["place"].text(0, 120),
            languages=_read_languages(f["languages"]),
            values=read_values(f["values"]),
            membership=Membership.read(f["membership"]),
            rules=Rules.read(f["rules"]),
            offices=Offices.read(f["offices"]),
            fees=Fees.read(f["fees"]),
            surplus=Surplus.read(f["surplus"]),
            orders=Orders.read(f["orders"]),
            disputes=Disputes.read(f["disputes"]),
            credit=Credit.read(f["credit"]),
            guests=Guests.read(f["guests"]),
            amendment=Amendment.read(f["amendment"]),
        )
        size = len(encode(charter.to_data()))
        if size > MAX_BYTES:
            At("", data).refuse(
                "%(path)s takes %(size)s bytes when encoded; at most %(most)s are allowed.",
                size=size,
                most=MAX_BYTES,
            )
        return charter

    def to_data(self) -> dict[str, Plain]:
        """Plain data equal to what `from_data` read, freshly made."""
        return self.data()

    def with_changes(self, changes: Mapping[str, object]) -> Charter:
        """A charter in which each top-level key of `changes` has its new plain data.

        Raises `Refused("bad-charter")` if the result is not a sound charter.
        """
        return Charter.from_data({**self.to_data(), **changes})

    def with_values(self, values: object) -> Charter:
        """A charter with other values: a list of `Value` or of maps {id, text, rationale}.

        A map may leave out `rationale`, which is then written as empty. Raises
        `Refused("bad-charter")`.
        """
        if isinstance(values, list | tuple):
            values = [_value_data(value) for value in values]
        return self.with_changes({"values": values})

    def with_name_and_currency(self, name: str, currency: str) -> Charter:
        """A charter with another name and currency; raises `Refused("bad-charter")`."""
        return self.with_changes({"name": name, "currency": currency})


def _hash(charter: Charter) -> bytes:
    return hashlib.sha256(encode(charter.to_data())).digest()


_hashes = Remembered(_hash, 64)  # it takes milliseconds, and every sale asks


def charter_hash(charter: Charter) -> bytes:
    """The 32 bytes that name a charter: SHA-256 of the canonical DAG-CBOR of its data."""
    return _hashes(charter)


def changed_parts(before: Charter, after: Charter) -> frozenset[str]:
    """Which of PARTS differ; `before.amendment.strictest` then names the class to meet.

    Hearing is `membership.expel_*` and `appeal_s`, exit is `membership.exit_s`,
    one_member_one_vote is `rules.*.method`; each is cut out of the part it is written in.
    """
    old, new = _by_part(before), _by_part(after)
    return frozenset(part for part in PARTS if old[part] != new[part])


def _by_part(charter: Charter) -> dict[str, Plain]:
    """The data of each of PARTS."""
    parts = charter.to_data()
    membership = charter.membership.data()
    rules = {kind: getattr(charter.rules, kind).data() for kind in KINDS}
    parts["one_member_one_vote"] = {kind: rule.pop("method") for kind, rule in rules.items()}
    parts["hearing"] = [membership.pop(key) for key in _HEARING]
    parts["exit"] = membership.pop(_EXIT)
    return {**parts, "membership": membership, "rules": rules}


def _value_data(value: object) -> object:
    if isinstance(value, Value):
        return value.data()
    return {"rationale": "", **value} if isinstance(value, dict) else value


def _read_languages(at: At) -> tuple[str, ...]:
    found: list[str] = []
    for item in at.items(1, 16):
        language = item.shaped(_LANGUAGE, _NO_LANGUAGE)
        if language in found:
            item.refuse(
                '%(path)s is "%(language)s" again; each language is allowed once.',
                language=language,
            )
        found.append(language)
    return tuple(found)
