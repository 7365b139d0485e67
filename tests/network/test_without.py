"""Every hazard of the library has a way to take its workaround away, and a test of that number."""

from __future__ import annotations

import re
from pathlib import Path

from tests.network.without import UNDO

HERE = Path(__file__).parent
NETWORK = HERE.parent.parent / "node" / "network"


def numbers(pattern: str, *files: Path) -> set[str]:
    return {f"H{found}" for file in files for found in re.findall(pattern, file.read_text())}


def test_every_workaround_can_be_taken_away_and_is_tested() -> None:
    in_the_code = numbers(r"\bH(\d+)\b", *NETWORK.glob("*.py"))

    assert in_the_code == set(UNDO)
    assert set(UNDO) <= numbers(r"def test_h(\d+)_", *HERE.glob("test_*.py"))
