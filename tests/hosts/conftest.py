"""Worlds for tests on several hosts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.hosts.lan import World, internet


@pytest.fixture
def world() -> Iterator[World]:
    """A world without hosts."""
    with internet() as made:
        yield made
