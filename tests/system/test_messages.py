"""A message between two nodes that are never up together, by way of a third member's."""

from __future__ import annotations

from pathlib import Path

from tests.system.people import Person, agree, settle, village

SECRET = "Bring the blue jar to the old mill."


def texts(person: Person, other: str) -> list[str]:
    return [each["text"] for each in person.do("message", "list", other)["messages"]]


def test_a_message_waits_with_others_who_cannot_read_it(tmp_path: Path) -> None:
    with village(tmp_path, "Ana", "Ben", "Eva") as (ana, ben, eva):
        settle(ana, ben, eva)
        assert eva.stop() == 0
        sent = ben.do("message", "send", "Eva", SECRET)["message"]["id"]

        def delivery() -> dict[str, object]:
            found: dict[str, object] = ben.do("message", "show", sent)["message"]["delivery"]
            return found

        agree(ana, ben)
        assert ben.stop() == 0
        eva.start()
        eva.until(lambda: texts(eva, "Ben") == [SECRET], "Eva has it from Ana")
        told = eva.do("message", "list")["conversations"]
        assert [(each["name"], each["messages"]) for each in told] == [("Ben", 1)]
        eva.kill()

        ben.start()  # Eva's acknowledgement is with Ana, or comes once she is back
        eva.start()
        ben.until(lambda: delivery()["state"] == "received", "it is told that it was received")
        for person in (ana, ben, eva):
            assert person.stop() == 0
        assert ana.do("message", "list")["conversations"] == []

        for file in sorted(tmp_path.rglob("*")):
            if file.is_file():
                assert SECRET.encode() not in file.read_bytes(), file
