"""The effect of a proposal: what a passed vote does by itself, on every node.

An effect is plain data in the proposal's record. Its type says how a member's own words become
that data (`prepare`), whether it can be carried out (`check`), and what it does (`apply`). A type
is a subclass of `Effect` in a module of its own, and a line in the registry. Everything is a pure
function of the effect and the certified state.

The sentences of refusals are written once, as Refused. `check` turns them into Invalid, because
there the effect came from somebody else. Effects are strict: an unknown key is refused, for a node
that ignored it would act otherwise than one that knows it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any, Generic, Protocol, TypeAlias, TypeVar, final

from governance.certified import Certified, Vote
from governance.charter_read import shown
from governance.saying import Said
from protocol.codec import Plain, encode
from protocol.errors import Invalid, Refused
from protocol.kinds.proposal import MAX_OPTIONS, OPTION_ID, STATUS_QUO
from protocol.shape import one_line

ADOPT = (
    "adopt"  # the one option beside the status quo, where a method of choice decides a yes or no
)
BY_YES_OR_NO = ("yesno", "consent")  # forms of methods that take no options

Options = Sequence[tuple[str, str]]  # (id, text)


class Stale(Refused):
    """What the effect would change is not any more what it was; the reason is always `stale`."""


class Names(Protocol):
    """How the words of whoever writes a proposal become keys and ids.

    Each function raises NotFound or Refused for a text that fits nothing, or several.
    """

    me: bytes  # the writer's person key

    def person(self, text: str) -> bytes:
        """The key of the person with this name or id."""

    def listing(self, text: str) -> bytes:
        """The id of a listing's first record."""

    def money(self, text: str, currency: str) -> int:
        """Minor units: "12.50" EUR is 1250."""


T = TypeVar("T")
R = TypeVar("R")


