"""Reading a page as a browser would, and what every page has to keep."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html.parser import HTMLParser

from node.gateway import statics

VOID = {"meta", "link", "input", "br", "hr", "img"}
ADDRESSES = {"href", "src", "action", "formaction", "xlink:href", "data", "poster"}
FORBIDDEN = {"script", "style", "iframe", "object", "embed", "svg", "math", "img", "base"}

DATA_BLOCK = {"type": "application/ld+json"}
OWN_SCRIPT = {"type": "module", "src": statics.PATHS["live.js"]}  # the only one there is


class Reader(HTMLParser):
    """Elements with their attributes in order, and the text between them."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.data: list[str] = []  # what stands in data blocks
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open, f"left open: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), (tag, names)
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"{tag} closes nothing"
        last = self.open.pop()
        assert last == tag, (last, tag)

    def handle_data(self, data: str) -> None:
        (self.data if self.open[-1:] == ["script"] else self.words).append(data)

    def all(self, tag: str) -> list[dict[str, str]]:
        return [attrs for name, attrs in self.elements if name == tag]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def check_harmless(reader: Reader, *, schemes: Sequence[str] = (), pictures: bool = False) -> None:
    """Nothing in here runs, loads from elsewhere or restyles the page.

    `schemes`: of links, beside those of the web; `pictures`: whether ours may be shown.
    """
    for tag, attrs in reader.elements:
        if (tag, attrs) == ("script", DATA_BLOCK):  # browsers don't run it
            continue
        if (tag, attrs) == ("script", OWN_SCRIPT):
            continue
        assert tag not in FORBIDDEN - ({"img"} if pictures else set()), tag
        if tag == "img":
            assert attrs["src"].startswith("/"), attrs
            assert {"alt", "width", "height"} <= attrs.keys(), attrs
        for name, value in attrs.items():
            assert not name.startswith("on"), (tag, name)
            assert name not in ("style", "srcdoc"), (tag, name)
            if name in ADDRESSES:
                target = "".join(value.split()).lower()
                scheme = target.partition(":")[0] if ":" in target.split("/")[0] else ""
                assert scheme in ("", "http", "https", "mailto", *schemes), (tag, value)
                assert not target.startswith("//"), (tag, value)


def check_page(html: str, *, schemes: Sequence[str] = ()) -> Reader:
    """A page that is harmless and that everybody can find their way in."""
    assert html.startswith("<!doctype html>")
    reader = Reader(html)
    check_harmless(reader, schemes=schemes, pictures=True)
    for block in reader.data:
        json.loads(block)
    for landmark in ("main", "header", "footer", "h1", "title"):
        assert len(reader.all(landmark)) == 1, landmark
    assert reader.all("html")[0]["lang"]
    assert reader.all("a")[0]["href"] == "#main"
    ids = [attrs["id"] for _, attrs in reader.elements if "id" in attrs]
    assert len(set(ids)) == len(ids)
    labelled = {label["for"] for label in reader.all("label")}
    seen = [field for field in reader.all("input") if field.get("type") != "hidden"]
    for field in [*seen, *reader.all("select"), *reader.all("textarea")]:
        assert field["id"] in labelled, field
    for _, attrs in reader.elements:
        assert attrs.get("aria-labelledby", "main") in ids
    tokens = [field for field in reader.all("input") if field.get("name") == "form"]
    posts = [form for form in reader.all("form") if form.get("method", "get") != "get"]
    assert len(tokens) == len(posts)  # each form that writes carries its token, and no other
    return reader
