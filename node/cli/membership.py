"""Commands about belonging: found, join, invite, confirm, leave."""

from __future__ import annotations

import contextlib
import io
import json
from pathlib import Path
from typing import Any

import click

from node.cli.output import Output, new_passphrase
from protocol.errors import NotFound, Refused

no_passphrase = click.option(
    "--no-passphrase",
    is_flag=True,
    help="Keep the keys in a file that only you can read, instead of sealing them.",
)
person_name = click.option("--person", required=True, metavar="NAME", help="Your own name.")


@click.command()
@click.argument("name")
@person_name
@click.option(
    "--currency", metavar="CODE", help="The currency, such as EUR.  [default: the template's]"
)
@click.option(
    "--template",
    metavar="NAME",
    help="The charter to begin with; `moothall charter template` lists them.  "
    "[default: kitchen-table]",
)
@click.option(
    "--charter",
    "charter_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="A charter of your own in JSON, instead of a template.",
)
@click.option(
    "--values",
    "values_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help='Your values in JSON: [{"id": ..., "text": ..., "rationale": ...}].',
)
@no_passphrase
@click.pass_obj
def found(
    out: Output,
    name: str,
    person: str,
    currency: str | None,
    template: str | None,
    charter_file: Path | None,
    values_file: Path | None,
    no_passphrase: bool,
) -> None:
    """Found a community called NAME and become its first member.

    Your node is its teller: it admits those whom members invite. The recovery file that this
    makes holds your person key, which proves who you are when this computer is
    lost; keep it elsewhere.
    """
    from governance.charter import Charter
    from governance.templates import template as load_template
    from node import home as homes
    from node import people
    from storage.database import friendly

    if charter_file and template:
        raise click.UsageError("Name either --template or --charter.")
    data = _read_json(charter_file) if charter_file else load_template(template or "kitchen-table")
    if not isinstance(data, dict):
        raise Refused("bad-charter", f"{charter_file} does not hold a charter; nothing was made.")
    data = {**data, "name": name}
    if currency:
        data["currency"] = currency.upper()
    if values_file:
        values = _read_json(values_file)
        data["values"] = values.get("values") if isinstance(values, dict) else values
    person = people.checked_name(person)
    charter = Charter.from_data(data)
    refuse_second(out.home)
    with friendly():
        made = homes.found(out.home, charter, person, new_passphrase(no_passphrase))
    with contextlib.closing(made):
        recovery = made.path / homes.RECOVERY
        out.answer(
            {
                "community": made.store.community.hex(),
                "person": made.person.hex(),
                "device": made.device.hex(),
                "recovery_file": str(recovery),
            },
            f"{charter.name} is founded.\n\nMove this file off this computer: it holds your person "
            f"key, which proves who you are when the computer is lost.\n  {recovery}\n\n"
            "Next: `moothall run`, then `moothall invite`.",
        )


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise Refused(
            "no-file", f"{path} can't be read ({error.strerror}); nothing was made."
        ) from error
    except (ValueError, RecursionError) as error:
        raise Refused("bad-file", f"{path} is not JSON: {error}. Nothing was made.") from error


def refuse_second(path: Path) -> None:
    """Before anybody types a passphrase for nothing."""
    from node.home import KEYS, open_home

    if not (path / KEYS).exists():
        return
    with contextlib.closing(open_home(path)) as home:
        waiting = home.standing() == "waiting"
    sentence = (
        "that nobody has let in yet; nothing was changed. `moothall run` goes on trying. For "
        "another link take the folder away first, or name another one with --home."
        if waiting
        else "; nothing was changed. To belong to a second community, name another folder with "
        "--home."
    )
    raise Refused("home-exists", f"{path} already holds a home{' ' * waiting}{sentence}")


