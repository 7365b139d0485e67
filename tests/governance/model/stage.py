"""The stage for scripted runs: four tellers, the fourth of whom lies.

ana, ben, eva and ida sit on the seats 0 to 3; at height h the seat (h + view) % 4 leads a view.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tests.governance.model.builds import Build
from tests.governance.model.liars import Liars
from tests.governance.model.world import Teller, Violation, World, id_of

IDA = 3


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


def in_order(on: Stage, view: int, many: int, *, right: bool = True) -> list[Any]:
    """Proposals of ida's for `view`, each of which stands in the place of the one before."""
    made = []
    for number in range(many):
        body = on.world.body(right=right, liar=number)
        made.append(on.liars.propose(IDA, view, body))
    return sorted(made, key=lambda message: message.id, reverse=True)