class Effect(Generic[T]):
    """A type of effect. `T` is what its data reads as."""

    name: str
    kinds: tuple[str, ...]  # of proposals that may carry it
    needed: tuple[str, ...] = ()  # keys that a member writes, besides `type`
    optional: tuple[str, ...] = ()
    free_options = False  # whether the author makes up the options

    @final
    def prepare(
        self, given: Mapping[str, object], state: Certified, names: Names
    ) -> dict[str, Plain]:
        """The data of an effect that a member wrote as JSON; `docs/cli.md` says how.

        What comes back passes `check` as things stand. Refused, `bad-effect` for the most part,
        with a sentence for the writer.
        """
        data = dict(given)
        try:
            encode(data)  # type: ignore[arg-type]  # that is the question
        except ValueError as error:
            raise Refused(
                "bad-effect",
                "An effect holds maps, lists, texts and whole numbers only: %(why)s.",
                why=str(error),
            ) from error
        if data.pop("type", None) != self.name:
            raise Refused("bad-effect", "This is not an effect %(name)s.", name=self.name)
        only_keys(data, self.needed, self.optional)
        record = {"type": self.name, **self._draft(data, state, names)}
        self._fit(self._own(record), state)
        return record

    @final
    def check(self, effect: Mapping[str, Any], state: Certified, options: Options) -> None:
        """Invalid `bad-effect` if `effect` is malformed or can't be carried out at all; Stale if
        what it names has changed since it was written. Nothing else, whatever it holds.

        `options` are the proposal's; `options_for` says whether the method takes them.
        """

        def look() -> None:
            read = self._own(effect)
            _known_options(self._choices(read), options)
            self._fit(read, state)

        _from_others(look)

    @final
    def charters(
        self, effect: Mapping[str, Any], charter: Mapping[str, Plain]
    ) -> list[dict[str, Plain]]:
        """The data of each charter that this could lead to from `charter`; errors as `check`."""
        return _from_others(lambda: self._charters(self._own(effect), charter))

    @final
    def apply(
        self,
        state: Certified,
        vote: Vote,
        *,
        height: int,
        at: int,
        charter_hash: bytes | None = None,
    ) -> Certified:
        """The state with the passed `vote` carried out by the certificate at `height`.

        `at`: seconds since 1970 as it claims. Stale, and nothing else, when it can't be: something
        that it rests on has changed since the vote was opened. With the `charter_hash` that this
        led to when it was checked, it is not checked again.
        """
        try:
            read = self._own(vote.effect)
            if charter_hash is not None:
                return self._repeat(read, state, vote, height, at, charter_hash)
            return self._carry_out(read, state, vote, height, at)
        except Stale:
            raise
        except Refused as error:
            raise Stale("stale", error.text, **error.values) from error

    @final
    def concerned(self, effect: Mapping[str, Any], recuse: bool) -> tuple[bytes, ...]:
        """The persons who do not vote; `recuse`: whether the rule takes out who has a stake."""
        return _from_others(lambda: self._concerned(self._own(effect), recuse))

    @final
    def choices(self, effect: Mapping[str, Any]) -> tuple[str, ...] | None:
        """The option ids that the effect gives a meaning to, sorted; None if it has no such."""
        return _from_others(lambda: self._choices(self._own(effect)))

    @final
    def seats(self, effect: Mapping[str, Any], charter: Mapping[str, Plain]) -> int:
        """How many options can win."""
        return _from_others(lambda: self._seats(self._own(effect), charter))

    @final
    def alternates(self, effect: Mapping[str, Any], charter: Mapping[str, Plain]) -> int:
        """How many options are ranked behind the winners at most, to come in for one of them."""
        return _from_others(lambda: self._alternates(self._own(effect), charter))

    @final
    def fewest(self, effect: Mapping[str, Any], seats: int) -> int:
        """How many have to be found for `seats`, alternates among them, or nothing is changed."""
        return _from_others(lambda: self._fewest(self._own(effect), seats))

    @final
    def show(self, effect: Mapping[str, Any]) -> dict[str, object]:
        """The effect as a member would write it, ids in hex. Of a malformed one only its type."""
        try:
            return {"type": self.name, **self._show(self._own(effect))}
        except Refused:
            return {"type": self.name}

    @final
    def in_words(self, effect: Mapping[str, Any], state: Certified) -> list[Said]:
        """What is at stake, a sentence each. Of a malformed effect nothing is said.

        Where something changes, before is what stood in the charter when the effect was written.
        """
        try:
            return self._say(self._own(effect), state)
        except Refused:
            return []

    def _own(self, effect: Mapping[str, Any]) -> T:
        if effect.get("type") != self.name:
            raise misshapen("type")
        return self._read(effect)

    # What a type says of itself; all may raise Refused and Stale.

    def _draft(self, given: dict[str, Any], state: Certified, names: Names) -> dict[str, Plain]:
        """The data, without `type`, from a member's JSON, which is sound plain data."""
        raise NotImplementedError

    def _read(self, effect: Mapping[str, Any]) -> T:
        """The data as a value; only its shape is looked at."""
        raise NotImplementedError

    def _fit(self, read: T, state: Certified) -> None:
        """Refuse what can't be carried out as things stand."""

    def _charters(self, read: T, charter: Mapping[str, Plain]) -> list[dict[str, Plain]]:
        return []

    def _carry_out(self, read: T, state: Certified, vote: Vote, height: int, at: int) -> Certified:
        raise NotImplementedError

    def _repeat(
        self, read: T, state: Certified, vote: Vote, height: int, at: int, charter_hash: bytes
    ) -> Certified:
        return self._carry_out(read, state, vote, height, at)

    def _concerned(self, read: T, recuse: bool) -> tuple[bytes, ...]:
        return ()

    def _choices(self, read: T) -> tuple[str, ...] | None:
        return None

    def _seats(self, read: T, charter: Mapping[str, Plain]) -> int:
        return 1

    def _alternates(self, read: T, charter: Mapping[str, Plain]) -> int:
        return 0

    def _fewest(self, read: T, seats: int) -> int:
        return 0

    def _show(self, read: T) -> dict[str, object]:
        raise NotImplementedError

    def _say(self, read: T, state: Certified) -> list[Said]:
        raise NotImplementedError


EffectType: TypeAlias = Effect[Any]


def options_for(
    sort: EffectType, effect: Mapping[str, Any], options: Options, form: str
) -> tuple[tuple[str, str], ...]:
    """The options of the vote on `effect` by a method of this form, the status quo left out.

    () where the question is a yes or no. `options` are the author's. Invalid `bad-effect` if the
    method can't decide this.
    """
    return _from_others(lambda: _options_for(sort, sort.choices(effect), options, form))


