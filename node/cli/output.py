"""How commands answer: text for people on standard output, or exactly one JSON object.

Prompts, progress and notes go to standard error. Text from other members can't steer a terminal:
whatever is printed for people goes through `visible`. JSON is plain ASCII, so that it is the same
on every terminal and in every locale. The passphrase comes from the file that
MOOTHALL_PASSPHRASE_FILE names, or from a prompt.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from node.terminal import visible
from protocol.errors import Refused

if TYPE_CHECKING:
    from node.home import Home


@dataclass(kw_only=True)
class Output:
    """What the front door knows: which home, and how to answer."""

    home: Path
    as_json: bool

    def answer(self, data: dict[str, Any], text: str) -> None:
        """The command's one answer, or one line of several."""
        click.echo(json.dumps(data) if self.as_json else visible(text))
        sys.stdout.flush()

    def note(self, text: str) -> None:
        """Something worth knowing beside the answer; left out with --json."""
        if not self.as_json:
            click.echo(visible(text), err=True)

    def complain(self, reason: str, message: str) -> None:
        """An error, on standard error."""
        error = {"error": reason, "message": message}
        click.echo(json.dumps(error) if self.as_json else visible(message), err=True)

    def confirm(self, question: str, yes: bool) -> None:
        """Go on after a yes, by --yes or at the keyboard; Refused or click.Abort otherwise."""
        if yes:
            return
        if not sys.stdin.isatty():
            raise Refused(
                "not-confirmed", "This can't be undone: say --yes with it. Nothing was changed."
            )
        click.confirm(question, abort=True, err=True)

    @contextmanager
    def opened(self) -> Iterator[Home]:
        """The home, open for the length of a command."""
        from node.home import open_home
        from storage.database import friendly

        with friendly():
            home = open_home(self.home)
            home.passphrase = ask_passphrase
            try:
                yield home
            finally:
                home.close()

    @contextmanager
    def progress(self, label: str) -> Iterator[Callable[[int, int], None]]:
        """A bar on standard error for work that may take long; nothing where nobody looks."""
        if self.as_json or not sys.stderr.isatty():
            yield lambda done, total: None
            return
        from rich.console import Console
        from rich.progress import Progress

        with Progress(console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task(label, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)


def ask_passphrase(what: str = "Passphrase") -> str:
    """The passphrase of existing keys."""
    named = os.environ.get("MOOTHALL_PASSPHRASE_FILE")
    if named:
        return _from_file(Path(named))
    if not sys.stdin.isatty():
        raise Refused(
            "passphrase-needed",
            "This home's keys are sealed: name a file with the passphrase in "
            "MOOTHALL_PASSPHRASE_FILE, or start the node in a terminal, which asks for it.",
        )
    secret: str = click.prompt(what, hide_input=True, err=True)
    return secret


def new_passphrase(none: bool) -> str | None:
    """The passphrase for new keys; None when the owner wants none."""
    if none:
        return None
    named = os.environ.get("MOOTHALL_PASSPHRASE_FILE")
    if named:
        return _from_file(Path(named))
    if not sys.stdin.isatty():
        raise Refused(
            "passphrase-needed",
            "Name a file with a passphrase in MOOTHALL_PASSPHRASE_FILE, or say --no-passphrase "
            "to keep the keys in a file that only you can read.",
        )
    secret: str = click.prompt(
        "Choose a passphrase", hide_input=True, confirmation_prompt=True, err=True
    )
    return secret


def _from_file(path: Path) -> str:
    """The passphrase in a file; line ends after it belong to the file."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Refused(
            "no-passphrase-file",
            f"{path}, which MOOTHALL_PASSPHRASE_FILE names, can't be read ({error.strerror}).",
        ) from error
    except UnicodeError as error:
        raise Refused("no-passphrase-file", f"{path} is not UTF-8 text.") from error
    secret = text.rstrip("\r\n")
    if not secret:
        raise Refused("no-passphrase-file", f"{path} is empty; write the passphrase into it.")
    return secret
