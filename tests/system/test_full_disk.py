"""A disk that is full: a real one, of a few megabytes, that only these processes see."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.gateway.sending import send
from tests.system import commands
from tests.system.people import SAFETY, Person, agree, found, village
from tests.system.test_gateway import said

FULL = "nothing new can be kept, and all that was kept is still there"
_MOUNT = 'mount -t tmpfs -o size=8m moothall "$0"; exec "$@"'


class Small:
    """A folder that is a disk of its own, of 8 MiB; skips where nobody may mount one."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.folder = folder
        for way in (("--user", "--map-root-user"), ()):
            wrapper = ("unshare", *way, "--mount", "/bin/sh", "-euc", _MOUNT, str(folder))
            tried = (
                subprocess.run([*wrapper, "true"], capture_output=True)
                if shutil.which("unshare")
                else None
            )
            if tried is not None and tried.returncode == 0:
                self.place = commands.Place(wrapper)
                return
        pytest.skip("this machine lets nobody mount a disk: unshare --user --mount does not work")

    def fill(self) -> None:
        """Leave no room."""
        self._shell(f"cat /dev/zero > {self.folder}/ballast || true")

    def clear(self) -> None:
        """Give the room back."""
        self._shell(f"rm {self.folder}/ballast")

    def _shell(self, script: str) -> None:
        line = ("/bin/sh", "-euc", script)
        program = "tests.hosts.program"
        done = commands.run(line, os.environ, SAFETY, build=program, place=self.place)
        assert done.returncode == 0, done.stderr


async def test_a_node_on_a_full_disk_serves_what_it_has_and_goes_on_when_there_is_room(
    tmp_path: Path,
) -> None:
    disk = Small(tmp_path / "disk")
    with village(tmp_path, "Ana", "Ben") as (ana, ben):
        ana.place, ana.home = disk.place, disk.folder / "ana"
        found(ana, ben)
        ana.do("listing", "add", "--title", "Rye bread", "--mode", "give")
        disk.fill()

        ben.do("listing", "add", "--title", "Cake", "--mode", "give")

        assert ana.event("store")["reason"] == "disk-full"
        assert ana.refused("listing", "add", "--title", "Jam", "--mode", "give")["error"] == (
            "disk-full"
        )
        assert ana.titles() == {"Rye bread"}
        assert FULL in ana.do("status")["trouble"]["message"]
        checks = {each["check"]: each for each in json.loads(ana.call("doctor").stdout)["checks"]}
        assert FULL in checks["store"]["message"]
        await _look_at_the_desk(ana)
        assert "Rye bread" in ana.page()
        disk.clear()
        assert ana.event("store")["reason"] is None
        agree(ben, ana)
        assert ana.titles() == {"Rye bread", "Cake"}
        assert ana.do("status")["trouble"] is None
        assert ana.do("verify")["faults"] == []
        assert ana.log().count(FULL) == 1
        ana.do("listing", "add", "--title", "Jam", "--mode", "give")
        disk.fill()
        ana.kill()
        ana.start()
        assert "Jam" in ana.page()


async def _look_at_the_desk(ana: Person) -> None:
    base = ana.ready["desk"].partition("/login/")[0]
    async with httpx.AsyncClient(base_url=base, timeout=SAFETY) as desk:
        await desk.get(ana.ready["desk"])
        for path in ("/", "/status", "/mine", "/inbox", "/settings"):
            page = await desk.get(path)
            assert page.status_code == 200, path
            assert FULL in said(page.text), path
        refused = await send(desk, "/offer", {"title": "Rolls"}, button="Publish")
        assert refused.status_code == 503
        assert "nothing of this was kept" in said(refused.text)
