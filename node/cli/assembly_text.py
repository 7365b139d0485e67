"""Proposals, counts and charters as text for people: calm tables, dates in words, names.

Takes what `node.assembly` answers once its sentences are in English (`words.plainly`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from node.cli.render import line
from node.importing.prices import money
from node.moments import date, when
from protocol.errors import Refused

Data = dict[str, Any]

STATUS = {
    "draft": "a draft",
    "notice": "announced",
    "open": "open",
    "counting": "being counted",
    "challenge": "passed",
    "in_effect": "in force",
    "failed": "not adopted",
    "annulled": "annulled",
    "withdrawn": "withdrawn",
}
ROUNDS = {
    "": "The vote",
    "run-off": "The run-off",
    "second-call": "The second call",
    "appeal": "The appeal",
}


def table(rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> list[str]:
    """Rows as lines with columns one below the other; the columns in `right` end together."""
    held = [list(row) for row in rows]
    ends = set(right)
    widths = [max(len(cell) for cell in column) for column in zip(*held, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if number in ends else cell.ljust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in held
    ]


def proposals_text(listed: Sequence[Data], total: int, now_ms: int) -> str:
    """A list, one line each."""
    rows = [
        (
            each["proposal"][:8],
            STATUS[each["status"]],
            each["kind"],
            line(each["title"]) or "(its text is not here yet)",
            _wanted(each, now_ms),
        )
        for each in listed
    ]
    lines = table(rows) if rows else ["There is none."]
    if total > len(listed):
        lines.append(f"... and {total - len(listed)} more")
    return "\n".join(lines)


def _wanted(each: Data, now_ms: int) -> str:
    """What a line of a list says at its end: what is asked of the reader, or what is next."""
    if each["status"] == "open":
        end = f"until {when(each['closes'], now_ms)}"
        return f"your vote is wanted, {end}" if each["may_vote"] and not each["voted"] else end
    if each["status"] == "notice":
        return f"the vote begins {when(each['opens'], now_ms)}"
    if each["status"] == "challenge":
        return f"in force from {when(each['due'], now_ms)}"
    return ""


def proposal_text(found: Data, now_ms: int) -> str:
    """Everything about one proposal."""
    kind = f"{found['kind']}, decided by {found['method']}" if found["method"] else found["kind"]
    rows = [
        ("id", found["proposal"]),
        ("by", f"{line(found['name']) or (found['author'] or '')[:8]}, {date(found['made'])}"),
        ("kind", kind + (f", class {found['class']}" if found["class"] else "")),
        ("status", _status(found, now_ms)),
        *(("takes", text) for text in found["needs"]),
        *(("at stake", line(text)) for text in found["stake"]),
        *(("option", text) for text in _options(found)),
        *(("about", line(each["name"]) or each["person"][:8]) for each in found["concerns"]),
    ]
    rows += [("outcome", text) for text in _outcomes(found)]
    rows += [
        ("challenge", f"by {line(each['name']) or each['person'][:8]}, {date(each['at'])}")
        for each in found["challenges"]
    ]
    rows += [("my ballot", text) for text in _mine(found)]
    if found["problem"]:
        rows.append(("note", found["problem"]))
    rows += [("count", text) for text in _wrong(found)]
    lines = [line(found["title"]) or "(its text is not here yet)", ""]
    shown: str | None = None
    for name, text in rows:
        lines.append(f"{'' if name == shown else name:<9} {text}")
        shown = name
    if found["text"]:
        lines += ["", found["text"]]
    if found["comments"]:
        lines += ["", "Said about it:", *_comments(found["comments"])]
    return "\n".join(lines)


def _status(found: Data, now_ms: int) -> str:
    parts = [STATUS[found["status"]]]
    if found["status"] == "draft":
        parts = ["a draft; the teller's node puts it to the vote by itself"]
    if found["withdrawing"]:
        parts.append("its author takes it back")
    if found["status"] == "notice":
        parts.append(f"the vote begins {when(found['opens'], now_ms)}")
    if found["status"] == "open":
        parts[0] += f" until {when(found['closes'], now_ms)}"
    if found["status"] == "challenge":
        parts.append(f"may be challenged until {date(found['until'])}")
        parts.append(f"in force from {when(found['due'], now_ms)}")
    if found["status"] == "in_effect":
        parts[0] += f" since {date(found['due'])}"
    if found["reason"]:
        parts.append(_small(found["reason"]))
    return "; ".join(parts)


def _small(sentence: str) -> str:
    """A sentence as a part of another."""
    return sentence[:1].lower() + sentence[1:].rstrip(".")


def _options(found: Data) -> list[str]:
    """The options with what they stand for."""
    return table(
        (each["id"], option_text(each)) for each in found["options"] if option_text(each)
    ) or [each["id"] for each in found["options"]]


def option_text(option: Data) -> str:
    """What an option stands for: its text, a person, a listing."""
    meant = (
        line(option.get("name", "")) or str(option.get("person") or option.get("listing", ""))[:8]
    )
    return ": ".join(part for part in (meant, line(option["text"])) if part)


def _outcomes(found: Data) -> list[str]:
    lines = []
    for each in found["rounds"]:
        if each["outcome"]:
            name = ROUNDS[each["name"]].lower()
            chosen = f": {', '.join(each['winners'])}" if each["winners"] else ""
            lines.append(
                f"{each['outcome']}{chosen} ({name}, {counted(each['ballots'], 'ballot')}, "
                f"{date(each['closed'])})"
            )
    return lines


def _mine(found: Data) -> list[str]:
    mine = found["mine"]
    if mine is None:
        if found["status"] != "open":
            return []
        return [f"none yet: {_how(found)}"] if found["may_vote"] else [found["why_not"]]
    reason = f"; because: {line(mine['reason'])}" if mine["reason"] else ""
    return [mine["text"] + reason, receipts_text(mine)]


def _wrong(found: Data) -> list[str]:
    """What to do where this node finds that the vote was opened or counted wrongly."""
    short = found["proposal"][:8]
    told = []
    if found["agrees"] is False:
        told.append(f"This node's own count DIFFERS; `moothall count {short}` says in what.")
    if (told or found["problem"]) and found["may_challenge"]:
        told.append(f"Say so: `moothall proposal challenge {short}`")
    return told


def _how(found: Data) -> str:
    """How to vote, as an example."""
    first, second = ([option for option, _ in found["ballot_options"]] * 2 or ["", ""])[:2]
    choice = {
        "yesno": "yes|no|abstain",
        "consent": "consent|aside|object",
        "approval": f"'{first},{second}'",
        "ranked": f"'{first}>{second}'",
        "score": f"'{first}:5,{second}:0'",
    }[found["form"]]
    return f"`moothall vote {found['proposal'][:8]} {choice}`"


def receipts_text(ballot: Data) -> str:
    """Whether a ballot will be counted."""
    held = f"held by {ballot['receipts']} of {ballot['tellers']} tellers"
    return f"{held}: it will be counted" if ballot["safe"] else f"{held}: not yet safe"


def _comments(comments: Sequence[Data]) -> list[str]:
    """A discussion, answers below what they answer."""
    below: dict[str | None, list[Data]] = {}
    known = {each["id"] for each in comments}
    for each in comments:
        below.setdefault(each["reply"] if each["reply"] in known else None, []).append(each)
    lines: list[str] = []
    waiting = [(each, 0) for each in reversed(below.get(None, []))]
    while waiting:
        each, depth = waiting.pop()
        indent = "  " * min(depth, 8)
        who = line(each["name"]) or each["person"][:8]
        mark = ", whom it is about" if each["answer"] else ""
        lines.append(f"{indent}{each['id'][:8]}  {who}{mark}, {date(each['at'])}")
        lines += [f"{indent}          {text}" for text in each["text"].splitlines()]
        waiting += [(answer, depth + 1) for answer in reversed(below.get(each["id"], []))]
    return lines


def counted(number: int, noun: str) -> str:
    """A number with its noun: `1 ballot`, `3 ballots`."""
    return f"{number} {noun}{'s' * (number != 1)}"


def count_text(found: Data) -> str:
    """The count of every round, step by step."""
    lines = [line(found["title"]) or found["proposal"][:8]]
    for each in (*found["earlier"], found):
        lines += ["", *_round_text(each)]
    return "\n".join(lines)


def _round_text(each: Data) -> list[str]:
    named = {option["id"]: option_text(option) for option in each["options"]}
    lines = [f"{ROUNDS[each['round']]}, by {each['method']}."]
    if each["status"] == "open":
        lines.append(
            f"So far {counted(each['ballots'], 'ballot')} with receipts, of an electorate of "
            f"{each['electorate']}. If no more came:"
        )
    else:
        lines.append(
            f"{each['here']} of {counted(each['ballots'], 'ballot')} here, of an electorate of "
            f"{each['electorate']}."
        )
    meant = [(id_, text) for id_, text in named.items() if text]
    lines += ["", *(f"  {row}" for row in table(meant))] if meant else []
    rows = [
        (line(row["name"]) or row["person"][:8], row["text"], line(row["reason"] or ""))
        for row in each["voted"]
    ]
    lines += ["", *(f"  {row}" for row in table(rows))] if rows else []
    lines += ["", *(f"{number}. {step}" for number, step in enumerate(each["steps"], 1)), ""]
    return lines + _verdict(each)


def _verdict(each: Data) -> list[str]:
    """What was certified, and whether this node counts the same."""
    if each["status"] == "open":
        return ["The vote is still open."]
    chosen = f": {', '.join(each['winners'])}" if each["winners"] else ""
    first = f"Certified: {each['outcome']}{chosen} (certificate {each['certificate'][:8]})."
    if each["status"] == "equal":
        return [first, "This node's own count is equal."]
    if each["status"] == "differs":
        lines = [first, "This node's own count DIFFERS; the proof is kept.", *each["why"]]
        if each["challengeable"]:
            lines.append(f"Say so: `moothall proposal challenge {each['proposal'][:8]}`")
        return lines
    return [first, "This node can't count it in full yet.", *each["why"]]


def rehearsal_text(made: Data) -> str:
    """Before and after, per role."""
    currency = made["currency"]
    roles = list(dict.fromkeys((*made["before"], *made["after"])))
    rows = [["", "before", "after", "change"]]
    for role in roles:
        old, new = made["before"].get(role, 0), made["after"].get(role, 0)
        rows.append(
            [role, _bare(old, currency), _bare(new, currency), _signed(new - old, currency)]
        )
    lines = [f"{counted(made['sales'], 'sale')} in {currency}", *table(rows, right=(1, 2, 3))]
    if not made["sales"]:
        lines = [f"No sale is in {currency}."]
    for code, number in made["others"].items():
        lines.append(f"Left out: {counted(number, 'sale')} in {code}.")
    return "\n".join(lines)


def _bare(amount: int, currency: str) -> str:
    try:
        return money(amount, currency)
    except Refused:
        return str(amount)


def _signed(amount: int, currency: str) -> str:
    return "" if not amount else f"{'+' * (amount > 0)}{_bare(amount, currency)}"


def history_text(versions: Sequence[Data]) -> str:
    """Every version of the charter, with what it changed."""
    lines: list[str] = []
    for each in versions:
        by = f" by {each['proposal'][:8]}  {line(each['title'])}" if each["proposal"] else ""
        lines.append(f"{each['version']}  {date(each['since'])}{by or '  founded'}")
        lines += [f"   {line(text)}" for text in each["changes"]]
    return "\n".join(lines)


def diff_text(made: Data) -> str:
    """What differs between two versions."""
    head = f"From version {made['from']} to version {made['to']}:"
    changes = [f"  {line(each['text'])}" for each in made["changes"]]
    return "\n".join([head, *(changes or ["  nothing differs"])])


def officers_text(offices: Sequence[Data]) -> list[str]:
    """Who holds the offices."""
    lines = []
    for each in offices:
        who = ", ".join(line(h["name"]) or h["person"][:8] for h in each["holders"])
        until = f", elected until {date(each['until'])}" if each["until"] else ""
        if who:
            lines.append(f"{each['office']}: {who}{until}")
    return lines
