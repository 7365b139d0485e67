"""What votes need and effects do, written from `docs/protocol.md` alone; see `independent.py`.

That a charter is sound in every respect is taken for granted here; its parts and hash are not.
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Any, NamedTuple

from tests.docs.independent import Bad, Roll, encode, is_bytes, is_whole, need

YES_NO = ("consent", "majority", "supermajority")
KINDS = {
    "amend_values": "values",
    "set_fees": "fees",
    "set_rules": "rules",
    "elect": "offices",
    "expel": "expulsion",
    "spend": "spending",
    "verdict": "spending",
    "pick": "picks",
    "advice": "advice",
}
OPTION = re.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,23}")
NO_LINE = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


class Stale(Bad):
    """Sound, but something has changed since."""


class State(NamedTuple):
    """Everything that certificates have said."""

    community: bytes
    height: int
    id: bytes
    charter: Any
    tellers: list[list[bytes]]
    roll: Roll
    votes: dict[bytes, Any]
    officers: dict[str, list[bytes]]
    picks: Any
    grants: list[Any]
    alternates: tuple[bytes, ...] = ()
    judged: tuple[bytes, ...] = ()  # orders that a verdict is in effect on

    def members(self) -> set[bytes]:
        """Who is a member."""
        return {key for key in self.roll.persons if self.roll.is_member(key)}

    def able(self) -> list[list[bytes]]:
        """The seats that somebody speaks for."""
        return [
            [person, device]
            for person, device in self.tellers
            if self.roll.is_member(person)
            and device in self.roll.persons[person][3]
            and (device, 0) not in self.roll.cuts
        ]

    def quorum(self) -> int:
        """How many seats have to sign."""
        return 2 * ((len(self.tellers) - 1) // 3) + 1


# What a vote needs


def parts_of(charter: Any) -> dict[str, Any]:
    """The parts of a charter that classes of amendments cover."""
    parts = dict(charter)
    parts["rules"] = {kind: dict(rule) for kind, rule in charter["rules"].items()}
    parts["membership"] = dict(charter["membership"])
    parts["one_member_one_vote"] = {k: rule.pop("method") for k, rule in parts["rules"].items()}
    hearing = ("expel_notice_s", "expel_hearing_s", "appeal_s")
    parts["hearing"] = [parts["membership"].pop(key) for key in hearing]
    parts["exit"] = parts["membership"].pop("exit_s")
    return parts


def needs(charter: Any, rule: Any, after: Any) -> tuple[str, list[Any], list[Any]]:
    """The class, the thresholds and the quorums of a change of the charter, or of none."""
    letter = ""
    thresholds = [rule["threshold"]] if rule["method"] in YES_NO else []
    quorums = [rule["approval_quorum"]]
    if after is not None:
        old, new = parts_of(charter), parts_of(after)
        touched = {part for part in old if encode(old[part]) != encode(new[part])}
        before, later = charter["amendment"], after["amendment"]
        letter = next((x for x in "ABC" if x in before and touched & {*before[x]["covers"]}), "")
        asked = [before[letter]] if letter else []
        asked += [before[x] for x in "ABC" if x in before and before[x] != later.get(x)]
        asked += [later[x] for x in "ABC" if x in later and later[x] != before.get(x)]
        thresholds += [each["approval"] for each in asked]
        quorums += [each["approval_quorum"] for each in asked]
    return letter, _once(thresholds), _once(quorums)


def _once(items: list[Any]) -> list[Any]:
    return [each for n, each in enumerate(items) if each not in items[:n]]


def _mapped(effect: Any) -> Any:
    """The option ids to which an effect gives a meaning; None for others."""
    found = {"elect": effect.get("candidates"), "pick": effect.get("listings")}
    return found.get(effect["type"])


def options_of(effect: Any, given: list[list[str]], method: str) -> list[list[str]]:
    """The options of a vote, without the status quo."""
    mapped, named = _mapped(effect), [name for name, _ in given]
    if method in YES_NO:
        need(mapped is None or len(mapped) == 1, "a yes or no about several")
        need(set(named) <= set(mapped or ()), "options of a yes or no")
        return []
    most = 12 if method == "irv" else 20
    if effect["type"] == "advice":
        need(1 <= len(given) <= most, "advice")
        return given
    known = ["adopt"] if mapped is None else sorted(mapped)
    need(set(named) <= set(known) and len(known) <= most, "options")
    return [*given, *([name, ""] for name in known if name not in named)]


def seats_of(effect: Any, charter: Any) -> int:
    """How many options can win."""
    if effect["type"] == "pick":
        return int(effect["count"])
    if effect["type"] == "elect":
        seats = int(charter["offices"][effect["office"]]["seats"])
        return seats if effect["office"] == "teller" else min(seats, len(effect["candidates"]))
    return 1


def alternates_of(effect: Any, charter: Any) -> int:
    """How many alternates a vote asks for."""
    seats = seats_of(effect, charter)
    if effect["type"] != "elect" or effect["office"] != "teller" or seats == 1:
        return 0
    most: int = charter["offices"]["teller"]["alternates"]
    return min(most, len(effect["candidates"]) - seats)


# Effects

KEYS = {
    "elect": {"office", "candidates"},
    "expel": {"person"},
    "spend": {"amount", "currency", "to", "purpose"},
    "pick": {"title", "count", "listings"},
    "advice": set(),
    "verdict": {"order", "buyer", "seller", "refund", "currency", "text"},
}


def possible(effect: Any, state: State) -> bool:
    """Whether an effect can be carried out as things stand."""
    try:
        check(effect, state)
    except Bad:
        return False
    return True


def check(effect: Any, state: State) -> None:
    """Bad, maybe Stale, unless the effect can be carried out as things stand."""
    sort = effect["type"]
    persons = state.roll.persons
    need(set(effect) == {"type"} | KEYS.get(sort, {"changes"}), "keys")
    match sort:
        case "elect":
            need(effect["office"] in ("teller", "treasurer", "welcomer", "mediator"), "office")
            _map_of_ids(effect["candidates"])
            need(set(effect["candidates"].values()) <= set(persons), "a candidate")
            able = [each for each in effect["candidates"].values() if _able(state, effect, each)]
            together = effect["office"] == "teller"
            _still(len(able) >= (seats_of(effect, state.charter) if together else 1))
        case "expel":
            need(is_bytes(effect["person"], 32) and effect["person"] in persons, "person")
            _still(state.roll.is_member(effect["person"]))
            left = [seat for seat in state.able() if seat[0] != effect["person"]]
            _still(left == state.able() or len(left) >= state.quorum())
        case "spend":
            need(is_whole(effect["amount"], 1, 10**12), "amount")
            currency = effect["currency"]
            need(type(currency) is str and re.fullmatch("[A-Z]{3}", currency), "currency")
            _line(effect["purpose"], 200)
            if effect["to"] is not None:
                need(is_bytes(effect["to"], 32) and effect["to"] in persons, "to")
                _still(state.roll.is_member(effect["to"]))
        case "pick":
            _map_of_ids(effect["listings"])
            need(is_whole(effect["count"], 1, len(effect["listings"])), "count")
            _line(effect["title"], 120)
        case "advice":
            pass
        case "verdict":
            need(all(is_bytes(effect[key], 32) for key in ("order", "seller")), "a key")
            need(effect["buyer"] is None or is_bytes(effect["buyer"], 32), "buyer")
            need(effect["buyer"] != effect["seller"], "two persons")
            need(is_whole(effect["refund"], 0, 10**12), "refund")
            currency = effect["currency"]
            need(type(currency) is str and re.fullmatch("[A-Z]{3}|CREDIT", currency), "currency")
            _line(effect["text"], 200)
            _still(effect["order"] not in state.judged)
        case _:
            changed(effect, state.charter)


def _line(text: Any, most: int) -> None:
    need(type(text) is str and 1 <= len(text) <= most and text.strip(), "text")
    need(not NO_LINE.search(text), "one line")


def _still(condition: bool) -> None:
    if not condition:
        raise Stale


def _map_of_ids(found: Any) -> None:
    need(isinstance(found, dict) and 1 <= len(found) <= 20, "a map")
    need(all(OPTION.fullmatch(key) and key != "status-quo" for key in found), "an option")
    need(all(is_bytes(each, 32) for each in found.values()), "an id")
    need(len(set(found.values())) == len(found), "one twice")


def _able(state: State, effect: Any, person: bytes) -> Any:
    """What makes a person able to take up an office: for a teller their seat, else themselves."""
    if not state.roll.is_member(person):
        return None
    if effect["office"] != "teller":
        return [person]
    cut = {device for device, _ in state.roll.cuts}
    for seat in state.tellers:
        if seat[0] == person and seat[1] not in cut:
            return seat
    devices = [(h, d) for d, h in state.roll.persons[person][3].items() if d not in cut]
    return [person, min(devices)[1]] if devices else None


def next_seat(state: State) -> tuple[list[bytes], tuple[bytes, ...]]:
    """The seat of the first alternate who can take one, and the alternates after them."""
    for at, person in enumerate(state.alternates):
        seat = _able(state, {"office": "teller"}, person)
        if seat:
            return seat, state.alternates[at + 1 :]
    raise Bad("nobody steps in")


def changed(effect: Any, charter: Any) -> Any:
    """The charter after an effect; None where it does not touch it."""
    if effect["type"] in KEYS:
        return None
    changes = effect["changes"]
    need(type(changes) is list and 1 <= len(changes) <= 256, "changes")
    tree = {**charter, "values": {each["id"]: _without_id(each) for each in charter["values"]}}
    paths = []
    for change in changes:
        need(type(change) is list and len(change) == 3, "change")
        path, was, now = change
        need(type(path) is list and 1 <= len(path) <= 4, "path")
        need(all(type(key) is str for key in path), "path")
        need(was is None or is_bytes(was, 32), "was")
        need(_owns(effect["type"], path, now), "path")
        need(_hash(now) != was, "no change")
        paths.append(path)
    for n, path in enumerate(paths):
        need(not any(each[: len(path)] == path for m, each in enumerate(paths) if m != n), "twice")
    for path, was, _ in changes:
        part: Any = tree
        for key in path:
            part = part.get(key) if isinstance(part, dict) else None
        _still(_hash(part) == was)
    for path, _, now in changes:
        tree = _put(tree, path, now)
    data = {**tree, "values": [{**each, "id": key} for key, each in tree["values"].items()]}
    need(set(data) == set(charter), "a charter")
    need(not _stuck(data) or _stuck(charter), "several tellers by a yes or no")
    return data


def _stuck(charter: Any) -> bool:
    by = charter["rules"]["offices"]["method"]
    seats = charter["offices"]["teller"]["seats"]
    return seats > 1 and by in ("consent", "majority", "supermajority")


def _without_id(value: Any) -> Any:
    return {key: part for key, part in value.items() if key != "id"}


def _hash(part: Any) -> bytes | None:
    return None if part is None else sha256(encode(part)).digest()


def _owns(sort: str, path: list[str], now: Any) -> bool:
    if sort == "amend_values":
        shaped = now is None or (isinstance(now, dict) and set(now) == {"text", "rationale"})
        return len(path) == 2 and path[0] == "values" and shaped
    if sort == "set_fees":
        if len(path) == 3:
            return path[:2] == ["fees", "categories"]
        return path in (["fees", "default"], ["fees", "referral_depth"])
    return path[0] not in ("schema", "values", "fees") and not isinstance(now, dict)


def _put(part: Any, path: list[str], now: Any) -> Any:
    need(part is None or isinstance(part, dict), "no map")
    after = dict(part or {})
    if len(path) > 1:
        after[path[0]] = _put(after.get(path[0]), path[1:], now)
    elif now is None:
        after.pop(path[0], None)
    else:
        after[path[0]] = now
    return after


def apply(
    state: State,
    effect: Any,
    winners: tuple[str, ...],
    reserve: tuple[str, ...] = (),
    seats: int = 1,
) -> State:
    """The state with an effect carried out, but for the roll after an expulsion."""
    check(effect, state)
    match effect["type"]:
        case "elect":
            together = effect["office"] == "teller"
            ranked = (*winners, *reserve) if together else winners
            found = [_able(state, effect, effect["candidates"][each]) for each in ranked]
            able = [seat for seat in found if seat]
            _still(bool(able))
            if together:
                _still(seats == seats_of(effect, state.charter) and len(able) >= seats)
                more = tuple(person for person, _ in able[seats:]) if seats > 1 else ()
                able = able[:seats]
                state = state._replace(tellers=able, alternates=more)
            held = {**state.officers, effect["office"]: [seat[0] for seat in able]}
            return state._replace(officers=held)
        case "expel":
            stay = {
                office: [person for person in held if person != effect["person"]]
                for office, held in state.officers.items()
            }
            return state._replace(officers={office: held for office, held in stay.items() if held})
        case "spend":
            return state._replace(grants=[*state.grants, effect])
        case "pick":
            _still(bool(winners))
            won = [effect["listings"][each] for each in winners]
            return state._replace(picks=[effect["title"], won])
        case "advice":
            return state
        case "verdict":
            return state._replace(judged=(*state.judged, effect["order"]))
    return state._replace(charter=changed(effect, state.charter))
