"""What a node says it holds is remembered, and yet never old."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from governance.charter import Charter
from governance.templates import template
from node import home as homes
from node import market
from node.home import Home
from protocol.kinds.listing import Listing
from storage import frontier


@pytest.fixture
def ana(tmp_path: Path) -> Iterator[Home]:
    made = homes.found(tmp_path / "ana", Charter.from_data(template("kitchen-table")), "Ana", None)
    yield made
    made.close()


def test_it_is_reckoned_once_while_nothing_changes(
    ana: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = frontier.hello(ana.store)
    monkeypatch.setattr(frontier, "places", None)  # reckoning again would raise

    assert frontier.hello(ana.store) is said


def test_what_another_process_wrote_is_in_it(ana: Home) -> None:
    before = frontier.hello(ana.store)
    other = homes.open_home(ana.path)
    market.offer(other, Listing(title="Bread", mode="give"))

    assert frontier.hello(ana.store).frontier != before.frontier
    assert frontier.hello(ana.store) == frontier.hello(other.store)
    other.close()


def test_what_was_not_kept_is_not_in_it(ana: Home) -> None:
    before = frontier.hello(ana.store)
    with pytest.raises(KeyError), ana.store.transaction():
        market.offer(ana, Listing(title="Bread", mode="give"))
        assert frontier.hello(ana.store).frontier != before.frontier
        raise KeyError

    assert frontier.hello(ana.store) == before
