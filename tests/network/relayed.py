"""People who reach each other through a relay, for the tests of this folder; real sockets only."""

from __future__ import annotations

from node.network.links import Link, Stream
from tests.network.people import Person, Village


async def echo(stream: Stream) -> None:
    while True:
        await stream.send(await stream.receive())


async def ask(person: Person, other: Person, protocol: str, message: bytes) -> bytes:
    """One round trip."""
    stream = await person.net.open(other.id, protocol)
    await stream.send(message)
    answer = await stream.receive()
    await stream.aclose()
    return bytes(answer)


def circuits(person: Person) -> list[str]:
    """The addresses at which relays take calls for this person."""
    return [address for address in person.net.addresses if "/p2p-circuit" in address]


async def reachable(person: Person, relays: int = 1) -> list[str]:
    """Wait until this person is reachable through so many relays; those addresses."""
    while len(person.net.relaying()["reserved_at"]) != relays:
        await person.moved.wait()
    return circuits(person)


async def behind(town: Village, relay: Person, *people: Person) -> None:
    """All arrive, and the people reserve a place at the relay."""
    await town.arrive(relay, *people)
    for person in people:
        await town.meet(person, relay)
        await reachable(person)


async def call(one: Person, other: Person) -> None:
    """Connect through the relay, and wait until both know."""
    await one.net.connect(other.id, circuits(other))
    assert await one.news.receive() == (other.id, True)
    assert await other.news.receive() == (one.id, True)


def links(person: Person, other: Person) -> list[Link]:
    return [link for link in person.net.links() if link.peer == other.id]
