"""What lying tellers say: anything that nodes accept, and some things that they must not.

All liars are one mind: each knows everything that was ever signed, even what was never sent, and
has the keys of the others.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from protocol.errors import Invalid
from tests.governance.model.world import Violation, World, id_of

SKY = 2**32 - 1


class Liars:
    """The lying seats of a world and what they can make."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.random = world.random
        self.seats = sorted(world.liars)
        self._bodies: list[bytes] = []  # that they made up
        self._make = world.build.messages

    # The four kinds, each given to whom the liar likes

    def propose(
        self, seat: int, view: int, body: bytes, to: Collection[Any] = (), *, shown: Any = None
    ) -> Any:
        """A proposal; `shown` is what it shows to have been prepared."""
        return self._give(
            seat, self._make.propose(self._signer(seat), self.world.at.about, view, body, shown), to
        )

    def prepare(self, seat: int, view: int, id_: bytes, to: Collection[Any] = ()) -> Any:
        """A prepare."""
        return self._give(
            seat, self._make.prepare(self._signer(seat), self.world.at.about, view, id_), to
        )

    def commit(self, seat: int, prepared: Any, to: Collection[Any] = ()) -> Any:
        """A commit."""
        return self._give(
            seat, self._make.commit(self._signer(seat), self.world.at.about, prepared), to
        )

    def move_on(self, seat: int, view: int, to: Collection[Any] = (), *, shown: Any = None) -> Any:
        """A word that asks for a view."""
        return self._give(
            seat, self._make.move_on(self._signer(seat), self.world.at.about, view, shown), to
        )

    def _signer(self, seat: int) -> Any:
        return self.world.signers[seat]

    def _give(self, seat: int, message: Any, to: Collection[Any]) -> Any:
        assert seat in self.world.liars
        self.world.accept(message.raw)
        if message.id not in self.world.ever:
            self.world.said(message)
        names = ", ".join(map(str, to)) or "nobody"
        self.world.trace.append(f"  liar {seat} to {names}: {self.world.words(message)}")
        for each in to:
            each.hear([message])
        return message

    # What can be shown

    def provable(self, view: int, id_: bytes) -> Any:
        """The prepares of this by a quorum, with those of the liars; None if they are too few."""
        found = dict(self.world.prepares.get((view, id_), {}))
        for seat in self.seats:
            if len(found) < self.world.need:
                found.setdefault(seat, self.prepare(seat, view, id_))
        if len(found) < self.world.need:
            return None
        return self._make.Prepared(view, id_, self._make.gather(found))

    # By chance

    def act(self, to: Collection[Any]) -> None:
        """One lie, told to some of `to` as it comes."""
        some = [each for each in to if self.random.random() < 0.6]
        seat = self.random.choice(self.seats)
        lie = self.random.choice(
            [self._lead, self._support] * 2 + [self._split, self._bind, self._hurry, self._cheat]
        )
        lie(seat, some)

    def _views(self) -> list[int]:
        """The views that matter, the next one, and one in the sky."""
        reached = max((each.table().view for each in self.world.honest), default=0)
        return [*range(max(0, reached - 3), reached + 3), SKY - 3]

    def _body(self) -> bytes:
        if not self._bodies:
            self._bodies += [self.world.body(liar=1), self.world.body(liar=2)]
            self._bodies.append(self.world.body(right=False, liar=3))
        known = [each.body for each in self.world.ever.values() if each.body is not None]
        return self.random.choice([*self._bodies, *known])

    def _proofs(self, below: int) -> list[Any]:
        """Everything that can be shown to have been prepared in a view below this."""
        keys = [key for key in self.world.prepares if key[0] < below]
        found = [self.provable(*key) for key in keys if self._likely(key)]
        return [each for each in found if each is not None]

    def _likely(self, key: tuple[int, bytes]) -> bool:
        return len(self.world.liars | set(self.world.prepares[key])) >= self.world.need

    def _led(self) -> tuple[int, int]:
        """(seat, view) of a view that a liar leads, if there is one at hand."""
        views = self._views()
        led = [v for v in views if self.world.at.leader(v) in self.world.liars]
        view = self.random.choice(led or views)
        return self.world.at.leader(view), view

    def _lead(self, _seat: int, to: list[Any]) -> None:
        seat, view = self._led()
        if seat not in self.world.liars:
            return
        proofs = self._proofs(view)
        if proofs and self.random.random() < 0.6:
            shown = self.random.choice(proofs)
            body = self.world.known_body(shown.id)
            self.propose(seat, view, body, to, shown=shown)
        else:
            self.propose(seat, view, self._body(), to)

    def _split(self, _seat: int, _to: list[Any]) -> None:
        """Two proposals in one view, each to some, and each prepared by all liars."""
        seat, view = self._led()
        if seat not in self.world.liars:
            return
        everybody = list(self.world.honest)
        self.random.shuffle(everybody)
        middle = self.random.randrange(len(everybody) + 1)
        for some in (everybody[:middle], everybody[middle:]):
            body = self._body()
            self.propose(seat, view, body, some)
            for each in self.seats:
                self.prepare(each, view, id_of(body), some)

    def _support(self, seat: int, to: list[Any]) -> None:
        """Prepare whatever was proposed or prepared, in any view."""
        known = [
            (each.view, each.certificate)
            for each in self.world.ever.values()
            if each.kind in ("propose", "prepare")
        ]
        if known:
            self.prepare(seat, *self.random.choice(known), to)

    def _bind(self, seat: int, to: list[Any]) -> None:
        """Commit to whatever can be shown."""
        if proofs := self._proofs(SKY):
            self.commit(seat, self.random.choice(proofs), to)

    def _hurry(self, seat: int, to: list[Any]) -> None:
        view = self.random.choice([v for v in self._views() if v > 0])
        proofs = self._proofs(view)
        shown = self.random.choice([None, *proofs])
        self.move_on(seat, view, to, shown=shown)

    def _cheat(self, seat: int, _to: list[Any]) -> None:
        """Show what was not prepared; nobody may accept that."""
        view, id_ = self.random.randrange(6), id_of(self._body())
        shown = {
            honest: each.signature
            for key, found in self.world.prepares.items()
            for honest, each in found.items()
            if key != (view, id_) and honest not in self.world.liars
        }
        if not shown:
            return
        for each in self.seats:
            message = self._make.prepare(self._signer(each), self.world.at.about, view, id_)
            shown[each] = message.signature
        false = self._make.Prepared(view, id_, tuple(sorted(shown.items())))
        self.refused(self._make.move_on(self._signer(seat), self.world.at.about, view + 1, false))
        self.refused(self._make.commit(self._signer(seat), self.world.at.about, false))

    def refused(self, message: Any) -> None:
        """Violation if a node accepts this."""
        try:
            self.world.accept(message.raw)
        except Invalid:
            return
        raise Violation(f"a false proof is accepted: {self.world.words(message)}")
