"""docs/cli.md says what `--help` says, and its examples do what it shows."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from node.cli.main import COMMANDS, cli
from node.cli.output import Output
from tests.cli.people import COMMAND, Answer, call, environment

DOCS = Path(__file__).parents[2] / "docs" / "cli.md"
SECTION = re.compile(r"^### `moothall ([^`]+)`$", re.MULTILINE)
OPTION = re.compile(r"^- `(-[^`]+)`: .", re.MULTILINE)
BORROWED = re.compile(r"^- all options of `moothall ([^`]+)` except (`.+`)$", re.MULTILINE)
MADE_UP = re.compile(r"\b[0-9a-f]{8}\b")
SHELL = re.compile(r"[|<>&;$`*?~(){}\\\[\]]|^printf")  # what a shell would act on


def context() -> click.Context:
    return cli.make_context("moothall", ["status"], obj=Output(home=Path(), as_json=False))


def commands() -> Iterator[tuple[str, click.Command, click.Context]]:
    """Every command that does something: its name with its arguments, and itself."""
    root = context()
    for name in COMMANDS:
        command = cli.get_command(root, name)
        assert command is not None
        at = click.Context(command, parent=root, info_name=name)
        if not isinstance(command, click.Group):
            yield _with_arguments(name, command, at), command, at
            continue
        if command.invoke_without_command:
            yield name, command, at
        for part, each in command.commands.items():
            below = click.Context(each, parent=at, info_name=part)
            yield _with_arguments(f"{name} {part}", each, below), each, below


def _with_arguments(name: str, command: click.Command, at: click.Context) -> str:
    pieces = [piece for piece in command.collect_usage_pieces(at) if piece != "[OPTIONS]"]
    return " ".join([name, *pieces])


def options(command: click.Command, at: click.Context) -> list[str]:
    """`--title TEXT` and so on, as `--help` shows them, without `--help` itself."""
    return [each for each, _ in help_records(command, at) if "--help" not in each]


def help_records(command: click.Command, at: click.Context) -> list[tuple[str, str]]:
    params = [param for param in command.get_params(at) if isinstance(param, click.Option)]
    records = [param.get_help_record(at) for param in params]
    return [record for record in records if record is not None]


def documented() -> dict[str, str]:
    """Heading -> section."""
    parts = SECTION.split(DOCS.read_text(encoding="utf-8"))
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def documented_options(name: str, sections: dict[str, str]) -> list[str]:
    found = OPTION.findall(sections[name])
    for other, missing in BORROWED.findall(sections[name]):
        gone = re.findall("`(.+?)`", missing)
        found = [each for each in documented_options(other, sections) if each not in gone] + found
    return found


def test_every_command_is_documented_and_none_is_invented() -> None:
    assert list(documented()) != []
    assert sorted(documented()) == sorted(name for name, _, _ in commands())


@pytest.mark.parametrize("name", [name for name, _, _ in commands()])
def test_every_option_is_documented_and_none_is_invented(name: str) -> None:
    command, at = next((each, at) for known, each, at in commands() if known == name)

    assert documented_options(name, documented()) == options(command, at)


def test_the_options_of_all_commands_are_documented() -> None:
    everywhere = DOCS.read_text(encoding="utf-8").split("## Beginning")[0]

    root = context()
    assert [*options(cli, root), "-h, --help"] == OPTION.findall(everywhere)


@pytest.mark.parametrize("name", [name for name, _, _ in commands()])
def test_every_command_has_an_example_and_says_what_json_holds(name: str) -> None:
    section = documented()[name]

    path = " ".join(word for word in name.split() if word.islower() and "|" not in word)
    assert re.search(rf"^(\$ )?moothall (--\S+ \S+ )*{path}\b", section, re.MULTILINE)
    assert "JSON" in section


@pytest.mark.parametrize("name", [name for name, _, _ in commands()])
def test_every_help_text_is_made_of_sentences(name: str) -> None:
    command, at = next((each, at) for known, each, at in commands() if known == name)

    assert command.help
    for paragraph in command.help.split("\n\n"):
        assert paragraph.rstrip().endswith("."), paragraph
    assert command.help.split("\n\n")[0].endswith(".")
    assert not command.get_short_help_str(66).endswith("...")
    for _, told in help_records(command, at):
        text = told.split("  [")[0]
        assert text[0].isupper(), text
        assert text.endswith((".", ": shopify.")), text


def examples() -> Iterator[tuple[str, int, list[str]]]:
    """Each `$` line of the console blocks: the command, its exit code, the lines it shows."""
    for block in re.findall(r"```console\n(.*?)```", DOCS.read_text("utf-8"), re.DOTALL):
        assert block.startswith("$ ")
        for example in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            line, *shown = example.rstrip("\n").split("\n")
            command, _, remark = line.partition("   # ")
            code = int(remark.removeprefix("exit ")) if remark else 0
            yield command, code, shown


def test_the_examples_do_what_is_shown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names: dict[str, str] = {}  # made-up id -> real id
    monkeypatch.chdir(tmp_path)
    for name, value in environment(MOOTHALL_HOME=str(tmp_path / "home")).items():
        monkeypatch.setenv(name, value)

    for command, code, shown in examples():
        done = _typed(_real(command, names))
        said = done.out + done.err
        assert done.code == code, (command, said)
        rest = said.split("\n")
        for line in shown:
            pattern = _pattern(line, names)
            while rest and not (found := re.fullmatch(pattern, rest[0])):
                rest.pop(0)
            assert rest, (command, line, said)
            assert found
            rest.pop(0)
            names |= {key.removeprefix("id_"): value for key, value in found.groupdict().items()}
        if code:
            assert done.out == ""


def _typed(line: str) -> Answer:
    """What a shell makes of a line; where it has nothing to do, `main` is called right here."""
    if SHELL.search(line) is None:
        return call(*shlex.split(line)[1:])
    path = f"{Path(COMMAND).parent}:{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", line],
        capture_output=True,
        text=True,
        env={**os.environ, "PATH": path},
        check=False,
    )
    return Answer(code=done.returncode, out=done.stdout, err=done.stderr)


def _real(command: str, names: dict[str, str]) -> str:
    return MADE_UP.sub(lambda made_up: names[made_up[0]], command)


def _pattern(line: str, names: dict[str, str]) -> str:
    """`...` stands for anything, and an id that was not seen before for any id."""
    return ".*".join(
        MADE_UP.sub(lambda id_: names.get(id_[0], f"(?P<id_{id_[0]}>[0-9a-f]{{8}})"), part)
        for part in map(re.escape, line.split("..."))
    )


def test_the_examples_are_commands_of_ours() -> None:
    for command, _, _ in examples():
        assert shlex.split(command)[0] in ("moothall", "printf")
