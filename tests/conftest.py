"""What holds for every test.

MOOTHALL_STRICT=1 (`scripts/test --strict`): a skipped test is a failed test. The one excuse is a
reason that begins with "samples absent": the sellers' real files are not part of the project.

Where Python is told to leave no bytecode beside its sources, the programs that tests start, some
hundreds, share a folder for it, which goes in the end: else each of them compiles everything anew.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from tests.node.four import Four

EXCUSE = "samples absent"

# No test depends on how quick a machine is, and hypothesis by itself would.
settings.register_profile("moothall", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("moothall")


def pytest_configure(config: pytest.Config) -> None:
    if os.environ.pop("PYTHONDONTWRITEBYTECODE", ""):
        folder = tempfile.mkdtemp(prefix="moothall-bytecode-")
        os.environ["PYTHONPYCACHEPREFIX"] = folder
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests of running nodes come first and so, mostly, in one worker.

    They wait more than they reckon, they share homes that are founded once in a process, and the
    longest of them must not be what the others wait for in the end.
    """
    items.sort(key=lambda item: not item.nodeid.startswith(("tests/system/", "tests/hosts/")))


def refuse_skip(report: pytest.TestReport | pytest.CollectReport) -> None:
    """Turn a skip without the excuse into a failure; an expected failure is not a skip."""
    if not os.environ.get("MOOTHALL_STRICT") or not report.skipped or hasattr(report, "wasxfail"):
        return
    told = report.longrepr
    reason = str(told[2] if isinstance(told, tuple) else told).removeprefix("Skipped: ")
    if not reason.startswith(EXCUSE):
        report.outcome = "failed"
        report.longrepr = f"skipped, which --strict does not allow: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> object:
    report = yield
    refuse_skip(report)
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> object:
    report = yield
    refuse_skip(report)
    return report


@pytest.fixture(scope="session")
def four_founded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Homes of four tellers, their alternate and a member, which nobody may change."""
    from tests.node import four as fours  # brings the node, which few tests need

    folder = tmp_path_factory.mktemp("four")
    fours.found(folder)
    return folder


@pytest.fixture
def four(four_founded: Path, tmp_path: Path) -> Iterator[Four]:
    """A copy of these homes, open."""
    from tests.node import four as fours

    with fours.opened(fours.copied(four_founded, tmp_path)) as found:
        yield found
