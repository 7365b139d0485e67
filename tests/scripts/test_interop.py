"""The peer of `scripts/check-interop` stays in step with this program; no Node is needed here.

The script itself fetches js-libp2p and takes minutes, so it runs apart. What would let it rot
unseen is looked at here: numbers, names and limits that both sides have, and what it imports.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from node.cards import CARDS
from node.network import libp2p_pubsub_hazards, links
from protocol import cards, keys, messages, records, segments

PROJECT = Path(__file__).resolve().parents[2]
SCRIPT = PROJECT / "scripts" / "check-interop"
PEER = PROJECT / "scripts" / "interop"
IMPORT = re.compile(r"""^(?:import|export) [^'"]*?from '([^']+)'""", re.MULTILINE)


def source(name: str) -> str:
    return (PEER / name).read_text()


def numbers(name: str) -> dict[str, int]:
    """Whole numbers that a module gives a name of capitals."""
    found = re.findall(r"^(?:export )?const ([A-Z_]+) = ([\d_]+)\b", source(name), re.MULTILINE)
    return {key: int(value) for key, value in found}


def test_the_script_can_be_started() -> None:
    assert os.access(SCRIPT, os.X_OK)
    subprocess.run(["bash", "-n", str(SCRIPT)], check=True)


def test_it_speaks_the_protocols_that_a_node_offers() -> None:
    named = re.compile(r"^export const ([A-Z]+) = '(/\S+)'$", re.MULTILINE)
    theirs = dict(named.findall(source("network.mjs")))
    assert theirs == {
        "JOIN": links.JOIN,
        "SYNC": links.SYNC,
        "CARDS": CARDS,
        "BLOB": links.BLOB,
        "GOSSIP": libp2p_pubsub_hazards.MESHSUB,
    }


def test_it_numbers_the_messages_of_sync_alike() -> None:
    block = re.search(r"const NAMES = \[(.*?)\]", source("messages.mjs"), re.DOTALL)
    assert block
    names = re.findall(r"'(\w+)'", block[1])
    assert names == [kind.__name__ for kind in messages.MESSAGES]


def test_it_signs_for_the_same_purposes() -> None:
    block = re.search(r"PURPOSES = Object\.fromEntries\(\s*\[([^\]]*)\]", source("keys.mjs"))
    assert block
    ours = {value for value in vars(keys).values() if isinstance(value, bytes)}
    for name in re.findall(r"'([\w-]+)'", block[1]):
        assert f"moothall/{name}/1\0".encode() in ours


def test_it_keeps_the_same_limits() -> None:
    theirs = numbers("records.mjs")
    assert theirs["MAX_HEADER"] == records.MAX_HEADER
    assert theirs["MAX_BODY"] == records.MAX_BODY
    assert theirs["MAX_RECORDS"] == segments.MAX_RECORDS
    assert theirs["MAX_SEGMENT"] == segments.MAX_BYTES
    assert theirs["OVERHEAD"] == segments.OVERHEAD
    assert numbers("messages.mjs")["MAX_MESSAGE"] == messages.MAX_FRAME
    assert numbers("cards.mjs")["MAX_CARD"] == cards.MAX_CARD
    assert numbers("cards.mjs")["LIFETIME"] == cards.LIFETIME_MS


def test_everything_that_it_imports_is_there_or_pinned() -> None:
    pinned = json.loads(source("package.json"))["dependencies"]
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in pinned.values())
    used = set()
    for module in PEER.glob("*.mjs"):
        for wanted in IMPORT.findall(module.read_text()):
            if wanted.startswith("./"):
                assert (PEER / wanted).is_file(), f"{module.name} imports {wanted}"
            elif not wanted.startswith("node:"):
                parts = wanted.split("/")
                used.add("/".join(parts[:2]) if wanted.startswith("@") else parts[0])
    assert used == set(pinned)


def test_the_lock_file_pins_the_same_and_names_no_registry() -> None:
    lock = json.loads(source("package-lock.json"))
    wanted = json.loads(source("package.json"))["dependencies"]
    assert lock["packages"][""]["dependencies"] == wanted
    packages = {name: each for name, each in lock["packages"].items() if name}
    assert not [name for name, each in packages.items() if "resolved" in each]
    assert not [name for name, each in packages.items() if "integrity" not in each]


def test_altered_bytes_are_some_taken_and_some_not() -> None:
    done = subprocess.run(
        [sys.executable, "-P", str(PEER / "altered.py"), "--each", "40"],
        env={**os.environ, "PYTHONPATH": str(PROJECT)},
        capture_output=True,
        text=True,
        check=True,
    )
    seen: dict[str, set[bool]] = {}
    for line in done.stdout.splitlines():
        case = json.loads(line)
        seen.setdefault(case["reader"], set()).add(case["taken"])
    assert len(seen) == 8
    assert all(verdicts == {True, False} for verdicts in seen.values())
