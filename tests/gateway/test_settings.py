"""Settings: the shop window switched while the node runs, the store checked, and leaving."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import trio

from node import devices, inviting, welcome
from node import home as homes
from node.checkup import CHECK, REBUILD, Checkup
from node.gateway.apps import desk_app, shop_app
from node.gateway.context import Alone, Gateway
from node.gateway.shop_window import ShopWindow
from node.peers import Peers
from node.trade import guest_rules
from protocol.cards import make_card
from protocol.errors import Refused
from protocol.kinds.listing import Listing
from storage.database import get_meta
from storage.holdings import StoreHoldings
from tests.gateway.first_steps import ADDRESSES
from tests.gateway.reading import check_page
from tests.gateway.sending import find_form, follow, send
from tests.gateway.village import DESK
from tests.pulling import pull


@pytest.fixture
async def ana(tmp_path: Path, nursery: trio.Nursery) -> AsyncIterator[Gateway]:
    """Ana's running node, all but its network: a real home on disk."""
    from governance.charter import Charter
    from governance.templates import template
    from node import market

    charter = Charter.from_data({**template("kitchen-table"), "name": "Elm Street"})
    home = homes.found(tmp_path / "ana", charter, "Ana", None)
    home.told = lambda: None
    homes.set_meta(home.store.db, "addresses", ADDRESSES)
    market.offer(home, Listing(title="Bread", mode="give"))
    gateway = Gateway(secret=b"0123456789abcdef0123456789abcdef", home=home, node=Alone())
    gateway.desk_is_at(DESK)
    async with trio.open_nursery() as inner:
        gateway.shop_window = ShopWindow(home, shop_app(gateway), inner)
        gateway.checkup = Checkup(home, inner)
        yield gateway
        inner.cancel_scope.cancel()
    home.close()


@pytest.fixture
async def desk(ana: Gateway) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(desk_app(ana))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{DESK}") as client:
        await client.get(ana.login_link(DESK))
        yield client


async def seen(address: str | None) -> bool:
    """Whether a guest gets the shop window there."""
    if address is None:
        return False
    try:
        async with httpx.AsyncClient() as guest:
            return "Elm Street" in (await guest.get(f"http://{address}/")).text
    except httpx.ConnectError:
        return False


async def test_the_shop_window_goes_on_and_off_while_the_node_runs(ana, desk):
    window, path = ana.shop_window, "/settings/shop-window"
    page = await follow(desk, await send(desk, path, {"on": True, "where": "machine"}))

    at = window.address
    assert await seen(at)
    assert f"http://{at}/" in check_page(page.text).text
    assert get_meta(ana.store.db, "shop") == at

    await send(desk, path, {"on": False})
    assert not await seen(at)
    assert get_meta(ana.store.db, "shop") == ""

    await send(desk, path, {"on": True})  # the port it had is in its field
    assert window.address == at
    assert await seen(at)


async def test_the_owner_says_whether_guests_may_order(ana, desk):
    path = "/settings/shop-window"
    assert guest_rules.setting(ana.store) == "yes"
    for word in ("ask", "no", "yes"):
        await send(desk, path, {"on": False, "orders": word})
        assert guest_rules.setting(ana.store) == word
        form = find_form((await desk.get(path)).text, ["orders"])
        assert form.value("orders") == word


async def test_in_the_home_network_its_address_there_is_said(ana, desk):
    fields = {"on": True, "where": "network"}
    page = await follow(desk, await send(desk, "/settings/shop-window", fields))

    port = ana.shop_window.address.rpartition(":")[2]
    assert ana.shop_window.address == f"0.0.0.0:{port}"
    assert f"http://192.0.2.1:{port}/" in page.text  # from the addresses where others reach it
    assert await seen(f"127.0.0.1:{port}")


async def test_a_port_that_is_taken_is_refused_and_the_old_one_serves_on(ana, desk):
    await send(desk, "/settings/shop-window", {"on": True})
    at = ana.shop_window.address
    (other,) = await trio.open_tcp_listeners(0, host="127.0.0.1")
    taken = str(other.socket.getsockname()[1])

    answer = await send(desk, "/settings/shop-window", {"on": True, "port": taken})

    assert answer.status_code == 422
    page = check_page(answer.text)
    assert "Another program already listens" in page.text
    assert f'value="{taken}"' in answer.text
    assert ana.shop_window.address == at
    assert await seen(at)
    await other.aclose()


