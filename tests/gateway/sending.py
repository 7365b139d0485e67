"""Filling in a page's form and sending it, as a browser without JavaScript does.

What a page does not offer can't be sent by it: a field, a choice or a button that isn't there fails
the test. Redirects are not followed, so that a test sees where a form leads.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any
from urllib.parse import urlencode, urljoin

import html5lib
import httpx

Value = str | bool | Sequence[str]  # True and False for a checkbox alone under its name
File = tuple[str, bytes]  # what its sender calls it, and its bytes


@dataclass
class Field:
    """A control under a name: what it holds, and what it could hold."""

    kind: str  # text, hidden, checkbox, radio, select, file...
    values: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)


@dataclass
class PageForm:
    """A form as it stands in a page."""

    action: str
    multipart: bool
    fields: dict[str, Field] = field(default_factory=dict)
    buttons: list[tuple[str, str, str]] = field(default_factory=list)  # name, value, text

    def value(self, name: str) -> str:
        """What a field of one value holds."""
        (value,) = self.fields[name].values or [""]
        return value


async def send(
    client: httpx.AsyncClient,
    path: str,
    fields: Mapping[str, Value] | None = None,
    *,
    button: str | None = None,
    files: Mapping[str, Sequence[File]] | None = None,
) -> httpx.Response:
    """Open the page at `path`, fill in the form that has these fields and this button, send it.

    `button` is the text on a button; without it the first one is pressed.
    """
    page = await client.get(path)
    assert page.status_code == 200, (path, page.status_code)
    return await send_from(client, page, fields, button=button, files=files)


async def send_from(
    client: httpx.AsyncClient,
    page: httpx.Response,
    fields: Mapping[str, Value] | None = None,
    *,
    button: str | None = None,
    files: Mapping[str, Sequence[File]] | None = None,
) -> httpx.Response:
    """The same from a page that was read already, such as one that refused the form before."""
    fields, files = fields or {}, files or {}
    form = find_form(page.text, [*fields, *files], button)
    for name, value in fields.items():
        fill(form.fields[name], value)
    pairs = [(name, value) for name, one in form.fields.items() for value in one.values]
    pressed = next((b for b in form.buttons if button in (None, b[2])), None)
    if pressed is not None and pressed[0]:
        pairs.append(pressed[:2])
    url = urljoin(str(page.url), form.action or str(page.url))
    origin = f"{page.url.scheme}://{page.url.netloc.decode()}"
    if form.multipart:
        empty = [name for name, one in form.fields.items() if one.kind == "file"]
        chosen = [(name, file) for name in empty for file in files.get(name) or [("", b"")]]
        content, kind = multipart(pairs, chosen)
    else:
        assert not files, "this form takes no files"
        content, kind = urlencode(pairs).encode(), "application/x-www-form-urlencoded"
    headers = {"origin": origin, "content-type": kind}
    return await client.post(url, content=content, headers=headers, follow_redirects=False)


async def follow(client: httpx.AsyncClient, answer: httpx.Response) -> httpx.Response:
    """The page that a form led to."""
    assert answer.status_code == 303, (answer.status_code, answer.text)
    return await client.get(urljoin(str(answer.url), answer.headers["location"]))


def find_form(html: str, names: Sequence[str] = (), button: str | None = None) -> PageForm:
    """The first form that is posted and has all of these fields and this button."""
    forms = read_forms(html)
    for form in forms:
        texts = [text for _, _, text in form.buttons]
        if all(name in form.fields for name in names) and (button is None or button in texts):
            return form
    raise AssertionError((list(names), button, [(list(f.fields), f.buttons) for f in forms]))


def read_forms(html: str) -> list[PageForm]:
    """Every form of a page that is posted."""
    return deepcopy(_read_forms(html))


@lru_cache(maxsize=1)  # many texts are typed into one page
def _read_forms(html: str) -> list[PageForm]:
    tree = html5lib.parse(html, treebuilder="etree", namespaceHTMLElements=False)
    return [_form(each) for each in tree.iter("form") if each.get("method", "").lower() == "post"]


def fill(control: Field, value: Value) -> None:
    """Do what a person can do to a control."""
    if isinstance(value, bool):
        assert control.kind == "checkbox", control
        (only,) = control.options
        control.values = [only] if value else []
        return
    values = [value] if isinstance(value, str) else list(value)
    assert control.kind not in ("hidden", "file"), control
    if control.kind in ("checkbox", "radio", "select"):
        assert set(values) <= set(control.options), (values, control.options)
    control.values = values


def _form(element: Any) -> PageForm:
    form = PageForm(
        element.get("action", ""), element.get("enctype", "").lower() == "multipart/form-data"
    )
    for each in element.iter():
        name = each.get("name", "")
        if each.tag == "button" and each.get("type", "submit") == "submit":
            form.buttons.append((name, each.get("value", ""), " ".join(_text(each).split())))
        elif each.tag == "input" and name:
            _input(form.fields, each)
        elif each.tag == "textarea" and name:
            lines = _text(each).replace("\r\n", "\n").replace("\n", "\r\n")  # as browsers send it
            form.fields.setdefault(name, Field("text")).values.append(lines)
        elif each.tag == "select" and name:
            options = [
                (o.get("value", _text(o)), "selected" in o.attrib) for o in each.iter("option")
            ]
            chosen = [value for value, selected in options if selected]
            first = [value for value, _ in options[:1]]
            form.fields[name] = Field("select", chosen or first, [value for value, _ in options])
    return form


def _input(fields: dict[str, Field], element: Any) -> None:
    kind = element.get("type", "text").lower()
    one = fields.setdefault(element.get("name"), Field(kind))
    value = element.get("value", "on" if kind in ("checkbox", "radio") else "")
    if kind in ("checkbox", "radio"):
        one.options.append(value)
        if "checked" in element.attrib:
            one.values.append(value)
    elif kind != "file":
        one.values.append(value)


def _text(element: Any) -> str:
    return "".join(element.itertext())


def multipart(
    pairs: Sequence[tuple[str, str]], files: Sequence[tuple[str, File]]
) -> tuple[bytes, str]:
    """A body of fields and files, and its content type; a field without a file is sent empty."""
    mark = secrets.token_hex(16)
    parts = []
    for name, value in pairs:
        parts.append(f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode())
    for name, (called, data) in files:
        head = f'Content-Disposition: form-data; name="{name}"; filename="{called}"\r\n'
        parts.append(head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + data)
    body = b"".join(b"--" + mark.encode() + b"\r\n" + part + b"\r\n" for part in parts)
    return body + f"--{mark}--\r\n".encode(), f"multipart/form-data; boundary={mark}"