@click.command()
@click.argument("link")
@click.option("--person", metavar="NAME", help="Your own name.")
@click.option(
    "--recovery",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Come back as the person of this recovery file, after having left.",
)
@no_passphrase
@click.pass_obj
def join(
    out: Output, link: str, person: str | None, recovery: Path | None, no_passphrase: bool
) -> None:
    """Join the community that LINK invites you to.

    When nobody can be reached now, your home is made all the same and `moothall run` goes on
    trying. When the link turns out to be used up, nothing is kept.
    """
    from node import home as homes
    from node import people
    from protocol.invitation import read_link
    from storage.database import friendly

    if person is None and recovery is None:
        raise click.UsageError("Say your own name: --person NAME.")
    invitation = read_link(link)
    name = people.checked_name(person) if person is not None else ""
    refuse_second(out.home)
    signer, passphrase = None, None
    if recovery is not None:
        from node.cli.devices import person_of

        signer, called, passphrase = person_of(recovery, invitation.community)
        name = name or called
    if passphrase is None or no_passphrase:
        passphrase = new_passphrase(no_passphrase)
    with friendly():
        made = homes.join_by(out.home, invitation, name, passphrase, person=signer)
    from node import joining
    from node.running import join_once
    from protocol import lobby

    with friendly(), contextlib.closing(made):
        answer = join_once(made)
        status = made.standing()
    data = {
        "community": made.store.community.hex(),
        "person": made.person.hex(),
        "device": made.device.hex(),
        "status": status,
    }
    sentence = {
        "provisional": "You are in, provisionally, until the teller's node certifies it.",
        "member": "You are a member.",
    }.get(status, "Nobody could be reached to let you in; `moothall run` goes on trying.")
    if answer is not None and answer.reason:
        sentence = joining.sentence(answer, made.person)
        if answer.reason in lobby.FINAL:
            homes.unmake(made)
            raise Refused(answer.reason, sentence)
        data |= {"reason": answer.reason, "message": sentence}
    out.answer(data, f"{sentence}\n\nNext: `moothall run`.")


@click.command()
@click.option(
    "--uses",
    default=1,
    show_default=True,
    type=click.IntRange(1, 100),
    metavar="NUMBER",
    help="How many people to invite; each gets a link of their own.",
)
@click.option("--note", metavar="TEXT", help="For whom it is; this stays on your machine.")
@click.option("--qr", is_flag=True, help="Show each link as a QR code, too.")
@click.pass_obj
def invite(out: Output, uses: int, note: str | None, qr: bool) -> None:
    """Make an invitation link that lets one person in.

    Send it privately: whoever uses it first is let in. When your shop window has an address for
    guests (`moothall run --shop-url`), the link is shown on a page there, too: send that one to
    somebody who does not have the program yet.
    """
    from node import invitations, inviting

    with out.opened() as home:
        links = inviting.make(home, uses, note or "")
        texts = [link.text() for link in links]
        pages = [invitations.page_address(home, link) for link in links]
        codes = [_qr(invitations.code_text(home, link)) if qr else "" for link in links]
    data: dict[str, Any] = {"links": texts, "link": texts[0]}
    data["pages"] = [page for page in pages if page is not None]
    shown = []
    for text, page, code in zip(texts, pages, codes, strict=True):
        lines = [text, page] if page else [text]
        shown.append("\n".join(lines) + (f"\n\n{code}" if code else ""))
    out.answer(data, "\n\n".join(shown))


@click.command()
@click.pass_obj
def invitations(out: Output) -> None:
    """List the invitations that you made, with their notes and links.

    An invitation can't be taken back. Unused, it lapses by itself.
    """
    from node import inviting
    from node.cli.render import line
    from storage.views import profiles

    with out.opened() as home:
        names = profiles.names(home.store)
        listed, lines = [], []
        for each in inviting.mine(home):
            link = ""
            if each.status == inviting.OPEN:
                with contextlib.suppress(NotFound):  # made before links could be shown again
                    link = inviting.link_of(home, each).text()
            listed.append(
                {
                    "invitation": each.record.hex(),
                    "note": each.note,
                    "status": each.status,
                    "link": link or None,
                    "people": [person.hex() for person in each.people],
                }
            )
            by = [line(names.get(person, "")) or person.hex()[:8] for person in each.people]
            lines.append(
                f"{each.record.hex()[:8]}  {line(each.note) or '(no note)'}  {each.status}"
                + (f" by {', '.join(by)}" if by else "")
                + (f"\n  {link}" if link else "")
            )
    out.answer({"invitations": listed}, "\n".join(lines) or "You have made no invitation yet.")


def _qr(text: str) -> str:
    import segno

    drawn = io.StringIO()
    segno.make(text, error="l").terminal(drawn, compact=True)
    return drawn.getvalue()


@click.command()
@click.argument("person")
@click.pass_obj
def confirm(out: Output, person: str) -> None:
    """Say whom you meant when several people used a link.

    PERSON is an id from `moothall member list`, or its first 8 digits or more.
    """
    from node import people

    with out.opened() as home:
        answer = people.confirm(home, person)
        out.answer(answer, f"{answer['person'][:16]} is confirmed.")


@click.command()
@click.option("--yes", is_flag=True, help="Don't ask whether you are sure.")
@click.pass_obj
def leave(out: Output, yes: bool) -> None:
    """Leave the community.

    What you said so far stays, and your offers are taken down. Coming back takes a new
    invitation.
    """
    from node import people

    with out.opened() as home:
        out.confirm("Leave the community for good?", yes)
        people.leave(home)
        out.answer(
            {"person": home.person.hex(), "status": "leaving"},
            "Said. You are off the roll as soon as the teller's node has certified it.",
        )
