"""What a member does about people: confirm who was meant, the own profile, leave."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from governance.roll import MEMBER
from node import welcome
from node.home import Home
from node.market import check_text
from protocol.errors import NotFound, Refused, Term
from protocol.kinds import confirm as confirm_kind
from protocol.kinds import leave as leave_kind
from protocol.kinds.profile import MAX_ABOUT, MAX_ITEM, MAX_ITEMS, MAX_NAME, Profile
from storage.newcomers import Newcomer
from storage.newcomers import newcomers as on_the_way
from storage.own import Draft
from storage.rows import all_logs
from storage.standing import assess
from storage.views import members, profiles
from storage.views.members import WAITING, Member


def confirm(home: Home, who: str) -> dict[str, str]:
    """Say which of several people on one of your invitations you meant."""
    _members_only(home, Term("confirm"))
    assessed = assess(home.store)
    assert assessed is not None  # noqa: S101 - a member's home has a roll
    wanted = who.strip().lower()
    found = [
        (slot, joining)
        for slot, joinings in assessed[1].contested.items()
        for joining in joinings
        if len(wanted) >= 8 and joining.person.hex().startswith(wanted)
    ]
    if not found:
        raise NotFound(
            "no-contest",
            "No unsettled invitation of yours was taken up by %(who)s; `moothall member list` "
            "shows the ids of those who wait.",
            who=who,
        )
    if len({joining.person for _, joining in found}) > 1:
        raise Refused(
            "ambiguous", "%(count)s people fit %(text)s: give their id.", count=len(found), text=who
        )
    mine = [item for item in found if item[0][0] == home.device]
    if not mine:
        raise Refused("not-yours", "That invitation is somebody else's: ask who made it.")
    (_, slot, round_), joining = mine[0]
    home.append([Draft("confirm", confirm_kind.body(slot, round_, joining.record))])
    return {"person": joining.person.hex()}


def checked_name(text: str) -> str:
    """A person's name as it is kept, on one line; Refused `bad-name` before anything is made."""
    kept = text.strip()
    if not kept or len(kept) > MAX_NAME:
        raise Refused(
            "bad-name", "A name has 1 to %(most)s characters; nothing was made.", most=MAX_NAME
        )
    if not kept.isprintable():
        raise Refused(
            "bad-name", "A name is one line without control characters; nothing was made."
        )
    return kept


def set_profile(home: Home, changes: dict[str, Any]) -> Profile:
    """Change fields of one's own profile; what isn't named stays."""
    with home.turn():
        after = changed(own_profile(home), changes)
        home.append([Draft("profile", after.body())])
    return after


def changed(before: Profile, changes: dict[str, Any]) -> Profile:
    """The next version of a profile, not written yet; Refused when it can't be."""
    after = replace(before, **changes, version=before.version + 1)
    _check(after)
    return after


def _check(profile: Profile) -> None:
    """Refused with what to change when a profile can't be written."""
    check_text(Term("name"), profile.name, MAX_NAME)
    if not profile.name.strip():
        raise Refused("no-name", "A profile needs a name; nothing was changed.")
    check_text(Term("about"), profile.about, MAX_ABOUT, lines=True)
    check_text(Term("place"), profile.place, MAX_NAME)
    for key, items in (
        (Term("skills"), profile.skills),
        (Term("interests"), profile.interests),
        (Term("needs"), profile.needs),
    ):
        if len(items) > MAX_ITEMS:
            raise Refused(
                "too-many",
                "At most %(limit)s %(things)s fit. Nothing was written.",
                limit=MAX_ITEMS,
                things=key,
            )
        for item in items:
            check_text(key, item, MAX_ITEM)


def own_profile(home: Home) -> Profile:
    """One's own newest profile, in view of others or not yet."""
    rows = home.store.db.execute(
        "SELECT body FROM profile JOIN log ON log.no = profile.log_no"
        " JOIN device ON device.no = log.device_no WHERE device.key = ?"
        " ORDER BY version DESC, profile.id LIMIT 1",
        [home.device],
    ).fetchone()
    shared = profiles.get(home.store, home.person)
    mine = profiles.read_body(rows[0]) if rows else None
    best = max((p for p in (shared, mine) if p is not None), key=lambda p: p.version, default=None)
    return best or Profile(version=0, name="")


def leave(home: Home) -> None:
    """Go: names the heads of one's own logs, so that what stands of them stays."""
    _members_only(home, Term("leave"))
    heads = [
        (log.device, log.lane, log.prefix_seq, log.prefix_id)
        for log in all_logs(home.store)
        if log.person == home.person and log.prefix_seq
    ]
    home.append([Draft("leave", leave_kind.body(heads))])
    welcome.end(home)


def newcomers(home: Home) -> list[Newcomer]:
    """Who is provisional: their vouches so far, and until when they are on probation."""
    return on_the_way(home.store)


def everybody(home: Home) -> list[Member]:
    """All persons that are known here, and oneself while nobody has let this home in."""
    found = members.everybody(home.store)
    if home.standing() == WAITING and all(each.person != home.person for each in found):
        found.append(
            Member(
                person=home.person,
                name=own_profile(home).name,
                status=WAITING,
                inviter=None,
                devices=(home.device,),
            )
        )
    return found


def resolve(home: Home, text: str) -> Member:
    """A person by id, prefix or name; NotFound or Refused `ambiguous` otherwise."""
    try:
        return members.resolve(home.store, text)
    except NotFound:
        wanted = text.strip().casefold()
        for each in everybody(home):
            names = (each.person.hex()[: max(8, len(wanted))], each.name.casefold())
            if each.person == home.person and wanted in names:
                return each
        raise


def _members_only(home: Home, what: Term) -> None:
    if home.standing() != MEMBER:
        raise Refused(
            "not-member",
            "Only members %(do)s; you are none yet, or no longer. The teller's node admits you by "
            "itself when the charter's conditions are met.",
            do=what,
        )
