"""Fee splits: what a node does for every receipt it hears of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from time import process_time

from benchmarks.report import Line
from governance.charter import Charter
from governance.fees import rule_for, split
from governance.templates import template

SPLITS = 200_000
TIMES = 5
ABSENT = (frozenset[str](), frozenset({"referrer"}), frozenset({"host", "referrer"}))


def fee_splits(*, small: bool, say: Callable[[str], None]) -> Iterator[Line]:
    """The line of this part, by the processor's time. `small`: a few, to see that it works."""
    count = 1000 if small else SPLITS
    say(f"{count:,} fee splits")
    rule = rule_for(Charter.from_data(template("makers-market")).fees, "")
    bps = [row.bps for row in rule.table]
    found, bare = [], []
    for _ in range(TIMES):
        begun = process_time()
        for price in range(count):
            split(rule, price, ABSENT[price % 3])
        found.append(count / (process_time() - begun))
        begun = process_time()
        for price in range(count):
            [divmod(price * each, 10_000) for each in bps]
        bare.append(count / (process_time() - begun))
    yield Line(
        key="fee-splits",
        what="fee splits",
        unit="/s",
        aim=200_000,
        limit=max(bare),
        values=found,
        note="the limit: the divisions alone",
    )
