"""One's own devices at the desk: which there are, and giving another one up."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from node import devices, teller
from node import home as homes
from node.gateway.context import Alone, Gateway
from node.home import Home
from node.recovery import Surroundings
from storage.holdings import StoreHoldings
from tests.gateway.floor import desk_of
from tests.gateway.own import text
from tests.gateway.reading import check_page
from tests.gateway.sending import follow, read_forms, send
from tests.gateway.village import DAY, DESK, Village
from tests.pulling import pull

HERE = "/settings/devices"


@pytest.fixture
def phone(village: Village) -> Iterator[Home]:
    """Another device of Ana's, a day younger, which nobody has heard of yet."""
    village.now += DAY
    folder = village.folder / "phone"
    made = homes.recover(
        folder, village.community, village.ana.key, Surroundings(), None, lambda: village.now
    )
    made.told = lambda: None
    yield made
    made.close()


def meet(village: Village, phone: Home) -> None:
    here, there = StoreHoldings(village.ana.store, "phone"), StoreHoldings(phone.store, "ana")
    for _ in range(2):
        pull(here, there)
        pull(there, here)


def act(village: Village, phone: Home) -> None:
    """Both devices meet, and Ana's, which has the teller's seat, does what is due."""
    meet(village, phone)
    teller.act(village.ana.store, village.ana.device)
    meet(village, phone)


def gateway_of(home: Home, village: Village) -> Gateway:
    secret = b"0123456789abcdef0123456789abcdef"
    made = Gateway(secret=secret, home=home, node=Alone(), clock=lambda: village.now)
    made.desk_is_at(DESK)
    return made


def short(home: Home) -> str:
    return home.device.hex()[:8]


def shown(page: httpx.Response) -> list[str]:
    """The list's lines; those that were given up come last."""
    check_page(page.text)
    lists = re.findall('<ul class="people">(.*?)</ul>', page.text, re.DOTALL)
    lines = [line for each in lists for line in each.split("</li>")[:-1]]
    return [" ".join(re.sub("<[^>]*>", " ", line).split()) for line in lines]


def statuses(home: Home) -> list[str]:
    return [each.status for each in devices.mine(home)]


async def test_a_lone_device_is_listed_and_the_settings_lead_there(desk, village: Village):
    assert f'href="{HERE}"' in (await desk.get("/settings")).text
    page = await desk.get(HERE)

    here = short(village.home())
    assert shown(page) == [f"{here} this one confirmed since 21 September 2026 teller's seat"]
    assert "to give it up" not in text(page)


async def test_a_device_is_listed_in_each_step_of_its_life(desk, village: Village, phone: Home):
    async with desk_of(gateway_of(phone, village)) as lonely:
        assert (await lonely.get(HERE)).status_code == 503  # nothing of the community is there
    meet(village, phone)
    lines = [shown(await desk.get(HERE))[1]]
    async with desk_of(gateway_of(phone, village)) as beside:
        own = shown(await beside.get(HERE))
    act(village, phone)
    lines += [shown(await desk.get(HERE))[1]]
    devices.retire(village.home(), phone.device.hex())
    lines += [shown(await desk.get(HERE))[1]]
    act(village, phone)
    lines += [shown(await desk.get(HERE))[1]]

    since = "since 22 September 2026"
    assert own[1] == f"{short(phone)} this one not yet confirmed {since}"
    assert lines == [
        f"{short(phone)} not yet confirmed {since}",
        f"{short(phone)} confirmed {since}",
        f"{short(phone)} given up, not yet confirmed {since}",
        f"{short(phone)} {since}",
    ]


async def test_giving_a_device_up_is_asked_first_and_done_once(desk, village: Village, phone: Home):
    act(village, phone)
    (path,) = re.findall(f'href="({HERE}/[0-9a-f]+)"', (await desk.get(HERE)).text)

    asked = text(await desk.get(path))
    assert "Give this device up?" in asked
    assert f"Id {short(phone)} Status confirmed" in asked
    assert statuses(village.home()) == ["certified", "certified"]  # looking does nothing

    answer = await send(desk, path, button="Give it up for good")
    assert answer.headers["location"] == HERE
    done = text(await follow(desk, answer))
    assert f"Given up: device {short(phone)} is cut off as soon as" in done
    assert sorted(statuses(village.home())) == ["certified", "retiring"]

    again = await desk.get(path)
    assert "You have given that device up already" in text(again)
    assert read_forms(again.text) == []
    act(village, phone)
    assert phone.standing() == "retired"
    assert "That device is retired already" in text(await desk.get(path))


async def test_who_gave_it_up_elsewhere_meanwhile_is_told(desk, village: Village, phone: Home):
    act(village, phone)
    path = f"{HERE}/{short(phone)}"
    page = await desk.get(path)
    token = {"form": read_forms(page.text)[0].value("form")}
    devices.retire(village.home(), phone.device.hex())

    answer = await desk.post(path, data=token, headers={"origin": f"http://{DESK}"})

    assert answer.status_code == 422
    assert text(answer).count("You have given that device up already") == 1


async def test_only_the_desk_s_own_form_gives_a_device_up(desk, village: Village, phone: Home):
    act(village, phone)
    headers = {"origin": f"http://{DESK}"}

    for fields in ({}, {"form": "made-up"}):
        answer = await desk.post(f"{HERE}/{short(phone)}", data=fields, headers=headers)
        assert answer.status_code == 403
    assert statuses(village.home()) == ["certified", "certified"]


async def test_what_can_not_be_given_up_says_why_and_has_no_button(
    desk, village: Village, phone: Home
):
    meet(village, phone)
    async with desk_of(gateway_of(phone, village)) as beside:
        early = await beside.get(f"{HERE}/{short(village.home())}")
        act(village, phone)
        seat = await beside.get(f"{HERE}/{short(village.home())}")
    here = await desk.get(f"{HERE}/{short(village.home())}")

    for page, reason in (
        (early, "This device is not certified (yet)"),
        (seat, "That device holds the teller's seat"),
        (here, "You are sitting at this device"),
    ):
        assert reason in text(page)
        assert "A device of yours" in text(page)
        assert read_forms(page.text) == []


@pytest.mark.parametrize("name", ["ben", "none", "short", "text"])
async def test_what_is_no_device_of_one_s_own_is_not_here(desk, village: Village, name: str):
    ids = {
        "ben": village.ben.device.public.hex(),
        "none": "0" * 64,
        "short": short(village.home())[:7],
        "text": "<script>",
    }

    answer = await desk.get(f"{HERE}/{ids[name]}")

    assert answer.status_code == 404
    assert "None of your devices has that id." in text(answer)


async def test_guests_see_no_devices(shop, village: Village):
    for path in (HERE, f"{HERE}/{short(village.home())}"):
        assert (await shop.get(path)).status_code == 404
