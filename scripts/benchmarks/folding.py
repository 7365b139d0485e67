"""What a chain costs: `python -m benchmarks.folding HOME` prints one JSON object.

A process of its own, so that nothing is known yet: the time until the certified state is there, and
to fold the newest certificate that amended the charter.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

from governance.folding import fold
from node.home import open_home
from storage import certificates


def measure(path: Path) -> dict[str, Any]:
    """Milliseconds of both."""
    home = open_home(path)
    begun = perf_counter()
    state = certificates.current(home.store)
    read = perf_counter() - begun
    if state is None:
        raise SystemExit("there is no chain")
    effect = certificates.above(home.store, state.versions[-1].height - 1)[0]
    before = certificates.at(home.store, effect.height - 1)
    begun = perf_counter()
    fold(before, effect)
    folded = perf_counter() - begun
    home.close()
    return {
        "certificates": state.height + 1,
        "chain_ms": read * 1000,
        "fold_ms": folded * 1000,
    }


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]))), flush=True)
