"""The form that lets members choose what everybody sees first."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from node.gateway.forms import Form
from node.gateway.offers import SHOWN_DIGITS, maker_name
from node.gateway.proposing.kind import LETTERS, KindForm, Read
from node.gateway.visit import Visit
from protocol.errors import Refused
from storage.views.listing_queries import Query, search

SHOWN = 24  # of the newest listings
_ID = re.compile(r"(?:^|/)([0-9a-fA-F]{8,64})(?:[/?#].*)?$")  # an id, or the end of an address


def fields(visit: Visit, form: Form) -> Mapping[str, Any]:
    """The newest listings that guests see too; others can be named by their address."""
    query = Query(sort="new", limit=SHOWN, count_to=0, wanted=False, guests=True)
    return {
        "pick_title": form.text("pick-title"),
        "count": form.text("count") or "3",
        "listings": [
            (offer.id.hex()[:SHOWN_DIGITS], offer.listing.title, maker_name(visit, offer.person))
            for offer in search(visit.store, query).offers
        ],
        "chosen": form.texts("listing"),
        "others": form.lines("others"),
    }


def read(visit: Visit, form: Form) -> Read:
    """Whatever was ticked, then whatever was named."""
    t = visit.words.gettext
    chosen = list(form.texts("listing"))
    for line in form.lines("others").split("\n"):
        if not line.strip():
            continue
        found = _ID.search(line.strip())
        if found is None:
            sentence = t("“%(text)s” is no address of a listing, and no id.")
            raise Refused("bad-id", sentence % {"text": line.strip()[:60]})
        chosen.append(found[1].lower())
    chosen = list(dict.fromkeys(chosen))
    if not chosen:
        raise Refused("nothing", t("Nothing is to choose from yet: tick at least one listing."))
    if len(chosen) > len(LETTERS):
        raise Refused("too-many", t("At most 20 listings can be chosen from at a time."))
    if not form.text("pick-title"):
        raise Refused("no-title", t("Say what stands above the picks."))
    count = form.text("count")
    if not (count.isascii() and count.isdigit() and 1 <= int(count[:3]) <= len(chosen)):
        sentence = t("Say how many are picked with a whole number from 1 to %(most)s.")
        raise Refused("bad-count", sentence % {"most": visit.words.number(len(chosen))})
    return {
        "type": "pick",
        "title": form.text("pick-title"),
        "count": int(count),
        "listings": dict(zip(LETTERS, chosen, strict=False)),
    }, []


FORM = KindForm(template="new_picks.html", fields=fields, read=read)
