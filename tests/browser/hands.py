"""Two ways to use a page: by pointing at what it says, or by keyboard alone.

Both know a page only as its reader does: links and buttons by their text, fields by their labels.
Neither needs the page to run scripts.
"""

from __future__ import annotations

import re
from pathlib import Path

from playwright.sync_api import Page

FARTHEST = 150  # presses of Tab
NAME = """() => {
  const element = document.activeElement;
  const labels = [...(element.labels || [])].map((label) => label.innerText);
  const name = element.getAttribute("aria-label") || labels.join(" ") || element.innerText;
  return (name || "").trim().replace(/\\s+/g, " ");
}"""


class Pointing:
    """By mouse or finger."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, text: str) -> None:
        """Follow the link or press the button that says this."""
        exactly = re.compile(rf"^\s*{re.escape(text)}")
        link = self.page.get_by_role("link", name=exactly)
        link.or_(self.page.get_by_role("button", name=exactly)).first.click()

    def write(self, label: str, text: str) -> None:
        """Fill in the field of this label."""
        self.page.get_by_label(label).first.fill(text)

    def tick(self, label: str) -> None:
        """Tick the box of this label."""
        self.page.get_by_label(label).check()

    def choose(self, label: str, text: str) -> None:
        """Choose what says this in the list of this label."""
        self.page.get_by_label(label).first.select_option(text)

    def add_file(self, label: str, file: Path) -> None:
        """Choose a file for the field of this label."""
        self.page.get_by_label(label).set_input_files(file)


class Keys:
    """By Tab, Enter, Space and letters; what is pressed has to have the focus first."""

    def __init__(self, page: Page) -> None:
        self.page = page
        # As long as somebody listens, Chromium asks us instead of opening a window of its own. To
        # begin listening with the key press would be a race: a busy machine lost it.
        page.on("filechooser", lambda _: None)

    def press(self, text: str) -> None:
        """Go to the link or button that says this, and press Enter."""
        self._go(text)
        if self.page.evaluate("document.activeElement.hasAttribute('download')"):
            self.page.keyboard.press("Enter")
        else:
            with self.page.expect_navigation():
                self.page.keyboard.press("Enter")

    def write(self, label: str, text: str) -> None:
        """Go to the field of this label and type."""
        self._go(label)
        self.page.keyboard.insert_text(text)

    def tick(self, label: str) -> None:
        """Go to the box of this label and press Space."""
        self._go(label)
        self.page.keyboard.press("Space")

    def choose(self, label: str, text: str) -> None:
        """Go to the list of this label and type how a choice begins."""
        self._go(label)
        self.page.keyboard.type(text)

    def add_file(self, label: str, file: Path) -> None:
        """Go to the field of this label, and choose a file in the window that Enter opens."""
        self._go(label)
        with self.page.expect_file_chooser() as chosen:
            self.page.keyboard.press("Enter")
        chosen.value.set_files(file)

    def _go(self, name: str) -> None:
        seen: list[str] = []
        while len(seen) < FARTHEST:
            self.page.keyboard.press("Tab")
            seen.append(self.page.evaluate(NAME))
            if seen[-1].startswith(name):
                return
        raise AssertionError(f"Tab never reaches “{name}”, only: {sorted(set(seen))}")


Hands = Pointing | Keys