@pytest.mark.parametrize("port", ["80", "0", "-1", "65536", "eighty", "8" * 50, "²"])
async def test_a_port_that_is_none_is_refused(ana, desk, port):
    answer = await send(desk, "/settings/shop-window", {"on": True, "port": port})

    assert answer.status_code == 422
    assert "A port is a number from 1024" in check_page(answer.text).text
    assert ana.shop_window.address is None


@pytest.mark.parametrize(
    "address",
    ["market.example.org", "ftp://a.example", "javascript:alert(1)", "https://", "http://a@b",
     "https://a.example/?x=1", "http://[::1", "http://a:99999"],
)  # fmt: skip
async def test_an_outside_address_that_is_none_changes_nothing(ana, desk, address):
    answer = await send(desk, "/settings/shop-window", {"on": True, "address": address})

    assert answer.status_code == 422
    assert "is no address like" in check_page(answer.text).text
    assert get_meta(ana.store.db, "shop_url") is None
    assert ana.shop_window.address is None


async def test_an_outside_address_is_kept_and_taken_away_again(ana, desk):
    await send(desk, "/settings/shop-window", {"address": "https://market.example.org"})
    assert get_meta(ana.store.db, "shop_url") == "https://market.example.org"

    await send(desk, "/settings/shop-window", {"address": ""})
    assert get_meta(ana.store.db, "shop_url") == ""


async def ended(checkup: Checkup) -> None:
    """Until what is under way has ended; the thread says so."""
    while checkup.state.running:
        await trio.lowlevel.checkpoint()
        await trio.to_thread.run_sync(lambda: None)


async def test_a_check_runs_beside_the_node_and_says_what_it_found(ana, desk):
    page = await follow(desk, await send(desk, "/settings/check", button="Check now"))
    assert "Checked" in page.text or "Under way" in page.text
    await ended(ana.checkup)

    page = check_page((await desk.get("/settings/check")).text)
    assert "entries, all sound" in page.text

    ana.store.db.execute("UPDATE record SET signature = zeroblob(64) WHERE rowid = 1")
    await send(desk, "/settings/check", button="Check now")
    await ended(ana.checkup)
    page = check_page((await desk.get("/settings/check")).text)
    assert "this is wrong" in page.text
    assert page.all("li")


async def test_what_is_written_during_a_check_is_no_fault(ana, desk, monkeypatch):
    from node import checkup as module
    from node import market

    def slow(store, progress):
        count = store.db.execute("SELECT count(*) FROM record").fetchone()
        trio.from_thread.run_sync(
            lambda: market.offer(ana.home, Listing(title="Rolls", mode="give"))
        )
        assert store.db.execute("SELECT count(*) FROM record").fetchone() == count
        return real(store, progress)

    real = module.verifying.verify
    monkeypatch.setattr(module.verifying, "verify", slow)
    ana.checkup.start(CHECK)
    await ended(ana.checkup)

    assert ana.checkup.state.faults == ()
    assert ana.checkup.state.failed is None


async def test_a_check_that_breaks_down_ends_nothing_but_itself(ana, desk, monkeypatch):
    from node import checkup as module

    def broken(store, progress):
        raise ZeroDivisionError

    monkeypatch.setattr(module.verifying, "verify", broken)
    ana.checkup.start(CHECK)
    await ended(ana.checkup)

    page = check_page((await desk.get("/settings/check")).text)
    assert "can't be read (ZeroDivisionError); nothing was changed. Make a copy" in page.text
    ana.checkup.start(CHECK)
    await ended(ana.checkup)


async def test_what_a_check_finds_is_said_in_the_language_of_the_page(ana, desk):
    ana.store.db.execute("UPDATE record SET signature = zeroblob(64) WHERE rowid = 1")
    ana.checkup.start(CHECK)
    await ended(ana.checkup)

    page = check_page((await desk.get("/settings/check", headers={"accept-language": "de"})).text)

    assert "Es wurde nichts geändert" in page.text
    assert "ist nicht gültig unterschrieben" in page.text


