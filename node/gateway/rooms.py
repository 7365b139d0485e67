"""The ways between the assembly's pages: a short row of links under each one's heading."""

from __future__ import annotations

from node.gateway.visit import Visit


def rooms(visit: Visit) -> list[tuple[str, str]]:
    """Path and label of the assembly's pages that this reader may open."""
    t = visit.words.gettext
    found = [
        ("/assembly", t("Votes")),
        ("/charter", t("Charter")),
        ("/values", t("Values")),
        ("/offices", t("Offices")),
        ("/people", t("People")),
    ]
    if not visit.guests:
        return found
    shown = {"/charter", "/values"} | ({"/offices"} if visit.shows_members else set())
    return [("/community", t("Community")), *(room for room in found if room[0] in shown)]
