"""The log of a running node, on standard error: short, and without anything private.

Every line goes through one formatter, whoever wrote it. Of an error it shows the kind and the place
in the program, never what it says, since that may quote a letter; nothing that a peer sent can
steer the terminal or look like a line of its own.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import TextIO

from node.terminal import visible

NAME = "moothall"
DEEPEST = 30  # places that are told of one error, the innermost
_REPLACED = "\N{REPLACEMENT CHARACTER}"
_Raised = tuple[type[BaseException], BaseException, TracebackType | None]


def begin(stream: TextIO | None = None) -> None:
    """Log to `stream`, or standard error, from here on; of other libraries warnings alone."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Discreet("%(asctime)s %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    logging.getLogger(NAME).setLevel(logging.INFO)


class Discreet(logging.Formatter):
    """One line a record; then, for an error that nobody foresaw, where it was raised."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """The line."""
        return visible(super().formatMessage(record)).replace("\n", _REPLACED)

    def formatException(self, ei: _Raised | tuple[None, None, None]) -> str:
        """Modules, lines and functions, innermost last, and the error's kind."""
        return "" if ei[1] is None else "\n".join(_told(ei[1], "  "))


def _told(error: BaseException, indent: str) -> Iterator[str]:
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before is not None:
        yield from _told(before, indent)
        yield f"{indent}and then:"
    for frame, line in list(traceback.walk_tb(error.__traceback__))[-DEEPEST:]:
        module = frame.f_globals.get("__name__", "?")
        yield f"{indent}{module}:{line} {frame.f_code.co_name}"
    yield f"{indent}{type(error).__name__}"
    if isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            yield from _told(each, f"{indent}  ")
