"""What is typed in the README and in the page about deciding, command by command."""

from __future__ import annotations

from pathlib import Path

from tests.system.tour import Tour, examples


def test_the_tour_in_the_readme_works_as_printed(tmp_path: Path) -> None:
    commands = examples("README.md")
    assert len(commands) >= 10
    terminal = Tour(tmp_path, loaded=True)
    try:
        said = {line: terminal.type(line, shown) for line, shown in commands}
        assert "Rye bread" in said["moothall --home .demo/ana search bread"]
        assert "Ben" in said["moothall --home .demo/ana member list"]
        assert "Ben, member" in said["moothall --home .demo/ben status"]
        assert "Yes: 2. No: 0." in said["moothall --home .demo/ben count PROPOSAL"]
        assert "7.00 EUR  fee 0.35 EUR" in said["moothall --home .demo/ana receipt list"]
        assert "fund community  0.32 EUR" in said["moothall --home .demo/ben settle"]
    finally:
        terminal.end()


def test_the_vote_in_the_page_about_deciding_goes_as_printed(tmp_path: Path) -> None:
    commands = examples("docs/governance.md")
    assert sum(bool(shown) for _, shown in commands) >= 8
    terminal = Tour(tmp_path, loaded=True)
    try:
        for line, shown in commands:
            terminal.type(line, shown)
    finally:
        terminal.end()
