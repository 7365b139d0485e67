"""`run --notify COMMAND`: what a command hears, how often, and that it never outlives its time."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TextIO

import pytest
import trio
import trio.testing
from trio.testing import MockClock

from node import notifying
from node.events import Event, Events
from node.notifying import Notifier

ORDER = {"order": "ab" * 32, "state": "ordered"}


class Ear:
    """Where a command says what it got; both wait for each other, as long as it takes.

    The command goes on once it was heard, with `released`: two may not speak at once.
    """

    def __init__(self, folder: Path) -> None:
        self.path, self._nod = folder / "ear", folder / "nod"
        for each in (self.path, self._nod):
            os.mkfifo(each)

    @property
    def released(self) -> str:
        return f"read nod < {self._nod}"

    async def hear(self) -> str:
        return await trio.to_thread.run_sync(self.path.read_text, abandon_on_cancel=True)

    async def held(self) -> TextIO:
        """Open, as soon as a command holds it open as well."""
        return await trio.to_thread.run_sync(self.path.open, abandon_on_cancel=True)

    async def let_go(self, file: TextIO) -> None:
        """Until nobody holds it any more."""
        with file:
            await trio.to_thread.run_sync(file.read, abandon_on_cancel=True)

    async def release(self) -> None:
        await trio.to_thread.run_sync(self._nod.write_text, "on\n", abandon_on_cancel=True)


@pytest.fixture
def ear(tmp_path: Path) -> Ear:
    return Ear(tmp_path)


@asynccontextmanager
async def told(command: str) -> AsyncIterator[Events]:
    """Events that a notifier hands to this command."""
    events = Events()
    async with trio.open_nursery() as nursery:
        await nursery.start(Notifier(events, command).run)
        yield events
        nursery.cancel_scope.cancel()


async def heard(ear: Ear) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(await ear.hear())
    return found


async def test_the_command_gets_an_event_as_json_on_its_standard_input(ear: Ear):
    async with told(f"cat > {ear.path}") as events:
        events.tell("order", **ORDER)
        assert await heard(ear) == {"event": "order", **ORDER}


@pytest.mark.parametrize(
    ("event", "facts", "asked"),
    [
        ("letter", {"person": "ab" * 32}, True),
        ("due", {"id": "ab"}, True),
        ("vote", {"proposal": "ab", "phase": "open"}, True),
        ("vote", {"proposal": "ab", "phase": "failed"}, False),
        ("peer-up", {"peer": "x"}, False),
        ("record", {"kind": "listing", "device": "ab"}, False),
    ],
)
def test_only_what_asks_for_somebody_is_told(event: str, facts: dict[str, str], asked: bool):
    assert notifying.asks({"event": event, **facts}) is asked


async def test_while_one_is_told_the_newest_about_each_thing_waits(ear: Ear):
    async with told(f"cat > {ear.path}; {ear.released}") as events:
        events.tell("order", **ORDER)
        await trio.testing.wait_all_tasks_blocked()
        for state in ("accepted", "paid"):
            events.tell("order", **{**ORDER, "state": state})
        events.tell("letter", person="cd" * 32)
        await trio.testing.wait_all_tasks_blocked()

        states = []
        for _ in range(3):
            states.append(await heard(ear))
            await ear.release()

    assert [each.get("state", each["event"]) for each in states] == ["ordered", "paid", "letter"]


async def test_a_flood_of_letters_starts_no_flood_of_commands(
    monkeypatch: pytest.MonkeyPatch, autojump_clock: MockClock
):
    calls: list[float] = []

    async def call(command: str, event: Event) -> None:
        calls.append(trio.current_time())

    monkeypatch.setattr(notifying, "call", call)
    async with told("true") as events:
        for number in range(notifying.BURST + 300):
            events.tell("letter", person=f"{number:064x}")
        await trio.sleep(3600)

    first, later = calls[: notifying.BURST], calls[notifying.BURST :]
    assert first == [0.0] * notifying.BURST
    assert later == [notifying.EVERY_SECONDS * (n + 1) for n in range(len(later))]
    assert len(later) <= notifying.MOST_WAITING


async def test_a_command_that_hangs_is_killed_with_what_it_started(ear: Ear, mock_clock: MockClock):
    async with told(f"sleep 1000 > {ear.path} & wait") as events:
        events.tell("order", **ORDER)
        held = await ear.held()
        events.tell("letter", person="cd" * 32)
        mock_clock.jump(notifying.LONGEST_SECONDS)

        await ear.let_go(held)
        following = await ear.held()  # the next one has its turn
    await ear.let_go(following)


async def test_a_command_ends_with_the_node(ear: Ear):
    async with told(f"sleep 1000 > {ear.path} & wait") as events:
        events.tell("order", **ORDER)
        held = await ear.held()

    await ear.let_go(held)


async def test_a_command_that_is_not_there_ends_nothing(ear: Ear, caplog: pytest.LogCaptureFixture):
    async with told(
        f"read line; echo heard > {ear.path}; {ear.released}; no-such-command-at-all"
    ) as events:
        for subject in ("ab", "cd"):
            events.tell("order", order=subject, state="ordered")
            assert await ear.hear() == "heard\n"
            await ear.release()

    assert "ended with 127" in caplog.text
