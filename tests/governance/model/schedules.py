"""Random runs from a seed: first anything may happen, then the network is kind and all must end.

While anything may happen, messages are lost, late, repeated and out of order, tellers die and come
back from their disks, clocks jump by a week, patience ends by chance, and liars lie. Then 2f + 1
honest tellers are in reach, either together, or one at a time, never two of them, with a member
carrying what they say; the rest is dead or lies on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

from protocol.teller_messages import KINDS
from tests.governance.model.builds import REAL, Build
from tests.governance.model.liars import SKY, Liars
from tests.governance.model.world import DAY, HOUR, MINUTE, Teller, Violation, World

WEEK = 7 * DAY
MOST_ROUNDS = 600  # together
MOST_DAYS = 400  # one at a time


class Run(NamedTuple):
    """What a run came to."""

    seed: int
    fashion: str
    view: int  # of the certificate
    rounds: int  # rounds or days that it took once the network was kind
    lied_twice: int  # liars who said two things in one place


def run(seed: int, build: Build = REAL, *, seats: int = 4) -> Run:
    """One run; Violation, with the trace in `world.trace`, if a rule of the world is broken."""
    world = made(seed, build, seats=seats)
    return finish(world, seed)


def made(seed: int, build: Build = REAL, *, seats: int = 4) -> World:
    """The world of a seed, before anything has happened."""
    world = World(build, seed=seed, seats=seats)
    chance = world.random
    many = chance.choice(
        [world.faulty, world.faulty, world.faulty, chance.randint(0, world.faulty)]
    )
    return World(
        build,
        seed=seed,
        seats=seats,
        liars=chance.sample(range(seats), many),
        height=chance.randrange(seats),
        due=30 * DAY + chance.choice([-DAY, 0, HOUR]),
    )


def finish(world: World, seed: int) -> Run:
    """Run a world to its end."""
    world.orders = 0.05
    liars = Liars(world) if world.liars else None
    nodes: list[Any] = [*world.honest, world.member]
    if world.random.random() < 0.8:
        chaos(world, liars, nodes, world.random.choice([20, 60, 120]))
    world.trace.append("--- the network is kind now")
    dead = world.faulty - len(world.liars)
    reached = world.random.sample(world.honest, len(world.honest) - dead)
    for each in world.honest:
        each.lacks.clear()
        each.skew = world.random.choice([0, 0, 0, MINUTE, -MINUTE, WEEK, -WEEK])
    fashion = world.random.choice(["together", "never together"])
    if fashion == "together":
        rounds = together(world, reached, liars)
    else:
        rounds = never_together(world, reached, liars)
    certificate = world.certificate()
    assert certificate is not None
    world.trace.append("--- certified; whoever has not heard of it goes on")
    chaos(world, liars, nodes, world.random.choice([0, 0, 40]))
    world.forge()
    lied = world.doubles()
    if not lied <= world.liars:
        raise Violation("an honest teller is said to have lied")
    return Run(seed, fashion, certificate.view, rounds, len(lied))


def chaos(world: World, liars: Liars | None, nodes: list[Any], steps: int) -> None:
    """Anything may happen."""
    chance = world.random
    for each in world.honest:
        each.skew = chance.choice([0, 0, WEEK, -WEEK, chance.randint(-WEEK, WEEK)])
    hurry = chance.choice([0.05, 0.3, 0.6])
    for _ in range(steps):
        what = chance.random()
        teller = chance.choice(world.honest)
        if what < 0.40:
            pass_on(world, *chance.sample(nodes, 2))
        elif what < 0.45:
            move_on(world, liars)
        elif what < 0.75:
            crash = chance.choice(["", "", "", "", "", "", "unwritten", "unsent"])
            teller.speak(chance.random() < hurry, crash, chance.randrange(3))
        elif what < 0.80:
            world.now += chance.choice([1, MINUTE, HOUR, DAY])
        elif what < 0.83:
            teller.restart()
            world.trace.append(f"{teller} begins anew from the disk")
        elif what < 0.85:
            teller.skew = chance.randint(-WEEK, WEEK)
        elif what < 0.88:
            known = [each.body for each in world.ever.values() if each.body is not None]
            teller.lacks ^= {chance.choice(known)} if known else set()
        elif liars is not None:
            liars.act(nodes)


def pass_on(world: World, one: Any, other: Any) -> None:
    """`other` hears some of what `one` holds, in any order, some of it again."""
    kinds = world.random.choice([*KINDS, "", "", ""])  # often of one kind alone
    held = [each for each in one.held if kinds in ("", each.kind)]
    share = world.random.choice([0.5, 1.0])
    some = [each for each in held if world.random.random() < share]
    world.random.shuffle(some)
    if other.hear(some):
        world.trace.append(f"  {one} -> {other} {kinds}")


def move_on(world: World, liars: Liars | None) -> None:
    """Many lose patience, and of each other they hear no more than that."""
    chance = world.random
    some = chance.sample(world.honest, chance.randint(1, len(world.honest)))
    if liars is not None:
        for seat in liars.seats:
            liars.move_on(seat, 1 + max(each.table().view for each in some), some)
    for each in some:
        each.speak(True)
    asked = [m for each in some for m in each.own if m.kind == "move-on"]
    for each in some:
        each.hear(asked)
    world.trace.append("  ... heard of " + ", ".join(map(str, some)))


def together(
    world: World, reached: list[Teller], liars: Liars | None, most: int = MOST_ROUNDS
) -> int:
    """All in reach of each other, a second a round, until there is a certificate."""
    nodes = [*reached, world.member]
    for number in range(most):
        if world.certificate() is not None:
            return number
        everything = [m for each in nodes for m in each.held]
        news = [each.hear(everything) for each in nodes]
        said = sum(each.speak() for each in reached)
        if liars is not None and world.random.random() < 0.3:
            liars.act(nodes)
        world.now += 1
        if not said and not any(news):
            waits = [wait for each in reached if (wait := until(each)) > 0]
            world.now += min(waits, default=HOUR)
    raise Violation(f"no certificate after {most} rounds together")


def until(teller: Teller) -> int:
    """Seconds until a teller may say something without having heard anything."""
    due = teller.world.due - teller.clock
    patience = teller.patience_ends() - teller.clock
    return min([each for each in (due, patience) if each > 0], default=0)


def days(world: World, reached: list[Teller]) -> Iterator[tuple[Teller, int]]:
    """(who is awake, seconds until the next one is), for ever: each once a week or more often."""
    order = list(reached)
    world.random.shuffle(order)
    any_order = world.random.random() < 0.5
    while True:
        if any_order:
            world.random.shuffle(order)
        for teller in order:
            yield teller, DAY


def never_together(
    world: World, reached: list[Teller], liars: Liars | None, most: int = MOST_DAYS
) -> int:
    """One teller a day, awake for an hour; a member has what was said. Until it is certified."""
    pushes = liars is not None and world.random.random() < 0.5
    for number, (teller, until_next) in enumerate(days(world, reached)):
        if world.certificate() is not None:
            return number
        if number == most:
            break
        if liars is not None and pushes:
            view = max(each.table().view for each in reached) + 5
            liars.move_on(liars.seats[0], min(view, SKY), [world.member])
        if liars is not None and world.random.random() < 0.5:
            liars.act([world.member])
        awake(world, teller)
        world.now += until_next - HOUR
    raise Violation(f"no certificate after {most} days, one teller a day")


def awake(world: World, teller: Teller) -> None:
    """An hour in which a teller hears what the member has, speaks, and gives it all back."""
    world.trace.append(f"{teller} is awake")
    if world.random.random() < 0.3:
        teller.restart()
    teller.hear(world.member.held)
    ends = world.now + HOUR
    while True:
        teller.speak()
        wait = until(teller)
        if not wait or world.now + wait >= ends:
            break
        world.now += wait
    world.now = ends
    world.member.hear(teller.held)
