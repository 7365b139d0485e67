"""What a node logs: one line each, nothing that steers a terminal, nothing that was private."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from io import StringIO

import pytest

from node.logs import Discreet

LETTER = "Bring the blue jar."


@pytest.fixture
def log() -> Iterator[tuple[logging.Logger, StringIO]]:
    """A logger of its own, and what it has written."""
    written = StringIO()
    logger = logging.getLogger("moothall.somewhere")
    handler = logging.StreamHandler(written)
    handler.setFormatter(Discreet("%(name)s: %(message)s"))
    logger.addHandler(handler)
    logger.propagate = False
    yield logger, written
    logger.removeHandler(handler)
    logger.propagate = True


def read(letter: str) -> int:
    return int(letter)


def test_of_an_error_it_tells_kind_and_place_and_not_what_it_says(log):
    logger, written = log
    try:
        read(LETTER)
    except ValueError:
        logger.error("reading failed", exc_info=True)

    text = written.getvalue()
    assert LETTER not in text
    assert "ValueError" in text
    assert f"{__name__}:" in text
    assert " read\n" in text


def test_several_errors_at_once_and_what_they_came_from_are_told_the_same_way(log):
    logger, written = log
    try:
        try:
            read(LETTER)
        except ValueError as error:
            raise ExceptionGroup(LETTER, [KeyError(LETTER)]) from error
    except ExceptionGroup:
        logger.error("all failed", exc_info=True)

    text = written.getvalue()
    assert LETTER not in text
    for kind in ("ValueError", "and then:", "ExceptionGroup", "KeyError"):
        assert kind in text


def test_a_deep_error_is_not_told_at_length(log):
    def deeper() -> None:
        deeper()

    logger, written = log
    try:
        deeper()
    except RecursionError:
        logger.error("too deep", exc_info=True)

    assert written.getvalue().count("\n") < 40


def test_what_a_peer_sent_steers_no_terminal_and_makes_no_line_of_its_own(log):
    logger, written = log
    logger.warning("refused %s", "\x1b[2Jsync\n2026-01-01 moothall: all is well\r\u202e")

    text = written.getvalue()
    assert text.count("\n") == 1
    assert not {"\x1b", "\r", "\u202e"} & set(text)
    assert "all is well" in text
