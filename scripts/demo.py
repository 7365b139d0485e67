"""A small community to look at: three people, three nodes, one machine.

Everything here is done through the public `moothall` command, as people would do it; nothing of
Moothall is imported, so what works here works by hand. Each node is a process of its own that
listens on loopback alone. Every wait has a deadline, and however this ends, by itself, by a
failure or by a signal, the nodes are ended first, each by its own process.
"""

from __future__ import annotations

import argparse
import csv
import html
import json
import math
import os
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import trio
from rich.console import Console
from rich.measure import Measurement
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.table import Table

PROJECT = Path(__file__).resolve().parent.parent
MOOTHALL = Path(sys.executable).parent / "moothall"
PEOPLE = PROJECT / "scripts" / "demo" / "people.json"  # profiles and listings, as options
POTTERY = PROJECT / "scripts" / "demo" / "ana-pottery.csv"

COMMUNITY = "Riverside makers"
COMMAND_SECONDS = 30  # one command, from start to exit
READY_SECONDS = 30  # a node, until it says where it listens
ROLL_SECONDS = 60  # until every node has everybody on the roll
AGREE_SECONDS = 60  # until every node holds the same
GOODBYE_SECONDS = 5  # a node, from SIGINT to its end
POLL_SECONDS = 0.3


class DemoFailure(Exception):
    """Something did not go as it must; the text is for the person who started the demo."""


class Answer(dict[str, Any]):
    """What a command answered. Asking for a key that is not there is a DemoFailure."""

    def __init__(self, command: list[str], content: dict[str, Any]) -> None:
        super().__init__(content)
        self._command = shlex.join(command)

    def __missing__(self, key: str) -> Any:
        raise DemoFailure(f"The answer to this command lacks `{key}`: {self._command}")


@dataclass
class Person:
    """Someone with a home and, once started, a node."""

    name: str
    folder: Path
    profile: dict[str, str]
    listings: list[dict[str, str]]
    made: int = 0  # listings made by command or import, drafts included
    sees: int = 0  # listings of everybody, as this person's node lists them
    desk: str = ""  # address with the one-time login
    shop: str = ""  # address for guests
    overran: bool = False  # the node had to be killed
    home: Path = field(init=False)
    log: Path = field(init=False)

    def __post_init__(self) -> None:
        self.home = self.folder / self.name.lower()
        self.log = self.folder / f"{self.name.lower()}.log"

    def command(self, *arguments: str) -> list[str]:
        return [str(MOOTHALL), "--home", str(self.home), "--json", *arguments]

    async def moothall(self, *arguments: str) -> Answer:
        """Run one command in this person's home and return what it answers."""
        command = self.command(*arguments)
        with trio.move_on_after(COMMAND_SECONDS) as limit:
            done = await trio.run_process(
                command,
                capture_stdout=True,
                capture_stderr=True,
                check=False,
                cwd=self.folder,
                env=environment(),
                start_new_session=True,  # a Ctrl-C is ours to pass on
            )
        if limit.cancelled_caught:
            raise DemoFailure(f"This command took over {COMMAND_SECONDS} s: {shlex.join(command)}")
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip() or "nothing"
            raise DemoFailure(
                f"This command ended with exit code {done.returncode}: {shlex.join(command)}\n"
                f"It said: {said}"
            )
        try:
            answer = json.loads(done.stdout)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            said = done.stdout.decode(errors="replace").strip()[:500] or "nothing"
            raise DemoFailure(
                f"This command answered with something else than one JSON object: "
                f"{shlex.join(command)}\nIt said: {said}"
            )
        return Answer(command, answer)

    async def run(self, *, task_status: trio.TaskStatus[None]) -> None:
        """Run this person's node until cancelled; ready once it has said where it listens."""
        loopback = "127.0.0.1:0"
        listen = ["--listen", "/ip4/127.0.0.1/tcp/0", "--desk", loopback, "--shop", loopback]
        with self.log.open("wb") as log:
            process = await trio.lowlevel.open_process(
                self.command("run", *listen),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=self.folder,
                env=environment(),
                start_new_session=True,
            )
        try:
            await self._live(process, task_status)
        finally:
            await self._end(process)

    async def _live(self, process: trio.Process, task_status: trio.TaskStatus[None]) -> None:
        assert process.stdout is not None  # noqa: S101 (for the type checker)
        said = b""
        with trio.move_on_after(READY_SECONDS) as limit:
            while b"\n" not in said:
                more = await process.stdout.receive_some()
                if not more:
                    break
                said += more
        if limit.cancelled_caught:
            raise DemoFailure(
                f"{self.name}'s node was not ready within {READY_SECONDS} s. {self._last_words()}"
            )
        if b"\n" in said:
            try:
                ready = json.loads(said.split(b"\n")[0])
                self.desk, self.shop = url(ready["desk"]), url(ready["shop"])
            except (ValueError, KeyError, TypeError) as error:
                raise DemoFailure(
                    f"{self.name}'s node did not begin with the line that says where it listens: "
                    f"{said[:300]!r}"
                ) from error
            task_status.started()
            while await process.stdout.receive_some():
                pass  # events; reading them keeps the pipe from filling up
        code = await process.wait()
        raise DemoFailure(
            f"{self.name}'s node ended by itself with exit code {code}: "
            f"{shlex.join(self.command('run'))} ...\n{self._last_words()}"
        )

    async def _end(self, process: trio.Process) -> None:
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        with trio.move_on_after(GOODBYE_SECONDS, shield=True):
            await process.wait()
        if process.poll() is None:
            self.overran = True
            process.kill()
            with trio.CancelScope(shield=True):
                await process.wait()
        if process.stdout is not None:
            with trio.CancelScope(shield=True):
                await process.stdout.aclose()

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines()[-8:]
        return "It said: " + ("\n".join(lines) or "nothing")


