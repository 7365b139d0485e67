from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import trio
from trio.testing import MockClock

from tests.village.village import Village


@pytest.fixture
async def village(
    tmp_path: Path, nursery: trio.Nursery, autojump_clock: MockClock
) -> AsyncIterator[Village]:
    made = Village(tmp_path, nursery)
    yield made
    for person in made.people:
        await person.stop()
    for person in made.people:
        person.home.close()
