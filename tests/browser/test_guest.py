"""A guest without an account and without JavaScript, in a real browser."""

from __future__ import annotations

from playwright.sync_api import Browser, Page, expect

from tests.browser.looks import PHONE
from tests.browser.site import Site


def press(page: Page, button: str) -> None:
    page.get_by_role("button", name=button, exact=True).click()


def test_a_guest_orders_comes_back_by_the_link_and_cancels(browser: Browser, site: Site):
    shop = site.origins["shop"]
    context = browser.new_context(java_script_enabled=False, viewport=PHONE)
    page = context.new_page()
    page.goto(f"{shop}/listing/{site.ids['stool']}")
    page.get_by_role("link", name="Order this", exact=True).click()
    page.get_by_label("How many").fill("2")
    page.get_by_label("Your name").fill("Gitta Gast")
    page.get_by_label("How to reach you").fill("gitta@example.org")
    page.get_by_label("A message").fill("Without wheels, please.")
    press(page, "Send the order")

    expect(page.get_by_role("status")).to_contain_text("Your order is on its way.")
    expect(page.get_by_text("It is the only key to your order")).to_be_visible()
    link = page.get_by_label("The link to this page").input_value()
    assert link.startswith("https://ana.example/o/")  # as the owner gave it
    secret = link.rpartition("/")[2]
    assert page.url.endswith(f"/o/{secret}?done=placed")
    assert context.cookies() == []
    page.go_back()
    assert "Gitta" not in page.content()  # the next one at this machine finds an empty form
    context.close()

    context = browser.new_context(java_script_enabled=False, locale="de-DE")
    page = context.new_page()
    page.goto(f"{shop}/o/{secret}")
    expect(page.get_by_text("Without wheels, please.")).to_be_visible()
    came_from: list[str] = []
    page.on("request", lambda request: came_from.append(request.headers.get("referer", "")))
    page.get_by_role("link", name="Markt").click()
    assert came_from[0] == ""
    assert secret not in " ".join(came_from)
    context.close()

    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{shop}/o/{secret}")
    page.get_by_label("A message").fill("<b>Changed</b> my mind.")
    press(page, "Send the message")
    expect(page.get_by_text("<b>Changed</b> my mind.")).to_be_visible()
    press(page, "Cancel the order")
    expect(page.get_by_text("This order was cancelled.")).to_be_visible()
    assert page.get_by_role("button", name="Cancel the order").count() == 0
    context.close()