def environment() -> dict[str, str]:
    """Our environment without settings that would lead a command to someone's real home."""
    return {name: value for name, value in os.environ.items() if not name.startswith("MOOTHALL_")}


def url(address: object) -> str:
    """An address as a browser takes it."""
    if not isinstance(address, str) or not address:
        raise ValueError("no address")
    return address if "://" in address else f"http://{address}"


def pottery_titles() -> set[str]:
    """The titles that Ana's file publishes."""
    with POTTERY.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {r["Title"] for r in rows if r["Title"] and r["Published on online store"] == "TRUE"}


class Stages:
    """Tells what is going on: a bar while it lasts on a terminal, a line once it is done."""

    def __init__(self, console: Console) -> None:
        self.console = console

    @contextmanager
    def stage(self, text: str, steps: int | None = None) -> Iterator[Callable[[], None]]:
        """Show `text` meanwhile; the function yielded counts one of `steps` as done."""
        began = time.monotonic()
        columns = [SpinnerColumn("line"), TextColumn("{task.description}")]
        counted = [BarColumn(bar_width=24), MofNCompleteColumn()] if steps else []
        with Progress(
            *columns,
            *counted,
            console=self.console,
            transient=True,
            disable=not self.console.is_terminal,
        ) as progress:
            task = progress.add_task(text, total=steps)
            yield lambda: progress.advance(task)
        seconds = time.monotonic() - began
        self.console.print(f"{text} [dim]({seconds:.1f} s)[/dim]", highlight=False)


async def until(condition: Callable[[], Awaitable[bool]], seconds: float, otherwise: str) -> None:
    """Ask again and again until `condition` holds; fail with `otherwise` after `seconds`."""
    with trio.move_on_after(seconds):
        while not await condition():
            await trio.sleep(POLL_SECONDS)
        return
    raise DemoFailure(otherwise)


async def ask_all(people: list[Person], *arguments: str) -> list[Answer]:
    """The answers of everybody's node to one command, in the order of `people`."""
    answers: dict[str, Answer] = {}

    async def ask(person: Person) -> None:
        answers[person.name] = await person.moothall(*arguments)

    async with trio.open_nursery() as nursery:
        for person in people:
            nursery.start_soon(ask, person)
    return [answers[person.name] for person in people]


