"""The running node's side of the owner's socket; see `control` for the requests."""

from __future__ import annotations

import base64
import json
import logging
import os
import socket
from collections.abc import Callable
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import trio

from node import network_view, recalling, seat
from node.control import MAX_LINE, short
from node.inviting import Place, one_time_key
from node.service import Node
from protocol.codec import decode
from protocol.errors import MoothallError, Refused
from protocol.kinds.registry import KINDS
from protocol.records import MAX_BODY
from storage.own import Draft

if TYPE_CHECKING:
    from trio_typing import TaskStatus

logger = logging.getLogger("moothall.control")


async def serve(
    node: Node,
    login_link: Callable[[], str] | None = None,
    *,
    task_status: TaskStatus[None] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Listen on the home's socket until cancelled, then take the socket away.

    `login_link` makes a link that opens the desk; None where there is no desk.
    """
    path = node.home.socket
    path.unlink(missing_ok=True)  # left by a killed node; the lock says that none runs
    listening = trio.socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        with short(path) as name:
            await listening.bind(name)
    finally:
        os.umask(before)
    listening.listen(16)

    async def handle(stream: trio.SocketStream) -> None:
        try:
            await _talk(node, login_link, stream)
        except Exception as error:  # a group of them, too: a command never ends the node
            logger.debug("a command went away: %s", type(error).__name__, exc_info=True)

    try:
        async with trio.open_nursery() as nursery:
            await nursery.start(trio.serve_listeners, handle, [trio.SocketListener(listening)])
            task_status.started()
    finally:
        path.unlink(missing_ok=True)


async def _talk(
    node: Node, login_link: Callable[[], str] | None, stream: trio.SocketStream
) -> None:
    buffered = bytearray()
    async with stream:
        while True:
            while b"\n" not in buffered:
                data = await stream.receive_some(65_536)
                if not data or len(buffered) > MAX_LINE:
                    return
                buffered += data
            line, _, rest = bytes(buffered).partition(b"\n")
            buffered = bytearray(rest)
            request = json.loads(line)
            if not isinstance(request, dict):
                raise ValueError("a request that is no object")
            if request.get("do") == "watch":
                await _watch(node, stream)
                return
            try:
                if request.get("do") == "move-seat":
                    answer = await seat.move(node, alone=request.get("alone") is True)
                elif request.get("do") == "open-letters":
                    answer = {"opened": await node.opening.catch_up()}
                else:
                    answer = _answer(node, login_link, request)
            except MoothallError as error:
                answer = {"error": error.reason, "message": str(error)}
            await stream.send_all(json.dumps(answer).encode() + b"\n")


def _answer(node: Node, login_link: Callable[[], str] | None, request: Any) -> dict[str, Any]:
    match request:
        case {"do": "poke"}:
            node.poke()
            return {"done": True}
        case {"do": "peers"}:
            touch = node.touch()
            return {
                "peers": len(touch),
                "touch": touch,
                "compared": node.compared(),
                "trouble": node.store.trouble,
            }
        case {"do": "links"}:
            trouble = node.store.trouble
            return {
                **network_view.view(node).plain(),
                "version": version("moothall"),
                "trouble": trouble and trouble.reason,
            }
        case {"do": "one-time", "places": list(places)}:
            device, community = node.home.unlock().device, node.store.community
            keys = [one_time_key(device, community, _place(item)) for item in places]
            return {"seeds": [key.seed.hex() for key in keys]}
        case {"do": "letters-key"}:
            return {"key": node.home.letters_key().hex()}
        case {"do": "desk"} if login_link is not None:
            return {"desk": login_link()}
        case {"do": "recall", "prev": str(prev), "attempt": int(attempt), "tellers": list(seats)}:
            recalling.write(node.home, recalling.from_plain(prev, attempt, seats))
            return {"done": True}
        case {"do": "append", "drafts": list(drafts)}:
            ids = node.home.append_here([_draft(item) for item in drafts])
            node.poke()
            return {"ids": [record_id.hex() for record_id in ids]}
    raise Refused("bad-request", "The node does not know this request; is it an older version?")


def _place(item: Any) -> Place:
    match item:
        case [int(slot), int(round_)] if slot >= 0 and round_ >= 0:
            return slot, round_
    raise Refused("bad-request", "A place of an invitation is a slot and a round.")


def _draft(item: Any) -> Draft:
    match item:
        case [str(kind), str(body)] if kind in KINDS:
            data = decode(base64.b64decode(body), limit=MAX_BODY)
            if isinstance(data, dict):
                return Draft(kind, data)
    raise Refused("bad-request", "A record that the node can't write.")


async def _watch(node: Node, stream: trio.SocketStream) -> None:
    """Events until the command goes away or the node ends."""
    async with trio.open_nursery() as nursery:

        async def until_gone() -> None:
            while await stream.receive_some(1024):
                pass
            nursery.cancel_scope.cancel()

        nursery.start_soon(until_gone)
        with node.events.listen() as events:
            async for event in events:
                await stream.send_all(json.dumps(event).encode() + b"\n")
