"""The soak itself, in small: it can be repeated, and it notices what goes wrong."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import trio
from trio.testing import MockClock

from scripts.simulation import settling, soak
from scripts.simulation.town import Town
from tests.village.village import Village

PROJECT = Path(__file__).resolve().parents[2]


def begin(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-P", "-m", "scripts.simulation.soak", "--json", *arguments],
        env={**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONHASHSEED": "0"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_a_small_soak_ends_well_and_the_same_each_time() -> None:
    runs = [begin("--nodes", "5", "--days", "0.1", "--seed", "3") for _ in range(2)]
    told: list[dict[str, Any]] = []
    for run in runs:
        out, errors = run.communicate(timeout=300)
        assert run.returncode == 0, out + errors
        told.append(json.loads(out))
        del told[-1]["seconds"]

    assert told[0] == told[1]
    assert told[0]["wrong"] == []
    assert told[0]["settled_s"] is not None
    assert told[0]["people"] == 5
    assert told[0]["hostile"] == 1
    assert told[0]["done"]["trick"] > 0
    assert told[0]["faults"]


async def test_what_differs_is_told_by_view_and_log(
    village: Village, autojump_clock: MockClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "SETTLE_SECONDS", 600)
    ana, ben, eva = await village.join("ana", "ben", "eva")
    await village.agree()
    village.cut(ana, eva)
    village.cut(ben, eva)
    ana.offer("Bread")

    assert await settling.settle([ana, ben]) is not None
    assert await settling.settle(village.people) is None
    told = settling.differences(village.people)

    assert "frontier: ana, ben | eva" in told
    assert "view listings: ana, ben | eva" in told
    assert any(line.endswith("of ana: ana 2, ben 2, eva 1") for line in told)


async def test_views_that_are_not_what_the_log_says_are_damage(
    village: Village, autojump_clock: MockClock
) -> None:
    ana, ben = await village.join("ana", "ben")
    ana.offer("Bread")
    await village.agree()
    assert settling.damage([ana, ben]) == []

    ben.home.store.db.execute("DELETE FROM listing")

    assert settling.damage([ana, ben]) == ["ben: its views are not what its log says"]


async def test_an_honest_node_that_is_blamed_is_told(tmp_path: Path, nursery: trio.Nursery) -> None:
    town = Town(folder=tmp_path, nursery=nursery, seed=1)
    with trio.CancelScope() as scope:
        founder = await town.found()
        founder.node.peers.fault(founder.network.peer_id, "bad-segment")
        assert settling.blamed(town) == ["member-01 blames member-01: bad-segment"]
        await founder.stop()
        scope.cancel()
    founder.home.close()


def test_a_failure_says_how_to_see_it_again() -> None:
    told = soak._text(soak.Outcome(seed=3, nodes=30, days=7.0, wrong=["frontier: ana | ben"]))
    assert told.splitlines()[-2:] == [
        "frontier: ana | ben",
        "To see it again: scripts/soak --nodes 30 --days 7 --seed 3",
    ]
