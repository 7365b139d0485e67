"""The ways between the pages of trade: a short row of links under each one's heading."""

from __future__ import annotations

from node.gateway.visit import Visit


def trade_rooms(visit: Visit) -> list[tuple[str, str]]:
    """Path and label of the pages about one's own trade; credit where the charter has it."""
    t = visit.words.gettext
    rooms = [
        ("/orders", t("Orders")),
        ("/messages", t("Messages")),
        ("/settle", t("Settling up")),
        ("/credit", t("Credit")),
        ("/receipts", t("Receipts")),
        ("/consign", t("Consignment")),
        ("/fund", t("Common fund")),
    ]
    if visit.charter.credit.enabled:
        return rooms
    return [room for room in rooms if room[0] != "/credit"]
