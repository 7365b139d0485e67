"""Times as RFC 3339 writes them, whatever a record claims."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from node.status import rfc3339
from protocol.records import MAX_TIME


@pytest.mark.parametrize(
    ("at_ms", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1_801_353_600_999, "2027-01-31T00:00:00Z"),
        (MAX_TIME, "9999-12-31T23:59:59Z"),
    ],
)
def test_times_are_utc_in_whole_seconds(at_ms: int, text: str) -> None:
    assert rfc3339(at_ms) == text


@given(st.integers(0, MAX_TIME))
def test_any_time_of_a_record_can_be_written(at_ms: int) -> None:
    found = datetime.datetime.fromisoformat(rfc3339(at_ms))

    assert found.tzinfo == datetime.UTC
    assert found.timestamp() <= at_ms / 1000 or found.year == 9999
