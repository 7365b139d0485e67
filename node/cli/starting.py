"""The command that a person starts Moothall with, whether there is a home yet or not."""

from __future__ import annotations

import os
import sys
import webbrowser
from typing import Any

import click

from node.cli.output import Output, ask_passphrase
from node.cli.running import end_on_signals, run_options


@click.command()
@run_options
@click.pass_obj
def start(out: Output, /, **options: Any) -> None:
    """Start your node; the first time, make a home in the browser.

    Without a home it prints a link to the pages that make one, and goes on as `moothall run` once
    it is made. When your node runs already, it prints a new link to your desk.
    """
    end_on_signals()
    from node import control, running
    from node.home import KEYS, LOCK, SOCKET, open_home
    from storage.database import friendly

    wanted = running.Options(as_json=out.as_json, **options)
    with friendly():
        if not (out.home / KEYS).exists():
            running.start(out.home, None, wanted, open_link)
            return
        if control.is_running(out.home / LOCK):
            link = control.desk(out.home / SOCKET)
            out.answer({"desk": link}, f"Your node is running. Your desk: {link}")
            open_link(link)
            return
        home = open_home(out.home)
        home.passphrase = ask_passphrase
        running.start(out.home, home, wanted, open_link)


def open_link(link: str) -> None:
    """Show a link in the browser, where somebody sits in front of a screen."""
    screen = sys.platform in ("darwin", "win32") or any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )
    if screen and sys.stdout.isatty():
        webbrowser.open(link)
