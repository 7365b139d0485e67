"""People at home on a host: as `people.Person`, with their browser on that host as well."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from tests.system import commands
from tests.system.people import SAFETY, Failed, Person

PAGES = ("--desk", "127.0.0.1:0", "--shop", "127.0.0.1:0")  # for this host alone
LOOK_SECONDS = 1.0


class Resident(Person):
    """Somebody whose node, commands and browser are in one place."""

    def __init__(self, name: str, folder: Path, place: commands.Place, port: int) -> None:
        super().__init__(name, folder)
        self.place = place
        self._port = port

    def launch(self, *options: str) -> None:
        """Run the node, which listens on every interface of the host."""
        super().launch("--listen", f"/ip4/0.0.0.0/tcp/{self._port}", *PAGES, *options)

    def _news(self, deadline: float) -> bool:
        """As there, but look again now and then: of its connections the node tells little."""
        soon = min(deadline, time.monotonic() + LOOK_SECONDS)
        return super()._news(soon) or time.monotonic() < deadline

    def browse(self, *addresses: str) -> dict[str, Any]:
        """Open these one after the other, cookies kept: what the last one gave (`browse`)."""
        done = commands.run(
            addresses, os.environ, SAFETY, build="tests.hosts.browse", place=self.place
        )
        if done.returncode != 0:
            raise Failed(f"{self.name}: {' '.join(addresses)}: {done.stderr}")
        told: dict[str, Any] = json.loads(done.stdout)
        return told

    def page(self, path: str = "") -> str:
        return str(self.browse(self.ready["shop"] + path.lstrip("/"))["text"])

    def desk(self, path: str) -> str:
        """A page of the own desk, by a new login link."""
        return str(self.browse(self.do("desk")["desk"], self._desk() + path)["text"])

    def _desk(self) -> str:
        return str(self.ready["desk"]).split("/login", 1)[0]
