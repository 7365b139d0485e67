"""Sealed letters opened in the background while somebody reads pages.

`python -m benchmarks.letters FOLDER COUNT` makes a home, fills its log with COUNT sealed records,
half of them for others, and says so; then it opens them as a running node does, while pages are
asked for one after the other, and prints what that took.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from time import perf_counter
from typing import Any

import trio

from benchmarks import workers
from benchmarks.invented import Inventor
from benchmarks.pages import HOST, get
from benchmarks.report import Line
from governance.charter import Charter
from governance.templates import template
from node import home as homes
from node import post
from node.events import Events
from node.gateway.apps import desk_app
from node.gateway.context import Gateway
from node.gateway.login import cookie_name
from node.home import Home
from node.opening import Opening
from protocol.keys import Signer
from protocol.letters.message import Message
from protocol.sealing import Opener, seal
from storage import letters as kept
from storage.own import Draft

COUNT = 10_000
FEW = 60  # where little is to be measured
LISTINGS = 1_000
CONVERSATIONS = 50
DEVICES = 4  # that a letter is sealed for
PAGES = ("/", "/search", "/messages")
TOGETHER = 500  # records that are appended at once
PAUSE = 0.01  # seconds between two pages
SAFETY = 300.0


def letters(folder: Path, *, small: bool, say: Callable[[str], None]) -> Iterator[Line]:
    """The lines of this part. `small`: with few letters, to see that it works."""
    count = FEW if small else COUNT
    say(f"{count:,} sealed letters")
    command = [sys.executable, "-P", "-m", "benchmarks.letters", str(folder), str(count)]
    with workers.started(command, folder / "home") as (process, _):
        found = process.read(SAFETY)
    what = f"{count:,} sealed records, half of them for others"
    yield Line(
        key="letters-open",
        what=f"{what}: open them in the background",
        unit="s",
        values=[found["seconds"]],
        limit=found["dh_s"],
        note="limit: their Diffie-Hellmans alone, in one thread",
    )
    taken = sorted(found["ms"])
    yield Line(
        key="letters-page",
        what=f"{what}: a page of the desk meanwhile",
        unit="ms",
        values=taken,
        note=f"slowest: {found['worst']}",
    )
    yield Line(
        key="letters-page-p95",
        what=f"{what}: a page of the desk meanwhile, p95",
        unit="ms",
        aim=50,
        values=[taken[min(len(taken) - 1, len(taken) * 95 // 100)]],
    )


def fill(folder: Path, count: int) -> Home:
    """A home with listings, and with a log full of letters that nobody has opened."""
    home = homes.found(folder / "home", Charter.from_data(template("kitchen-table")), "Ana", None)
    listings = Inventor("letters").listings(min(LISTINGS, 10 * count))
    home.append_here([Draft("listing", each.body()) for each in listings])
    people = [Signer(os.urandom(32)).public for _ in range(CONVERSATIONS)]
    others = [Signer(os.urandom(32)).public for _ in range(DEVICES)]
    for begin in range(0, count, TOGETHER):
        drafts = []
        for number in range(begin, min(count, begin + TOGETHER)):
            devices = [home.device, *others[1:]] if number % 2 else others
            said = Message(
                to=people[number % len(people)],
                text=f"Letter {number}: {'words ' * (number % 60)}.",
            )
            drafts.append(post.seal_letter(home, "message", said.body(), devices)[0])
        home.append_here(drafts)
    return home


async def measure(home: Home) -> dict[str, Any]:
    """How long opening takes, and each page meanwhile."""
    home.told = lambda: None  # as in a running node, which opens letters by itself
    gateway = Gateway(home=home, secret=bytes(32))
    gateway.desk_is_at(HOST)
    app, cookie = desk_app(gateway), f"{cookie_name(HOST)}={gateway.sessions.begin()}"
    opening = Opening(
        home,
        home.unlock().device,
        Events(),
        lambda: False,
        came=lambda orders: None,
        wrote=lambda: None,
        keys_for=lambda persons: {},
    )
    for page in PAGES:  # the first of each compiles its template
        await get(app, page, {}, cookie)
    taken: list[float] = []
    worst = ("", 0.0)
    begun = perf_counter()
    with trio.fail_after(SAFETY):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(opening.run)
            while kept.any_pending(home.store):
                page = PAGES[len(taken) % len(PAGES)]
                asked = perf_counter()
                status, _, _ = await get(app, page, {}, cookie)
                if status != 200:
                    raise SystemExit(f"{page} answered {status}")
                taken.append((perf_counter() - asked) * 1000)
                worst = max(worst, (page, taken[-1]), key=lambda one: one[1])
                await trio.sleep(PAUSE)
            seconds = perf_counter() - begun
            nursery.cancel_scope.cancel()
    return {"seconds": seconds, "ms": taken, "worst": worst[0]}


def diffie_hellmans(home: Home, count: int) -> float:
    """Seconds that opening so many boxes for others takes, without a store."""
    device, other = home.unlock().device, Signer(os.urandom(32)).public
    parts = {"community": home.store.community, "author": other}
    body = seal(b"words", [other], **parts, ephemeral=os.urandom(32), key=os.urandom(32))
    opener = Opener(device, home.store.community)
    begun = perf_counter()
    for _ in range(count):
        opener.open(body, other)
    return perf_counter() - begun


def main(folder: Path, count: int) -> None:
    """Measure and print."""
    home = fill(folder, count)
    try:
        print(json.dumps({"filled": count}), flush=True)
        found = trio.run(measure, home)
        print(json.dumps({**found, "dh_s": diffie_hellmans(home, count)}), flush=True)
    finally:
        home.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
