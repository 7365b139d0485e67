"""Makes what happens in this process depend on a seed alone, as far as that can be done.

Keys, salts and nonces come from `os.urandom`; trio shuffles which of several ready tasks goes
first; worker threads take real time. All three are replaced, so `begin` must come before anything
of the node is imported. Left to the caller is PYTHONHASHSEED, which Python reads as it starts.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from typing import Any

import trio


def begin(seed: int) -> None:
    """From here on everything follows from `seed`. For a process of its own."""
    os.urandom = random.Random(f"{seed} entropy").randbytes
    threads: Any = trio.to_thread
    threads.run_sync = inline
    # What trio's own plugin for Hypothesis does: tasks run in the order in which they began.
    scheduler: Any = trio._core._run
    scheduler._ALLOW_DETERMINISTIC_SCHEDULING = True
    scheduler._r = random.Random(f"{seed} order")


async def inline(work: Callable[..., Any], *arguments: Any, **_options: Any) -> Any:
    """`trio.to_thread.run_sync` without the thread: a mock clock does not wait for threads."""
    await trio.lowlevel.checkpoint()
    return work(*arguments)
