"""The shell scripts: set-up made once, mended when cut short, and honest about what is missing.

The set-up is the real one, with a real environment and a real pip, of a project so small that
nothing has to be fetched.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
SCRIPTS = [
    "scripts/lib.sh",
    "scripts/start",
    "scripts/check",
    "scripts/test",
    "scripts/screenshots",
    "scripts/check-web",
    "scripts/check-oracles",
    "scripts/check-interop",
    "scripts/check-hazards",
    "scripts/soak",
    "scripts/simulate",
    "scripts/translations",
    ".ci/run",
]

PYPROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]

[project]
name = "moothall"
version = "1"

[project.optional-dependencies]
dev = []
"""

# Builds the one wheel that an editable install of the small project needs, without any library.
BACKEND = """
import pathlib, zipfile

def build_editable(folder, config_settings=None, metadata_directory=None):
    info = "moothall-1.dist-info/"
    files = {
        "moothall.pth": str(pathlib.Path.cwd()) + "\\n",
        info + "METADATA": "Metadata-Version: 2.1\\nName: moothall\\nVersion: 1\\n"
        "Provides-Extra: dev\\n",
        info + "WHEEL": "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\n"
        "Tag: py3-none-any\\n",
        info + "entry_points.txt": "[console_scripts]\\nmoothall = hello:main\\n",
    }
    files[info + "RECORD"] = "".join(f"{name},,\\n" for name in files) + info + "RECORD,,\\n"
    with zipfile.ZipFile(pathlib.Path(folder, "moothall-1-py3-none-any.whl"), "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
    return "moothall-1-py3-none-any.whl"
"""

HELLO = """
import sys

def main():
    print("moothall", *sys.argv[1:])
"""


