"""A sale by two people in browsers that run no scripts: order, receipt, refund.

Two real nodes on this machine; a command of Ana's hears of what asks for her.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Page

from tests.browser.hands import Pointing
from tests.system.people import LOOPBACK, Person, settle, village


def shows(hands: Pointing, words: str) -> Callable[[], bool]:
    """Whether the page that is open says this, once it is read anew."""

    def look() -> bool:
        hands.page.reload()
        return words in hands.page.locator("main").inner_text()

    return look


def unfold(hands: Pointing, summary: str) -> None:
    hands.page.locator("summary", has_text=summary).click()


def at_desk(person: Person, page: Page) -> Pointing:
    page.goto(person.do("desk")["desk"])
    return Pointing(page)


def test_ana_sells_ben_a_loaf_and_gives_a_part_of_the_money_back(
    open_page: Callable[[], Page], tmp_path: Path
) -> None:
    told = tmp_path / "told"
    with village(tmp_path, "Ana", "Ben") as (ana, ben):
        settle(ana, ben)
        ana.stop()
        ana.start(*LOOPBACK, "--notify", f"cat >> {told}")
        ana.do("listing", "add", "--title", "Rye bread", "--mode", "sell", "--price", "3.50")
        ben.until(lambda: "Rye bread" in ben.titles(), "the bread arrives")
        at_ana, at_ben = at_desk(ana, open_page()), at_desk(ben, open_page())

        at_ben.press("Rye bread")
        at_ben.press("Order this")
        at_ben.write("How many", "2")
        at_ben.write("Message", "Sliced, please.")
        at_ben.press("Order it")
        assert "Ordered." in at_ben.page.inner_text(".said")

        at_ana.press("Inbox")
        ana.until(shows(at_ana, "Rye bread"), "the order arrives")
        at_ana.press("Rye bread")
        assert "Sliced, please." in at_ana.page.inner_text("main")
        at_ana.press("Accept it")
        ben.until(shows(at_ben, "Pay, and say so"), "it is accepted")
        at_ben.press("I have paid")
        ana.until(shows(at_ana, "Send it or have it ready"), "it is paid")
        at_ana.press("Sent, or ready")
        ben.until(shows(at_ben, "Say when you have it"), "it is sent")
        assert "can't be taken back" in at_ben.page.inner_text("main")
        at_ben.press("I have it")
        for person, hands in ((ana, at_ana), (ben, at_ben)):
            person.until(shows(hands, "The receipt"), "the receipt is there")

        unfold(at_ana, "Give money back")
        at_ana.write("Amount to give back", "1.00")
        at_ana.press("Give money back")
        ben.until(shows(at_ben, "The money is back with me"), "it was refunded")
        unfold(at_ben, "The money is back with me")
        at_ben.press("The money is back with me")
        for person, hands in ((ana, at_ana), (ben, at_ben)):
            person.until(shows(hands, "The receipt counts for less"), "the refund is agreed")
        at_ben.press("The receipt")
        assert "€7.00" in at_ben.page.inner_text("main")
        assert "€1.00" in at_ben.page.inner_text("main")
        assert (ana.stop(), ben.stop()) == (0, 0)
    heard = [json.loads(line) for line in told.read_text().splitlines()]
    assert {"order", "letter"} <= {each["event"] for each in heard}
    assert "Sliced" not in told.read_text()
