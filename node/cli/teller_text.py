"""The tellers as text: who they are, what is due, and who signed what.

Takes what `node.tellers.show` answers once its sentences are in English (`words.plainly`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from node.cli.assembly_text import table
from node.cli.render import line
from node.moments import date, off

Data = dict[str, Any]


def tellers_text(found: Data, now_ms: int) -> str:
    """All of it. One teller is a line, and what is due."""
    blocks = [_seats(found, now_ms), list(_notes(found))]
    if len(found["tellers"]) > 1:
        blocks.append(list(_office(found)))
    blocks.append(_under("Due, as this node sees it:", found["due"]))
    if len(found["tellers"]) > 1:
        blocks.append(list(_next(found, now_ms)))
        blocks.append(_under("Signed last:", map(_signed, found["signed"])))
    return "\n\n".join("\n".join(block) for block in blocks if block)


def question(asked: Data) -> str:
    """Another chain of certificates that waits for the owner's word."""
    if asked["recall"]:
        return (
            "The members have recalled the tellers, and that would take "
            f"{asked['lost']} certificates back here. Ask the others why; `moothall teller accept` "
            "agrees to it."
        )
    if asked["person"] is None:
        return (
            "Elsewhere other tellers were elected, on another chain of certificates, and that "
            f"would take {asked['lost']} certificates back here. Ask the others why; `moothall "
            "teller accept` agrees to it."
        )
    who = _name(asked)
    return (
        f"{who} has moved the teller's seat, and that would take {asked['lost']} certificates "
        f"back here. Ask {who} why; `moothall teller accept` agrees to it."
    )


def _seats(found: Data, now_ms: int) -> list[str]:
    tellers = found["tellers"]
    if not tellers:
        return ["Nobody is known here yet."]
    if len(tellers) == 1:
        return [f"{_who(tellers[0])}, on {_where(tellers[0])}"]
    rows = [
        [
            _who(each),
            f"on {_where(each)}",
            "" if each["here"] else _heard(each["heard"], now_ms),
            ", ".join(each["answers"]).lower(),
        ]
        for each in tellers
    ]
    return [
        f"{found['needed']} of {len(tellers)} tellers must agree.",
        *(f"  {row}" for row in table(rows)),
    ]


def _heard(at: str | None, now_ms: int) -> str:
    if at is None:
        return "not heard of yet"
    ago = off(at, now_ms)
    return "heard just now" if ago.startswith("0 ") else f"heard {ago}"


def _notes(found: Data) -> Iterator[str]:
    """What somebody should do something about."""
    if found["halted"] and len(found["tellers"]) > 1:
        yield (
            "Two different decisions are signed for one step, so nothing goes on: members can "
            "replace the tellers, see `moothall recall list`."
        )
    elif found["halted"]:
        yield (
            "Two different decisions are signed for one step, so nothing goes on: the teller can "
            "move the seat once more by `moothall teller move-seat`, or the members replace them, "
            "see `moothall recall list`."
        )
    if found["question"]:
        yield question(found["question"])
    for each in found["tellers"] if len(found["tellers"]) > 1 else ():
        if not each["able"]:
            who = _name(each)
            yield f"{who} can't sign any more: no member, or without the device that signs."
        if each["doubled"]:
            yield f"It is proved that the device of {_name(each)} said two things at once."


def _office(found: Data) -> Iterator[str]:
    if found["until"]:
        since, until = (date(found[name]).split(",")[0] for name in ("since", "until"))
        ended = "; the term is over" if found["over"] else ""
        yield f"In office from {since} to {until}{ended}."
    if found["elect"]:
        yield f"{found['elect']} Begin one with `moothall proposal new --kind offices`."
    if found["alternates"]:
        ranked = (
            _name(each) + ("" if each["able"] else " (who can't now)")
            for each in found["alternates"]
        )
        yield f"Who steps in for a teller who is gone, in this order: {', '.join(ranked)}."


def _next(found: Data, now_ms: int) -> Iterator[str]:
    going_on = found["next"]
    if going_on is None:
        yield "Nothing is due at the moment."
        return
    leader = found["tellers"][going_on["leader"]]
    who = "You have" if leader["mine"] else f"{_name(leader)} has"
    if going_on["proposed"] and going_on["proposed"] == found["due"]:
        yield f"{who} proposed it."
    elif going_on["proposed"]:
        yield from _under(f"{who} proposed:", going_on["proposed"])
    else:
        yield f"It is up to {_who(leader)} to propose the next step."
    if going_on["attempt"] > 1:
        yield f"This is attempt {going_on['attempt']}: each is led by another teller."
    if going_on["patience"]:
        ahead = off(going_on["patience"], now_ms)
        yield f"If nothing comes, this node asks {ahead} that somebody else proposes."


def _signed(each: Data) -> str:
    if each["members"] is not None:
        who = f"{each['members']} members"
    else:
        who = ", ".join(map(_name, each["by"]))
    return f"{each['height']}  {'; '.join(each['what'])} ({who})"


def _under(heading: str, lines: Iterable[str]) -> list[str]:
    found = [f"  {each}" for each in lines]
    return [heading, *found] if found else []


def _who(each: Data) -> str:
    return "you" if each["mine"] else _name(each)


def _name(each: Data) -> str:
    return line(each["name"]) or each["person"][:8]


def _where(each: Data) -> str:
    return "this device" if each["here"] else f"device {each['device'][:8]}"
