"""What a proposal would do, on the command line: a JSON file, or a short form for the usual ones.

The short forms only write what a file would say; `governance.effects` judges both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from string import ascii_uppercase
from typing import TYPE_CHECKING, Any

import click

from protocol.errors import NotFound, Refused

if TYPE_CHECKING:
    from node.home import Home

OFFICES = ("teller", "treasurer", "welcomer", "mediator")
_PERCENT = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,2}))? ?%?")


def short_forms(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that stand for an effect."""
    for option in reversed(
        (
            click.option(
                "--value",
                "values",
                multiple=True,
                metavar="ID=TEXT",
                help="Add this value, or let it say this from now on. Can be given several times.",
            ),
            click.option("--fee", metavar="PERCENT", help="Let the fee be so much, such as 5%."),
            click.option("--office", type=click.Choice(OFFICES), help="Elect to this office."),
            click.option(
                "--candidate",
                "candidates",
                multiple=True,
                metavar="PERSON",
                help="Who stands for it, by name or id. Can be given several times.",
            ),
            click.option("--expel", metavar="PERSON", help="Expel this member."),
            click.option(
                "--spend",
                metavar="AMOUNT",
                help="Spend so much from the common fund on what the title says.",
            ),
            click.option("--to", metavar="PERSON", help="The member who gets that money."),
            click.option(
                "--pick",
                "picks",
                multiple=True,
                metavar="ID",
                help="A listing to be shown first. Can be given several times.",
            ),
        )
    ):
        command = option(command)
    return command


def effect(
    home: Home, file: Path | None, kind: str | None, title: str, given: dict[str, Any]
) -> dict[str, Any]:
    """The effect that was named, as a member writes it; UsageError unless it is exactly one."""
    found = [] if file is None else [_read(file)]
    if given["values"]:
        found.append(_values(home, given["values"]))
    if given["fee"] is not None:
        found.append({"type": "set_fees", "default": {"fee_bps": _bps(given["fee"])}})
    if given["office"] is not None:
        candidates = _lettered(given["candidates"])
        found.append({"type": "elect", "office": given["office"], "candidates": candidates})
    elif given["candidates"]:
        raise click.UsageError("Name the --office that the candidates stand for.")
    if given["expel"] is not None:
        found.append({"type": "expel", "person": given["expel"]})
    if given["spend"] is not None:
        purpose = " ".join(title.split())
        spend = {"type": "spend", "amount": given["spend"], "purpose": purpose}
        found.append({**spend, **({} if given["to"] is None else {"to": given["to"]})})
    elif given["to"] is not None:
        raise click.UsageError("Name with --spend how much is to be paid.")
    if given["picks"]:
        listings = _lettered(given["picks"])
        pick = {"type": "pick", "title": " ".join(title.split()), "count": len(listings)}
        found.append({**pick, "listings": listings})
    if not found and kind == "advice":
        return {"type": "advice"}
    if len(found) != 1:
        raise click.UsageError(
            "Say what a yes does: --effect FILE, or one of --value, --fee, --office, --expel, "
            "--spend and --pick. Asking for advice alone takes --kind advice."
        )
    return found[0]


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise NotFound("no-file", f"{path} can't be read ({error.strerror}).") from error
    except (ValueError, RecursionError) as error:
        raise Refused("bad-file", f"{path} is not JSON: {error}. Nothing was written.") from error
    if not isinstance(found, dict):
        raise Refused("bad-effect", f"{path} does not hold an effect. Nothing was written.")
    return found


def _values(home: Home, texts: tuple[str, ...]) -> dict[str, Any]:
    """New values are added, known ones amended."""
    known = {value.id for value in home.charter().values}
    change: dict[str, Any] = {"type": "amend_values"}
    for text in texts:
        id_, equals, said = (part.strip() for part in text.partition("="))
        if not equals:
            raise click.UsageError(f"{text!r} names no value; write ID=TEXT.")
        change.setdefault("amend" if id_ in known else "add", []).append({"id": id_, "text": said})
    return change


def _lettered(items: tuple[str, ...]) -> dict[str, str]:
    """A, B, C and so on, in the order given."""
    if len(items) > len(ascii_uppercase):
        raise Refused("too-many", "That are too many to choose from. Nothing was written.")
    return dict(zip(ascii_uppercase, items, strict=False))


def _bps(text: str) -> int:
    """Basis points of `5%`, `5` or `2.75 %`."""
    found = _PERCENT.fullmatch(text.strip())
    if found is None:
        raise Refused("bad-percent", f"{text!r} is no percentage; write it as 5% or 2.75%.")
    return 100 * int(found[1]) + int((found[2] or "").ljust(2, "0"))
