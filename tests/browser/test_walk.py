"""Every page as people see it: on a phone and at a desk, by day and by night, by keyboard."""

from __future__ import annotations

import re
from collections import defaultdict

import pytest

from tests.browser.looks import CONTRAST, DESKTOP, PHONE, ZOOMED, Reader, at
from tests.browser.site import Site
from tests.browser.visits import FORMS, Sent, Visit, fill, visits

ALL = visits()


@pytest.mark.parametrize("visit", ALL, ids=str)
def test_a_page_can_be_read_by_everybody(readers, site: Site, visit: Visit):
    reader = readers(visit.app)
    path = visit.fill(site.ids)
    faults = [*at("phone", reader.open(path, visit.status, PHONE)), *check_layout(reader)]
    if reader.unfold():
        faults += at("unfolded", check_layout(reader))
    faults += check_access(reader)
    assert not faults, "\n".join(["", *faults])


def check_layout(reader: Reader) -> list[str]:
    """At both sizes; the page is one that was opened on a phone, or followed a form there."""
    faults = list(at("phone", reader.layout()))
    reader.resize(DESKTOP)
    faults += at("desk", reader.layout())
    reader.resize(PHONE)
    return faults


def check_access(reader: Reader) -> list[str]:
    """Everything on a phone by day; at a desk by night only what can differ there."""
    faults = list(at("phone", reader.markup() + reader.axe()))
    reader.resize(DESKTOP)
    reader.darken()
    faults += at("desk, dark", reader.axe(CONTRAST))
    reader.darken(False)
    return faults


@pytest.mark.parametrize("visit", ALL, ids=str)
def test_a_page_bears_other_languages_and_large_text(readers, site: Site, visit: Visit):
    path = visit.fill(site.ids)
    german = readers(visit.app, "de-DE")
    try:
        german.enlarge_text(200)
        faults = list(at("text twice as large", german.open(path, visit.status, ZOOMED)))
        german.unfold()
        faults += at("text twice as large", german.layout(target=0))
    finally:
        german.enlarge_text(100)
    german.resize(PHONE)
    faults += at("phone, German", german.layout(target=0))
    german.turn_around()
    faults += at("phone, right to left", german.layout(target=0))
    assert not faults, "\n".join(["", *faults])


@pytest.mark.parametrize("visit", ALL, ids=str)
def test_a_page_can_be_used_by_keyboard_alone(readers, site: Site, visit: Visit):
    """At a desk, where it is opened: the layout must not shift there either."""
    reader = readers(visit.app)
    faults = reader.open(visit.fill(site.ids), visit.status, DESKTOP)
    reader.unfold()
    faults += reader.tab_through() + reader.skip()
    assert not faults, "\n".join(["", *faults])


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_what_follows_a_form_is_as_good_as_any_page(readers, site: Site, form: Sent):
    reader = readers(form.app)
    faults = reader.open(fill(form.path, site.ids), 200, PHONE) + reader.send(form)
    faults += check_layout(reader) + check_access(reader)
    assert not faults, "\n".join(["", *faults])


def test_no_two_pages_of_an_app_have_one_title(readers, site: Site):
    titles: dict[tuple[str, str], set[str]] = defaultdict(set)
    for visit in ALL:
        if visit.status != 200:
            continue
        answer = readers(visit.app).page.request.get(site.origins[visit.app] + visit.fill(site.ids))
        title = re.search("<title>(.*?)</title>", answer.text(), re.DOTALL)
        titles[visit.app, title[1] if title else ""].add(visit.path.partition("?")[0])
    shared = {title: paths for title, paths in titles.items() if len(paths) > 1}
    assert not shared
