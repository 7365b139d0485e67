"""Options that work anywhere, one JSON object, exit codes, and errors as sentences."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from node.cli import main as front
from node.cli.output import visible
from protocol.errors import Refused, Unreachable
from tests.cli.people import COMMAND, Person, call, environment, process

IMPORTED = """
import json, sys
from node.cli.main import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    assert end.code == 0, end.code
print(json.dumps(sorted({name.split(".")[0] for name in sys.modules})), file=sys.stderr)
"""


@pytest.mark.parametrize(
    "arguments",
    [
        ("--home", "{home}", "--json", "status"),
        ("--json", "status", "--home", "{home}"),
        ("status", "--home={home}", "--json"),
        ("member", "--json", "list", "--home", "{home}"),
    ],
)
def test_home_and_json_work_before_and_after_the_command(
    ana: Person, arguments: tuple[str, ...]
) -> None:
    answer = call(*(each.format(home=ana.folder) for each in arguments))

    assert answer.code == 0
    assert answer.data


def test_the_home_comes_from_the_environment_unless_it_is_named(
    ana: Person, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MOOTHALL_HOME", str(ana.folder))
    assert call("--json", "status").data["name"] == "Ana"

    monkeypatch.setenv("MOOTHALL_HOME", str(tmp_path / "elsewhere"))
    assert call("--json", "status", "--home", str(ana.folder)).data["name"] == "Ana"


def test_without_any_word_the_home_is_in_the_users_data_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))

    made = call("--json", "found", "Elm Street", "--person", "Ana", "--no-passphrase")

    assert Path(made.data["recovery_file"]) == tmp_path / "moothall" / "recovery.txt"


def test_a_home_may_be_relative_have_spaces_or_begin_with_a_tilde(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    found = ("found", "Elm Street", "--person", "Ana", "--no-passphrase", "--json")

    for home in ("a home with spaces", "~/other home"):
        made = call("--home", home, *found)
        path = tmp_path / home.removeprefix("~/")
        assert Path(made.data["recovery_file"]).parent == path
        assert call("--home", str(path), "--json", "verify").data["faults"] == []


def test_every_command_that_answers_gives_one_json_object(ana: Person) -> None:
    bread = ana.add()["id"]

    for arguments in (
        ("status",),
        ("member", "list"),
        ("member", "show", "Ana"),
        ("profile", "show"),
        ("profile", "set", "--about", "I bake."),
        ("listing", "list"),
        ("listing", "show", bread),
        ("listing", "edit", bread, "--place", "Here"),
        ("search", "bread"),
        ("charter", "show"),
        ("charter", "template"),
        ("charter", "template", "kitchen-table"),
        ("verify",),
        ("rebuild",),
        ("completion", "zsh"),
        ("listing", "withdraw", bread),
        ("listing", "erase", bread, "--yes"),
        ("--help",),
        ("listing", "add", "--help"),
        ("--version",),
    ):
        assert isinstance(ana.do(*arguments), dict)


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("nonsense",),
        ("listing",),
        ("listing", "nonsense"),
        ("listing", "list", "--nonsense"),
        ("listing", "list", "--limit", "many"),
        ("listing", "list", "--limit", "0"),
        ("listing", "list", "--mine", "--person", "Ana"),
        ("listing", "add", "--title", "Bread"),
        ("listing", "add", "--title", "Bread", "--mode", "steal"),
        ("listing", "add", "--title", "Bread", "--mode", "sell", "--quantity", "-1"),
        ("listing", "add", "--title", "\udcff", "--mode", "sell"),
        ("listing", "edit", "12345678"),
        ("listing", "show"),
        ("profile", "set"),
        ("search",),
        ("status", "--home"),
        ("status", "--home", ""),
        ("found", "Elm Street"),
        ("found", "X", "--person", "Y", "--template", "kitchen-table", "--charter", "mine.json"),
    ],
)
def test_a_command_that_is_used_wrongly_ends_with_two(
    ana: Person, arguments: tuple[str, ...]
) -> None:
    assert ana.refused(*arguments, code=2) == "usage"

    text = ana.call(*arguments)
    assert (text.code, text.out) == (2, "")


def test_a_word_after_two_dashes_is_not_an_option(ana: Person) -> None:
    answer = ana.call("search", "--", "--json")

    assert (answer.code, answer.out) == (0, "Nothing found.\n")


def test_errors_are_sentences_and_with_json_objects(tmp_path: Path) -> None:
    nobody = Person("Nobody", tmp_path / "nobody")

    assert nobody.refused("status") == "no-home"
    assert nobody.refused("watch") == "no-home"
    text = nobody.call("status")
    assert (text.code, text.out) == (1, "")
    assert "Found a community with" in text.err


def test_watching_a_node_that_does_not_run_ends_with_three(ana: Person) -> None:
    assert ana.refused("watch", code=3) == "no-node"


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        (Unreachable("nobody", "Nobody answered."), 3, "nobody"),
        (ExceptionGroup("nursery", [Refused("no", "The rules say no.")]), 1, "no"),
        (
            ExceptionGroup("", [ValueError(), ExceptionGroup("", [Unreachable("gone", "Gone.")])]),
            3,
            "gone",
        ),
        (PermissionError(13, "Permission denied", "/nowhere"), 1, "system"),
        (ExceptionGroup("nursery", [OSError(98, "Address in use")]), 1, "system"),
        (ZeroDivisionError("division by zero"), 1, "internal"),
    ],
)
def test_whatever_goes_wrong_becomes_one_object(
    ana: Person, monkeypatch: pytest.MonkeyPatch, error: Exception, code: int, reason: str
) -> None:
    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr("node.home.open_home", fail)

    assert ana.refused("status", code=code) == reason


def test_text_from_others_cannot_steer_a_terminal() -> None:
    hostile = "a\x1b[2Jb\x9b31mc\rd\x07e\u202ef\u2066g\x7f"

    assert visible(hostile) == "a�[2Jb�31mc�d�e�f�g�"
    assert visible("two\nlines\tand Zoë, ترحيب\r\n") == "two\nlines\tand Zoë, ترحيب\n"


def test_a_reader_that_went_away_is_no_error(ana: Person) -> None:
    shell = f"'{COMMAND}' --home '{ana.folder}' charter template kitchen-table | head -n 1"

    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", shell], capture_output=True, env=environment(), check=False
    )

    assert (done.returncode, done.stderr) == (0, b"")


def test_a_terminal_without_utf8_shows_what_it_can(ana: Person) -> None:
    ana.do("profile", "set", "--name", "Zoë☀")
    plain = environment(PYTHONIOENCODING="latin-1")

    shown = process("--home", str(ana.folder), "profile", "show", env=plain)
    told = process("--home", str(ana.folder), "--json", "profile", "show", env=plain)

    assert (shown.code, shown.out.split()[1]) == (0, "Zoë?")
    assert told.data["profile"]["name"] == "Zoë☀"


def test_what_a_home_holds_is_for_its_owner_alone(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir(mode=0o755)

    made = process(
        "--home",
        str(tmp_path / "home"),
        "--json",
        "found",
        "Elm Street",
        "--person",
        "Ana",
        "--no-passphrase",
        umask=0o022,
    )

    assert made.code == 0
    for path in (tmp_path / "home").iterdir():
        assert path.stat().st_mode & 0o077 == 0, path


def _imported(*arguments: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", IMPORTED, *arguments],
        capture_output=True,
        text=True,
        check=True,
        env=environment(),
    )
    return set(json.loads(done.stderr.splitlines()[-1]))


def test_help_imports_nothing_heavy() -> None:
    assert not _imported("--help") & {"libp2p", "trio", "sqlite_utils", "nacl", "rich", "babel"}


def test_adding_a_listing_imports_neither_network_nor_pages(ana: Person) -> None:
    modules = _imported(
        "--home", str(ana.folder), "listing", "add", "--title", "Bread", "--mode", "give"
    )

    assert not modules & {"libp2p", "trio", "hypercorn", "starlette", "jinja2", "rich"}
    assert "sqlite_utils" in modules  # the test looks at the right thing


def test_reading_proposals_imports_neither_network_nor_pages(ana: Person) -> None:
    modules = _imported("--home", str(ana.folder), "proposal", "list")

    assert not modules & {"libp2p", "trio", "hypercorn", "starlette", "jinja2"}


def test_every_command_is_in_the_registry_under_its_own_name() -> None:
    out = front.Output(home=Path(), as_json=False)
    context = front.cli.make_context("moothall", ["status"], obj=out)

    for name in front.COMMANDS:
        command = front.cli.get_command(context, name)
        assert command is not None
        assert command.name == name


def test_the_program_name_is_the_same_however_it_is_started(ana: Person) -> None:
    answer = process("--home", str(ana.folder), "listing", "add")

    assert answer.err.startswith("Usage: moothall listing add")
