"""`scripts/screenshots`: a picture of every page, to be looked at by people."""

from __future__ import annotations

import argparse
import html
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.chromium import Missing, chromium
from tests.browser.looks import DESKTOP, PHONE, Reader
from tests.browser.site import Site, serving
from tests.browser.visits import Visit, visits
from tests.browser.world import lively

PROJECT = Path(__file__).resolve().parents[2]
SIZES = {"phone": PHONE, "desk": DESKTOP}
INDEX = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Every page</title>
<style>
body {{ font: 1rem/1.5 sans-serif; margin: 2rem; }}
section {{ display: flex; gap: 1rem; align-items: start; overflow-x: auto; }}
img {{ height: 30rem; border: 1px solid #888; }}
</style>
<h1>Every page</h1>
{sections}
</html>
"""


def take_all(browser: Browser, site: Site, out: Path, themes: list[str]) -> Iterator[list[str]]:
    """The names of the pictures of one page after the other."""
    readers: dict[str, Reader] = {}
    for visit in visits():
        if visit.app not in readers:
            readers[visit.app] = Reader(browser, site.origins[visit.app], site.login(visit.app))
        yield list(_take(readers[visit.app], visit, site, out, themes))


def _take(reader: Reader, visit: Visit, site: Site, out: Path, themes: list[str]) -> Iterator[str]:
    for size, pixels in SIZES.items():
        reader.open(visit.fill(site.ids), visit.status, pixels)
        for theme in themes:
            reader.darken(theme == "dark")
            name = f"{_slug(str(visit))}-{size}-{theme}.png"
            reader.page.screenshot(path=out / name, full_page=True)
            yield name
        reader.darken(False)


def _slug(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def _index(pictures: dict[str, list[str]]) -> str:
    sections = []
    for page, names in pictures.items():
        images = "".join(
            f'<a href="{n}"><img src="{n}" alt="{n}" loading="lazy"></a>' for n in names
        )
        sections.append(f"<h2>{html.escape(page)}</h2>\n<section>{images}</section>")
    return INDEX.format(sections="\n".join(sections))


def main() -> int:
    """Make the pictures; the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/screenshots", description=__doc__)
    parser.add_argument("--out", type=Path, default=PROJECT / "screenshots", metavar="DIR")
    parser.add_argument("--dark", action="store_true", help="the dark theme too")
    wanted = parser.parse_args()
    out: Path = wanted.out
    out.mkdir(parents=True, exist_ok=True)
    themes = ["light", "dark"] if wanted.dark else ["light"]
    folder = Path(tempfile.mkdtemp(prefix="moothall-pictures-"))
    try:
        with serving(lively, folder) as site, chromium() as browser:
            taken = take_all(browser, site, out, themes)
            pictures = {str(v): n for v, n in zip(visits(), taken, strict=True)}
    except Missing as error:
        print(error, file=sys.stderr)
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    (out / "index.html").write_text(_index(pictures))
    print(f"{sum(map(len, pictures.values()))} pictures of {len(pictures)} pages: {out}/index.html")
    return 0


if __name__ == "__main__":
    sys.exit(main())
