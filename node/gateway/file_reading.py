"""Reading the file that waits to be imported: in a thread, once, while pages go on.

Invariant: one thread at most. Whoever asks for a file that is being read waits for that reading,
and what was read is kept until another file is asked for or the file is put away. A thread can't
be stopped, so the reading of a file put away goes on, and the next one waits for its turn.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

import trio

from node.importer import Imported
from node.importing.formats import read_file
from node.importing.model import Reading
from node.pending import Pending
from protocol.errors import MoothallError

logger = logging.getLogger("moothall.gateway")

PATIENCE = 2.0  # seconds that a page waits for a reading; most take less


@dataclass(slots=True)
class _Work:
    """The reading of one file; with `ended` set, either `reading` or `error` is there."""

    mark: str
    ended: trio.Event = field(default_factory=trio.Event)
    reading: Reading | None = None
    error: Exception | None = None


class FileReading:
    """What is known of the waiting file."""

    def __init__(self) -> None:
        self._work: _Work | None = None
        self._turn = trio.Lock()
        self._seen: tuple[object, Imported] | None = None

    async def read(self, found: Pending) -> Reading | None:
        """The file as it was read; None while that is still under way.

        Raises what `read_file` raises, and tries again when asked again.
        """
        work = self._work
        if work is None or work.mark != found.mark:
            work = self._work = _Work(found.mark)
            # It outlives the request that asked first, which is why it is no child of it.
            trio.lowlevel.spawn_system_task(self._run, work, found)
        with trio.move_on_after(PATIENCE):
            await work.ended.wait()
        if work.error is not None:
            if self._work is work:
                self.forget()
            raise work.error
        return work.reading

    def preview(self, known: object) -> Imported | None:
        """What was kept by `keep_preview`, if it was made of the same."""
        return self._seen[1] if self._seen is not None and self._seen[0] == known else None

    def keep_preview(self, known: object, result: Imported) -> None:
        """What would become of the file; `known` is all that it depends on."""
        self._seen = known, result

    def forget(self) -> None:
        """The file is put away."""
        self._work = self._seen = None

    async def _run(self, work: _Work, found: Pending) -> None:
        async with self._turn:
            if work is not self._work:  # put away before its turn came
                work.ended.set()
                return
            try:
                work.reading = await trio.to_thread.run_sync(_read, found, abandon_on_cancel=True)
            except MoothallError as error:
                work.error = error
            except Exception as error:  # whoever asks is told; the node goes on
                logger.error("reading a file: %s", type(error).__name__, exc_info=True)
                work.error = error
            work.ended.set()


def _read(found: Pending) -> Reading:
    choices = found.choices
    return read_file(
        found.data,
        format=choices.format or None,
        currency=choices.currency,
        decimal=choices.decimal,
        encoding=choices.encoding,
    )
