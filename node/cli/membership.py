"""Commands about belonging: found, join, invite, confirm, leave, member, profile."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import click

from node.cli.output import Output, new_passphrase
from node.cli.render import member_json, profile_json, profile_text
from protocol.errors import Refused

no_passphrase = click.option(
    "--no-passphrase",
    is_flag=True,
    help="Keep the keys in a file that only you can read, instead of sealing them.",
)
person_name = click.option("--person", required=True, metavar="NAME", help="Your own name.")


@click.command()
@click.argument("name")
@person_name
@click.option("--currency", help="ISO 4217 code; default: the template's.")
@click.option(
    "--template", default="kitchen-table", show_default=True, help="Charter to begin with."
)
@click.option(
    "--charter",
    "charter_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A charter of your own (JSON), instead of a template.",
)
@click.option(
    "--values",
    "values_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='Your values (JSON): [{"id", "text", "rationale"}, ...].',
)
@no_passphrase
@click.pass_obj
def found(
    out: Output,
    name: str,
    person: str,
    currency: str | None,
    template: str,
    charter_file: Path | None,
    values_file: Path | None,
    no_passphrase: bool,
) -> None:
    """Found a community called NAME and become its first member and its teller."""
    from governance.charter import Charter
    from governance.templates import template as load_template
    from node import home as homes

    data = _read_json(charter_file) if charter_file else load_template(template)
    if not isinstance(data, dict):
        raise Refused("bad-charter", f"{charter_file} does not hold a charter; nothing was made.")
    data = {**data, "name": name}
    if currency:
        data["currency"] = currency.upper()
    if values_file:
        values = _read_json(values_file)
        data["values"] = values.get("values") if isinstance(values, dict) else values
    _check_name(person)
    charter = Charter.from_data(data)
    made = homes.found(out.home, charter, person.strip(), new_passphrase(no_passphrase))
    recovery = made.path / homes.RECOVERY
    out.answer(
        {
            "community": made.store.community.hex(),
            "person": made.person.hex(),
            "device": made.device.hex(),
            "recovery_file": str(recovery),
        },
        f"{name} is founded.\n\nMove this file off this computer, it gets you back in if the "
        f"computer is lost:\n  {recovery}\n\nNext: `moothall run`, then `moothall invite`.",
    )
    made.close()


def _read_json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise Refused("bad-file", f"{path} is not JSON: {error}. Nothing was made.") from error


def _check_name(name: str) -> None:
    from protocol.kinds.profile import MAX_NAME

    if not name.strip() or len(name) > MAX_NAME:
        raise Refused("bad-name", f"A name has 1 to {MAX_NAME} characters; nothing was made.")


@click.command()
@click.argument("link")
@person_name
@no_passphrase
@click.pass_obj
def join(out: Output, link: str, person: str, no_passphrase: bool) -> None:
    """Join the community that LINK invites you to.

    When nobody can be reached now, your home is made all the same and `moothall run` goes on
    trying.
    """
    from node import home as homes
    from protocol.invitation import read_link

    invitation = read_link(link)
    _check_name(person)
    made = homes.join_by(out.home, invitation, person.strip(), new_passphrase(no_passphrase))
    from node.running import join_once

    answer = join_once(made)
    status = made.standing()
    if answer is not None and answer.reason in ("foreign", "used", "inviter-gone"):
        out.note(answer.sentence)
    data = {
        "community": made.store.community.hex(),
        "person": made.person.hex(),
        "device": made.device.hex(),
        "status": status,
    }
    if answer is not None and answer.reason:
        data |= {"reason": answer.reason, "message": answer.sentence}
    sentence = {
        "waiting": "Nobody could let you in yet; `moothall run` goes on trying.",
        "provisional": "You are in, provisionally, until the teller's node certifies it.",
        "member": "You are a member.",
    }[status]
    if answer is not None and answer.reason:
        sentence = answer.sentence
    out.answer(data, f"{sentence}\n\nNext: `moothall run`.")
    made.close()


@click.command()
@click.option("--uses", default=1, show_default=True, type=click.IntRange(1, 100), help="How many.")
@click.option("--note", help="For whom; stays on this machine.")
@click.option("--qr", is_flag=True, help="Show each link as a QR code, too.")
@click.pass_obj
def invite(out: Output, uses: int, note: str | None, qr: bool) -> None:
    """Invite somebody: prints a link that lets one person in. Send it privately."""
    from node import people

    with out.opened() as home:
        links = people.invite(home, uses)
        people.note_invitations(home, links, note or "")
        shop = people.shop_url(home)
        texts = [link.text() for link in links]
        data: dict[str, Any] = {"links": texts, "link": texts[0]}
        if shop:
            data["pages"] = [link.text(shop) for link in links]
        lines = "\n\n".join(text + (f"\n\n{_qr(text)}" if qr else "") for text in texts)
        out.answer(data, lines)


def _qr(text: str) -> str:
    import segno

    drawn = io.StringIO()
    segno.make(text, error="l").terminal(drawn, compact=True)
    return drawn.getvalue()


@click.command()
@click.argument("person")
@click.pass_obj
def confirm(out: Output, person: str) -> None:
    """Say that PERSON (an id from `member list`) is whom you meant with your invitation."""
    from node import people

    with out.opened() as home:
        answer = people.confirm(home, person)
        out.answer(answer, f"{answer['person'][:16]} is confirmed.")


@click.command()
@click.confirmation_option(prompt="Leave the community for good?")
@click.pass_obj
def leave(out: Output) -> None:
    """Leave the community. Your records so far stay, your offers are taken down."""
    from node import people

    with out.opened() as home:
        people.leave(home)
        out.answer(
            {"person": home.person.hex(), "status": "leaving"},
            "Said. You are off the roll as soon as the teller's node has certified it.",
        )


@click.group()
def member() -> None:
    """Who belongs to the community."""


@member.command("list")
@click.pass_obj
def member_list(out: Output) -> None:
    """List everybody: members, and newcomers on their way in."""
    from storage.views import members

    with out.opened() as home:
        found = members.everybody(home.store)
        names = {each.person: each.name for each in found}
        lines = []
        for each in found:
            invited = names.get(each.inviter, "") if each.inviter else ""
            by = f", invited by {invited or each.inviter.hex()[:8]}" if each.inviter else ""
            lines.append(
                f"{each.person.hex()[:8]}  {each.name or '(no name yet)'}  {each.status}{by}"
            )
        out.answer(
            {"members": [member_json(each) for each in found]},
            "\n".join(lines) or "Nobody is known here yet.",
        )


@member.command("show")
@click.argument("person")
@click.pass_obj
def member_show(out: Output, person: str) -> None:
    """Show one PERSON, by id or name."""
    from storage.views import members

    with out.opened() as home:
        found = members.resolve(home.store, person)
        profile = members.profile(home.store, found.person)
        data = {**member_json(found), "devices": [device.hex() for device in found.devices]}
        if profile is not None:
            data["profile"] = profile_json(profile)
        head = f"{found.name or '(no name yet)'}, {found.status}\n{found.person.hex()}"
        out.answer(data, head + ("\n\n" + profile_text(profile) if profile else ""))


@click.group()
def profile() -> None:
    """Your own profile, as others see it."""


@profile.command("show")
@click.pass_obj
def profile_show(out: Output) -> None:
    """Show your own profile."""
    from node import people

    with out.opened() as home:
        mine = people.own_profile(home)
        out.answer({"profile": profile_json(mine)}, profile_text(mine))


def _items(texts: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(item.strip() for text in texts for item in text.split(",") if item.strip())


@profile.command("set")
@click.option("--name", help="How you are called.")
@click.option("--about", help="About you, in Markdown.")
@click.option("--skills", multiple=True, help="What you are good at; commas, or several times.")
@click.option("--interests", multiple=True, help="What you care about; likewise.")
@click.option("--needs", multiple=True, help="What you could use; likewise.")
@click.option("--place", help="Where you are, as near as you like to say.")
@click.pass_obj
def profile_set(
    out: Output,
    name: str | None,
    about: str | None,
    skills: tuple[str, ...],
    interests: tuple[str, ...],
    needs: tuple[str, ...],
    place: str | None,
) -> None:
    """Change your profile; what you don't name stays."""
    from node import people

    changes: dict[str, Any] = {
        key: value
        for key, value in (("name", name), ("about", about), ("place", place))
        if value is not None
    }
    changes |= {
        key: _items(value)
        for key, value in (("skills", skills), ("interests", interests), ("needs", needs))
        if value
    }
    if not changes:
        raise click.UsageError("Name at least one thing to change.")
    with out.opened() as home:
        after = people.set_profile(home, changes)
        out.answer({"profile": profile_json(after)}, profile_text(after))
