"""The systemd unit and the Containerfile name what there is, and are what they say they are.

No container can be built without a registry, so its steps are held against what they use here.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from node.cli.running import run

PROJECT = Path(__file__).resolve().parents[2]
UNIT = PROJECT / "scripts" / "moothall.service"
CONTAINER = PROJECT / "scripts" / "Containerfile"


def settings(unit: str) -> list[tuple[str, str]]:
    """(Section.Key, value) of each line that counts."""
    found, section = [], ""
    for line in unit.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#"):
            key, sign, value = line.partition("=")
            assert sign, line
            found.append((f"{section}.{key}", value))
    return found


def of_a_user(folder: Path) -> str:
    """The unit as the command in its comments makes it for somebody's own manager."""
    (command,) = [line[4:] for line in UNIT.read_text().splitlines() if line.startswith("#   sed")]
    target = folder / ".config" / "systemd" / "user"
    target.mkdir(parents=True)
    subprocess.run(
        ["/bin/sh", "-euc", command], cwd=PROJECT, env={"HOME": str(folder), "PATH": "/bin"},
        check=True,
    )  # fmt: skip
    return (target / "moothall.service").read_text()


def accepts(words: list[str]) -> None:
    """Fails unless `run` takes these words, behind the home."""
    if words[0] == "--home":
        words = words[2:]
    command, *options = words
    assert command == "run"
    with run.make_context(command, options):
        pass


def test_the_unit_runs_a_command_that_there_is(tmp_path: Path) -> None:
    for unit, program in (
        (UNIT.read_text(), "/opt/moothall/.venv/bin/moothall"),
        (of_a_user(tmp_path), f"{PROJECT}/.venv/bin/moothall"),
    ):
        said = dict(settings(unit))
        first, *words = shlex.split(said["Service.ExecStart"])
        assert first == program
        accepts(words)
        assert said["Service.Restart"] == "on-failure"
        assert said["Service.StandardOutput"] == "null"  # a login link is in it
        assert said["Install.WantedBy"] == "default.target"
        assert said["Service.NoNewPrivileges"] == "yes"
    assert "Service.User" not in said  # of one's own manager, which can't change to another
    assert "Service.ProtectSystem" not in said
    assert "--home" not in said["Service.ExecStart"]


def test_systemd_finds_nothing_wrong_with_it(tmp_path: Path) -> None:
    verify = shutil.which("systemd-analyze")
    if verify is None:
        return  # not every machine has systemd; the test above reads it as well
    for unit, options in ((UNIT.read_text(), []), (of_a_user(tmp_path), ["--user"])):
        file = tmp_path / "moothall.service"
        file.write_text(re.sub(r"^ExecStart=\S+", f"ExecStart={sys.executable}", unit, flags=re.M))
        done = subprocess.run(
            [verify, *options, "verify", "--man=no", str(file)],
            env={"XDG_RUNTIME_DIR": str(tmp_path), "PATH": "/usr/bin:/bin"},
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def steps() -> list[tuple[str, str]]:
    """(Instruction, its words) of the Containerfile, continued lines joined."""
    text = CONTAINER.read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(line.split()[0], line.partition(" ")[2]) for line in lines]


def test_the_container_copies_what_there_is_and_all_that_is_needed() -> None:
    copied = [words.split() for step, words in steps() if step == "COPY" and "--from" not in words]
    names = {name for words in copied for name in words[:-1]}

    assert all((PROJECT / name).exists() for name in names)
    assert {"protocol", "governance", "storage", "node", "scripts/lib.sh"} <= names
    assert {"pyproject.toml", "README.md"} <= names


def test_the_container_installs_what_the_set_up_asks_for() -> None:
    text = (PROJECT / "scripts" / "lib.sh").read_text()
    (function,) = re.findall(r"^missing_packages\(\) {$.*?^}$", text, flags=re.M | re.S)
    asked = re.findall(r"missing\+=\(([^)]+)\)", function)
    first = next(words for step, words in steps() if step == "RUN")
    installed = first.partition("--no-install-recommends")[2].split()

    assert len(asked) == function.count("missing+=") >= 4
    assert set(asked) <= set(installed)
    assert "python3" in installed
    assert ("RUN", "bash -c '. scripts/lib.sh && set_up'") in steps()


def test_the_container_runs_as_nobody_special_and_keeps_its_home() -> None:
    said = dict(steps())
    assert said["USER"] == "moothall"
    assert said["VOLUME"] == "/var/lib/moothall"
    assert "MOOTHALL_HOME=/var/lib/moothall/" in said["ENV"]
    assert said["ENTRYPOINT"] == '["moothall"]'
    words: list[str] = json.loads(said["CMD"])
    accepts(words)
    assert said["EXPOSE"].partition("/")[0] in words[words.index("--listen") + 1]


def test_wrong_options_would_be_noticed() -> None:
    with pytest.raises(click.UsageError):
        accepts(["run", "--always-of"])
