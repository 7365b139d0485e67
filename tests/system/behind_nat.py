"""`moothall` on a computer that nobody can dial: the address that it tells others is dead.

For a test on one machine, where every address could be dialled: run as `python -m` in the place of
the command.
"""

from __future__ import annotations

from node.network import libp2p_addresses


def _dead(bound: object, peer: str) -> list[str]:
    return [f"/ip4/127.0.0.1/tcp/1/p2p/{peer}"]  # nobody listens on port 1


if __name__ == "__main__":
    from node.cli.main import main

    libp2p_addresses.to_show = _dead
    main()
