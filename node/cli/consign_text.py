"""Grants as text for people."""

from __future__ import annotations

from typing import Any

from node.cli.receipt_text import Names, who
from node.moments import date
from node.trade.consigning import percent

Data = dict[str, Any]


def grant_line(made: Data, me: str, names: Names) -> str:
    """One line of a list, from where the reader stands."""
    if made["maker"] == me:
        whose = f"{who(made['to'], names)} sells for you"
    else:
        whose = f"you sell for {who(made['maker'], names)}"
    parts = [made["grant"][:8], whose, f"{made['sold']} of {made['quota']} sold", margin(made)]
    return "  ".join(parts) + ("  [withdrawn]" if made["withdrawn"] else "")


def grant_text(made: Data, names: Names) -> str:
    """All about a grant."""
    rows = [
        ("id", made["grant"]),
        ("maker", who(made["maker"], names)),
        ("sold by", who(made["to"], names)),
        ("what", ", ".join(each[:8] for each in made["listings"]) or "everything of the maker's"),
        ("margin", margin(made).removesuffix(" margin")),
        ("quota", f"{made['quota']}, of which {made['sold']} sold"),
        ("until", date(made["until"])),
        ("status", "withdrawn: nothing more is sold" if made["withdrawn"] else "good"),
    ]
    return "\n".join(f"{name:<9} {value}" for name, value in rows if value)


def margin(made: Data) -> str:
    """`10 to 25 % margin`, or one number where both are the same."""
    low, high = made["margin"]
    return (
        f"{percent(low)} to {percent(high)} % margin" if low != high else f"{percent(low)} % margin"
    )
