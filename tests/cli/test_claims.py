"""What commands say of the values that a listing claims, once the community has changed them."""

from __future__ import annotations

from typing import Any

from tests.cli.people import Person
from tests.passing import amend_values

FIRST = "We say what a thing is and what is wrong with it."


def decide(ana: Person, **given: Any) -> None:
    """The community changes its values."""
    with ana.home() as home:
        amend_values(home.store, home.unlock().device, **given)


def status(ana: Person, listing: str) -> str:
    (value,) = ana.do("listing", "show", listing)["listing"]["values"]
    return str(value["status"])


def test_a_claim_is_marked_until_it_is_made_anew(ana: Person) -> None:
    bowl = ana.add("Bowl", "--value", "say-it=One is chipped.")["id"]
    kept = ana.add("Draft", "--value", "say-it=It is a draft.", "--draft")["id"]
    decide(ana, amend=[{"id": "say-it", "text": "We say it."}])

    shown = ana.text("listing", "show", bowl)
    assert "changed since this was claimed" in shown
    assert f"Then: {FIRST} Now: We say it." in shown
    for listing in ana.do("listing", "list", "--value", "say-it", "--mine")["listings"]:
        assert listing["values"][0]["status"] == "changed"

    ana.do("listing", "edit", bowl, "--title", "Blue bowl")
    file = ana.file("own.csv", ana.text("listing", "export").replace("Blue bowl", "Red bowl"))
    assert ana.do("listing", "import", file)["updated"] == 1
    published = ana.do("listing", "publish", kept)["listing"]["id"]
    assert status(ana, bowl) == status(ana, published) == "changed"

    ana.do("listing", "edit", bowl, "--value", "say-it=One is chipped.")
    assert status(ana, bowl) == "held"
    assert "changed" not in ana.text("listing", "show", bowl)


def test_a_withdrawn_value_finds_nothing_any_more(ana: Person) -> None:
    bowl = ana.add("Bowl", "--value", "say-it=One is chipped.")["id"]
    ana.add("Cup", "--value", "say-it", "--draft")
    decide(ana, retire=["say-it"], add=[{"id": "mend", "text": "We mend."}])

    assert status(ana, bowl) == "withdrawn"
    assert "withdrawn: the charter no longer has it" in ana.text("listing", "show", bowl)
    for command in (("search", "bowl"), ("listing", "list"), ("listing", "list", "--mine")):
        answer = ana.call(*command, "--value", "say-it")
        assert (answer.out, answer.code) == ("Nothing found.\n", 0)
        assert "has no value say-it" in answer.err
    assert ana.refused("listing", "add", "--title", "x", "--mode", "give", "--value", "say-it") == (
        "no-value"
    )
    assert ana.do("listing", "edit", bowl, "--value", "mend=I glue.")["listing"]["values"] == [
        {"id": "mend", "evidence": "I glue.", "status": "held"}
    ]