async def found_and_join(people: list[Person], nodes: trio.Nursery, stages: Stages) -> None:
    """Found the community, start a node for each and bring everybody on the roll."""
    ana, *others = people
    with stages.stage(f"Ana founds {COMMUNITY}"):
        template = ["--template", "kitchen-table", "--currency", "EUR"]
        await ana.moothall("found", COMMUNITY, "--person", ana.name, *template, "--no-passphrase")
    with stages.stage("Ana starts her node"):
        await nodes.start(ana.run)
    with stages.stage("Ana invites Ben and Eva, they join and start their nodes", 4) as step:

        async def join(person: Person, link: str) -> None:
            await person.moothall("join", link, "--person", person.name, "--no-passphrase")
            step()
            await nodes.start(person.run)
            step()

        async with trio.open_nursery() as joining:
            for person in others:
                invitation = await ana.moothall("invite", "--note", f"for {person.name}")
                joining.start_soon(join, person, invitation["link"])

    async def all_are_members() -> bool:
        lists = await ask_all(people, "member", "list")
        return all(
            [member.get("status") for member in answer["members"]] == ["member"] * len(people)
            for answer in lists
        )

    with stages.stage("Ana's node, the teller's, puts them on the roll"):
        await until(
            all_are_members,
            ROLL_SECONDS,
            f"After {ROLL_SECONDS} s not every node had all three as members; "
            f"`{shlex.join(ana.command('member', 'list'))}` shows who is missing.",
        )


async def fill(people: list[Person], stages: Stages) -> None:
    """Profiles and offers from everybody at once, then Ana's import."""
    steps = len(people) + sum(len(person.listings) for person in people)
    with stages.stage("They say who they are and what they offer", steps) as step:

        async def offer(person: Person) -> None:
            await person.moothall("profile", "set", *options(person.profile))
            step()
            for listing in person.listings:
                await person.moothall("listing", "add", *options(listing))
                person.made += 1
                step()

        async with trio.open_nursery() as nursery:
            for person in people:
                nursery.start_soon(offer, person)

    ana = people[0]
    with stages.stage("Ana imports her pottery from a Shopify file"):
        answer = await ana.moothall("listing", "import", str(POTTERY))
        if answer["errors"] or not answer["created"]:
            raise DemoFailure(f"The import of {POTTERY} was not complete: {json.dumps(answer)}")
        ana.made += answer["created"]


def options(values: dict[str, str]) -> list[str]:
    """A dictionary as command line options."""
    return [word for name, value in values.items() for word in (f"--{name}", value)]


async def agree(people: list[Person], stages: Stages) -> None:
    """Wait until all nodes hold the same, then count what each sees."""

    async def equal() -> bool:
        return len({answer["digest"] for answer in await ask_all(people, "status")}) == 1

    with stages.stage("Waiting until all three nodes hold the same"):
        await until(
            equal,
            AGREE_SECONDS,
            f"After {AGREE_SECONDS} s the nodes still differed in the digest that "
            f"`{shlex.join(people[0].command('status'))}` shows.",
        )
    lists = await ask_all(people, "listing", "list")
    for person, answer in zip(people, lists, strict=True):
        person.sees = answer["total"]


