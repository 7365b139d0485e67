"""`/recovery.txt`, the recovery file to save, and `/settings/recovery`: saved, or made again."""

from __future__ import annotations

import trio
from starlette.responses import Response

from node import devices, keystore, recovery
from node.gateway.forms import Form
from node.gateway.pages.page import DESK, Page
from node.gateway.visit import Problem, Visit
from node.home import RECOVERY
from protocol.errors import Refused


async def download(visit: Visit) -> Response:
    """The file as it lies in the home; if it was taken away and needs no passphrase, a new one."""
    kept = devices.kept_recovery(visit.home)
    if kept is not None:
        return _file(kept.encode())
    if visit.home.keyfile.sealed:
        t = visit.words.gettext
        raise Problem(
            404,
            t("The recovery file is not here any more"),
            t("It was taken out of this home. In the settings you can make it again."),
        )
    return _file(devices.recovery_text(visit.home, None).encode())


async def show(visit: Visit) -> Response:
    """What it is for, and the link that saves it."""
    return _page(visit)


async def act(visit: Visit, form: Form) -> Response:
    """Remember that it was saved; or make the file again, sealed like the keys."""
    home, t = visit.home, visit.words.gettext
    if form.text("do") == "saved":
        devices.recovery_is_saved(home)
        return visit.done("/settings/recovery", t("Good: your copy is up to date."))
    passphrase = form.lines("passphrase") if home.keyfile.sealed else None
    try:
        # It takes a second and touches no store, so the node goes on meanwhile.
        await trio.to_thread.run_sync(keystore.unlock, home.keyfile.path, passphrase)
    except Refused as error:
        return _page(visit, 422, visit.words.told(error))
    around = devices.surroundings(home)
    person, community = home.unlock().person, home.store.community
    text = await trio.to_thread.run_sync(recovery.text, person, community, around, passphrase)
    keystore.write_private(home.path / RECOVERY, text)
    return visit.done("/settings/recovery", t("The recovery file is here again: save it now."))


def _page(visit: Visit, status: int = 200, problem: str = "") -> Response:
    return visit.render(
        "settings_recovery.html",
        status=status,
        problem=problem,
        sealed=visit.home.keyfile.sealed,
        kept=(visit.home.path / RECOVERY).exists(),
        old=devices.recovery_is_old(visit.home),
    )


def _file(data: bytes) -> Response:
    return Response(
        data,
        media_type="text/plain; charset=utf-8",
        headers={
            "Content-Disposition": 'attachment; filename="moothall-recovery.txt"',
            "Cache-Control": "no-store",
        },
    )


PAGES_HERE = [
    Page(path="/recovery.txt", name="recovery-file", endpoint=download, audience=DESK, html=False),
    Page(
        path="/settings/recovery",
        name="recovery",
        endpoint=show,
        post=act,
        audience=DESK,
    ),
]
