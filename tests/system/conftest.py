"""Browsers for people with real nodes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import pytest

from tests.system.people import SAFETY

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    from tests.browser.chromium import Missing, chromium  # which most tests here don't need

    try:
        with chromium() as opened:
            yield opened
    except Missing as error:
        pytest.skip(str(error))


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[[], Page]]:
    """Each call is another person's browser, which runs no scripts."""
    contexts = []

    def opened() -> Page:
        context = browser.new_context(java_script_enabled=False, locale="en-GB")
        context.set_default_timeout(SAFETY * 1000)
        contexts.append(context)
        return context.new_page()

    yield opened
    for context in contexts:
        context.close()
