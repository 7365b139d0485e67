"""Scripted runs that end in two certificates, or in a word too many, if a rule is broken.

Each is the classic way to break one rule: with that rule broken, `Violation`. The real machine
passes all of them.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import permutations
from typing import Any

from tests.governance.model.builds import REAL, Build
from tests.governance.model.liars import Liars
from tests.governance.model.schedules import together
from tests.governance.model.stage import IDA, Stage, in_order
from tests.governance.model.world import DAY, Violation, World, id_of


def no_lock(build: Build) -> None:
    """X is certified in view 0; in view 1 ida leads, and proposes Y as if nothing had been."""
    on = Stage(build, height=2)
    on.eva.speak(False)
    x = on.eva.own[0].certificate
    on.tell([on.eva], [on.ana, on.ben], "propose")
    on.speak(on.ana, on.ben)
    on.support(0, x, [on.ana, on.ben])
    on.tell([on.ana], [on.ben])
    on.tell([on.ben], [on.ana])
    on.speak(on.ana, on.ben)
    on.to_view(1)
    body, y = on.body(liar=1)
    on.liars.propose(IDA, 1, body, on.world.honest)
    on.support(1, y, on.world.honest)
    on.speak(on.ana, on.ben)
    on.tell(on.world.honest, on.world.honest, "prepare")
    on.speak(on.ana, on.ben, on.eva)


def old_proof(build: Build) -> None:
    """X is prepared in view 0, which only ida knows; Y is certified in view 1; ida shows X in 5."""
    on = Stage(build, height=2)
    on.eva.speak(False)
    first = on.eva.own[0]
    on.tell([on.eva], [on.ana], "propose")
    on.speak(on.ana)
    shown = on.liars.provable(0, first.certificate)
    on.to_view(1)
    body, y = on.body(liar=1)
    on.liars.propose(IDA, 1, body, on.world.honest)
    on.speak(*on.world.honest)
    on.support(1, y, on.world.honest)
    on.tell(on.world.honest, on.world.honest, "prepare")
    on.speak(*on.world.honest)
    on.to_view(5)
    on.liars.propose(IDA, 5, first.body, on.world.honest, shown=shown)
    on.speak(*on.world.honest)
    on.support(5, first.certificate, on.world.honest)
    on.tell(on.world.honest, on.world.honest, "prepare")
    on.speak(*on.world.honest)
    together(on.world, on.world.honest, None, most=30)


def newest_lock(build: Build) -> None:
    """ben commits to X in view 0 and to Y in view 1, and is then shown X from view 0 again."""
    on = Stage(build, height=2)
    on.eva.speak(False)
    first = on.eva.own[0]
    on.tell([on.eva], [on.ben], "propose")
    on.speak(on.ben)
    on.to_view(1)
    body, y = on.body(liar=1)
    on.liars.propose(IDA, 1, body, [on.ana, on.eva])
    on.speak(on.ana, on.eva)
    shown = on.liars.provable(0, first.certificate)
    on.tell([on.eva], [on.ben], "prepare")
    on.support(0, first.certificate, [on.ben])
    on.speak(on.ben)
    on.eva.speak(True)
    on.tell([on.eva], [on.ana], "move-on")
    on.liars.move_on(IDA, 2, [on.ana])
    on.ana.speak(True)  # she leads view 2, prepares in it, and can't commit in view 1 any more
    on.support(1, y, [on.ben, on.eva])
    on.tell([on.ana, on.eva], [on.ben, on.eva], "prepare")
    on.speak(on.ben, on.eva)
    on.to_view(5)
    on.liars.propose(IDA, 5, first.body, [on.ana, on.ben], shown=shown)
    on.speak(on.ana, on.ben)
    on.support(5, first.certificate, [on.ana, on.ben])
    on.tell([on.ana, on.ben], [on.ana, on.ben], "prepare")
    on.speak(on.ana, on.ben)


def late_commit(build: Build) -> None:
    """ana and ben prepare Y in view 1, and see only then that X was prepared in view 0."""
    on = Stage(build, height=2)
    on.eva.speak(False)
    x = on.eva.own[0].certificate
    on.tell([on.eva], [on.ana, on.ben], "propose")
    on.speak(on.ana, on.ben)
    on.to_view(1)
    body, y = on.body(liar=1)
    on.liars.propose(IDA, 1, body, [on.ana, on.ben])
    on.speak(on.ana, on.ben)
    newer = [each.own[-1] for each in (on.ana, on.ben)]
    for each in (on.ana, on.ben):
        each.hear([m for m in _prepares(on, 0) if m.certificate == x])
    on.speak(on.ana, on.ben)
    on.support(1, y, [on.ana, on.ben])
    for each in (on.ana, on.ben):
        each.hear(newer)
    on.speak(on.ana, on.ben)


def _prepares(on: Stage, view: int) -> list[Any]:
    return [
        m for each in on.world.honest for m in each.own if (m.kind, m.view) == ("prepare", view)
    ]


def two_proposals(build: Build) -> None:
    """ida leads, proposes X, and Y instead once X was prepared."""
    on = Stage(build, height=1)
    on.to_view(2)
    for each in in_order(on, 2, 3):
        for teller in on.world.honest:
            teller.hear([each])
        on.speak(*on.world.honest)


def forgetful(build: Build) -> None:
    """X is certified; ana and ben begin anew from their disks; ida proposes Y in the same view."""
    on = Stage(build, height=3)
    proposals = in_order(on, 0, 2)
    for each in proposals:
        for teller in (on.ana, on.ben):
            teller.hear([each])
        on.speak(on.ana, on.ben)
        on.support(0, each.certificate, [on.ana, on.ben])
        on.tell([on.ana], [on.ben])
        on.tell([on.ben], [on.ana])
        on.speak(on.ana, on.ben)
        on.ana.restart()
        on.ben.restart()


def few_prepares(build: Build) -> None:
    """ida leads and splits: X to ana, Y to eva; ben sees that two prepared X."""
    on = Stage(build, height=3)
    (body_x, x), (body_y, y) = on.body(liar=1), on.body(liar=2)
    on.liars.propose(IDA, 0, body_x, [on.ana])
    other = on.liars.propose(IDA, 0, body_y, [on.eva])
    on.support(0, x, [on.ana, on.ben])
    on.support(0, y, [on.eva])
    on.speak(on.ana, on.eva)
    on.tell([on.ana], [on.ben], "prepare")
    on.speak(on.ben)
    prepared = on.eva.table().highest_prepared()
    on.to_view(4)
    on.liars.propose(IDA, 4, other.body, on.world.honest, shown=prepared)
    on.support(4, y, on.world.honest)
    on.speak(*on.world.honest)
    on.tell(on.world.honest, on.world.honest, "prepare")
    on.speak(*on.world.honest)


def few_commits(build: Build) -> None:
    """All prepare, but only two commits reach anybody."""
    on = Stage(build, height=0)
    on.ana.speak(False)
    on.tell([on.ana], [on.ben, on.eva])
    on.speak(on.ben, on.eva)
    on.tell(on.world.honest, on.world.honest, "prepare")
    on.speak(on.ana, on.ben)
    on.tell([on.ana], [on.ben])
    if on.world.certificate() is not None:
        raise Violation("a certificate from two commits")


def second_thoughts(build: Build) -> None:
    """ana leads and proposes; the next day she would propose something else."""
    on = Stage(build, height=0)
    on.ana.speak(False, "unwritten", 1)
    on.ana.lacks.add(on.ana.own[0].body)
    on.world.now += DAY
    on.ana.speak(False)


def any_order(build: Build) -> None:
    """ida proposes X and Y, and each is shown by several proofs: no order makes a difference."""
    on = Stage(build, height=3)
    proposals = in_order(on, 0, 2)
    for each in proposals:
        on.ana.rests_on.append(each)  # both, as where one came in the place of the other
    x = proposals[0].certificate
    on.ben.hear(proposals[:1])
    on.eva.hear(proposals[:1])
    on.speak(on.ben, on.eva)
    _expect_one_word(on, "prepare")
    on.support(0, x, [])
    all_four = dict(on.world.prepares[0, x])
    all_four[0] = build.messages.prepare(on.world.signers[0], on.world.at.about, 0, x)
    for left_out in (0, 1):
        some = build.messages.gather({k: v for k, v in all_four.items() if k != left_out})
        prepared = build.messages.Prepared(0, x, some)
        on.ana.rests_on.append(
            build.messages.move_on(on.world.signers[IDA], on.world.at.about, 1, prepared)
        )
    _expect_one_word(on, "commit")


def _expect_one_word(on: Stage, kind: str) -> None:
    words = set()
    for order in permutations(on.ana.rests_on):
        on.ana.seen = lambda order=order: list(order)  # type: ignore[method-assign]
        words.add(on.ana.next_word(False))
    if len(words) != 1 or words.pop().kind != kind:
        raise Violation("what a teller says depends on the order of the messages")


def false_body(build: Build) -> None:
    """ida leads, and proposes what nobody finds right."""
    on = Stage(build, height=3)
    body = on.world.body(right=False, liar=1)
    on.liars.propose(IDA, 0, body, on.world.honest)
    on.support(0, id_of(body), on.world.honest)
    together(on.world, on.world.honest, on.liars, most=30)


def false_proofs(build: Build) -> None:
    """What was not prepared can't be shown, whatever is put together."""
    on = Stage(build, height=0)
    on.ana.speak(False)
    x = on.ana.own[0].certificate
    on.tell([on.ana], [on.ben, on.eva])
    on.speak(on.ben, on.eva)
    make, about = build.messages, on.world.at.about
    prepares = make.gather(on.world.prepares[0, x])
    _, y = on.body(liar=1)
    signer = on.world.signers[IDA]
    for false in (
        make.Prepared(0, y, prepares),  # of something else
        make.Prepared(1, x, prepares),  # in another view
        make.Prepared(0, x, prepares[:2]),  # too few
        make.Prepared(0, x, (*prepares[:2], (IDA, prepares[2][1]))),  # by somebody else
        make.Prepared(0, x, (*prepares[:2], (6, prepares[2][1]))),  # by a seat that is not there
    ):
        on.liars.refused(make.move_on(signer, about, 2, false))
        on.liars.refused(make.commit(signer, about, false))


def two_liars(build: Build = REAL) -> tuple[World, list[Any]]:
    """With f + 1 liars all is lost: eva and ida tell ana X and ben Y; (world, both certificates).

    The world's own rules would stop this, so it is told of ana and ben one after the other.
    """
    world = World(build, liars=[2, 3], height=2)
    liars = Liars(world)
    made = []
    for teller, number in zip(world.honest, (1, 2), strict=True):
        body = world.body(liar=number)
        liars.propose(2, 0, body, [teller])
        for liar in (2, 3):
            liars.prepare(liar, 0, id_of(body), [teller])
        world.commits.clear()
        teller.speak(False)
        prepared = teller.table().highest_prepared()
        for liar in (2, 3):
            liars.commit(liar, prepared, [teller])
        made.append(world.checked(teller.table().certified()))
    return world, made


SCENARIOS: tuple[Callable[[Build], None], ...] = (
    no_lock,
    old_proof,
    newest_lock,
    late_commit,
    two_proposals,
    forgetful,
    few_prepares,
    few_commits,
    second_thoughts,
    any_order,
    false_body,
    false_proofs,
)
