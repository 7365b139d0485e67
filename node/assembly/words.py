"""Putting what the assembly's readers say into English words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from governance.effects.words import ListingId, PersonId
from governance.saying import Amount, Said, spoken
from node.importing.prices import money
from protocol.errors import Refused

Names = Mapping[bytes, str]  # person key -> name


def plainly(data: Any, names: Names | None = None) -> Any:
    """The same data with every sentence in it as a text; people by name where it is known."""
    if isinstance(data, Said):
        return spoken(data, shown=lambda value: shown(value, names or {}))
    if isinstance(data, Mapping):
        return {key: plainly(value, names) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [plainly(value, names) for value in data]
    return data


def shown(value: object, names: Names) -> str:
    """A value of a sentence as English writes it."""
    if isinstance(value, Amount):
        return amount_text(value.amount, value.currency)
    if isinstance(value, PersonId):
        return name_of(bytes.fromhex(value), names)
    if isinstance(value, ListingId):
        return value[:8]
    return str(value)


def amount_text(amount: int, currency: str) -> str:
    """`3.50 EUR`."""
    try:
        return f"{money(amount, currency)} {currency}"
    except Refused:  # a currency that this program does not know
        return f"{amount} minor units of {currency}"


def name_of(person: bytes, names: Names) -> str:
    """A person's name on one line, or eight digits of their key."""
    return " ".join(names.get(person, "").split()) or person.hex()[:8]


def person_json(person: bytes, names: Names) -> dict[str, str]:
    """Somebody by id and name."""
    return {"person": person.hex(), "name": names.get(person, "")}
