"""`scripts/simulate`: how one listing spreads in communities of 10 to 10,000 nodes, and what it
costs to belong to one community in a world of many.

Simulated are time, latencies and loss; whom nodes are in touch with, what they say and how large it
is come from the program itself. See `crowd` and `belonging` for what is real and what is not.
"""

from __future__ import annotations

import json
import logging
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import mean, median
from time import monotonic
from typing import Any

from rich.console import Console
from rich.table import Table

from .belonging import Price, prices
from .crowd import Crowd, Spread

SIZES = (10, 100, 1_000, 10_000)
WORLDS = (1, 10, 100, 1_000)
LISTINGS = 10  # that are followed in a community of at most so many nodes:
FEW, MANY = 3, 1_000


@dataclass(frozen=True, kw_only=True)
class Line:
    """How a listing fares among so many nodes. Medians over some listings by different members."""

    nodes: int
    connections: float  # of a node, on average
    most_connections: int
    hops: float
    most_hops: int
    half_s: float  # until half of the nodes have it
    most_s: float  # until 99 % have it
    all_s: float
    bytes: float  # that a node sends for it, on average
    by: dict[str, float]  # the same, by what they were for
    most_bytes: float  # that any node sends
    hello: float  # bytes a node sends in a minute in which nothing is new
    listings: int
    seconds: float  # real ones


def line(nodes: int, seed: int) -> Line:
    """Simulate one size."""
    begun = monotonic()
    crowd = Crowd(nodes, seed)
    count = min(nodes, LISTINGS if nodes <= MANY else FEW)
    found = [crowd.listing(number * nodes // count) for number in range(count)]
    links = [len(node.links) for node in crowd.nodes]
    return Line(
        nodes=nodes,
        connections=mean(links),
        most_connections=max(links),
        hops=median(hop for each in found for hop in each.hops),
        most_hops=max(max(each.hops) for each in found),
        half_s=median(each.after(0.5) for each in found),
        most_s=median(each.after(0.99) for each in found),
        all_s=median(each.after(1.0) for each in found),
        bytes=mean(each.cost / nodes for each in found),
        by={what: mean(each.spent[what] / nodes for each in found) for what in Spread.PAID},
        most_bytes=max(each.most for each in found),
        hello=crowd.hello_bytes,
        listings=count,
        seconds=monotonic() - begun,
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """0."""
    parser = ArgumentParser(prog="scripts/simulate", description=__doc__.partition("\n\n")[0])
    parser.add_argument(
        "--nodes", type=int, nargs="+", default=SIZES, metavar="N", help="sizes of the community"
    )
    parser.add_argument(
        "--communities", type=int, nargs="*", default=WORLDS, metavar="N", help="sizes of the world"
    )
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="of all chance")
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    asked = parser.parse_args(arguments)
    if min(*asked.nodes, *asked.communities, 1) < 1:
        parser.error("--nodes and --communities take numbers from 1 on")
    logging.getLogger("moothall").setLevel(logging.ERROR)  # made-up nodes complain of storms
    say: Callable[[str], None] = (
        (lambda text: print(text, file=sys.stderr, flush=True)) if sys.stderr.isatty() else _nothing
    )
    lines = []
    for nodes in asked.nodes:
        say(f"{nodes:,} nodes ...")
        lines.append(line(nodes, asked.seed))
    say("worlds ..." if asked.communities else "")
    worlds = prices(list(asked.communities), asked.seed) if asked.communities else []
    if asked.json:
        data = {"seed": asked.seed, "listing": lines, "belonging": worlds}
        print(json.dumps(data, indent=1, default=asdict))
    else:
        _print(lines, worlds)
    return 0


def _nothing(text: str) -> None:
    """Nobody is looking."""


def _print(lines: Sequence[Line], worlds: Sequence[Price]) -> None:
    console = Console(width=None if sys.stdout.isatty() else 130)
    first = _table(
        "One listing, with 5 % of gossip lost: what a node sends for it, and when it is where",
        [
            ("nodes", [f"{each.nodes:,}" for each in lines]),
            (
                "connections",
                [f"{each.connections:.0f} (most {each.most_connections})" for each in lines],
            ),
            ("hops", [f"{each.hops:.0f} (most {each.most_hops})" for each in lines]),
            ("50 %", [f"{each.half_s:.2f} s" for each in lines]),
            ("99 %", [f"{each.most_s:.2f} s" for each in lines]),
            ("all", [f"{each.all_s:.2f} s" for each in lines]),
            ("bytes", [f"{each.bytes:,.0f}" for each in lines]),
            ("gossip", [f"{each.by['message']:,.0f}" for each in lines]),
            ("offers", [f"{each.by['control']:,.0f}" for each in lines]),
            ("repair", [f"{each.by['repair']:,.0f}" for each in lines]),
            ("most bytes", [f"{each.most_bytes:,.0f}" for each in lines]),
            ("took", [f"{each.seconds:.0f} s" for each in lines]),
        ],
    )
    second = _table(
        "What a member of one community of 30 has of it in a day",
        [
            ("communities", [f"{each.communities:,}" for each in worlds]),
            ("connections", [f"{each.connections:.1f}" for each in worlds]),
            ("hellos", [_mb(each.hello) for each in worlds]),
            ("cards", [_mb(each.cards) for each in worlds]),
            ("30 listings", [_mb(each.listings) for each in worlds]),
            ("nodes on its LAN", [str(each.lan_nodes) for each in worlds]),
            ("mDNS", [_mb(each.mdns) for each in worlds]),
            ("strangers dialled", [str(each.strangers) for each in worlds]),
            ("disk in a year", [_mb(each.disk) for each in worlds]),
        ],
    )
    for table, shown in ((first, lines), (second, worlds)):
        if shown:
            console.print(table)


def _table(title: str, columns: Sequence[tuple[str, Sequence[str]]]) -> Table:
    table = Table(title=title, title_justify="left")
    for name, _ in columns:
        table.add_column(name, justify="right")
    rows: list[Any] = list(zip(*(cells for _, cells in columns), strict=True))
    for row in rows:
        table.add_row(*row)
    return table


def _mb(size: float) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.0f} kB"


if __name__ == "__main__":
    raise SystemExit(main())
