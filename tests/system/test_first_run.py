"""`moothall start` from nothing, over HTTP as a browser without JavaScript would."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urlencode, urljoin, urlsplit

from tests.system.people import Person, village
from tests.system.test_gateway import ask

PEERS = ("--listen", "/ip4/127.0.0.1/tcp/0", "--desk", "127.0.0.1:0")


class Browser:
    """Somebody's browser: one cookie, one page at a time."""

    def __init__(self, login: str) -> None:
        status, headers, _ = ask(login, urlsplit(login).path)
        assert status == 303
        self.base = login.partition("/login")[0]
        self.cookie = headers["set-cookie"].split(";")[0]
        self.read(headers["location"])

    def read(self, path: str) -> str:
        """A page; redirects are followed."""
        status, headers, self.page = ask(self.base, path, headers={"Cookie": self.cookie})
        if status == 303:
            return self.read(urlsplit(urljoin(self.base, headers["location"])).path)
        assert status == 200, (path, status)
        return self.page

    def send(self, path: str, **fields: str) -> str:
        """Send the form of the page that was read last; where it leads."""
        token = re.search(r'name="form" value="([^"]+)"', self.page)
        assert token is not None, self.page
        headers = {
            "Cookie": self.cookie,
            "Origin": self.base,
            "Content-Type": "application/x-www-form-urlencoded",
        }
        body = urlencode({"form": token[1], **fields})
        status, answered, text = ask(self.base, path, headers=headers, method="POST", body=body)
        assert status == 303, (path, status, text)
        return self.read(urlsplit(urljoin(self.base, answered["location"])).path)


def begin(person: Person) -> Browser:
    return Browser(person.begin(*PEERS))


def test_ana_founds_in_the_browser_and_ben_comes_in_by_her_link(tmp_path: Path) -> None:
    with village(tmp_path, "Ana", "Ben") as (ana, ben):
        desk = begin(ana)
        desk.read("/found")
        desk.send(
            "/found", community="Elm Street", template="kitchen-table", currency="EUR", person="Ana"
        )
        ana.begun()
        assert ana.ready["desk"].startswith(desk.base)  # the same address, and the same login
        assert "Step 2 of 4" in desk.page
        desk.send("/welcome", step="recovery", do="next", saved="yes")
        desk.send("/welcome", step="listing", do="skip")
        desk.send("/welcome", step="invite", do="invite", note="Ben")
        link = re.search(r"moothall:join\?i=[\w-]+", desk.read("/invitations"))
        assert link is not None

        other = begin(ben)
        other.read("/take")
        other.send("/take", link=link[0], person="Ben")
        ben.begun()
        ben.until(lambda: ben.members().get("Ana") == "member", "Ana is known")
        ben.until(lambda: ben.members().get("Ben") == "member", "he is in")
        assert "Elm Street" in other.read("/community")
        assert "Ben" in desk.read("/invitations")  # who came by it

        fresh = Browser(ana.do("desk")["desk"])
        assert fresh.base == desk.base
        assert ana.do("start")["desk"].startswith(desk.base)  # it runs already
        assert ana.stop() == 0
        assert ana.refused("desk", code=3)["error"] == "no-node"

        ana.start(*PEERS)
        assert desk.read("/community")  # the login outlives the first run's process


def test_a_used_invitation_is_said_and_changed_for_another(tmp_path: Path) -> None:
    with village(tmp_path, "Ana", "Ben", "Eva") as (ana, ben, eva):
        ana.do("found", "Elm Street", "--person", "Ana", "--no-passphrase")
        ana.start(*PEERS)
        link = ana.do("invite")["link"]
        ben.do("join", link, "--person", "Ben", "--no-passphrase")
        ana.until(lambda: ana.members().get("Ben") == "member", "Ben is in")

        late = begin(eva)
        late.read("/take")
        late.send("/take", link=link, person="Eva")
        eva.begun()
        assert eva.event("refused")["reason"] == "used"
        assert "lets nobody in" in late.read("/welcome")
        late.send("/welcome", step="waiting", do="again")
        assert "Join with an invitation" in late.page
        assert not (eva.home / "keys.json").exists()

        late.send("/take", link=ana.do("invite")["link"], person="Eva")
        eva.begun()
        eva.until(lambda: eva.members().get("Eva") == "member", "she is in")
        assert eva.stop() == 0


def test_a_first_run_that_is_ended_leaves_nothing(tmp_path: Path) -> None:
    with village(tmp_path, "Ana") as (ana,):
        begin(ana)
        assert ana.stop() == 0
        assert not ana.home.exists()
