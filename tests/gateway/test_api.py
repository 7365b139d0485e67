"""The read API does what its document says, whatever a program asks, and says what pages say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import schemathesis
import trio
from hypothesis import HealthCheck, settings

from node.gateway.api import openapi
from node.gateway.apps import shop_app
from protocol.kinds.listing import Variant
from tests.gateway.village import OPEN, Village

SCHEMA = schemathesis.openapi.from_dict(openapi.document("shop"))
SCHEMA.config.generation.update(deterministic=True)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """`asked(method, url, headers)`: what a shop window with a few listings answers."""
    village = Village(tmp_path_factory.mktemp("asked"), OPEN)
    for number in range(3):
        village.ana.offer(f"Bread {number}", variants=(Variant(name="round", price=1),))
    village.ben.offer("Lessons", mode="service", price=None, category="Help")
    village.catch_up()
    app = shop_app(village.gateway())

    def ask(method: str, url: str, headers: dict[str, str]) -> httpx.Response:
        async def go() -> httpx.Response:
            transport = httpx.ASGITransport(app)
            async with httpx.AsyncClient(transport=transport) as program:
                return await program.request(method, url, headers=headers)

        return trio.run(go)

    yield ask
    village.close()


def test_the_document_is_an_openapi_document():
    SCHEMA.validate()


@SCHEMA.parametrize()
@settings(
    max_examples=40,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
def test_every_answer_is_as_documented(case, asked):
    sent = case.as_transport_kwargs(base_url="http://shop.example")
    request = httpx.Request(sent["method"], sent["url"], params=sent["params"] or None)
    answer = asked(sent["method"], str(request.url), dict(sent["headers"] or {}))
    case.validate_response(answer)
