"""Scripted runs that never end, or in which tellers talk for nothing, if a rule is broken.

Each is the classic way to break one rule: with that rule broken, `Violation`. The real machine
passes all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.governance.model.builds import Build
from tests.governance.model.schedules import awake, together
from tests.governance.model.stage import IDA, Stage, in_order
from tests.governance.model.world import DAY, HOUR, NEVER, Violation, World

MOST_HURRIED = 40  # days


def two_and_two(build: Build) -> None:
    """Two tellers reach each other for a month, the other two each other: nothing comes of it."""
    world = World(build, height=0)
    pairs = [world.honest[:2], world.honest[2:]]
    for _ in range(200):
        for pair in pairs:
            for each in pair:
                each.hear([m for other in pair for m in other.held])
            for each in pair:
                each.speak()
        world.now += DAY // 6
        if world.certificate() is not None:
            raise Violation("two of four decide alone")
        if len(world.ever) > 8:
            raise Violation("two and two go on talking though nothing can come of it")
    world.trace.append("--- mended")
    together(world, world.honest, None, most=30)


def unseen_evidence(build: Build) -> None:
    """ana is bound to X, for which eva never finds the evidence; ida is gone for good."""
    on = Stage(build, height=1)
    on.ben.speak(False)
    first = on.ben.own[0]
    on.eva.lacks.add(first.body)
    on.tell([on.ben], [on.ana, on.eva], "propose")
    on.speak(on.ana)
    on.tell([on.ben], [on.ana], "prepare")
    on.support(0, first.certificate, [on.ana])
    on.to_view(1, on.ben, on.eva)
    on.speak(on.eva)
    on.tell([on.eva], [on.ben], "propose")
    on.speak(on.ben)
    on.speak(on.ana)
    together(on.world, on.world.honest, None, most=30)


def two_prepared(build: Build) -> None:
    """ana is bound to Y of view 1; then all see that X was prepared in view 0. ida is gone."""
    on = Stage(build, height=2)
    on.eva.speak(False)
    x = on.eva.own[0].certificate
    on.tell([on.eva], [on.ana])
    on.speak(on.ana)
    on.to_view(1)
    body, y = on.body(liar=1)
    on.liars.propose(IDA, 1, body, [on.ana, on.eva])
    on.speak(on.ana, on.eva)
    on.tell([on.eva], [on.ana])
    on.support(1, y, [on.ana])
    on.speak(on.ana)
    on.support(0, x, on.world.honest)
    together(on.world, on.world.honest, None, most=30)


def idle(build: Build) -> None:
    """ida, who leads, is gone; to eva nothing seems due, but what others propose is right."""
    on = Stage(build, height=3)
    on.eva.idle = True
    together(on.world, on.world.honest, None, most=30)


def begun(build: Build) -> None:
    """Due to ida alone: she proposes X to ana and Y to ben, both right, and is gone."""
    on = Stage(build, height=3)
    for teller, number in ((on.ana, 1), (on.ben, 2)):
        body, _ = on.body(liar=number)
        on.liars.propose(IDA, 0, body, [teller])
    for each in on.world.honest:
        each.idle = True
        each.speak(False)
    together(on.world, on.world.honest, None, most=30)


def nothing_due(build: Build) -> None:
    """Nothing is due for a month, and ida lies at large: not a word is said."""
    on = Stage(build, height=3, due=NEVER)
    everybody = [*on.world.honest, on.world.member]
    for number in range(60):
        on.liars.act(everybody)
        on.liars.move_on(IDA, number + 1, everybody)
        on.tell(everybody, everybody)
        for each in on.world.honest:
            if each.speak():
                raise Violation("somebody speaks though nothing is due")
        on.world.now += DAY // 2


def from_the_sky(build: Build) -> None:
    """ida proposes in a view far above what anybody else has asked for."""
    on = Stage(build, height=3)
    view = 4_000_000
    on.liars.move_on(IDA, view, on.world.honest)
    for each, teller in zip(in_order(on, view, 3), on.world.honest, strict=True):
        teller.hear([each])
        teller.speak(False)
    together(on.world, on.world.honest, None, most=30)


def left_behind(build: Build) -> None:
    """ana leads view 0 and comes late: she hears what was prepared in view 1, not who asked."""
    on = Stage(build, height=0)
    on.to_view(1, on.ben, on.eva)
    on.speak(on.ben)
    on.tell([on.ben], [on.eva], "propose")
    on.speak(on.eva)
    on.support(1, on.ben.own[-1].certificate, [on.ana])
    on.tell([on.ben, on.eva], [on.ana], "propose", "prepare")
    on.speak(on.ana)


def usurper(build: Build) -> None:
    """ida proposes, in views that others lead, what comes before theirs in the order of ids."""
    on = Stage(build, height=0)
    everybody = [*on.world.honest, on.world.member]
    for view in range(12):
        for each in in_order(on, view, 12, right=False):
            for node in everybody:
                node.hear([each])
    together(on.world, on.world.honest, None, most=12)


def calm(build: Build) -> None:
    """Nobody lies and all are there: decided in view 0 without a word too many."""
    world = World(build, height=0)
    rounds = together(world, world.honest, None, most=30)
    kinds = sorted(each.kind for each in world.ever.values())
    if kinds != ["commit"] * 4 + ["prepare"] * 4 + ["propose"] or rounds > 4:
        raise Violation(f"in calm it took {rounds} rounds and {kinds}")


def hurried(build: Build) -> None:
    """One teller a day, begun anew, and ida asks for view after view, and splits those she leads.

    So two prepare in a view, and never three, until views last longer than anybody is awake.
    """
    on = Stage(build, height=1)
    ready: dict[int, list[Any]] = {}
    order = on.world.honest
    for day in range(MOST_HURRIED):
        if on.world.certificate() is not None:
            return
        teller = order[day % 3]
        view = max(each.table().view for each in order)
        on.liars.move_on(IDA, view + 9, [on.world.member])
        for led in range(view, view + 3):
            if on.world.at.leader(led) == IDA:
                rest = ready.setdefault(led, in_order(on, led, 12))
                if rest:
                    on.world.member.hear([rest.pop(0)])
        teller.restart()
        awake(on.world, teller)
        on.world.now += DAY - HOUR
    raise Violation(f"no certificate after {MOST_HURRIED} days, one teller a day")


def dead_leader(build: Build) -> None:
    """ida is dead for good; ana is awake on Mondays, ben on Tuesdays, eva on Wednesdays."""
    for height in range(4):
        for order in ((0, 1, 2), (0, 2, 1)):
            on = Stage(build, height=height)
            for day in range(70):
                if on.world.certificate() is not None:
                    break
                if day % 7 < 3:
                    awake(on.world, on.world.honest[order[day % 7]])
                    on.world.now += DAY - HOUR
                else:
                    on.world.now += DAY
            else:
                raise Violation("no certificate after ten weeks, each awake once a week")


SCENARIOS: tuple[Callable[[Build], None], ...] = (
    two_and_two,
    unseen_evidence,
    two_prepared,
    idle,
    begun,
    nothing_due,
    from_the_sky,
    left_behind,
    usurper,
    calm,
    hurried,
    dead_leader,
)
