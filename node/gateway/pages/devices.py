"""`/settings/devices`: one's devices, and `/settings/devices/{device}`: giving another one up."""

from __future__ import annotations

from starlette.responses import Response

from governance.membership import MOST_DEVICES
from node import devices
from node.devices import RETIRING, WAITING, Device
from node.gateway.forms import Form
from node.gateway.pages.page import DESK, Page
from node.gateway.visit import Visit
from node.gateway.words import Words
from node.home import RETIRED
from protocol.errors import NotFound, Refused

HERE = "/settings/devices"
DIGITS = 8  # of an id, as `moothall device list` shows it


async def show(visit: Visit) -> Response:
    """Those that are in use, and those that were given up."""
    visit.require_charter()
    mine = devices.mine(visit.home)
    used = [each for each in mine if each.status != RETIRED]
    return visit.render(
        "settings_devices.html",
        used=[(each, _id(each), _status(visit.words, each), _path(each)) for each in used],
        gone=[(each, _id(each)) for each in mine if each.status == RETIRED],
        most=visit.words.number(MOST_DEVICES),
    )


async def ask(visit: Visit) -> Response:
    """What giving it up means, or why it can't be done."""
    visit.require_charter()
    return _page(visit, _find(visit))


async def retire(visit: Visit, form: Form) -> Response:
    """Give it up."""
    del form
    device = _find(visit)
    try:
        devices.retire(visit.home, device.key.hex())
    except Refused as error:
        return _page(visit, device, 422, visit.words.told(error))
    t = visit.words.gettext
    said = t("Given up: device %(id)s is cut off as soon as the tellers' nodes have certified it.")
    return visit.done(HERE, said % {"id": _id(device)})


def _page(visit: Visit, device: Device, status: int = 200, problem: str = "") -> Response:
    try:
        devices.check_retire(visit.home, device)
    except Refused as error:
        refused = visit.words.told(error)
    else:
        refused = ""
    return visit.render(
        "settings_device.html",
        status=status,
        problem=problem,
        refused="" if problem else refused,
        may=not refused,
        device=device,
        id=_id(device),
        standing=_status(visit.words, device),
        action=_path(device),
    )


def _find(visit: Visit) -> Device:
    try:
        return devices.find(visit.home, visit.request.path_params["device"])
    except NotFound:
        t = visit.words.gettext
        raise NotFound("no-device", t("None of your devices has that id.")) from None


def _id(device: Device) -> str:
    return device.key.hex()[:DIGITS]


def _path(device: Device) -> str:
    return f"{HERE}/{device.key.hex()[: 2 * DIGITS]}"


def _status(words: Words, device: Device) -> str:
    t = words.gettext
    return {
        WAITING: t("not let in yet"),
        "provisional": t("not yet confirmed"),
        RETIRING: t("given up, not yet confirmed"),
        RETIRED: t("given up"),
    }.get(device.status, t("confirmed"))


PAGES_HERE = [
    Page(path=HERE, name="devices", endpoint=show, audience=DESK),
    Page(path=f"{HERE}/{{device}}", name="device", endpoint=ask, post=retire, audience=DESK),
]
