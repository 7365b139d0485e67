"""Commands for whoever looks after a node: peers, doctor."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import click

from node.cli.output import Output

WAYS = {"out": "dialled", "in": "dialled us"}
WHY = {
    "alone": "Nobody else belongs to this community yet; `moothall invite` makes a link for them.",
    "not-in": "Only members' nodes are kept in touch with, and you are not one, or not yet: see "
    "`moothall status`.",
    "no-addresses": "No address of another member's node is known here. Nodes on one local network "
    "find each other by themselves; everybody else has to dial this one: ask a friend to start "
    "theirs.",
    "no-answer": "None of the nodes that are known here answers. Look whether this computer is "
    "online, and ask a friend to start theirs.",
}


@click.command()
@click.pass_obj
def peers(out: Output) -> None:
    """Show which nodes yours is in touch with, and how.

    Whose they are, who dialled whom or which node relays, since when, how much went both ways,
    and who invited that person.
    """
    from node import control
    from node.home import SOCKET, now_ms
    from storage.views import profiles

    with out.opened() as home:
        found = control.links(out.home / SOCKET)
        names = {person.hex(): name for person, name in profiles.names(home.store).items()}
        out.answer(
            {"peers": found["peers"], "known": found["known"], "why": found["why"]},
            peers_text(found, names, now_ms()),
        )


def peers_text(found: Mapping[str, Any], names: Mapping[str, str], now_ms: int) -> str:
    """What `peers` prints: three lines a neighbour, or why there is none; `names` by person."""
    from node.moments import when
    from node.sizes import size_text

    near = {row["peer"]: _called(row, names) for row in found["peers"]}
    lines = []
    for row in found["peers"]:
        way = (
            WAYS.get(row["way"]) or f"over the node of {near.get(row['relay'], row['relay'][-8:])}"
        )
        inviter = row["inviter"]
        by = "" if inviter is None else f", invited by {names.get(inviter) or inviter[:8]}"
        lines += [
            f"{near[row['peer']]}{by}",
            f"  {way} at {row['address'] or 'an unknown address'}, since "
            f"{when(row['since'], now_ms)}",
            f"  {size_text(row['received'])} received, {size_text(row['sent'])} sent; "
            f"peer {row['peer']}",
        ]
    if not lines:
        lines = ["Your node is in touch with nobody.", WHY.get(found["why"], "")]
    known = found["known"]
    if known:
        nodes = "node" if known == 1 else "nodes"
        lines.append(f"The addresses of {known} other {nodes} are known here.")
    return "\n".join(line for line in lines if line)


def _called(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    from node.cli.render import line

    person = row["person"]
    if person is None:
        return "somebody who is not known yet"
    return line(names.get(person, "")) or person[:8]


@click.command()
@click.pass_context
def doctor(ctx: click.Context) -> None:
    """Look after this home and its node, and say what to do.

    Clock, disk, store, ports, whether others can reach you, and what goes with it. It works with
    the node running, and tells less without. If something is bad, the exit code is 1.
    """
    from node.doctor.examining import examine
    from node.doctor.finding import BAD
    from storage.database import friendly

    out: Output = ctx.obj
    with friendly():
        findings = examine(out.home)
    out.answer(
        {"checks": [finding.plain() for finding in findings]},
        _findings_text([finding.plain() for finding in findings]),
    )
    if any(finding.state == BAD for finding in findings):
        ctx.exit(1)


def _findings_text(findings: Sequence[Mapping[str, str]]) -> str:
    lines = []
    for each in findings:
        lines.append(f"{each['state']:<8} {each['check']}: {each['message']}")
        if each["todo"]:
            lines.append(f"{'':<8} -> {each['todo']}")
    return "\n".join(lines)
