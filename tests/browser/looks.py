"""A reader with a browser: opens addresses, and says what is wrong with what they see.

Every fault is a sentence with the place it was seen at; no fault ends the look. One browser page
serves many visits, since opening another costs more than a visit.

axe runs whole once for a page. Sizes differ in how things are arranged and themes in their colours
alone, so at the other size and in the other theme only its rule on contrast runs again.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Browser, ConsoleMessage, Request, Response, ViewportSize

from tests.browser.visits import Sent

HERE = Path(__file__).parent
LAYOUT, MARKUP, KEYBOARD = (
    (HERE / name).read_text() for name in ("layout.js", "page.js", "keyboard.js")
)
PHONE: ViewportSize = {"width": 360, "height": 740}
DESKTOP: ViewportSize = {"width": 1280, "height": 900}
ZOOMED: ViewportSize = {"width": 640, "height": 740}
TARGET = 24  # CSS pixels (WCAG 2.2, 2.5.8)
CONTRAST = ["color-contrast"]
PATIENCE_MS = 30_000
ABORTED = "net::ERR_ABORTED"  # what the page before still waited for


class Reader:
    """Somebody at one of the apps. `language` is what their browser asks for."""

    def __init__(
        self, browser: Browser, origin: str, login: str | None = None, language: str = "en-GB"
    ) -> None:
        self._origin = origin
        self._context = browser.new_context(
            viewport=PHONE, color_scheme="light", locale=language, service_workers="block"
        )
        self._context.set_default_timeout(PATIENCE_MS)
        self._context.add_init_script(path=HERE / "watch.js")
        self.page = self._context.new_page()
        self._browser_settings = self._context.new_cdp_session(self.page)
        self._noticed: list[str] = []
        self._refused = False  # whether the page asked for answers with a problem
        self.page.on("console", self._hear)
        self.page.on("pageerror", lambda error: self._noticed.append(f"script failed: {error}"))
        self.page.on("request", self._see_request)
        self.page.on("response", self._see_response)
        self.page.on("requestfailed", self._see_failure)
        if login is not None:
            self.page.goto(login)

    def close(self) -> None:
        """Leave."""
        self._context.close()

    def open(self, path: str, status: int, size: ViewportSize) -> list[str]:
        """Open an address at this size, to its end; what went wrong on the way."""
        self.page.set_viewport_size(size)
        self._noticed.clear()
        self._refused = status >= 400
        answer = self.page.goto(self._origin + path)
        assert answer is not None
        if answer.status != status:
            self._noticed.append(f"answers {answer.status} instead of {status}")
        self.page.evaluate(READ_ON)
        seen = self.page.evaluate("({shifts: seen.shifts, violations: seen.violations})")
        self._noticed += [f"the layout shifts: {each}" for each in seen["shifts"]]
        self._noticed += [f"the content policy forbids: {each}" for each in seen["violations"]]
        return list(self._noticed)

    def send(self, form: Sent) -> list[str]:
        """Fill in and send a form of this page, whatever the browser thinks of what is missing."""
        self._noticed.clear()
        self._refused = form.status >= 400
        self.unfold()
        self.page.evaluate(EMPTY)
        for label, text in form.texts.items():
            self.page.get_by_label(label, exact=True).first.fill(text)
        for number in range(form.ticks):
            self.page.get_by_role("checkbox").nth(number).check()
        if form.file:
            self.page.locator("input[type=file]").set_input_files(form.file)
        with self.page.expect_navigation() as followed:
            self.page.get_by_role("button", name=form.button, exact=True).first.click()
        status = followed.value.status
        if status != form.status:
            self._noticed.append(f"answers {status} instead of {form.status} to a form")
        if self._refused and not self.page.locator(".problem").first.is_visible():
            self._noticed.append("does not say what is wrong")
        return list(self._noticed)

    def resize(self, size: ViewportSize) -> None:
        """Look at the same page at another size."""
        self.page.set_viewport_size(size)

    def markup(self) -> list[str]:
        """What is wrong with the page's own markup."""
        return list(self.page.evaluate(MARKUP))

    def layout(self, *, target: int = TARGET) -> list[str]:
        """What is cut, covered, too small or in the way."""
        return list(self.page.evaluate(LAYOUT, {"target": target}))

    def unfold(self) -> bool:
        """Open whatever can be folded; False if nothing was."""
        return bool(self.page.evaluate(UNFOLD))

    def darken(self, dark: bool = True) -> None:
        """Change the theme."""
        self.page.emulate_media(color_scheme="dark" if dark else "light")

    def turn_around(self) -> None:
        """Read from right to left from here on, until the next address."""
        self.page.evaluate("document.documentElement.dir = 'rtl'")

    def enlarge_text(self, percent: int) -> None:
        """What a reader sets as the size of text in their browser."""
        sizes = {"standard": 16 * percent // 100, "fixed": 13 * percent // 100}
        self._browser_settings.send("Page.setFontSizes", {"fontSizes": sizes})

    def axe(self, rules: list[str] | None = None) -> list[str]:
        """What axe finds, of any impact."""
        if not self.page.evaluate("'axe' in window"):
            self.page.evaluate(AXE_SCRIPT)
        options: dict[str, Any] = {"resultTypes": ["violations"], "preload": False}
        if rules:
            options["runOnly"] = rules
        found = self.page.evaluate("options => axe.run(options)", options)["violations"]
        return [_violation(each) for each in found]

    def tab_through(self) -> list[str]:
        """Press Tab from the top to the last thing that can be pressed; what it misses."""
        self.page.evaluate(TO_THE_TOP)
        stops = self.page.evaluate(KEYBOARD)["stops"]
        for _ in range(stops):
            self.page.keyboard.press("Tab")
        for _ in range(2 * stops):  # a date has several stops of its own
            if self.page.evaluate(KEYBOARD)["done"]:
                break
            self.page.keyboard.press("Tab")
        return list(self.page.evaluate(KEYBOARD)["faults"])

    def skip(self) -> list[str]:
        """Use the first link of the page, which skips to its content."""
        self.page.evaluate(TO_THE_TOP)
        self.page.keyboard.press("Tab")
        if not self.page.evaluate("document.activeElement.matches('a[href=\"#main\"]')"):
            return ["the first thing that Tab reaches is not the link that skips to the content"]
        if not self.page.evaluate("seen.focused[0].visible"):
            return ["the link that skips to the content stays out of sight"]
        self.page.keyboard.press("Enter")
        if self.page.evaluate("document.activeElement.id") != "main":
            return ["skipping to the content leads elsewhere"]
        self.page.keyboard.press("Tab")
        inside = "!document.activeElement.closest('header')"
        return [] if self.page.evaluate(inside) else ["after skipping, Tab is back in the menu"]

    def _hear(self, message: ConsoleMessage) -> None:
        refused = self._refused and "Failed to load resource" in message.text
        own = message.location.get("url") == self.page.url
        if message.type in ("error", "warning") and not (refused and own):
            self._noticed.append(f"console {message.type}: {message.text}")

    def _see_request(self, request: Request) -> None:
        if not request.url.startswith(self._origin + "/"):
            self._noticed.append(f"asks somebody else: {request.url}")

    def _see_response(self, response: Response) -> None:
        if response.status >= 400 and not response.request.is_navigation_request():
            self._noticed.append(f"{response.status} for {response.url}")

    def _see_failure(self, request: Request) -> None:
        if request.failure != ABORTED:
            self._noticed.append(f"request failed: {request.url} {request.failure}")


# Past every picture, as a reader would, so that those that wait to be seen are fetched; then up.
READ_ON = """async () => {
  for (const image of document.images) {
    if (!image.checkVisibility()) continue;  // folded away, it is not fetched
    image.scrollIntoView({ block: "center", behavior: "instant" });
    await image.decode().catch(() => {});
  }
  scrollTo({ top: 0, behavior: "instant" });
  const frame = () => new Promise(requestAnimationFrame);
  await frame().then(frame);  // what shifts is told with the frame after
}"""
# Tab goes on from where the focus was last, so it is set to before everything.
TO_THE_TOP = """() => {
  document.body.tabIndex = -1;
  document.body.focus();
  document.body.removeAttribute("tabindex");
  scrollTo({ top: 0, behavior: "instant" });
  window.seen.focused = [];
}"""
EMPTY = """() => {
  document.querySelectorAll("form").forEach((form) => { form.noValidate = true; });
  const written = "input:not([type=hidden], [type=checkbox], [type=radio]), textarea";
  document.querySelectorAll(written).forEach((field) => { field.value = ""; });
}"""
UNFOLD = """() => {
  const closed = document.querySelectorAll("details:not([open])");
  closed.forEach((each) => { each.open = true; });
  return closed.length > 0;
}"""


def _violation(found: dict[str, Any]) -> str:
    where = "; ".join(" ".join(map(str, node["target"])) for node in found["nodes"][:3])
    return f"axe {found['id']} ({found['impact']}): {found['help']}: {where}"


def at(place: str, faults: list[str]) -> Iterator[str]:
    """The faults with where they were seen."""
    return (f"{place}: {fault}" for fault in faults)
