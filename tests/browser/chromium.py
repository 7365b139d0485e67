"""Debian's Chromium, driven by Playwright; where it is missing, one sentence says so.

A browser made here talks to this machine alone, and is closed when the `with` ends. Playwright's
synchronous interface keeps an asyncio loop in its thread: use it in plain tests, not in trio's.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, sync_playwright

FLAGS = (
    "--no-sandbox",  # tests also run as root, for whom Chromium has no sandbox
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
MISSING = "Chromium is not installed: `scripts/test` installs it as root or with sudo"


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without windows. Skips the test that asks for it where there is none."""
    path = shutil.which("chromium")
    if path is None:
        pytest.skip(MISSING)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()
