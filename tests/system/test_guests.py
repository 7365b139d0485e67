"""Eight guests order through one shop window, by HTTP alone; the makers answer by command."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlencode

from tests.gateway.sending import fill, find_form
from tests.system.people import Person, settle, village
from tests.system.test_gateway import ask, said

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
GUESTS = ("Gitta", "Hugo", "Ines", "Jan", "Kira", "Lars", "Mona", "Nils")


class Guest:
    """Somebody with a browser and no account."""

    def __init__(self, name: str, shop: str) -> None:
        self.name = name
        self.reach = f"{name.lower()}@guests.example"
        self.text = f"{name} comes by on Friday."
        self.path = ""
        self._shop = shop

    def order(self, listing: str) -> None:
        """Open the listing, press Order, fill in the form and send it."""
        page = ask(self._shop, f"/listing/{listing[:16]}")[2]
        path = f"/listing/{listing[:16]}/order"
        assert path in page
        status, headers = self._send(
            path, "Send the order", name=self.name, reach=self.reach, text=self.text
        )
        assert status == 303
        self.path = headers["location"].partition("?")[0]

    def press(self, button: str, **fields: str) -> None:
        """Press a button of one's own page."""
        assert self._send(self.path, button, **fields)[0] == 303

    def reads(self) -> str:
        """What one's own page says."""
        status, _, page = ask(self._shop, self.path)
        assert status == 200
        return said(page)

    def _send(self, path: str, button: str, **fields: str) -> tuple[int, dict[str, str]]:
        form = find_form(ask(self._shop, path)[2], list(fields), button)
        for name, value in fields.items():
            fill(form.fields[name], value)
        pairs = [(name, value) for name, one in form.fields.items() for value in one.values]
        pairs += [each[:2] for each in form.buttons if each[2] == button and each[0]]
        status, headers, _ = ask(
            self._shop, path, headers=FORM, method="POST", body=urlencode(pairs)
        )
        return status, headers


def _orders(person: Person) -> dict[str, dict[str, object]]:
    """What a maker sees of each guest's order, by the guest's name."""
    found = {}
    for each in person.do("order", "list")["orders"]:
        shown = person.do("order", "show", each["order"])
        if shown.get("contact"):
            found[shown["contact"]["name"]] = shown
    return found


def _state(person: Person, order: str) -> str:
    return str(person.do("order", "show", order)["state"])


def test_eight_guests_order_through_one_host(tmp_path: Path) -> None:
    with village(tmp_path, "Ana", "Ben") as (ana, ben):
        settle(ana, ben)
        stool = ben.do(
            "listing", "add", "--title", "Stool", "--mode", "sell", "--price", "80.00",
            "--quantity", "10",
        )["listing"]["id"]  # fmt: skip
        bread = ana.do("listing", "add", "--title", "Bread", "--mode", "sell", "--price", "3.50")[
            "listing"
        ]["id"]
        ana.until(lambda: len(ana.titles()) == 2, "Ben's stool is here")
        guests = [Guest(name, ana.ready["shop"]) for name in GUESTS]
        for guest in guests[:6]:
            guest.order(stool)
        for guest in guests[6:]:
            guest.order(bread)
        gitta, hugo, ines, jan, kira, lars, mona, nils = guests
        assert "Your order is on its way to Ben." in gitta.reads()
        assert "It is the only key" in gitta.reads()

        ben.until(lambda: len(ben.do("order", "list")["orders"]) == 6, "six orders are here")
        bens, anas = _orders(ben), _orders(ana)
        assert sorted(bens) == sorted(GUESTS[:6])
        assert sorted(anas) == ["Mona", "Nils"]
        assert bens["Gitta"]["contact"] == {"name": "Gitta", "reach": "gitta@guests.example"}
        ids = {name: str(each["order"]) for name, each in {**bens, **anas}.items()}
        hosted = ana.do("order", "show", ids["Gitta"])
        assert hosted["mine"] == "host"
        assert hosted["my_moves"] == []
        assert not hosted.get("contact")

        for name in ("Gitta", "Hugo", "Ines"):
            ben.do("order", "accept", ids[name])
        ben.do("order", "decline", ids["Jan"])
        kira.press("Cancel the order")
        ben.do("order", "change", ids["Lars"], "--price", "70.00")
        ana.do("order", "accept", ids["Mona"])
        ana.do("order", "decline", ids["Nils"])
        for guest, sentence in (
            (gitta, "You and Ben are agreed."),
            (hugo, "You and Ben are agreed."),
            (ines, "You and Ben are agreed."),
            (jan, "Ben has declined this order."),
            (kira, "This order was cancelled."),
            (lars, "1 for €70.00 in all"),
            (mona, "You and Ana are agreed."),
            (nils, "Ana has declined this order."),
        ):
            ana.until(lambda g=guest, s=sentence: s in g.reads(), sentence)  # type: ignore[misc]
        lars.press("Accept the offer")

        for guest, maker in ((lars, ben), (mona, ana)):
            guest.press("I have paid", how="cash")
            guest.press("Send the message", text=f"{guest.name} says thanks.")
            maker.until(
                lambda m=maker, g=guest: _state(m, ids[g.name]) == "paid",  # type: ignore[misc]
                "it is paid",
            )
            maker.do("order", "sent", ids[guest.name])
            ana.until(lambda g=guest: "I have it" in g.reads(), "it is sent")  # type: ignore[misc]
            guest.press("I have it")
            maker.until(
                lambda m=maker, g=guest: _state(m, ids[g.name]) == "completed",  # type: ignore[misc]
                "the receipt is made",
            )

        for person in (ana, ben):
            person.until(
                lambda p=person: p.do("receipt", "verify")["receipts"] == 2,  # type: ignore[misc]
                "both receipts are here",
            )
            assert person.do("receipt", "verify")["marked"] == []
        receipts = {each["order_key"]: each for each in ana.do("receipt", "list")["receipts"]}
        assert "host" in receipts[ids["Lars"]]["shares"]
        assert "host" not in receipts[ids["Mona"]]["shares"]  # Ana sells it herself
        assert sum(receipts[ids["Lars"]]["shares"].values()) == 7000
        assert "This order is complete." in lars.reads()

        for person in (ana, ben):
            person.stop()
        kept = b"".join(
            file.read_bytes()
            for folder in (ana.home, ben.home, tmp_path)
            for file in folder.iterdir()
            if file.is_file()
        )
        assert b"Stool" in kept
        for guest in guests:
            secret = guest.path.rpartition("/")[2]
            for private in (guest.reach, guest.text, f"{guest.name} says", secret):
                assert private.encode() not in kept, private
