"""MOOTHALL_STRICT=1 (`scripts/test --strict`): a skipped test is a failed test.

The one excuse is a reason that begins with "samples absent": the sellers' real files are not part
of the project.
"""

import os

import pytest

EXCUSE = "samples absent"


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
