"""A vote from the proposal to the count by keyboard alone, in a browser that runs no scripts."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from node import teller
from node.assembly import proposing
from tests.browser.hands import Keys
from tests.browser.looks import PATIENCE_MS
from tests.browser.site import serving
from tests.browser.world import World

OPTIONS = (("A", "The square"), ("B", "The tannery"))


def asked(folder: Path) -> World:
    """Ana asks where the market shall be, and whether the fund pays for a lamp."""
    world = World(folder)
    for kind, title, effect, options in (
        ("advice", "Where?", {"type": "advice"}, OPTIONS),
        ("spending", "A lamp?", {"type": "spend", "amount": 900, "purpose": "A lamp"}, ()),
    ):
        proposing.propose(
            world.ana, kind=kind, title=title, text="", effect=effect, options=options
        )
    for _ in range(2):  # what needs notice is announced, and then opened
        teller.act(world.ana.store, world.ana.unlock().device)
        world.now += 3 * 86_400_000
    teller.act(world.ana.store, world.ana.unlock().device)
    return world


def test_ana_votes_and_proposes_by_keyboard_without_scripts(browser: Browser, tmp_path: Path):
    with serving(asked, tmp_path) as site:
        context = browser.new_context(java_script_enabled=False, locale="en-GB")
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.goto(site.login("desk") or "")
        ana = Keys(page)

        ana.press("2 votes wait for you")
        ana.press("A lamp?")
        ana.tick("Yes")
        ana.write("Why", "It is dark.")
        ana.press("Cast this vote")
        assert "Your vote is on its way." in page.inner_text(".said")
        assert page.inner_text(".cast") == "Yes"

        ana.press("Assembly")
        ana.press("Where?")
        ana.choose("The tannery", "1")
        ana.choose("The square", "2")
        ana.press("Cast this vote")
        assert page.inner_text(".cast") == "1. The tannery, 2. The square"
        ana.press("Every step, and who voted how")
        assert "How it is counted" in page.inner_text("main")

        ana.press("Assembly")
        ana.press("Make a proposal")
        ana.press("Advice")
        ana.write("Options", "Friday")
        ana.write("Title", "Which day?")
        ana.press("Preview")
        ana.press("Put it to the members")
        assert page.inner_text("h1") == "Which day?"
        context.close()
