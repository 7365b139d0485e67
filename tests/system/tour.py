"""A terminal in which the examples of a page are typed, line by line, as a reader would.

Examples are `console` blocks: commands after `$ `, each with the lines that it prints. `...` stands
for anything, alone on a line for any lines, and an id that was not there before for any id. A
command without lines below it may print what it likes.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.system import commands
from tests.system.people import COMMAND, SAFETY

PROJECT = Path(__file__).resolve().parents[2]
READING = re.compile(
    r" (member list|proposal (list|show)|rehearse|count|charter history|search|status"
    r"|teller show|order list|receipt list)\b"
)
MADE_UP = re.compile(r"\b[0-9a-f]{8}\b")
MAKES = {"listing add": "LISTING", "order place": "ORDER"}
# What is answered while the news is on its way.
TOO_EARLY = (
    "It is a draft still",
    "There is no proposal",
    "You have no order",
    "not accepted yet",
    "There is no agreement yet",
)
EMPTY = ("Nothing found.", "There is none.")
SAFE = "It is held by 1 of 1 tellers: it will be counted."


class Example(NamedTuple):
    """A command, and what it prints."""

    line: str
    shown: list[str]


def examples(page: str) -> list[Example]:
    """The examples in a page of the project, in order."""
    text = (PROJECT / page).read_text(encoding="utf-8")
    found = []
    for block in re.findall(r"```console\n(.*?)```", text, re.DOTALL):
        assert block.startswith("$ ")
        for each in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, *shown = each.rstrip("\n").split("\n")
            found.append(Example(line, shown))
    return found


class Tour:
    """The terminal.

    LINK stands for the last link that was printed, PROPOSAL, LISTING and ORDER for the id of the
    last one that was made.
    """

    def __init__(self, folder: Path, *, loaded: bool = False) -> None:
        """`loaded`: commands come from a program that is loaded once, see `commands`."""
        self.folder = folder
        self.loaded = loaded
        self.printed = {"LINK": "", "PROPOSAL": "", "LISTING": "", "ORDER": ""}
        self.ids: dict[str, str] = {}  # made up -> real
        self.nodes: list[subprocess.Popen[str]] = []
        kept = {k: v for k, v in os.environ.items() if not k.startswith("MOOTHALL_")}
        path = f"{Path(COMMAND).parent}:{kept.get('PATH', '')}"
        self.environment = {**kept, "PYTHONUNBUFFERED": "1", "PATH": path}

    def type(self, line: str, shown: Sequence[str] = ()) -> str:
        """Run one line; what it printed, which must be `shown` if anything is.

        A reader takes a moment between commands; the machine asks until the news is there.
        """
        deadline = time.monotonic() + SAFETY
        while True:
            done = self._once(line)
            said = done.stderr + done.stdout
            early = any(each in said for each in TOO_EARLY)
            early = early or done.stdout.strip() in EMPTY
            reads = READING.search(line) is not None
            if "not yet safe" in said and " vote " in line:
                said = self._until_safe(line, said)
            fits = done.returncode == 0 and (not shown or self._fits(said, shown))
            if fits and not early:
                break
            waiting = (early or (reads and shown)) and time.monotonic() < deadline
            assert waiting, f"{line}\nprinted:\n{said}\ninstead of:\n" + "\n".join(shown)
        if done.stdout.startswith("moothall:join"):
            self.printed["LINK"] = done.stdout.split()[0]
        if " proposal new " in line:
            self.printed["PROPOSAL"] = done.stdout.split()[0]
        for command, word in MAKES.items():
            if f" {command} " in line:
                self.printed[word] = re.findall(r"^id +([0-9a-f]+)$", said, re.MULTILINE)[0]
        return done.stdout

    def _fits(self, said: str, shown: Sequence[str]) -> bool:
        known = set(self.ids)
        pattern = "".join(
            r"(?:.*\n)*?" if line == "..." else self._pattern(line, known) + r"\n" for line in shown
        )
        found = re.fullmatch(pattern, said if said.endswith("\n") else said + "\n")
        if found is not None:
            new = {name.removeprefix("id_"): real for name, real in found.groupdict().items()}
            self.ids |= new
        return found is not None

    def _pattern(self, line: str, known: set[str]) -> str:
        def an_id(made_up: re.Match[str]) -> str:
            name = made_up[0]
            if name in self.ids:
                return self.ids[name]
            again = name in known
            known.add(name)
            return f"(?P=id_{name})" if again else f"(?P<id_{name}>[0-9a-f]{{8}})"

        return ".*".join(MADE_UP.sub(an_id, re.escape(part)) for part in line.split("..."))

    def _until_safe(self, line: str, said: str) -> str:
        """The receipt took longer than the command waits; what it would have said then."""
        home, _, choice = line.partition(" vote ")
        held = "... held by ... tellers: it will be counted"
        self.type(f"{home} proposal show {choice.split()[0]}", ["...", held, "..."])
        return f"{said.split('It is held by')[0]}{SAFE}\n"

    def _real(self, line: str) -> str:
        for word, meant in self.printed.items():
            line = re.sub(rf"\b{word}\b", meant.replace("\\", ""), line)
        line = MADE_UP.sub(lambda made_up: self.ids.get(made_up[0], made_up[0]), line)
        return re.sub(r"(?<= )scripts/", f"{PROJECT}/scripts/", line)

    def _once(self, line: str) -> subprocess.CompletedProcess[str]:
        assert line.split()[0] in ("moothall", "printf", "sed", "kill")
        if line.startswith("kill %"):
            node = self.nodes[int(line[6:]) - 1]
            node.terminate()
            node.wait(SAFETY)
            return subprocess.CompletedProcess(line, 0, "", "")
        if line.endswith(" &"):
            words = shlex.split(line)[1:-1]
            return subprocess.CompletedProcess(words, 0, self._start([COMMAND, *words]), "")
        if self.loaded and line.startswith("moothall ") and ">" not in line:
            words = shlex.split(self._real(line))[1:]
            return commands.run(words, self.environment, SAFETY, folder=self.folder)
        return subprocess.run(
            ["bash", "-c", self._real(line)],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=SAFETY,
            stdin=subprocess.DEVNULL,
        )

    def _start(self, words: list[str]) -> str:
        with (self.folder / "nodes.log").open("a") as log:
            node = subprocess.Popen(
                words, cwd=self.folder, env=self.environment,
                stdout=subprocess.PIPE, stderr=log, text=True,
            )  # fmt: skip
        self.nodes.append(node)
        assert node.stdout is not None
        limit = threading.Timer(SAFETY, node.kill)
        limit.start()
        said = ""
        while "reachable at" not in said:
            line = node.stdout.readline()
            assert line, (self.folder / "nodes.log").read_text()
            said += line
        limit.cancel()
        return said

    def end(self) -> None:
        """End the nodes that were started."""
        for node in self.nodes:
            node.kill()
            node.wait(SAFETY)
            if node.stdout is not None:
                node.stdout.close()
