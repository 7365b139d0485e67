"""Ana says who she is, and sees how others see it."""

from __future__ import annotations

from typing import Any

import pytest

from node import people
from protocol.spot import Spot
from tests.gateway.reading import check_page
from tests.gateway.sending import follow, send, send_from

WHOLE = {
    "name": "Ana Ruiz",
    "about": "I *bake*.\r\n\r\nAnd I mend.",
    "skills": "baking\r\n  mending   clocks \r\n\r\nbaking",
    "interests": "",
    "needs": "flour",
    "place": "Freiburg",
    "spot": "https://www.openstreetmap.org/#map=15/47.9961/7.8494",
}


@pytest.fixture
def home(gateway: Any) -> Any:
    return gateway.home


async def test_what_ana_saves_is_what_others_see(desk, home):
    page = await follow(desk, await send(desk, "/profile", WHOLE, button="Save the profile"))

    assert "Your profile is saved" in page.text
    mine = people.own_profile(home)
    assert mine.name == "Ana Ruiz"
    assert mine.about == "I *bake*.\n\nAnd I mend."
    assert mine.skills == ("baking", "mending clocks")
    assert mine.interests == ()
    assert mine.spot == Spot(4800, 785)
    seen = check_page((await desk.get(f"/member/{home.person.hex()}")).text).text
    assert "Ana Ruiz" in seen
    assert "mending clocks" in seen


async def test_a_preview_saves_nothing_and_keeps_what_was_typed(desk, home):
    answer = await send(desk, "/profile", WHOLE, button="Preview")

    assert answer.status_code == 200
    page = check_page(answer.text)
    assert "nothing is saved yet" in page.text
    assert "<em>bake</em>" in answer.text
    assert people.own_profile(home).name == "Ana"
    await send_from(desk, answer, button="Save the profile")
    assert people.own_profile(home).name == "Ana Ruiz"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("name", " ", "needs a name"),
        ("name", "\N{GRINNING FACE}" * 300, "100"),
        ("about", "x" * 4001, "4"),
        ("skills", "\r\n".join(map(str, range(31))), "At most 30 skills"),
        ("needs", "x" * 81, "80"),
        ("spot", "behind the church", "holds no coordinates"),
        ("spot", "91, 8", "nowhere on Earth"),
    ],
)
async def test_a_mistake_is_said_and_nothing_is_lost(desk, home, field, value, said):
    answer = await send(desk, "/profile", {**WHOLE, field: value}, button="Save the profile")

    assert answer.status_code == 422
    page = check_page(answer.text)
    assert said in page.text
    assert people.own_profile(home).name == "Ana"
    assert "mending   clocks" in answer.text or field == "skills"
    assert value.strip().split("\r\n")[0] in answer.text


async def test_a_profile_that_changed_in_another_tab_is_not_written_over(desk, home):
    first = await desk.get("/profile")
    await send(desk, "/profile", {"place": "Basel"}, button="Save the profile")

    late = await send_from(desk, first, {"name": "Anna"}, button="Save the profile")

    assert late.status_code == 422
    assert "changed in another window" in check_page(late.text).text
    assert people.own_profile(home).place == "Basel"
    await send_from(desk, late, button="Save the profile")
    assert people.own_profile(home).name == "Anna"


async def test_a_place_in_arabic_keeps_its_direction(desk, home):
    await send(desk, "/profile", {"place": "فرايبورغ"}, button="Save the profile")

    assert people.own_profile(home).place == "فرايبورغ"
    assert 'dir="auto"' in (await desk.get("/profile")).text
