"""What somebody who is new may do already, in one sentence for their own pages."""

from __future__ import annotations

from governance.roll import MEMBER
from node.gateway.visit import Visit
from node.home import RETIRED


def standing_note(visit: Visit) -> str:
    """What the owner's standing means for what they offer; empty for members."""
    t = visit.words.gettext
    standing = visit.home.standing()
    if standing == MEMBER:
        return ""
    if standing == "provisional":
        return t(
            "You are new here: your listings are seen at once, marked as not yet confirmed. "
            "Inviting and voting come when the community has confirmed you."
        )
    if standing == "waiting":
        return t(
            "Nobody has let you in yet. What you write is kept here and goes out by itself as "
            "soon as somebody does; drafts stay with you alone."
        )
    if standing == RETIRED:
        return t("This device was retired: nothing more can be offered here. Use your other one.")
    return t("You no longer belong to this community, so nothing new can be offered here.")
