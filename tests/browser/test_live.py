"""Counters that keep themselves fresh in a real browser, under the pages' own security policy."""

from __future__ import annotations

from tests.browser.looks import PHONE
from tests.browser.site import Site

NEIGHBOURS = "[data-live=neighbours]"


def test_a_counter_is_brought_up_to_date_without_a_reload(readers, site: Site):
    reader = readers("desk")
    assert not reader.open("/", 200, PHONE)
    page = reader.page
    right = page.text_content(NEIGHBOURS)
    page.evaluate("window.same = true")
    page.evaluate("(at) => (document.querySelector(at).textContent = 'stale')", NEIGHBOURS)

    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")  # it comes to the front

    page.wait_for_function(
        "([at, right]) => document.querySelector(at).textContent === right",
        arg=[NEIGHBOURS, right],
    )
    assert page.evaluate("window.same")
    assert "neighbours" in right


def test_a_page_that_waits_is_read_anew_when_the_waiting_is_over(readers, site: Site):
    reader = readers("desk")
    assert not reader.open("/", 200, PHONE)
    page = reader.page
    page.evaluate("window.same = true")
    page.evaluate(
        "(at) => (document.querySelector(at).dataset.reload = 'as it was before')", NEIGHBOURS
    )

    with page.expect_navigation():
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    assert not page.evaluate("window.same")
    page.wait_for_selector(f"{NEIGHBOURS}:not([data-reload])")
