"""A value that the community changes or gives up is marked on what claims it, on every node."""

from __future__ import annotations

from typing import Any

import pytest

from node.gateway.offers import listing_path
from node.plain import offer_json
from protocol.kinds.listing import Claim, Listing
from storage import certificates
from storage.claims import values
from storage.store import Store
from storage.views.listing_queries import Query, get, search
from tests.gateway.own import text
from tests.gateway.sending import find_form, follow, send
from tests.gateway.village import Person, Village
from tests.passing import amend_values

MADE = "What we sell as our own was made within 50 km by the person who sells it."
MEND = "We mend what we sold, or find someone who can."


def hash_of(store: Store) -> bytes:
    state = certificates.current(store)
    assert state is not None
    return state.charter_hash


def statuses(person: Person, listing: bytes) -> dict[str, str]:
    said = offer_json(get(person.store, listing), values(person.store), {})["values"]
    return {each["id"]: each["status"] for each in said}


def found_by(person: Person, value: str) -> list[bytes]:
    return [offer.id for offer in search(person.store, Query(value=value)).offers]


@pytest.fixture
def bowl(village: Village) -> bytes:
    """Ana's bowl claims three values as they stood; then the community changes two of them."""
    stood = hash_of(village.ana.store)
    claims = [("made-here", "My kiln."), ("mend", "I glue."), ("fair-hour", "An hour each.")]
    made = village.ana.offer(
        "Bowl", values=tuple(Claim(value=id_, evidence=why, charter=stood) for id_, why in claims)
    )
    amend_values(
        village.ana.store,
        village.ana.device,
        amend=[{"id": "made-here", "text": "Made in this valley."}],
        retire=["mend"],
    )
    village.catch_up()
    return made


async def test_whoever_reads_a_listing_sees_what_became_of_its_values(
    village: Village, bowl: bytes, shop: Any, desk: Any
) -> None:
    marked = {"made-here": "changed", "mend": "withdrawn", "fair-hour": "held"}
    for person in (village.ana, village.ben, village.eva):
        assert statuses(person, bowl) == marked

    for reader in (shop, desk):
        page = text(await reader.get(listing_path(bowl)))
        changed = f"{MADE} Changed since this was claimed. Now it says: Made in this valley."
        assert f"{changed} My kiln." in page
        assert f"{MEND} Withdrawn: the community no longer has this value. I glue." in page
        assert "decently. An hour each." in page
        answer = (await reader.get(f"/api/listings/{bowl.hex()}")).json()
        assert {each["id"]: each["status"] for each in answer["values"]} == marked
    told = (await shop.get(f"/api/listings/{bowl.hex()}/schema.org")).json()["additionalProperty"]
    assert [each["name"] for each in told] == [MADE, "A price pays the maker's hours decently."]

    assert found_by(village.ben, "made-here") == found_by(village.ben, "fair-hour") == [bowl]
    assert found_by(village.ben, "mend") == []


async def test_a_claim_stays_marked_until_its_owner_makes_it_anew(
    village: Village, bowl: bytes, desk: Any
) -> None:
    change = f"/offer/{bowl.hex()[:16]}"
    page = await desk.get(change)
    assert f"Changed since you claimed it. Then it said: {MADE}" in text(page)
    assert "Withdrawn: it is no longer in the charter" in text(page)
    form = find_form(page.text, ["title"])
    assert [name for name in form.fields if name.startswith("renew-")] == ["renew-made-here"]

    async def saved(**fields: Any) -> dict[str, str]:
        typed = {name.replace("_", "-"): value for name, value in fields.items()}
        await follow(desk, await send(desk, change, typed, button="Save changes"))
        village.catch_up()
        assert statuses(village.ana, bowl) == statuses(village.ben, bowl)
        return statuses(village.ben, bowl)

    assert (await saved(title="Blue bowl"))["made-here"] == "changed"
    assert (await saved(evidence_fair_hour="Two hours each."))["made-here"] == "changed"
    assert (await saved(renew_made_here=True))["made-here"] == "held"
    assert "Changed since" not in text(await desk.get(listing_path(bowl)))
    assert await saved(claim_mend=False) == {"made-here": "held", "fair-hour": "held"}


async def test_what_is_said_anew_of_a_value_is_said_of_it_as_it_reads_now(
    village: Village, bowl: bytes, desk: Any
) -> None:
    change = f"/offer/{bowl.hex()[:16]}"
    typed = {"evidence-made-here": "My kiln by the river."}
    await follow(desk, await send(desk, change, typed, button="Save changes"))

    claims = {each.value: each for each in get(village.ana.store, bowl).listing.values}
    assert claims["made-here"].charter == hash_of(village.ana.store)
    assert claims["fair-hour"].charter != hash_of(village.ana.store)
    assert statuses(village.ana, bowl)["made-here"] == "held"


async def test_a_draft_claims_the_values_as_its_owner_read_them(
    village: Village, desk: Any
) -> None:
    typed = {"title": "Cup", "claim-made-here": True, "evidence-made-here": "My kiln."}
    await follow(desk, await send(desk, "/offer", typed, button="Save as draft"))
    old = Listing(title="Jug", mode="give", values=(Claim(value="made-here"),))  # names no charter
    jug = village.ana.say("listing", old.body()).id
    amend_values(
        village.ana.store, village.ana.device, amend=[{"id": "made-here", "text": "Made nearby."}]
    )

    (draft,) = village.ana.store.db.execute("SELECT id FROM draft").fetchall()
    answer = await send(desk, f"/offer/{draft[0].hex()[:16]}", button="Publish")
    (cup,) = [o.id for o in search(village.ana.store, Query(words="cup")).offers]

    assert "Changed since this was claimed." in text(await desk.get(listing_path(cup)))
    assert answer.status_code == 303
    assert statuses(village.ana, jug) == {"made-here": "changed"}