def bash(command: str, folder: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash after sourcing the lib.sh in `folder`, from some other folder."""
    return subprocess.run(
        ["bash", "-c", f'source "$FOLDER/scripts/lib.sh"\n{command}'],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd="/",
        env={**os.environ, "FOLDER": str(folder), **more},
    )


def start(folder: Path, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [folder / "scripts" / "start", *arguments],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        cwd="/",
        env={**os.environ, **more},
    )


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Path:
    """A small project with our scripts, in a path with spaces, set up once."""
    folder = tmp_path_factory.mktemp("small") / "a project of ours"
    shutil.copytree(PROJECT / "scripts", folder / "scripts")
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / "backend.py").write_text(BACKEND)
    (folder / "hello.py").write_text(HELLO)
    done = bash("set_up", folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def no_pip(tmp_path) -> dict[str, str]:
    """Variables with which a pip that were called would fail."""
    broken = tmp_path / "pip.conf"
    broken.write_text("[install]\nno-such-option = 1\nproxy\n")
    return {"PIP_CONFIG_FILE": str(broken)}


@pytest.mark.parametrize("script", SCRIPTS)
def test_every_script_is_sound_bash(script):
    checked = subprocess.run(["bash", "-n", PROJECT / script], capture_output=True, text=True)

    assert (checked.returncode, checked.stderr) == (0, "")
    assert script.endswith(".sh") or os.access(PROJECT / script, os.X_OK)


def test_what_was_set_up_runs(small):
    done = bash('"$VENV/bin/moothall" hello', small)

    assert done.stdout == "moothall hello\n"


def test_a_second_set_up_says_nothing_and_calls_no_pip(small, no_pip):
    stamp = small / ".venv" / "moothall-set-up"
    written = stamp.stat().st_mtime_ns  # reading it is allowed, and changes other times

    done = bash("set_up", small, **no_pip)

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert stamp.stat().st_mtime_ns == written


def test_a_pip_that_were_called_would_be_noticed(small, no_pip):
    done = bash("pip_install .", small, **no_pip)

    assert done.returncode != 0


def test_a_changed_pyproject_is_installed_again_and_keeps_the_tools(small):
    assert bash("set_up dev", small).returncode == 0
    (small / "pyproject.toml").write_text(PYPROJECT + "# changed\n")

    done = bash("set_up; is_set_up dev", small)

    assert done.returncode == 0, done.stderr
    assert "Installing Moothall" in done.stderr
    assert "Making" not in done.stderr


def test_a_failed_install_says_why_without_addresses_and_keeps_what_worked(small):
    before = (small / "pyproject.toml").read_text()
    (small / "pyproject.toml").write_text(before + "# again\n")

    failing = "echo 'ERROR: nothing at https://somewhere.example/simple' >\"$LOG\"; return 1"
    done = bash(f"pip_install() {{ {failing}; }}; set_up", small)
    (small / "pyproject.toml").write_text(before)

    assert done.returncode == 1
    assert "ERROR: nothing at (address)" in done.stderr
    assert "Installing failed" in done.stderr
    assert bash("is_set_up ''", small).returncode == 0


def test_a_set_up_that_was_cut_short_is_made_anew(small):
    (small / ".venv" / "moothall-unfinished").touch()
    shutil.rmtree(small / ".venv" / "lib")

    done = bash('set_up; "$VENV/bin/moothall" hello', small)

    assert "making it anew" in done.stderr
    assert done.stdout == "moothall hello\n"


def test_an_environment_copied_from_elsewhere_is_made_anew(small, tmp_path):
    copy = tmp_path / "moved"
    shutil.copytree(small, copy, symlinks=True)

    done = bash('set_up; "$VENV/bin/moothall" hello', copy)

    assert "making it anew" in done.stderr
    assert done.stdout == "moothall hello\n"
    assert str(copy) in (copy / ".venv" / "bin" / "moothall").read_text()


def test_without_root_the_missing_packages_are_named_with_the_command(small):
    done = bash(
        "is_root() { false; }; has_sudo() { false; }; has_apt() { true; }\n"
        "has_compiler() { false; }; has_python_headers() { false; }; has_gmp() { false; }\n"
        "has_venv() { true; }; apt_get() { echo never; }\n"
        'ensure_build_tools "$(find_python)"; echo never',
        small,
    )

    assert done.returncode == 1
    assert done.stdout == ""
    assert "sudo apt-get install build-essential python3-dev libgmp-dev\n" in done.stderr


def test_with_root_the_missing_packages_are_installed_and_that_is_said(small):
    done = bash(
        "there=no; is_root() { true; }; has_apt() { true; }\n"
        "has_compiler() { true; }; has_python_headers() { true; }; has_venv() { true; }\n"
        'has_gmp() { [ -e "$MARK" ]; }\n'
        'apt_get() { if [ "$1" = install ]; then echo "${@: -1}" >"$MARK"; fi; }\n'
        'ensure_build_tools "$(find_python)"; cat "$MARK"',
        small,
        MARK=str(small / "installed"),
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout == "libgmp-dev\n"
    assert done.stderr.count("\n") == 1
    assert "Installing Debian packages" in done.stderr


def test_a_missing_browser_is_installed_once(small, tmp_path):
    done = bash(
        "is_root() { true; }; has_apt() { true; }\n"
        'has_chromium() { [ -e "$MARK" ]; }\n'
        'apt_get() { [ "$1" = update ] || echo "${@: -1}" >>"$MARK"; }\n'
        'ensure_chromium && ensure_chromium; cat "$MARK"',
        small,
        MARK=str(tmp_path / "installed"),
    )

    assert done.stdout == "chromium\n"
    assert done.stderr == "Installing Debian packages for the browser: chromium.\n"


@pytest.mark.parametrize(
    ("may", "said"),
    [
        ("has_apt() { false; }", "can't be installed from here: chromium"),
        (
            "has_apt() { true; }; is_root() { false; }; has_sudo() { false; }",
            "can't be installed from here: chromium",
        ),
        (
            "has_apt() { true; }; is_root() { true; }; "
            "apt_get() { echo E: at http://x.example; false; }",
            "E: at (address)",
        ),
    ],
)
def test_a_browser_that_can_not_be_installed_ends_nothing_and_is_named(small, may, said):
    done = bash(f"has_chromium() {{ false; }}; {may}\nensure_chromium || echo on", small)

    assert done.stdout == "on\n"
    assert said in done.stderr
    assert "    sudo apt-get install chromium\n" in done.stderr


def test_missing_network_tools_are_installed_once(small, tmp_path):
    done = bash(
        "is_root() { true; }; has_apt() { true; }\n"
        'has_program() { [ "$1" = ip ] || [ -e "$MARK" ]; }\n'
        'apt_get() { [ "$1" = update ] || echo "${@: -1}" >>"$MARK"; }\n'
        'ensure_network_tools && ensure_network_tools; cat "$MARK"',
        small,
        MARK=str(tmp_path / "installed"),
    )

    assert done.stdout == "nftables\n"
    assert done.stderr == "Installing Debian packages for networks between hosts: nftables.\n"


def test_network_tools_that_can_not_be_installed_end_nothing_and_are_named(small):
    done = bash(
        "has_program() { false; }; has_apt() { false; }\nensure_network_tools || echo on", small
    )

    assert done.stdout == "on\n"
    assert "can't be installed from here: iproute2 nftables" in done.stderr
    assert "    sudo apt-get install iproute2 nftables\n" in done.stderr


def test_an_old_python_is_passed_over(small, tmp_path):
    for name in ("python3.11", "python3"):
        (tmp_path / name).write_text("#!/bin/sh\nexit 1\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "python3.12").symlink_to(sys.executable)

    done = bash(f"PATH='{tmp_path}'; find_python", small)

    assert done.stdout == f"{tmp_path}/python3.12\n"


def test_start_hands_on_all_that_was_said_whether_there_is_a_home_or_not(small, tmp_path):
    nobody, somebody = tmp_path / "no body", tmp_path / "somebody"
    somebody.mkdir()
    (somebody / "keys.json").touch()

    for home in (nobody, somebody):
        done = start(small, "--home", str(home), "--desk", "127.0.0.1:0")
        assert done.stdout == f"moothall start --home {home} --desk 127.0.0.1:0\n"
    assert start(small, MOOTHALL_HOME=str(nobody)).stdout == "moothall start\n"
    assert not nobody.exists()


def test_start_says_how_it_is_used_before_anything_is_set_up(small, no_pip):
    done = start(small, "--help", **no_pip)

    assert done.returncode == 0
    assert "scripts/start --demo" in done.stdout


@pytest.mark.parametrize("name", ["check-interop", "check-hazards", "check-oracles"])
def test_a_check_says_how_it_is_used_before_anything_is_set_up(tmp_path, name):
    (tmp_path / "scripts").mkdir()
    for each in (name, "lib.sh"):
        shutil.copy(PROJECT / "scripts" / each, tmp_path / "scripts")

    done = subprocess.run(
        [tmp_path / "scripts" / name, "--help"], capture_output=True, text=True, check=False
    )

    assert (done.returncode, done.stderr) == (0, "")
    assert f"\n  scripts/{name} [" in done.stdout
    assert "source" not in done.stdout
    assert not (tmp_path / ".venv").exists()


def test_strict_turns_a_skip_into_a_failure_unless_samples_are_absent(tmp_path):
    shutil.copy(PROJECT / "tests" / "conftest.py", tmp_path)
    (tmp_path / "pytest.ini").touch()
    (tmp_path / "test_some.py").write_text(
        "import pytest\n"
        "def test_excused(): pytest.skip('samples absent: shopify')\n"
        "def test_idle(): pytest.skip('not today')\n"
        "@pytest.mark.xfail\n"
        "def test_known(): assert False\n"
    )
    (tmp_path / "test_whole.py").write_text(
        "import pytest\npytest.skip('no such library', allow_module_level=True)\n"
    )
    command = [sys.executable, "-m", "pytest", "-q", "--continue-on-collection-errors"]

    def run(strict: str) -> str:
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            cwd=tmp_path,
            env={**os.environ, "MOOTHALL_STRICT": strict},
        ).stdout

    assert "3 skipped, 1 xfailed" in run("")
    strictly = run("1")
    assert "1 failed, 1 skipped, 1 xfailed, 1 error" in strictly
    assert "does not allow: not today" in strictly
