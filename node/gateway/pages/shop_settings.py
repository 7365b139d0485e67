"""`/settings/shop-window`: show the shop window or not, where, and how guests from outside come."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.responses import Response

from node import ports
from node.gateway.forms import Form
from node.gateway.pages.page import DESK, Page
from node.gateway.shop_window import ShopWindow
from node.gateway.visit import Problem, Visit
from node.inviting import own_addresses
from node.trade import guest_rules
from protocol.errors import Refused
from storage.database import get_meta, set_meta

PLACES = {"machine": "127.0.0.1", "network": ports.EVERYWHERE}
FROM_PORT = 1024  # below, a program needs rights that this one should not have


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the form holds. `where`: a key of PLACES, or "other" with the host in `host`."""

    on: bool
    where: str
    host: str
    port: str
    address: str
    orders: str  # one of guests.SETTINGS


async def show(visit: Visit) -> Response:
    """As it is."""
    return _page(visit, _kept(visit))


async def save(visit: Visit, form: Form) -> Response:
    """Switch it on, move it or switch it off, at once."""
    t, window = visit.words.gettext, _window(visit)
    kept = _kept(visit)
    chosen = Chosen(
        on=form.checked("on"),
        where=form.text("where"),
        host=kept.host,
        port=form.text("port"),
        address=form.text("address"),
        orders=form.text("orders") or kept.orders,
    )
    host = PLACES.get(chosen.where) or chosen.host
    try:
        port = _port(visit, chosen.port)
        outside = ports.outside(chosen.address or ports.NONE)
        if chosen.on and (host, port) != _at(window):
            await window.switch_on(host, port)
        elif not chosen.on:
            await window.switch_off()
        guest_rules.choose(visit.store, chosen.orders)
    except Refused as error:
        return _page(visit, chosen, 422, visit.words.told(error))
    set_meta(visit.store.db, "shop_url", outside)
    said = t("The shop window is on.") if chosen.on else t("The shop window is off.")
    return visit.done("/settings/shop-window", said)


def _window(visit: Visit) -> ShopWindow:
    window = visit.gateway.shop_window
    if window is None:
        t = visit.words.gettext
        raise Problem(
            503,
            t("Your node is not running"),
            t("The shop window can be changed while your node runs."),
        )
    return window


def _at(window: ShopWindow) -> tuple[str, int] | None:
    return ports.host_port(window.address) if window.address else None


def _port(visit: Visit, text: str) -> int:
    """The port to serve at; 0, which means any free one, where none was typed."""
    if not text:
        return 0
    if not (text.isascii() and text.isdigit()) or not FROM_PORT <= int(text[:6]) <= 65_535:
        t = visit.words.gettext
        raise Refused(
            "bad-port",
            t("A port is a number from %(low)s to 65535; nothing was changed.")
            % {"low": FROM_PORT},
        )
    return int(text)


def _kept(visit: Visit) -> Chosen:
    kept = get_meta(visit.store.db, "shop_at") or get_meta(visit.store.db, "shop")
    host, port = ports.host_port(kept) if kept else (PLACES["machine"], 0)
    window = visit.gateway.shop_window
    return Chosen(
        on=window is not None and window.address is not None,
        where=next((name for name, known in PLACES.items() if known == host), "other"),
        host=host,
        port=str(port or ""),
        address=get_meta(visit.store.db, "shop_url") or "",
        orders=guest_rules.setting(visit.store),
    )


def _page(visit: Visit, chosen: Chosen, status: int = 200, problem: str = "") -> Response:
    window = visit.gateway.shop_window
    return visit.render(
        "settings_shop.html",
        status=status,
        problem=problem,
        chosen=chosen,
        addresses=ports.browsable(window.address, own_addresses(visit.home))
        if window and window.address
        else [],
        from_port=FROM_PORT,
        sees_listings=visit.charter.guests.see_listings,
        sees_members=visit.charter.guests.see_members,
        may_order=visit.charter.guests.may_order,
    )


PAGE = Page(
    path="/settings/shop-window",
    name="shop-window",
    endpoint=show,
    post=save,
    audience=DESK,
)