async def test_sorting_anew_meets_damage_and_says_in_spanish_that_nothing_was_changed(ana, desk):
    last = ana.store.db.execute("SELECT max(rowid) FROM record").fetchone()[0]
    ana.store.db.execute("UPDATE record SET header = x'00' WHERE rowid = ?", [last])

    ana.checkup.start(REBUILD)
    await ended(ana.checkup)
    page = check_page((await desk.get("/settings/check", headers={"accept-language": "es"})).text)

    assert "así que no se ha cambiado nada. Haz una copia" in page.text
    assert ana.store.db.execute("SELECT count(*) FROM listing").fetchone()[0] == 1


async def test_views_are_built_again_and_the_page_is_as_before(ana, desk):
    await send(desk, "/settings/check", button="Sort everything anew")
    await ended(ana.checkup)

    assert "Sorted anew" in (await desk.get("/settings/check")).text
    assert ana.checkup.state.failed is None
    assert "Bread" in (await desk.get("/")).text
    assert ana.store.db.execute("PRAGMA busy_timeout").fetchone()[0] > 0


async def test_only_one_check_at_a_time(ana, desk):
    ana.checkup.start(CHECK)
    with pytest.raises(Refused, match="under way already"):
        ana.checkup.start(CHECK)
    await ended(ana.checkup)


async def test_leaving_takes_the_name_of_the_community(ana, desk):
    for typed in ("", "Oak Lane", "Elm Streets"):
        answer = await send(desk, "/settings/leave", {"community": typed})
        assert answer.status_code == 422
        assert "you have not left" in check_page(answer.text).text
        assert ana.home.standing() == "member"

    assert "nobody can be confirmed any more" in (await desk.get("/settings/leave")).text
    page = await follow(desk, await send(desk, "/settings/leave", {"community": " elm  street "}))

    assert ana.home.standing() == "left"
    text = check_page(page.text).text
    assert "You have left this community" in text
    assert "Name of the community" not in text


async def test_who_has_left_is_not_asked_for_first_steps_any_more(ana, desk):
    welcome.begin(ana.home)

    await send(desk, "/settings/leave", {"community": "Elm Street"})

    assert welcome.remaining(ana.home.store) == ()
    page = check_page((await desk.get("/settings")).text).text
    assert "first steps" not in page


async def test_the_overview_names_everything_there_is(ana, desk):
    page = check_page((await desk.get("/settings")).text)

    places = {link["href"] for link in page.all("a")}
    for path in ("shop-window", "recovery", "check", "leave"):
        assert f"/settings/{path}" in places
        assert (await desk.get(f"/settings/{path}")).status_code == 200
    for path in ("/import", "/export", "/profile", "/away", "/status"):
        assert path in places
        assert (await desk.get(path)).status_code == 200
    assert str(ana.home.path) in page.text


async def test_a_damaged_profile_does_not_keep_its_owner_from_the_check(desk, ana):
    ana.store.db.execute("UPDATE profile SET body = x'ff'")

    page = await desk.get("/settings/check")

    assert page.status_code == 200
    assert "Check what is kept here" in page.text


async def test_who_has_saved_the_recovery_file_says_so_and_is_not_asked_again(ana, desk, tmp_path):
    (link,) = inviting.make(ana.home, 1)
    ben = homes.join_by(tmp_path / "ben", link, "Ben", None)
    anas, bens = StoreHoldings(ana.home.store, "ben"), StoreHoldings(ben.store, "ana")
    pull(bens, anas)
    pull(anas, bens)
    with ana.home.store.transaction():
        where, signer = ("/ip4/127.0.0.1/tcp/4002",), ben.unlock().device
        card = make_card(signer, ana.home.store.community, where, ana.home.store.now_ms())
        assert Peers(ana.home.store, lambda: 0.0).keep(card)
    ben.close()
    assert devices.recovery_is_old(ana.home)

    done = await follow(desk, await send(desk, "/settings/recovery", button="I have saved it"))

    assert "your copy is up to date" in check_page(done.text).text
    assert not devices.recovery_is_old(ana.home)
    assert "I have saved it" not in (await desk.get("/settings/recovery")).text
