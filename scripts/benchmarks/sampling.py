"""Where a process spends its processor time, by looking every few milliseconds (SIGPROF).

Unlike a tracing profiler this costs the same whatever runs, so shares are true to life. A sample
counts for the innermost function, and once for each function on the stack. How often the kernel
really interrupts is its own choice, so shares of the processor time are told, not counts.
"""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path
from time import process_time
from types import FrameType
from typing import Any

STEP_SECONDS = 0.001
PROJECT = Path(__file__).resolve().parents[2]


class Sampler:
    """Samples the main thread between `start` and `stop`."""

    def __init__(self) -> None:
        self._own: Counter[str] = Counter()
        self._within: Counter[str] = Counter()
        self._count = 0
        self._begun = 0.0

    def start(self) -> None:
        """Begin."""
        self._begun = process_time()
        signal.signal(signal.SIGPROF, self._look)
        signal.setitimer(signal.ITIMER_PROF, STEP_SECONDS, STEP_SECONDS)

    def stop(self) -> dict[str, Any]:
        """End; processor seconds, and shares of them of each function, alone and with others."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        return {
            "seconds": process_time() - self._begun,
            "samples": self._count,
            "own": self._shares(self._own, 60),
            "within": self._shares(self._within, 160),
        }

    def _shares(self, counted: Counter[str], most: int) -> dict[str, float]:
        return {name: count / self._count for name, count in counted.most_common(most)}

    def _look(self, _number: int, frame: FrameType | None) -> None:
        self._count += 1
        if frame is not None:
            self._own[_name(frame)] += 1
        seen = set()
        while frame is not None:
            seen.add(_name(frame))
            frame = frame.f_back
        self._within.update(seen)


def _name(frame: FrameType) -> str:
    code = frame.f_code
    path = Path(code.co_filename)
    try:
        where = str(path.relative_to(PROJECT))
    except ValueError:
        where = "/".join(path.parts[-3:])
    if ".venv" in where:
        where = "/".join(path.parts[-3:])
    return f"{where}:{code.co_qualname}"
