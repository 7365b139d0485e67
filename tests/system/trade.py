"""Steps of orders that several system tests take, by the command line alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.system.people import Person


def offers(seller: Person, *options: str) -> str:
    """Put up a listing; its id."""
    given = ("--title", "Plum jam", "--mode", "sell", "--price", "4.50", *options)
    return str(seller.do("listing", "add", *given)["listing"]["id"])


def orders(buyer: Person, listing: str, *options: str) -> str:
    """Order it, once the listing has come; the order's id."""
    buyer.until(lambda: buyer.call("listing", "show", listing).returncode == 0, "the listing came")
    return str(buyer.do("order", "place", listing, *options)["order"])


def state(person: Person, order: str) -> str:
    """How an order stands on this person's node; "" while it isn't there."""
    listed = {each["order"]: each["state"] for each in person.do("order", "list")["orders"]}
    return str(listed.get(order, ""))


def reaches(order: str, wanted: str, *people: Person) -> None:
    """Wait until everybody's node shows the order so."""
    for person in people:
        person.until(
            lambda p=person: state(p, order) == wanted,  # type: ignore[misc]
            f"the order is {wanted}",
        )


def moves(person: Person, order: str) -> list[str]:
    """What somebody may do now."""
    found: list[str] = person.do("order", "show", order)["my_moves"]
    return found


def sale(buyer: Person, seller: Person, order: str) -> dict[str, Any]:
    """From an order that was placed to the receipt, both nodes up; the order as it then stands."""
    seller.until(lambda: state(seller, order) in ("ordered", "accepted"), "the order is there")
    if state(seller, order) == "ordered":
        seller.do("order", "accept", order)
    reaches(order, "accepted", buyer)
    buyer.do("order", "pay", order)
    reaches(order, "paid", seller)
    seller.do("order", "sent", order)
    reaches(order, "sent", buyer)
    buyer.do("order", "received", order)
    reaches(order, "completed", seller, buyer)
    return buyer.do("order", "show", order)


def holds(folder: Path, text: str) -> list[str]:
    """The files below a folder in which this text can be read."""
    files = (each for each in folder.rglob("*") if each.is_file())
    return [each.name for each in files if text.encode() in each.read_bytes()]
