"""From nothing to a market of two, in a browser that runs no scripts; by pointing, and by keys.

Two real nodes on this machine; whatever the two people do, they do on the pages of their desks.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.browser.hands import Hands, Keys, Pointing
from tests.system.people import Person, village


def text(page: Page) -> str:
    return page.locator("main").inner_text()


def start(person: Person, hands: Hands) -> None:
    """The first page of somebody who has just installed Moothall."""
    hands.page.goto(person.begin())
    assert "Welcome to Moothall" in text(hands.page)


def save_recovery_file(hands: Hands) -> str:
    with hands.page.expect_download() as download:
        hands.press("Save the recovery file")
    hands.tick("I have saved it")
    hands.press("Go on")
    return download.value.path().read_text()


def look_for(hands: Hands, words: str) -> None:
    hands.press("Market")
    hands.write("What are you looking for?", words)
    hands.press("Search")


@pytest.mark.parametrize("kind", [Pointing, Keys])
def test_two_people_begin_a_market_in_their_browsers(
    open_page: Callable[[], Page], tmp_path: Path, kind: type[Hands]
) -> None:
    loaf = tmp_path / "loaf.jpg"
    Image.new("RGB", (1200, 900), (200, 150, 90)).save(loaf)
    with village(tmp_path, "Ana", "Ben") as (ana, ben):
        at_ana, at_ben = kind(open_page()), kind(open_page())

        start(ana, at_ana)
        at_ana.press("Found a community")
        at_ana.write("Name of the community", "Riverside makers")
        at_ana.write("Your name", "Ana")
        at_ana.press("Found the community")
        ana.begun()
        assert "Riverside makers" in at_ana.page.title()
        assert save_recovery_file(at_ana)
        at_ana.press("Later")  # a listing of her own
        at_ana.write("For whom is it?", "Ben")
        at_ana.press("Make an invitation")
        link = at_ana.page.get_by_label("Invitation link").input_value()
        at_ana.press("Finish")

        start(ben, at_ben)
        at_ben.press("I have an invitation")
        at_ben.write("Invitation link", link)
        at_ben.write("Your name", "Ben")
        at_ben.press("Join the community")
        ben.begun()
        save_recovery_file(at_ben)

        def let_in() -> bool:
            at_ben.page.reload()
            return "first listing" in text(at_ben.page)

        ben.until(let_in, "Ben is let in")
        at_ben.press("Make your first listing")
        at_ben.write("Title", "Rye bread")
        at_ben.write("Price", "3.50")
        at_ben.add_file("Add photos", loaf)
        at_ben.press("Publish")
        assert "Published." in text(at_ben.page)

        def found() -> bool:
            look_for(at_ana, "rye")
            return "Rye bread" in text(at_ana.page)

        ana.until(found, "Ben's bread arrives")
        at_ana.press("Rye bread")
        assert "by Ben" in text(at_ana.page)
        shown = "image => image.decode().then(() => image.naturalWidth)"
        assert at_ana.page.locator("main img").first.evaluate(shown) > 0
        assert (ana.stop(), ben.stop()) == (0, 0)
