"""What the first-run pages share with the command that serves them.

The pages make a home in `folder` and hand it over; the command waits for it and runs it. A
newcomer whose invitation leads nowhere gives the home up again, and begins anew.
"""

from __future__ import annotations

from pathlib import Path

import trio

from node.gateway.switch import Switch
from node.home import Home


class FirstRun:
    """One command that begins without a home, or with one that nobody has let in yet."""

    def __init__(self, folder: Path, switch: Switch) -> None:
        self.folder = folder
        self._switch = switch
        self._home: Home | None = None
        self._made = trio.Event()
        self._given_up = trio.Event()

    def hand_over(self, home: Home) -> None:
        """The home is made: pages wait from here on until the node runs it."""
        self._switch.hold()
        self._home = home
        self._made.set()

    async def home(self) -> Home:
        """The home, once it is made."""
        await self._made.wait()
        assert self._home is not None  # noqa: S101 - set before the event
        return self._home

    def give_up(self) -> None:
        """The home that was made leads nowhere: pages wait until it is taken away."""
        self._switch.hold()
        self._given_up.set()

    async def given_up(self) -> None:
        """Returns once the home is to be taken away."""
        await self._given_up.wait()
