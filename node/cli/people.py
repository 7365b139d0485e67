"""Commands about people: who belongs, and one's own profile."""

from __future__ import annotations

from typing import Any

import click

from node.cli.fields import spot_of
from node.cli.output import Output
from node.cli.render import line, profile_text, promises_text, waiting_text
from node.plain import member_json, newcomer_json, profile_json


@click.group()
def member() -> None:
    """Show who belongs to the community."""


@member.command("list")
@click.pass_obj
def member_list(out: Output) -> None:
    """List everybody: members, newcomers, and those who have gone."""
    from node import people
    from node.assembly import charters

    with out.opened() as home:
        found = people.everybody(home)
        holders = charters.holders(home.store)
        waiting = {each.person: each for each in people.newcomers(home)}
    names = {each.person: each.name for each in found}
    lines = []
    for each in found:
        invited = names.get(each.inviter, "") if each.inviter else ""
        by = f", invited by {line(invited) or each.inviter.hex()[:8]}" if each.inviter else ""
        name = line(each.name) or "(no name yet)"
        offices = "".join(f", {office}" for office in holders.get(each.person, ()))
        wait = waiting_text(waiting[each.person]) if each.person in waiting else ""
        lines.append(f"{each.person.hex()[:8]}  {name}  {each.status}{offices}{by}{wait}")
    out.answer({"members": [member_json(each) for each in found]}, "\n".join(lines))


@member.command("show")
@click.argument("person")
@click.pass_obj
def member_show(out: Output, person: str) -> None:
    """Show one person.

    PERSON is an id, its first 8 digits or more, or a whole name.
    """
    from node import people
    from node.assembly import charters
    from node.trade import promises, reviews
    from storage.views import members

    with out.opened() as home:
        found = people.resolve(home, person)
        offices = charters.holders(home.store).get(found.person, [])
        waiting = [each for each in people.newcomers(home) if each.person == found.person]
        profile = members.profile(home.store, found.person)
        if profile is None and found.person == home.person:
            profile = people.own_profile(home)
        kept = promises.data(promises.of(home.store, found.person))
        said = reviews.listed(home, person=found.person.hex())
    data = {**member_json(found), "devices": [device.hex() for device in found.devices]}
    data["offices"] = offices
    data |= {"promises": kept, "reviews": {"counted": said["counted"], "stars": said["stars"]}}
    wait = ""
    for each in waiting:
        data["waits"] = newcomer_json(each)
        wait = waiting_text(each)
    if profile is not None:
        data["profile"] = profile_json(profile)
    standing = ", ".join([found.status, *offices]) + wait
    head = f"{line(found.name) or '(no name yet)'}, {standing}\n{found.person.hex()}"
    lines = [head, *promises_text(kept, said)]
    out.answer(data, "\n".join(lines) + ("\n\n" + profile_text(profile) if profile else ""))


@click.command()
@click.argument("person")
@click.option(
    "--text", required=True, metavar="TEXT", help="How you know them; you may erase it later."
)
@click.pass_obj
def vouch(out: Output, person: str, text: str) -> None:
    """Stand up for somebody who was let in and is not certified yet.

    PERSON is an id from `moothall member list`, or a whole name. An invitation counts as its
    maker's word already.
    """
    from node.assembly import acting

    with out.opened() as home:
        made = acting.vouch(home, person, text)
        out.answer(made, "Said. The teller's node certifies them when the charter's rule is met.")


@click.group()
def profile() -> None:
    """Show and change your own profile."""


@profile.command("show")
@click.pass_obj
def profile_show(out: Output) -> None:
    """Show your own profile, as others see it."""
    from node import people

    with out.opened() as home:
        mine = people.own_profile(home)
    out.answer({"profile": profile_json(mine)}, profile_text(mine))


def _items(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Each once, in the order given."""
    items = (item.strip() for text in texts for item in text.split(","))
    return tuple(dict.fromkeys(item for item in items if item))


@profile.command("set")
@click.option("--name", help="What you are called.")
@click.option("--about", metavar="TEXT", help="About you, in Markdown.")
@click.option(
    "--skills",
    multiple=True,
    metavar="LIST",
    help="What you are good at, with commas between, or several times.",
)
@click.option("--interests", multiple=True, metavar="LIST", help="What you care about, likewise.")
@click.option("--needs", multiple=True, metavar="LIST", help="What you could use, likewise.")
@click.option("--place", help="Where you are, as near as you like to say.")
@click.option(
    "--spot",
    metavar="COORDINATES",
    help='Where that is on a map, such as "47.99, 7.85" or a map\'s address; kept to about a '
    "kilometre.",
)
@click.option(
    "--away-until", metavar="DATE", help="Your last day away, such as 2027-01-31; pages tell it."
)
@click.option("--away-note", metavar="TEXT", help="What to say with that.")
@click.option("--back", is_flag=True, help="You are no longer away.")
@click.pass_obj
def profile_set(
    out: Output,
    name: str | None,
    about: str | None,
    skills: tuple[str, ...],
    interests: tuple[str, ...],
    needs: tuple[str, ...],
    place: str | None,
    spot: str | None,
    away_until: str | None,
    away_note: str | None,
    back: bool,
) -> None:
    """Change your profile.

    What you don't name stays as it is; an empty text takes something away.
    """
    from node import away, people

    if back and away_until is not None:
        raise click.UsageError("Name either --away-until or --back.")
    if away_note is not None and away_until is None:
        raise click.UsageError("Name --away-until together with --away-note.")

    changes: dict[str, Any] = {
        key: value.replace("\r\n", "\n").strip()
        for key, value in (("name", name), ("about", about), ("place", place))
        if value is not None
    }
    changes |= {
        key: _items(value)
        for key, value in (("skills", skills), ("interests", interests), ("needs", needs))
        if value
    }
    if spot is not None:
        changes["spot"] = spot_of(spot)
    if back:
        changes |= away.BACK
    if not changes and away_until is None:
        raise click.UsageError("Name at least one thing to change.")
    with out.opened() as home:
        if away_until is not None:
            changes |= away.changes(home, away_until, (away_note or "").strip())
        after = people.set_profile(home, changes)
        out.answer({"profile": profile_json(after)}, profile_text(after))
