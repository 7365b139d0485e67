"""What members write never runs, loads or covers anything in a real browser.

The policy of the pages would stop most of it; that it has nothing to stop is what is tested here.
"""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from tests.browser.site import Site, serving
from tests.browser.visits import App
from tests.browser.world import World
from tests.gateway.hostile import PAYLOADS, TARGETS, WRAPPERS

APPS: tuple[App, ...] = ("shop", "desk")
ACTIVE = (
    "main :is(iframe, object, embed, form:not([action^='/']), base, meta, style, link, video,"
    " audio, math, [style], [onclick], [onerror], [onload], [href^='javascript' i]),"
    " main :is(svg, img:not([src^='/']), script:not([type='application/ld+json']))"
)


def hostile(folder: Path) -> World:
    """Ana offers one thing for each way to wrap all of the attacks."""
    world = World(folder)
    for number, wrapper in enumerate(WRAPPERS):
        texts = [wrapper.replace("{}", attack) for attack in PAYLOADS + TARGETS]
        half = len(texts) // 2
        world.ids[f"attack{number}"] = world.offer(
            world.ana,
            " ".join(_printable(f"Thing {number} {PAYLOADS[number]}").split())[:200],
            description=_printable("\n\n".join(texts[:half])),
            story=_printable("\n\n".join(texts[half:])),
        )
    return world


def _printable(text: str) -> str:
    """Without what a listing refuses anyway, and as long as one may be."""
    return "".join(c for c in text if c in "\n\t" or c.isprintable())[:7_000]


def test_nothing_that_members_write_runs_in_a_browser(browser: Browser, tmp_path: Path) -> None:
    heard: list[str] = []
    with serving(hostile, tmp_path) as site:
        for app in APPS:
            heard += _look(browser, site, app)
    assert heard == []


def _look(browser: Browser, site: Site, app: App) -> list[str]:
    """What is heard of anything that runs or loads while all listings are opened."""
    heard: list[str] = []
    page = browser.new_page()
    try:
        page.on("dialog", lambda dialog: (heard.append(dialog.message), dialog.dismiss()))
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("request", lambda request: _note(heard, request.url, site.origins[app]))
        if link := site.login(app):
            page.goto(link)
        for name, listing in site.ids.items():
            page.goto(f"{site.origins[app]}/listing/{listing}")
            assert page.locator("h1").inner_text().startswith("Thing"), name
            assert page.locator(ACTIVE).count() == 0, name
    finally:
        page.close()
    return heard


def _note(heard: list[str], url: str, origin: str) -> None:
    if not url.startswith(f"{origin}/"):
        heard.append(url)
