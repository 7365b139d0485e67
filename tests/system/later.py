"""A build whose clock goes three weeks ahead of the machine's."""

from __future__ import annotations

import time

from node.cli.main import main

WEEKS = 3 * 7 * 86_400 * 10**9  # nanoseconds
honest = time.time_ns


if __name__ == "__main__":
    time.time_ns = lambda: honest() + WEEKS
    main()
