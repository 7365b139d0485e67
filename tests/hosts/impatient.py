"""`moothall` that gives up a silent connection after two seconds, so that a test can wait for it.

Run as `python -m` in the place of the command.
"""

from __future__ import annotations

from node.network import libp2p_wire

if __name__ == "__main__":
    from node.cli.main import main

    libp2p_wire.PATIENCE_SECONDS = 2
    main()
