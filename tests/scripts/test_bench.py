"""What `scripts/bench` prints: its shape. No time is looked at."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
SECONDS = 120  # a safety limit, nothing is measured
SYNCED = {"min", "median", "max", "aim", "limit", "ratio"}


def bench(*options: str) -> subprocess.CompletedProcess[str]:
    """Run it as the script does, with the environment that runs these tests."""
    paths = [str(PROJECT), str(PROJECT / "scripts"), os.environ.get("PYTHONPATH", "")]
    return subprocess.run(
        [sys.executable, "-P", "-m", "benchmarks", *options],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=SECONDS,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, paths))},
    )


@pytest.fixture(scope="module")
def measured():
    """Everything of a quick run with few listings."""
    done = bench("--quick", "--json", "--runs", "1", "--listings", "300")
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def test_it_measures_the_machine_and_everything_quick(measured):
    keys = [line["key"] for line in measured["lines"]]

    assert {line["key"] for line in measured["machine"]} >= {"verify", "sha256", "insert", "commit"}
    assert len(set(keys)) == len(keys)
    assert set(keys) >= {
        "first-sync-300",
        "first-sync-text-300",
        "sync-share-300",
        "sync-share-long",
        "photo-share",
        "raw-stream",
        "equal-trips",
        "equal-bytes",
        "few-bytes",
        "few-ms",
        "publish-seen",
        "digest",
        "page-front",
        "page-search-p95",
        "help",
        "listing-add",
        "count",
        "close-size",
        "receipts-one-by-one",
        "chain-start",
        "agree-process",
        "agree-libp2p",
        "agree-quiet",
        "fold-effect",
        "page-assembly",
        "page-proposal",
        "status-votes",
        "letters-open",
        "letters-page-p95",
        "settlement",
    }


def test_every_line_has_its_figures_in_order(measured):
    for line in measured["machine"] + measured["lines"]:
        assert line.keys() >= {"key", "what", "unit", "runs", "note"} | SYNCED
        assert line["runs"] >= 1
        assert 0 <= line["min"] <= line["median"] <= line["max"]
        assert all(math.isfinite(line[name]) for name in SYNCED if line[name] is not None)
        if line["limit"] is not None:
            assert line["ratio"] == pytest.approx(line["median"] / line["limit"])


def test_both_nodes_hold_the_same_in_the_end(measured):
    (line,) = [line for line in measured["lines"] if line["key"] == "digest"]

    assert line["note"] == "the same on both nodes"


def test_its_table_names_what_it_measured_and_leaves_no_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")

    done = bench("--quick", "--quiet", "--runs", "1", "--listings", "100", "--only", "commands")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "Ed25519 verify" in done.stdout
    assert "moothall --help" in done.stdout
    assert done.stderr == ""
    assert list(tmp_path.iterdir()) == []
