"""Commands about messages: send, list, show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from node.cli.files import read_text
from node.cli.output import Output

if TYPE_CHECKING:
    from node.home import Home
    from node.post import Letter

_SHOWN = 60  # characters of a message in a list


@click.group()
def message() -> None:
    """Write to one member, and read what others wrote to you."""


@message.command("send")
@click.argument("person", metavar="P")
@click.argument("text", required=False)
@click.option(
    "-f", "--file", "file", metavar="FILE", help='Take the text from a file; "-" is standard input.'
)
@click.option("--about", metavar="ID", help="The order or the listing that it is about.")
@click.pass_obj
def message_send(
    out: Output, person: str, text: str | None, file: str | None, about: str | None
) -> None:
    """Send TEXT to member P, an id or a whole name.

    It is sealed for P's devices and your own. Other members' nodes carry it, so P need not be in
    touch now. All can see that you wrote, when, and about how much; nobody sees to whom or what.
    """
    from node import messages

    if (text is None) == (file is None):
        raise click.UsageError("Give either TEXT or a file with it.")
    said = read_text(file) if file is not None else text or ""
    with out.opened() as home:
        member = messages.resolve(home, person)
        topic = None if about is None else messages.topic(home, about)
        sent = messages.send(home, member, said, topic)
        data = messages.data(home, sent)
    out.answer(
        {"message": data},
        f"Sent. `moothall message show {data['id'][:8]}` says how far it has come.",
    )


@message.command("list")
@click.argument("person", metavar="[P]", required=False)
@click.pass_obj
def message_list(out: Output, person: str | None) -> None:
    """List your conversations, or all messages with member P.

    Those are no longer new then. Where no node runs, what came is opened now, which takes your
    passphrase if your keys are sealed.
    """
    from node import messages, people, post

    with out.opened() as home:
        post.open_pending(home)
        if person is None:
            _answer_conversations(out, home)
            return
        with_whom = people.resolve(home, person)
        found = messages.conversation(home, with_whom.person)
        data = [messages.data(home, each) for each in found]
        post.mark_read(home, with_whom.person, post.MESSAGES)
        lines = [_message_text(home, each, said) for each, said in zip(found, data, strict=True)]
    out.answer({"messages": data}, "\n\n".join(lines) or "There is none.")


@message.command("show")
@click.argument("message_id", metavar="ID")
@click.pass_obj
def message_show(out: Output, message_id: str) -> None:
    """Show one message, and how far it has come if it is yours."""
    from node import messages, post

    with out.opened() as home:
        post.open_pending(home)
        found = messages.find(home, message_id)
        data = messages.data(home, found)
        text = _message_text(home, found, data)
    out.answer({"message": data}, text)


def _answer_conversations(out: Output, home: Home) -> None:
    from node import messages
    from node.cli.assembly_text import table
    from node.cli.render import line

    found = messages.conversations(home)
    listed = [
        {
            "person": each.person.hex(),
            "name": each.name,
            "messages": each.letters,
            "unread": each.unread,
            "newest": messages.data(home, each.newest),
        }
        for each in found
    ]
    rows = [
        (
            each.person.hex()[:8],
            line(each.name) or "(no name yet)",
            f"{each.unread} new" if each.unread else "",
            _cut(line(each.newest.body.text)),
        )
        for each in found
    ]
    out.answer({"conversations": listed}, "\n".join(table(rows)) if rows else "There is none.")


def _cut(text: str) -> str:
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _message_text(home: Home, letter: Letter, data: dict[str, Any]) -> str:
    """Who, when, how far; then what it says, moved in so that it can't look like another head."""
    from node import messages
    from node.cli.render import line
    from node.moments import date
    from storage.views import profiles

    names = profiles.names(home.store)
    by = line(names.get(letter.person, "")) or data["from"][:8]
    to = line(names.get(letter.body.to, "")) or data["to"][:8]
    head = [data["id"][:8], f"{by} to {to}", date(data["at"])]
    if data["delivery"]:
        head.append(delivery_text(data["delivery"]))
    if letter.body.about is not None:
        sort, title = messages.subject(home, letter.body.about)
        of = f": {line(title)}" if title else ""
        head.append(f"about {sort or 'something'} {data['about'][:8]}{of}")
    said = "\n".join(f"  {each}" for each in letter.body.text.splitlines())
    return "  ".join(head) + "\n" + said


def delivery_text(delivery: dict[str, Any]) -> str:
    """How far a letter has come."""
    if delivery["state"] == "received":
        return "received"
    if delivery["state"] == "held":
        many = delivery["nodes"] != 1
        return f"held by {delivery['nodes']} {'nodes' if many else 'node'}"
    return "sent"
