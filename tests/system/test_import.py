"""A seller's file on its way through a running node: by the desk, and out again by command."""

from __future__ import annotations

import http.client
import re
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from tests.system.people import SAFETY, Person, village

ETSY = """TITLE,DESCRIPTION,PRICE,CURRENCY_CODE,QUANTITY,TAGS,VARIATION 1 VALUES
Speckled mug,"Thrown by hand.
Holds 300 ml.",24.00,EUR,3,"coffee_mug,gift","Small,Large"
-20% plate,,12.50,EUR,1,,
"""
MARK = "----a-line-that-no-file-holds"


class Browser:
    """What a browser does with a desk: keep its cookie, send its forms back."""

    def __init__(self, login: str) -> None:
        self.netloc = urlsplit(login).netloc
        self.cookie = ""
        self.cookie = self.ask("GET", urlsplit(login).path)[1]["set-cookie"].split(";")[0]

    def ask(
        self, method: str, path: str, body: bytes = b"", kind: str = ""
    ) -> tuple[int, dict[str, str], str]:
        """(status, headers, body) of one request."""
        line = http.client.HTTPConnection(self.netloc, timeout=SAFETY)
        headers = {"Cookie": self.cookie, "Origin": f"http://{self.netloc}", "Content-Type": kind}
        try:
            line.request(method, path, body, headers)
            got = line.getresponse()
            text = got.read().decode()
            return got.status, {key.lower(): value for key, value in got.getheaders()}, text
        finally:
            line.close()

    def page(self, path: str) -> str:
        """A page that must be there."""
        status, _, text = self.ask("GET", path)
        assert status == 200, (path, status)
        return text

    def upload(self, path: str, fields: dict[str, str], name: str, data: bytes) -> str:
        """Send a form with a file; where it leads."""
        parts = [
            f'Content-Disposition: form-data; name="{key}"\r\n\r\n{value}'.encode()
            for key, value in fields.items()
        ]
        head = f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n\r\n'
        parts.append(head.encode() + data)
        body = b"".join(f"--{MARK}\r\n".encode() + part + b"\r\n" for part in parts)
        body += f"--{MARK}--\r\n".encode()
        status, headers, text = self.ask(
            "POST", path, body, f"multipart/form-data; boundary={MARK}"
        )
        assert status == 303, text
        return headers["location"]

    def send(self, path: str, fields: dict[str, str]) -> str:
        """Send a form; where it leads."""
        body = urlencode(fields).encode()
        status, headers, text = self.ask("POST", path, body, "application/x-www-form-urlencoded")
        assert status == 303, text
        return headers["location"]


def hidden(page: str, name: str) -> str:
    """A hidden field's value; the first one of that name."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, name
    return found[1]


def titles(person: Person) -> set[str]:
    return {each["title"] for each in person.do("listing", "list", "--mine")["listings"]}


def test_a_file_of_etsy_s_comes_in_by_the_desk_and_goes_out_by_command(tmp_path: Path) -> None:
    with village(tmp_path, "Ana") as (ana,):
        ana.do("found", "Riverside", "--person", "Ana", "--no-passphrase")
        ana.start()
        desk = Browser(ana.ready["desk"])

        token = hidden(desk.page("/import"), "form")
        assert desk.upload("/import", {"form": token, "do": "look"}, "e.csv", ETSY.encode())
        preview = desk.page("/import")
        assert "a file of Etsy" in preview

        going_on = {name: hidden(preview, name) for name in ("form", "mark")}
        assert desk.send("/import", {**going_on, "do": "import"}) == "/mine"
        assert "Imported: 2 new" in desk.page("/mine")
        assert titles(ana) == {"Speckled mug", "-20% plate"}
        (tmp_path / "e.csv").write_bytes(ETSY.encode())
        assert ana.do("listing", "import", str(tmp_path / "e.csv"))["unchanged"] == 2

        _, headers, text = desk.ask("GET", "/export/csv")
        assert headers["content-disposition"] == 'attachment; filename="moothall-listings.csv"'
        assert text == ana.do("listing", "export")["text"]
        assert "'-20% plate" in text
