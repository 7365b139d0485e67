import shutil
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from node.gateway.apps import desk_app, shop_app
from node.gateway.context import Gateway
from tests.gateway.village import DESK, OPEN, Village


@pytest.fixture(scope="session")
def founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The closed stores of a community that shows guests everything, to be copied."""
    folder = tmp_path_factory.mktemp("village")
    Village(folder, OPEN).close()
    return folder


@pytest.fixture
def village(founded: Path, tmp_path: Path) -> Iterator[Village]:
    """A community that shows guests everything."""
    for file in founded.iterdir():
        shutil.copy(file, tmp_path)
    village = Village(tmp_path, OPEN)
    yield village
    village.close()


@pytest.fixture
def gateway(village: Village) -> Gateway:
    return village.gateway()


@pytest.fixture
async def shop(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    """A guest at the shop window."""
    transport = httpx.ASGITransport(shop_app(gateway))
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:
        yield client


@pytest.fixture
async def stranger(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    """Someone at the desk's address who never saw the login."""
    transport = httpx.ASGITransport(desk_app(gateway))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{DESK}") as client:
        yield client


@pytest.fixture
async def desk(gateway: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    """The owner, logged in."""
    transport = httpx.ASGITransport(desk_app(gateway))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{DESK}") as client:
        answer = await client.get(gateway.login_link(DESK))
        assert answer.status_code == 303
        yield client
