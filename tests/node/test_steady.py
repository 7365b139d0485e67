"""Work that goes on as long as the node: begun again after an error, and not loud about it."""

from __future__ import annotations

import logging
import sqlite3

import pytest
import trio
from trio.testing import MockClock

from node.steady import RETRY_SECONDS, TOLD_SECONDS, keep_on
from protocol.errors import StoreError


async def test_work_that_fails_begins_again_and_what_ends_is_not_begun_again(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    errors = [StoreError("busy", "Another process."), OSError("gone"), ValueError("secret")]
    begun: list[float] = []

    async def work() -> None:
        begun.append(trio.current_time())
        if len(begun) <= len(errors):
            async with trio.open_nursery() as nursery:  # so that it comes in a group
                nursery.start_soon(trio.sleep_forever)
                raise errors[len(begun) - 1]

    await keep_on("baking", work)

    assert [at - begun[0] for at in begun] == [n * RETRY_SECONDS for n in range(4)]
    assert [each.getMessage() for each in caplog.records] == [
        "baking: waits for the store: Another process.",
        "baking: waits: gone",
        "baking: begins again after ValueError",
    ]


async def test_the_same_trouble_is_told_every_ten_minutes(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        raise sqlite3.OperationalError("disk I/O error")

    with trio.move_on_after(3 * TOLD_SECONDS - 1):
        await keep_on("baking", work)

    loud = [each for each in caplog.records if each.levelno >= logging.WARNING]
    assert len(loud) == 3


async def test_what_is_told_of_the_whole_node_is_not_told_again(
    autojump_clock: MockClock, caplog: pytest.LogCaptureFixture
) -> None:
    async def work() -> None:
        raise StoreError("disk-full", "The disk is full.")

    with trio.move_on_after(60):
        await keep_on("baking", work)

    assert not [each for each in caplog.records if each.levelno >= logging.INFO]
