"""Looking at everything once: what is known is gathered first, then each check has its say."""

from __future__ import annotations

import contextlib
import logging
import shutil
from pathlib import Path

from node import control
from node import home as homes
from node.doctor.finding import BAD, Finding, Situation
from node.doctor.registry import CHECKS
from node.home import LOCK, SOCKET, Home
from protocol.errors import MoothallError, NotFound

logger = logging.getLogger("moothall.doctor")


def examine(path: Path) -> list[Finding]:
    """The findings for the home in this folder, in the registry's order; NotFound if none is there.

    A store that can't be opened is a finding, and so is a check that fails.
    """
    home: Home | None = None
    trouble: MoothallError | None = None
    try:
        home = homes.open_home(path)
    except NotFound:
        raise
    except MoothallError as error:
        trouble = error
    with contextlib.ExitStack() as stack:
        if home is not None:
            stack.callback(home.close)
        situation = _gather(path, home, trouble)
        found = [_said(name, situation) for name in CHECKS]
    return [finding for finding in found if finding is not None]


def _gather(path: Path, home: Home | None, trouble: MoothallError | None) -> Situation:
    network = None
    with contextlib.suppress(MoothallError):  # a node that is just starting, or an older one
        network = control.links(path / SOCKET)
    return Situation(
        path=path,
        home=home,
        trouble=trouble,
        running=control.is_running(path / LOCK),
        network=network,
        now_ms=homes.now_ms(),
        free=shutil.disk_usage(path).free,
    )


def _said(name: str, situation: Situation) -> Finding | None:
    try:
        return CHECKS[name](situation)
    except Exception as error:  # one check must not keep the others from being made
        logger.debug("%s: %s", name, type(error).__name__, exc_info=True)
        return Finding(
            check=name,
            state=BAD,
            message=f"This could not be looked at ({type(error).__name__}).",
            todo="Look at the other lines first; if they are good, please report this.",
        )
