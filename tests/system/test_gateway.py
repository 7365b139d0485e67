"""The desk and the shop window of a running node, over HTTP as a browser would ask."""

from __future__ import annotations

import http.client
import re
from html import unescape
from pathlib import Path
from urllib.parse import urlsplit

from tests.system.people import SAFETY, village


def ask(
    url: str,
    path: str,
    *,
    headers: dict[str, str] | None = None,
    method: str = "GET",
    body: str | None = None,
) -> tuple[int, dict[str, str], str]:
    """(status, headers, body) of one request, no redirect followed."""
    line = http.client.HTTPConnection(urlsplit(url).netloc, timeout=SAFETY)
    try:
        line.request(method, path, body, headers or {})
        got = line.getresponse()
        body = got.read().decode()
        return got.status, {k.lower(): v for k, v in got.getheaders()}, body
    finally:
        line.close()


def said(html: str) -> str:
    """What a page says, without its elements."""
    return " ".join(unescape(re.sub(r"<[^>]*>", "", html)).split())


def test_a_guest_reads_the_shop_window_and_only_its_owner_the_desk(tmp_path: Path) -> None:
    with village(tmp_path, "Ana") as (ana,):
        ana.do("found", "Riverside", "--person", "Ana", "--no-passphrase")
        ana.do("listing", "add", "--title", "Rye bread", "--mode", "sell", "--price", "3.50")
        ana.do(
            "listing", "add", "--title", "Key to the shed", "--mode", "lend",
            "--audience", "members",
        )  # fmt: skip
        ana.start()
        shop, login = ana.ready["shop"], ana.ready["desk"]

        status, headers, front = ask(shop, "/")
        assert status == 200
        assert "Rye bread" in front
        assert "Key to the shed" not in front
        assert "<script" not in front
        assert "default-src 'none'" in headers["content-security-policy"]
        assert "Rye bread" in ask(shop, "/search?q=rye&max=4.00")[2]
        assert "Rye bread" not in ask(shop, "/search?q=rye&max=3.00")[2]
        assert "We say what a thing is" in ask(shop, "/community")[2]

        assert ask(login, "/")[0] == 403
        assert ask(login, "/", headers={"Host": "evil.example"})[0] in (400, 421)
        path = urlsplit(login).path
        status, headers, _ = ask(login, path)
        assert status == 303
        cookie = headers["set-cookie"].split(";")[0]
        assert "HttpOnly" in headers["set-cookie"]
        assert "SameSite=strict" in headers["set-cookie"].replace("Strict", "strict")
        assert "Key to the shed" in ask(login, "/", headers={"Cookie": cookie})[2]
        assert ask(login, path)[0] == 403  # the link works once


def test_the_shop_window_is_off_until_switched_on(tmp_path: Path) -> None:
    with village(tmp_path, "Ana") as (ana,):
        ana.do("found", "Riverside", "--person", "Ana", "--no-passphrase")
        ana.start("--listen", "/ip4/127.0.0.1/tcp/0")
        assert ana.ready["shop"] is None
        assert ana.ready["desk"].startswith("http://127.0.0.1:")
        first = ana.ready
        assert ana.stop() == 0

        ana.start("--shop", "127.0.0.1:0")

        assert ana.ready["shop"].startswith("http://127.0.0.1:")
        assert ana.ready["addresses"] == first["addresses"]
        assert urlsplit(ana.ready["desk"]).netloc == urlsplit(first["desk"]).netloc
