"""The README's tour, command by command, as somebody would type it."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import threading
from pathlib import Path

from tests.system.people import COMMAND, SAFETY

PROJECT = Path(__file__).resolve().parents[2]


def tour() -> list[str]:
    """The commands in the README's console blocks, in order."""
    text = (PROJECT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```console\n(.*?)```", text, re.DOTALL)
    return [line[2:] for block in blocks for line in block.splitlines() if line.startswith("$ ")]


class Tour:
    """A terminal in which the tour is typed.

    LINK stands for the last link that was printed, PROPOSAL for the last proposal's id.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.printed = {"LINK": "", "PROPOSAL": ""}
        self.nodes: list[subprocess.Popen[str]] = []
        kept = {k: v for k, v in os.environ.items() if not k.startswith("MOOTHALL_")}
        self.environment = {**kept, "PYTHONUNBUFFERED": "1"}

    def type(self, line: str) -> str:
        """Run one line; what it printed.

        A reader takes a moment between commands; the machine asks until the news is there.
        """
        for _ in range(200):
            done = self._once(line)
            waits = "It is a draft still" in done.stderr or "There is no proposal" in done.stderr
            if not waits and done.stdout.strip() != "Nothing found.":
                break
        assert done.returncode == 0, (line, done.stderr)
        if done.stdout.startswith("moothall:join"):
            self.printed["LINK"] = done.stdout.split()[0]
        if " proposal new " in line:
            self.printed["PROPOSAL"] = done.stdout.split()[0]
        return done.stdout

    def _once(self, line: str) -> subprocess.CompletedProcess[str]:
        words = shlex.split(line)
        assert words[0] == "moothall"
        words = [COMMAND, *(self.printed.get(word, word) for word in words[1:])]
        words = [str(PROJECT / word) if word.startswith("scripts/") else word for word in words]
        if words[-1] == "&":
            return subprocess.CompletedProcess(words, 0, self._start(words[:-1]), "")
        return subprocess.run(
            words,
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
        for node in self.nodes:
            node.kill()
            node.wait(SAFETY)
            if node.stdout is not None:
                node.stdout.close()


def test_the_tour_in_the_readme_works_as_printed(tmp_path: Path) -> None:
    commands = tour()
    assert len(commands) >= 10
    terminal = Tour(tmp_path)
    try:
        said = {}
        for line in commands:
            said[line] = terminal.type(line)
        assert "Rye bread" in said["moothall --home .demo/ana search bread"]
        assert "Ben" in said["moothall --home .demo/ana member list"]
        assert "Ben, member" in said["moothall --home .demo/ben status"]
        assert "Yes: 2. No: 0." in said["moothall --home .demo/ben count PROPOSAL"]
    finally:
        terminal.end()