def show(people: list[Person], console: Console) -> None:
    """The table of who is where, never wrapped: addresses are there to be copied."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    table.add_column("Who")
    table.add_column("Listed", justify="right")
    table.add_column("Sees", justify="right")
    table.add_column("Where")
    table.add_column("Address")
    for person in people:
        table.add_row(
            person.name, str(person.made), str(person.sees), "shop window, for guests", person.shop
        )
        table.add_row("", "", "", "desk, login works once", person.desk)
    wide = console.options.update(max_width=10_000)
    unwrapped = Console(width=Measurement.get(console, wide, table).maximum)
    unwrapped.print()
    unwrapped.print(table, highlight=False)
    unwrapped.print()


async def check_shop(person: Person) -> None:
    """Fail unless a title of Ana's import is on the front page of this person's shop window."""

    def fetch() -> str:
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(person.shop, timeout=10) as answer:
            return str(answer.read().decode("utf-8"))

    try:
        page = html.unescape(await trio.to_thread.run_sync(fetch, abandon_on_cancel=True))
    except (OSError, ValueError) as error:
        raise DemoFailure(f"{person.name}'s shop window at {person.shop}: {error}") from error
    if not any(title in page for title in pottery_titles()):
        raise DemoFailure(
            f"{person.name}'s shop window at {person.shop} shows nothing of Ana's import."
        )


async def heed(received: list[int], *, task_status: trio.TaskStatus[None]) -> None:
    """End with a KeyboardInterrupt at the first signal that asks us to stop; note which."""
    signals = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # nohup asks to go on
        signals.append(signal.SIGHUP)
    with trio.open_signal_receiver(*signals) as arrivals:
        task_status.started()
        async for number in arrivals:
            received.append(number)
            raise KeyboardInterrupt


async def demo(people: list[Person], console: Console, *, once: bool, received: list[int]) -> None:
    """The whole of it; ends by itself only with `once`."""
    ready = False
    try:
        async with trio.open_nursery() as nodes:
            await nodes.start(heed, received)
            stages = Stages(console)
            await found_and_join(people, nodes, stages)
            await fill(people, stages)
            await agree(people, stages)
            show(people, console)
            eva = people[-1]
            ready = True
            if once:
                await check_shop(eva)
                console.print(f"Eva's shop window at {eva.shop} shows what Ana imported.")
            else:
                console.print(f"Browse at [bold]{eva.shop}[/bold] (Eva's shop window).")
                console.print("Ctrl-C ends the demo and its three nodes.")
                await trio.sleep(math.inf)
            nodes.cancel_scope.cancel()
    except* KeyboardInterrupt:
        if not ready or once:
            raise


def new_folder(chosen: Path | None) -> Path:
    """An empty folder for three homes: the one asked for, or a fresh one in .demo/."""
    if chosen is None:
        base = PROJECT / ".demo"
        base.mkdir(exist_ok=True)
        return Path(tempfile.mkdtemp(dir=base, prefix=""))
    folder = chosen.absolute()
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise DemoFailure(f"{folder} is not an empty folder; the demo begins in a fresh one.")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def causes(error: BaseException) -> Iterator[BaseException]:
    """The errors inside a group, the groups left out."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from causes(inner)
    else:
        yield error


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/start --demo", description=__doc__)
    parser.add_argument("--dir", type=Path, help="an empty folder for the three homes; it is kept")
    parser.add_argument("--once", action="store_true", help="do everything, check, and exit")
    wanted = parser.parse_args()
    console = Console(soft_wrap=True)
    received: list[int] = []
    people: list[Person] = []
    folder: Path | None = None
    code = 0
    try:
        if not MOOTHALL.exists():
            raise DemoFailure(f"There is no {MOOTHALL}; start this through scripts/start --demo.")
        folder = new_folder(wanted.dir)
        known = json.loads(PEOPLE.read_text(encoding="utf-8"))
        people = [Person(name, folder, **about) for name, about in known.items()]
        trio.run(lambda: demo(people, console, once=wanted.once, received=received))
    except (DemoFailure, OSError, KeyboardInterrupt, BaseExceptionGroup) as error:
        found = list(causes(error))
        faults = [one for one in found if not isinstance(one, KeyboardInterrupt)]
        unforeseen = [one for one in faults if not isinstance(one, (DemoFailure, OSError))]
        if unforeseen:
            raise
        code = 1 if faults and not received else 128 + (received or [signal.SIGINT])[0]
        said = str(faults[0]) if code == 1 else "Stopped before the demo was complete."
        console.print(said, markup=False, highlight=False)
    for person in people:
        if person.overran:
            code = code or 1
            print(f"{person.name}'s node did not end within {GOODBYE_SECONDS} s and was killed.")
    if folder is not None:
        if wanted.dir is not None:
            print(f"The three homes are kept in {folder}.")
        elif code == 1:
            print(f"The three homes and their logs are in {folder}, to find out why.")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    if not wanted.once and code == 0:
        print("Ended; no node is left running.")
    return code


if __name__ == "__main__":
    sys.exit(main())