def _options_for(
    sort: EffectType, choices: tuple[str, ...] | None, options: Options, form: str
) -> tuple[tuple[str, str], ...]:
    given = dict(options)
    if form in BY_YES_OR_NO:
        if choices is not None and len(choices) != 1:
            raise Refused(
                "bad-effect",
                "A yes or no can only decide about one, not about %(n)s.",
                n=len(choices),
            )
        if set(given) - set(choices or ()):
            raise Refused("bad-effect", "This is decided by a yes or no, which has no options.")
        return ()
    if sort.free_options:
        if not given:
            raise Refused("bad-effect", "This is a choice among options: name at least one.")
        return tuple(options)
    known = (ADOPT,) if choices is None else choices
    _known_options(known, options)
    return (*options, *((name, "") for name in known if name not in given))


def only_keys(
    data: Mapping[str, object], needed: Collection[str], optional: Collection[str] = ()
) -> None:
    """Refused unless `data` has all `needed` keys and no others than `optional` ones."""
    for key in needed:
        if key not in data:
            raise Refused("bad-effect", "%(key)s is missing from the effect.", key=key)
    for key in data:
        if key not in needed and key not in optional:
            raise Refused(
                "bad-effect",
                "%(key)s is not a part of this effect; these are: %(known)s.",
                key=shown(key),
                known=", ".join((*needed, *optional)) or "type",
            )


def misshapen(key: str) -> Refused:
    """The error for a part of an effect that has the wrong shape."""
    return Refused("bad-effect", "%(key)s of the effect has the wrong shape.", key=key)


def a_key(value: object, name: str) -> bytes:
    """A key or id of 32 bytes."""
    if type(value) is not bytes or len(value) != 32:
        raise misshapen(name)
    return value


def a_text(value: object, name: str, most: int) -> str:
    """One line of 1 to `most` characters, at least one of them visible."""
    if type(value) is not str:
        raise misshapen(name)
    if not value.strip() or not one_line(value) or len(value) > most:
        raise Refused(
            "bad-effect",
            "%(key)s must be one line of 1 to %(most)s characters.",
            key=name,
            most=most,
        )
    return value


def a_map(value: object, name: str) -> dict[str, Any]:
    """A map with text keys."""
    if type(value) is not dict or any(type(key) is not str for key in value):
        raise misshapen(name)
    return value


def keys_by_option(value: object, name: str) -> dict[str, bytes]:
    """A map from option id to a key or id: 1 to MAX_OPTIONS of them, all different, sorted."""
    found = {key: a_key(item, name) for key, item in sorted(a_map(value, name).items())}
    if not 1 <= len(found) <= MAX_OPTIONS:
        raise Refused(
            "bad-effect", "%(key)s must hold 1 to %(most)s options.", key=name, most=MAX_OPTIONS
        )
    for option in found:
        if not OPTION_ID.fullmatch(option) or option == STATUS_QUO:
            raise Refused(
                "bad-effect",
                "%(option)s can't stand for an option; take a short word of letters and digits.",
                option=shown(option),
            )
    if len(set(found.values())) != len(found):
        raise Refused("bad-effect", "%(key)s holds the same one twice.", key=name)
    return found


def words_by_option(value: object, name: str, resolve: Callable[[str], bytes]) -> dict[str, Plain]:
    """A map from option id to a key or id, from a map to what a member wrote."""
    return {key: resolve(a_word(item, name)) for key, item in a_map(value, name).items()}


def a_word(value: object, name: str) -> str:
    """Any text; `names` will say what it stands for."""
    if type(value) is not str:
        raise misshapen(name)
    return value


def _known_options(choices: Collection[str] | None, options: Options) -> None:
    for name, _ in options:
        if choices is not None and name not in choices:
            raise Refused(
                "bad-effect",
                "The option %(option)s is not among %(known)s, which the effect names.",
                option=name,
                known=", ".join(choices),
            )


def _from_others(act: Callable[[], R]) -> R:
    """Do it; a refusal of data that came from others is Invalid, unless it is Stale."""
    try:
        return act()
    except Stale:
        raise
    except Refused as error:
        raise Invalid("bad-effect", error.text, **error.values) from error
