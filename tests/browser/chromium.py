"""Debian's Chromium, driven by Playwright; where it is missing, one sentence says so.

A browser made here talks to this machine alone, and is closed when the `with` ends. Playwright's
synchronous interface keeps an asyncio loop in its thread: use it in plain tests, not in trio's.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

FLAGS = (
    "--no-sandbox",  # tests also run as root, for whom Chromium has no sandbox
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Missing(Exception):
    """There is no browser here; the text says what to do."""


def find() -> str:
    """Where Chromium is; raises Missing."""
    path = shutil.which("chromium")
    if path is None:
        raise Missing("Chromium is not installed here: scripts/test installs it as root or by sudo")
    return path


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser without windows. Raises Missing."""
    path = find()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        try:
            yield browser
        finally:
            browser.close()
