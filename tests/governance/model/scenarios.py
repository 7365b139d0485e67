"""Scripted runs, each the classic way to break one rule: with that rule broken, `Violation`.

Four tellers: ana, ben, eva, ida on the seats 0 to 3; ida is the one who may lie. At height h the
seat (h + view) % 4 leads a view. The real machine passes all of them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import permutations
from typing import Any

from tests.governance.model.builds import REAL, Build
from tests.governance.model.liars import Liars
from tests.governance.model.schedules import awake, together
from tests.governance.model.world import DAY, HOUR, NEVER, Teller, Violation, World, id_of

IDA = 3
MOST_HURRIED = 40  # days


class Stage:
    """A world of four with words for a script."""

    def __init__(self, build: Build, *, height: int, due: int = 0) -> None:
        self.world = World(build, liars=[IDA], height=height, due=due)
        self.ana, self.ben, self.eva = self.world.honest
        self.liars = Liars(self.world)

    def body(self, **what: int) -> tuple[bytes, bytes]:
        """(body, id) of a certificate that can be found right."""
        body = self.world.body(**what)
        return body, id_of(body)

    def tell(self, who: Iterable[Any], to: Iterable[Any], *kinds: str) -> None:
        """`to` hear what `who` hold, all of it or these kinds."""
        held = [m for each in who for m in each.held if not kinds or m.kind in kinds]
        for each in to:
            each.hear(held)

    def speak(self, *who: Teller) -> None:
        """They say all they have to say, in patience."""
        for each in who:
            each.speak(False)

    def to_view(self, view: int, *who: Teller) -> None:
        """All honest, or these and ida, come to a view; they hear each other's `move-on` only."""
        honest = who or self.world.honest
        if who:
            self.liars.move_on(IDA, view, list(who))
        for _ in range(4 * view + 4):
            if min(each.table().view for each in honest) >= view:
                return
            for each in honest:
                if each.table().view < view:
                    each.speak(True)
            self.tell(honest, honest, "move-on")
        raise Violation(f"view {view} is never reached")

    def support(self, view: int, id_: bytes, to: Iterable[Any]) -> None:
        """ida prepares this, and tells only these."""
        self.liars.prepare(IDA, view, id_, list(to))


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


def _in_order(on: Stage, view: int, many: int, *, right: bool = True) -> list[Any]:
    """Proposals of ida's for `view`, each of which stands in the place of the one before."""
    made = []
    for number in range(many):
        body = on.world.body(right=right, liar=number)
        made.append(on.liars.propose(IDA, view, body))
    return sorted(made, key=lambda message: message.id, reverse=True)


def two_proposals(build: Build) -> None:
    """ida leads, proposes X, and Y instead once X was prepared."""
    on = Stage(build, height=1)
    on.to_view(2)
    for each in _in_order(on, 2, 3):
        for teller in on.world.honest:
            teller.hear([each])
        on.speak(*on.world.honest)


def forgetful(build: Build) -> None:
    """X is certified; ana and ben begin anew from their disks; ida proposes Y in the same view."""
    on = Stage(build, height=3)
    proposals = _in_order(on, 0, 2)
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


def false_body(build: Build) -> None:
    """ida leads, and proposes what nobody finds right."""
    on = Stage(build, height=3)
    body = on.world.body(right=False, liar=1)
    on.liars.propose(IDA, 0, body, on.world.honest)
    on.support(0, id_of(body), on.world.honest)
    together(on.world, on.world.honest, on.liars, most=30)


def from_the_sky(build: Build) -> None:
    """ida proposes in a view far above what anybody else has asked for."""
    on = Stage(build, height=3)
    view = 4_000_000
    on.liars.move_on(IDA, view, on.world.honest)
    for each, teller in zip(_in_order(on, view, 3), on.world.honest, strict=True):
        teller.hear([each])
        teller.speak(False)
    together(on.world, on.world.honest, None, most=30)


def second_thoughts(build: Build) -> None:
    """ana leads and proposes; the next day she would propose something else."""
    on = Stage(build, height=0)
    on.ana.speak(False, "unwritten", 1)
    on.ana.lacks.add(on.ana.own[0].body)
    on.world.now += DAY
    on.ana.speak(False)


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


def any_order(build: Build) -> None:
    """ida proposes X and Y, and each is shown by several proofs: no order makes a difference."""
    on = Stage(build, height=3)
    proposals = _in_order(on, 0, 2)
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


def usurper(build: Build) -> None:
    """ida proposes, in views that others lead, what comes before theirs in the order of ids."""
    on = Stage(build, height=0)
    everybody = [*on.world.honest, on.world.member]
    for view in range(12):
        for each in _in_order(on, view, 12, right=False):
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
                rest = ready.setdefault(led, _in_order(on, led, 12))
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


SCENARIOS: tuple[Callable[[Build], None], ...] = (
    no_lock,
    old_proof,
    newest_lock,
    late_commit,
    two_proposals,
    forgetful,
    few_prepares,
    few_commits,
    two_and_two,
    unseen_evidence,
    two_prepared,
    idle,
    begun,
    nothing_due,
    false_body,
    from_the_sky,
    second_thoughts,
    left_behind,
    any_order,
    usurper,
    calm,
    hurried,
    dead_leader,
    false_proofs,
)


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
