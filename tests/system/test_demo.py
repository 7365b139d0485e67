"""`scripts/start --demo --once`: the main job from one command, between real nodes."""

import os
import subprocess
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
SECONDS = 60  # a safety limit, nothing is measured


def test_one_command_founds_a_community_and_shows_it_in_a_shop_window(tmp_path):
    demo = subprocess.Popen(
        [PROJECT / "scripts" / "start", "--demo", "--once", "--dir", tmp_path / "homes"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    try:
        said, _ = demo.communicate(timeout=SECONDS)
    except subprocess.TimeoutExpired:
        demo.terminate()  # ends the three nodes too, which killing it would not
        said, _ = demo.communicate(timeout=15)

    assert demo.returncode == 0, said
    assert "shows what Ana imported" in said
