"""What somebody who is new may do already, in one sentence for their own pages."""

from __future__ import annotations

from governance.roll import MEMBER
from node.gateway.visit import Visit
from node.home import RETIRED
from storage.newcomers import newcomers


def standing_note(visit: Visit) -> str:
    """What the owner's standing means for what they offer; empty for members."""
    t = visit.words.gettext
    standing = visit.home.standing()
    if standing == MEMBER:
        return ""
    if standing == "provisional":
        said = t(
            "You are new here: your listings are seen at once, marked as not yet confirmed. "
            "Inviting and voting come when the community has confirmed you."
        )
        return " ".join((said, *waits(visit, visit.home.person)))
    if standing == "waiting":
        return t(
            "Nobody has let you in yet. What you write is kept here and goes out by itself as "
            "soon as somebody does; drafts stay with you alone."
        )
    if standing == RETIRED:
        return t("This device was retired: nothing more can be offered here. Use your other one.")
    return t("You no longer belong to this community, so nothing new can be offered here.")


def waits(visit: Visit, person: bytes) -> list[str]:
    """What a newcomer waits for: the end of probation, and vouches. Empty for everybody else."""
    found = []
    words, names = visit.words, visit.gateway.facts.names()
    for each in newcomers(visit.store):
        if each.person != person:
            continue
        if each.due_ms is not None and each.due_ms > visit.gateway.clock():
            found.append(
                words.gettext("Probation ends about %(day)s.") % {"day": words.date(each.due_ms)}
            )
        if each.missing:
            text = words.ngettext(
                "%(n)s vouch is missing.", "%(n)s vouches are missing.", each.missing
            )
            found.append(text % {"n": words.number(each.missing)})
        if each.vouched:
            people = [words.person(names.get(by, ""), by) for by in each.vouched]
            text = words.gettext("So far %(names)s stood up for them.")
            found.append(text % {"names": words.list(people)})
    return found
