"""Run scripts/demo.py with the stand-in instead of Moothall: run_demo.py MOOTHALL [OPTIONS]."""

import importlib.util
import sys
from pathlib import Path

DEMO = Path(__file__).resolve().parents[2] / "scripts" / "demo.py"

spec = importlib.util.spec_from_file_location("demo", DEMO)
demo = importlib.util.module_from_spec(spec)
sys.modules["demo"] = demo  # dataclasses look their module up
spec.loader.exec_module(demo)
demo.MOOTHALL = Path(sys.argv.pop(1))
demo.GOODBYE_SECONDS = 1
sys.exit(demo.main())
