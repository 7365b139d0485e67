"""`/live`: counters and states for the page that is looked at, as server-sent events.

Each message is an object of finished texts by name, in the reader's language; a page shows a text
wherever an element says `data-live="NAME"` (see `static/live.js`).
"""

from __future__ import annotations

from collections.abc import Mapping

from starlette.responses import Response

from node import telling
from node.assembly import reading
from node.gateway.live import Stream
from node.gateway.pages.page import DESK, Page
from node.gateway.pages.proposal import held_text
from node.gateway.pages.status import touch_text
from node.gateway.visit import Visit
from protocol.errors import MoothallError
from storage.store import Store
from storage.views import members


async def show(visit: Visit) -> Response:
    """A stream. `since` says from which entry on listings are new to this page, `about` which
    proposal it shows.
    """
    if visit.request.method == "HEAD":
        return Response(media_type="text/event-stream", headers={"Cache-Control": "no-store"})
    home = visit.home
    since, about = _since(visit), visit.request.query_params.get("about", "")

    def texts() -> Mapping[str, str] | None:
        return live_texts(visit, since, about) if visit.gateway.home is home else None

    gateway = visit.gateway
    return Stream(gateway.streams, visit.session, gateway.node.events, texts)


def live_texts(visit: Visit, since: int, about: str = "") -> dict[str, str]:
    """Everything a page may keep fresh. Empty where there is nothing to say."""
    words, store = visit.words, visit.store
    near = telling.neighbours(store, visit.gateway.node.touch())
    return {
        "since": str(since),
        "neighbours": neighbours_text(visit, len(near)),
        "touch": touch_text(words, near),
        "new": _new_text(visit, since),
        "newcomers": newcomers_text(visit),
        "standing": standing_word(visit),
        "check": check_text(visit),
        **_of_ballot(visit, about),
        "working": "yes" if visit.gateway.checkup and visit.gateway.checkup.state.running else "",
    }


def _new_text(visit: Visit, since: int) -> str:
    """How many listings the page does not show yet; empty for none."""
    count = _new_listings(visit.store, since)
    sentence = visit.words.ngettext(
        "%(n)s new listing since you opened this page; reload to see it.",
        "%(n)s new listings since you opened this page; reload to see them.",
        count,
    )
    return _counted(visit, count, sentence)


def neighbours_text(visit: Visit, count: int) -> str:
    """How many neighbours there are."""
    t = visit.words.gettext
    if count == 0:
        return t(
            "Your node is not in touch with any other at the moment. What is here stays readable."
        )
    sentence = visit.words.ngettext(
        "Your node is in touch with %(n)s neighbour.",
        "Your node is in touch with %(n)s neighbours.",
        count,
    )
    return sentence % {"n": visit.words.number(count)}


def newcomers_text(visit: Visit) -> str:
    """How many are not confirmed yet; empty for none."""
    count = members.provisional_count(visit.store)
    sentence = visit.words.ngettext(
        "%(n)s device of a newcomer", "%(n)s devices of newcomers", count
    )
    return _counted(visit, count, sentence)


def standing_word(visit: Visit) -> str:
    """How this home stands, and what a lobby said last: a page that waits for news is reloaded."""
    answer = visit.gateway.node.last_answer
    return f"{visit.home.standing()} {answer.reason if answer else ''}".strip()


def check_text(visit: Visit) -> str:
    """How far a check is; empty when none is under way."""
    state = visit.gateway.checkup.state if visit.gateway.checkup else None
    t, number = visit.words.gettext, visit.words.number
    if state is None or not state.running:
        return ""
    if not state.total:
        return t("Under way.")
    return t("Under way: %(done)s of %(total)s.") % {
        "done": number(state.done),
        "total": number(state.total),
    }


def _of_ballot(visit: Visit, about: str) -> dict[str, str]:
    """Whether the reader's ballot on a proposal is safe; nothing where there is none."""
    try:
        found = reading.own_ballot(visit.store, visit.home.person, about) if about else None
    except MoothallError:
        return {}  # no proposal, or nobody to ask
    return {"held": held_text(visit.words, found)} if found else {}


def _counted(visit: Visit, count: int, sentence: str) -> str:
    return sentence % {"n": visit.words.number(count)} if count else ""


def _since(visit: Visit) -> int:
    """The entry up to which the page knows; the newest one, where it does not say."""
    row = visit.store.db.execute("SELECT coalesce(max(rowid), 0) FROM record").fetchone()
    newest = int(row[0])
    asked = visit.request.query_params.get("since", "")
    if asked.isascii() and asked.isdigit() and len(asked) < 18:
        return min(int(asked), newest)
    return newest


def _new_listings(store: Store, since: int) -> int:
    """Others' listings that came after an entry and are open."""
    (count,) = store.db.execute(
        "SELECT count(*) FROM listing JOIN log ON log.no = listing.log_no"
        " JOIN device ON device.no = log.device_no"
        " WHERE listing.rowid > ? AND state = 1 AND root IS NULL AND device.key <> ?",
        [since, store.device],
    ).fetchone()
    return int(count)


PAGE = Page(path="/live", name="live", endpoint=show, audience=DESK, html=False)
