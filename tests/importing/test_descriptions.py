"""Descriptions: a shop's HTML reads the same as Markdown, and brings nothing else along."""

from __future__ import annotations

import html
import re

import nh3
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from node.importing.descriptions import MAX_DEPTH, DescriptionError, markdown


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("", ""),
        ("Plain words.", "Plain words."),
        ("<p>One</p><p>Two</p>", "One\n\nTwo"),
        ("<h2>Care</h2><p>Wash <b>cold</b>, <em>dry</em> flat.</p>",
         "## Care\n\nWash **cold**, *dry* flat."),
        ("<ol><li>Soak</li><li>Bake</li></ol>", "1. Soak\n2. Bake"),
        ("one<br>two", "one\\\ntwo"),
        ("<span style='color:red'>Red</span> <font>big</font>", "Red big"),
        ('<a href="https://mill.example/">the mill</a>', "[the mill](https://mill.example/)"),
        ("Bread &amp; butter - 5+ loaves", "Bread & butter - 5+ loaves"),
        ("&lt;b&gt;not bold&lt;/b&gt;", "\\<b>not bold\\</b>"),
        ("2 * 3 * 4", "2 \\* 3 \\* 4"),
        ("https://mill.example/flour", "https://mill.example/flour"),
        ("readme.txt", "readme.txt"),
        ("one\r\n\r\ntwo", "one\ntwo"),
    ],
)  # fmt: skip
def test_html_becomes_the_markdown_that_reads_the_same(source, expected):
    assert markdown(source) == expected


@pytest.mark.parametrize(
    "source",
    [
        "<script>steal()</script>",
        "<style>p { color: steal }</style>",
        "<!-- steal -->",
        "<img src='https://steal.example/pixel.gif' alt='steal'>",
        "<iframe src='https://steal.example'>steal</iframe>",
        "<p onclick='steal()'></p>",
        "<svg><text>steal</text></svg>",
        "<form><textarea>steal</textarea></form>",
    ],
)
def test_what_is_no_text_is_dropped(source):
    assert markdown(f"Bread.{source}") == "Bread."


@pytest.mark.parametrize("address", ["javascript:steal()", "/cart", "data:text/html,x", "//x.org"])
def test_a_link_that_leads_nowhere_keeps_only_its_words(address):
    assert markdown(f'<a href="{address}">Buy</a>') == "Buy"


@pytest.mark.parametrize("tag", ["div", "b", "blockquote", "ul><li"])
def test_endless_nesting_is_refused_instead_of_exhausting_the_stack(tag):
    with pytest.raises(DescriptionError):
        markdown(f"<{tag}>" * 10_000 + "x")

    assert markdown("<div>" * (MAX_DEPTH - 1) + "x") == "x"


@given(st.text(alphabet="ab1.)(#*_-+=>< &;~`[]!|\\\n/:'\"", max_size=40))
@example("\n=")
@example("a\n- b\n2. c\n==\n> d")
def test_text_that_looks_like_markup_stays_text(text):
    rendered = (
        MarkdownIt("commonmark")
        .enable(["table", "strikethrough"])
        .render(markdown(f"<p>{html.escape(text)}</p>"))
    )

    shown = html.unescape(nh3.clean(rendered, tags=set()))
    assert re.sub(r"\s+", " ", shown).strip() == re.sub(r"\s+", " ", text).strip()


@given(st.text(max_size=200))
def test_any_text_gives_markdown_or_a_refusal(text):
    try:
        markdown(text)
    except DescriptionError as error:
        assert error.reason == "bad-description"
