"""Where a process spends its processor time, by looking every millisecond (SIGPROF).

Unlike a tracing profiler this costs the same whatever runs, so shares are true to life. A sample
counts for the innermost function, and once for each function on the stack.
"""

from __future__ import annotations

import signal
from collections import Counter
from pathlib import Path
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

    def start(self) -> None:
        """Begin."""
        signal.signal(signal.SIGPROF, self._look)
        signal.setitimer(signal.ITIMER_PROF, STEP_SECONDS, STEP_SECONDS)

    def stop(self) -> dict[str, Any]:
        """End; {"samples": all, "own": {function: samples}, "within": {function: samples}}."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        return {
            "samples": self._count,
            "own": dict(self._own.most_common(60)),
            "within": dict(self._within.most_common(160)),
        }

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
