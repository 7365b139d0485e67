"""The walk itself: what it must not overlook."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Route

from tests.browser.chromium import FLAGS
from tests.browser.looks import PHONE, Reader
from tests.browser.visits import Visit

PAGE = "<!doctype html><html lang='en' dir='ltr'><title>A page</title><body>{}</body></html>"
STYLE = "<style>* {{ margin: 0; box-sizing: border-box }} {} </style>"


@pytest.fixture(scope="module")
def reader(browser, site) -> Iterator[Reader]:
    opened = Reader(browser, site.origins["shop"])
    yield opened
    opened.close()


def show(
    reader: Reader, style: str, body: str, policy: str = "img-src *", status: int = 200
) -> list[str]:
    """Have a page of the shop window's address be this one; what opening it tells."""

    def answer(route: Route) -> None:
        page = PAGE.format(STYLE.format(style) + body)
        headers = {"Content-Security-Policy": policy}
        route.fulfill(body=page, content_type="text/html", headers=headers)

    reader.page.route("**/made-up", answer)
    faults = reader.open("/made-up", status, PHONE)
    reader.page.unroute("**/made-up")
    return faults


@pytest.mark.parametrize(
    ("style", "body", "fault"),
    [
        ("p { width: 500px }", "<p>wide", "the page is 500 px wide and scrolls sideways at 360"),
        (
            "body { overflow-x: clip } p { white-space: nowrap }",
            f"<p>{'long ' * 40}",
            "text leaves the page",
        ),
        (
            "p { width: 5em; overflow: hidden; white-space: nowrap; text-overflow: ellipsis }",
            "<p>cut at its side",
            "text is cut at its side",
        ),
        ("p { height: 1em; overflow: hidden }", "<p>one<br>two", "text is cut below"),
        ("i { position: absolute; top: 0; left: 0 }", "<p>one</p><i>two</i>", "text lies on text"),
        ("a { display: block }", "<a href='/'>small</a>", "is less than 24"),
        ("a { padding: 9px }", "<p>go <a href='/'>a</a><br><a href='/'>b</a>", "targets overlap"),
        (
            "div { position: absolute; inset: 0 } button { padding: 9px }",
            "<button>press</button><div></div>",
            "can't be pressed",
        ),
        ("button { width: 30px; white-space: nowrap }", "<button>press me", "button's text is cut"),
    ],
)
def test_a_fault_of_the_layout_is_seen(reader, style, body, fault):
    show(reader, style, body)

    assert fault in "\n".join(reader.layout())


@pytest.mark.parametrize(
    ("style", "body"),
    [
        ("", "<p>A sentence with a <a href='/'>link</a> in it."),
        (
            "li { position: relative; padding: 9px } a::after { content: ''; position: absolute; "
            "inset: 0 }",
            "<ul><li><a href='/'>a stretched link</a><p>more</p></ul>",
        ),
        ("label { display: block; padding: 9px }", "<label><input type=checkbox> tick</label>"),
        ("pre { overflow-x: auto }", f"<pre>{'long ' * 40}</pre>"),
        ("a { position: absolute; top: -60px }", "<a href='#main'>skip</a><p>text"),
        ("p { line-height: 1.1 }", "<p>close<br>lines"),
    ],
)
def test_a_sound_layout_is_left_alone(reader, style, body):
    show(reader, style, body)

    assert reader.layout() == []


def test_a_fault_of_the_markup_is_seen(reader):
    show(
        reader,
        "",
        "<main><h1>One</h1><h1>Two</h1><h4>Deep</h4></main><img src='x'><p id=a><p id=a>",
    )

    faults = "\n".join(reader.markup())

    for fault in ("2 h1", "h4 “Deep” follows h1", "no alt", "no width", "the id a is there twice"):
        assert fault in faults


def test_a_fault_of_the_keyboard_is_seen(reader):
    links = (
        "<a href='/' tabindex='2'>late</a><a href='/' tabindex='1'>first</a><a href='/'>dull</a>"
    )
    show(reader, "a:last-child { outline: 0 !important }", links)

    faults = "\n".join(reader.tab_through())

    assert "“first”" in faults  # an order of its own confuses everybody
    assert "no focus ring on <a> “dull”" in faults


def test_what_a_page_does_behind_its_reader_is_seen(reader, site):
    shop = site.origins["shop"]
    grow = (
        "document.images[0].onerror = () => { document.querySelector('p').style.margin = '99px' }"
    )
    body = "<img src='/gone.png' alt=''><img src='http://127.0.0.1:1/x.png' alt=''><p>text"

    faults = "\n".join(show(reader, "", f"{body}<script>{grow}</script>", status=418))
    faults += "\n".join(show(reader, "", "<p style='color: red'>", policy="style-src 'self'"))

    for fault in (
        "answers 200 instead of 418",
        "asks somebody else: http://127.0.0.1:1/x.png",
        "request failed: http://127.0.0.1:1/x.png",
        f"404 for {shop}/gone.png",
        "console error",
        "the layout shifts",
        "the content policy forbids: style-src-attr",
    ):
        assert fault in faults, faults


def test_a_parameter_without_a_sample_says_where_to_add_one():
    with pytest.raises(KeyError, match=r"no sample for \{vote\}; add one to `World.ids`"):
        Visit("desk", "/vote/{vote}").fill({})


def test_a_parameter_of_any_kind_is_filled_in():
    assert Visit("shop", "/a/{b}/{c:path}?d={b}").fill({"b": "1", "c": "2"}) == "/a/1/2?d=1"


def test_the_browser_calls_nobody():
    assert "--disable-background-networking" in FLAGS
