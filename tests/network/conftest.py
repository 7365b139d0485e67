from collections.abc import AsyncIterator

import pytest
import trio
import trio.testing

from tests.network.without import take_away  # isort: skip - before node.network changes the library
from tests.network.people import Village, WallClock


def pytest_configure() -> None:
    take_away()


@pytest.fixture(params=["memory", "libp2p"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def clock(kind: str) -> trio.abc.Clock:
    """Every test that takes `village` takes this too: pytest-trio looks for it in the test."""
    return trio.testing.MockClock(autojump_threshold=0) if kind == "memory" else WallClock()


@pytest.fixture
async def village(kind: str, nursery: trio.Nursery) -> AsyncIterator[Village]:
    with trio.fail_after(60):
        yield Village(kind, nursery)


@pytest.fixture
async def town(nursery: trio.Nursery) -> AsyncIterator[Village]:
    """Real sockets only."""
    with trio.fail_after(60):
        yield Village("libp2p", nursery)
