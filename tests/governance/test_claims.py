"""What becomes of a claim when the value it names is amended, given up or taken up again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from governance.certified import Version
from governance.claims import CHANGED, HELD, WITHDRAWN, Mark, Values
from protocol.kinds.listing import Claim
from tests.governance.versions import version
from tests.protocol.people import h

# Founded with two values; then one is reworded and one added; then one is given up; then it comes
# back as it was, and the reworded one has its first words again.
HISTORY = [
    version(1, {"mend": "We mend.", "near": "From near by."}),
    version(2, {"mend": "We mend first.", "near": "From near by.", "fair": "A fair hour."}),
    version(3, {"mend": "We mend first.", "fair": "A fair hour."}),
    version(4, {"mend": "We mend.", "near": "From near by.", "fair": "Fair pay."}),
]
FIRST, SECOND, THIRD, FOURTH = (each.hash for each in HISTORY)
ELSEWHERE = h("a charter that is not here")


@pytest.mark.parametrize(
    ("claimed", "at", "mend", "near", "fair"),
    [
        (FIRST, 1, HELD, HELD, WITHDRAWN),
        (FIRST, 2, CHANGED, HELD, HELD),
        (SECOND, 2, HELD, HELD, HELD),
        (FIRST, 3, CHANGED, WITHDRAWN, HELD),
        (FIRST, 4, HELD, HELD, CHANGED),
        (SECOND, 4, CHANGED, HELD, CHANGED),
        (THIRD, 4, CHANGED, HELD, CHANGED),  # near: not in that charter, so as it was first
        (FOURTH, 4, HELD, HELD, HELD),
        (None, 2, CHANGED, HELD, HELD),
        (ELSEWHERE, 2, CHANGED, HELD, HELD),  # as long as nobody here knows it
        (FOURTH, 2, CHANGED, HELD, HELD),
        (None, 4, HELD, HELD, CHANGED),  # what came later counts as claimed as it was first
    ],
)
def test_a_claim_stands_as_its_value_does(
    claimed: bytes | None, at: int, mend: str, near: str, fair: str
) -> None:
    values = Values(HISTORY[:at])
    claims = [Claim(value=value, charter=claimed) for value in ("mend", "near", "fair")]

    assert [mark.status for mark in values.marks(claims)] == [mend, near, fair]


def test_both_texts_are_at_hand() -> None:
    values = Values(HISTORY[:3])

    assert values.marks(
        [
            Claim(value="mend", evidence="Look.", charter=FIRST),
            Claim(value="near", evidence="Here.", charter=SECOND),
            Claim(value="loud", evidence="", charter=SECOND),
        ]
    ) == [
        Mark("mend", "Look.", CHANGED, "We mend.", "We mend first."),
        Mark("near", "Here.", WITHDRAWN, "From near by.", ""),
        Mark("loud", "", WITHDRAWN, "", ""),
    ]
    assert list(values.in_force) == ["mend", "fair"]
    assert Values(()).mark(Claim(value="mend")).status == WITHDRAWN


TEXTS = st.dictionaries(st.sampled_from("abc"), st.sampled_from(["one", "two"]))
HISTORIES = st.lists(TEXTS, min_size=1, max_size=5).map(
    lambda told: [version(number, each) for number, each in enumerate(told, 1)]
)


@given(HISTORIES, st.integers(0, 6), st.sampled_from("abc"))
def test_the_mark_follows_from_the_text_claimed_and_the_text_in_force(
    history: list[Version], claimed: int, value: str
) -> None:
    mark = Values(history).mark(Claim(value=value, charter=h("charter", claimed)))

    texts = [{each["id"]: each["text"] for each in v.data["values"]} for v in history]  # type: ignore[call-overload,index,union-attr]
    known = texts[claimed - 1 : claimed] if claimed else []
    then = next((each[value] for each in (*known, *texts) if value in each), "")
    now = texts[-1].get(value, "")
    assert (mark.then, mark.now) == (then, now)
    assert (mark.status == WITHDRAWN) == (not now)
    assert (mark.status == HELD) == (bool(now) and then == now)
