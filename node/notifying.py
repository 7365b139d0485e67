"""A command of the owner's that hears of what asks for them: orders, letters, votes, deadlines.

`run --notify COMMAND` starts it with one event as JSON on its standard input. One command runs at a
time and only so many a minute; meanwhile a newer event about the same thing takes the older one's
place. The node never waits for it: what takes too long is killed with everything it started.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import signal
from collections import OrderedDict
from typing import TYPE_CHECKING

import trio

from node.bucket import Bucket
from node.events import Event, Events

if TYPE_CHECKING:
    from trio_typing import TaskStatus

logger = logging.getLogger("moothall.notify")

LONGEST_SECONDS = 30.0  # that a command may take
BURST, EVERY_SECONDS = 10, 6.0  # commands at once; after them one in so many seconds
MOST_WAITING = 100  # events; the oldest give way
_SUBJECTS = ("order", "proposal", "id", "person")  # what an event is about, if it says


class Notifier:
    """Hands events to a command, which a shell runs as this user."""

    def __init__(self, events: Events, command: str) -> None:
        self._events = events
        self._command = command
        self._waiting: OrderedDict[tuple[str, str], Event] = OrderedDict()
        self._news = trio.Event()

    async def run(self, *, task_status: TaskStatus[None] = trio.TASK_STATUS_IGNORED) -> None:
        """Work until cancelled, hearing from when it is started; what still runs is killed then."""
        with self._events.listen() as heard:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._tell)
                task_status.started()
                async for event in heard:
                    if asks(event):
                        self._note(event)

    def _note(self, event: Event) -> None:
        subject = next((str(event[name]) for name in _SUBJECTS if name in event), "")
        about = (event["event"], subject)
        self._waiting.pop(about, None)
        self._waiting[about] = event
        while len(self._waiting) > MOST_WAITING:
            self._waiting.popitem(last=False)
        self._news.set()

    async def _tell(self) -> None:
        bucket = Bucket(size=BURST, rate=1 / EVERY_SECONDS, now=trio.current_time())
        while True:
            await self._news.wait()
            while not bucket.take(1.0, trio.current_time()):
                await trio.sleep(EVERY_SECONDS)
            _, event = self._waiting.popitem(last=False)
            if not self._waiting:
                self._news = trio.Event()
            await call(self._command, event)


def asks(event: Event) -> bool:
    """Whether the owner may have to act on this, so that the command is told."""
    match event:
        case {"event": "order" | "letter" | "due"} | {"event": "vote", "phase": "open"}:
            return True
    return False


async def call(command: str, event: Event) -> None:
    """Run the command to its end; what goes wrong with it is a line in the log."""
    # What it prints goes to the log: the node's own output is one event a line.
    with trio.move_on_after(LONGEST_SECONDS) as allowed:
        try:
            done = await trio.run_process(
                ["/bin/sh", "-c", command],
                stdin=json.dumps(event).encode() + b"\n",
                stdout=2,
                check=False,
                start_new_session=True,
                deliver_cancel=_kill_all,
            )
        except OSError as error:
            logger.warning("the command of --notify can't be started: %s", error.strerror)
            return
        if done.returncode:
            logger.warning("the command of --notify ended with %s", done.returncode)
    if allowed.cancelled_caught:
        logger.warning("the command of --notify took more than %d s: ended", LONGEST_SECONDS)


async def _kill_all(process: trio.Process) -> None:
    """The command and what it started: they are a group of their own."""
    with contextlib.suppress(ProcessLookupError):  # it has just ended
        os.killpg(process.pid, signal.SIGKILL)
