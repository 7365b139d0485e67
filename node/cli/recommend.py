"""Commands about recommendations."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from node.cli.output import Output

if TYPE_CHECKING:
    from collections.abc import Mapping

    from node.trade.recommending import Told


@click.group()
def recommend() -> None:
    """Recommend what others sell."""


@recommend.command("new")
@click.argument("subject", metavar="SUBJECT")
@click.option("--text", required=True, metavar="TEXT", help="Why, in Markdown.")
@click.pass_obj
def recommend_new(out: Output, subject: str, text: str) -> None:
    """Recommend SUBJECT, a listing or a member.

    SUBJECT is a listing's id, or a member's id or name. Whoever orders by your link or names your
    recommendation gives you the referrer's part of the fee, where the charter has one. Said again,
    the words replace the ones before.
    """
    from node.trade import recommending
    from storage.views import profiles

    with out.opened() as home:
        found, is_person = recommending.subject(home, subject)
        made = recommending.recommend(home, found, text, is_person=is_person)
        lines = [_line(made, profiles.names(home.store))]
        if not is_person:
            lines.append(
                f"Share it, behind a shop window's address: /listing/{found.hex()}"
                f"?via={made.record.hex()[:16]}"
            )
        out.answer({"recommendation": recommending.data(made)}, "\n".join(lines))


@recommend.command("list")
@click.option("--listing", "listing_id", metavar="ID", help="Of this listing and who sells it.")
@click.option("--person", metavar="P", help="By this member, instead of you.")
@click.pass_obj
def recommend_list(out: Output, listing_id: str | None, person: str | None) -> None:
    """List recommendations.

    Your own, or those of a listing or by another member.
    """
    from node import market, people
    from node.trade import recommending
    from storage.views import profiles

    if listing_id and person:
        raise click.UsageError("Name only one of --listing and --person.")
    with out.opened() as home:
        if listing_id:
            offer = market.find(home, listing_id)
            found = recommending.about_offer(home.store, offer)
        else:
            by = people.resolve(home, person).person if person else home.person
            found = recommending.of_person(home.store, by)
        names = profiles.names(home.store)
    out.answer(
        {"recommendations": [recommending.data(each) for each in found]},
        "\n".join(_line(each, names) for each in found) or "There is none.",
    )


@recommend.command("withdraw")
@click.argument("recommendation", metavar="REC")
@click.pass_obj
def recommend_withdraw(out: Output, recommendation: str) -> None:
    """Take a recommendation of yours back, and erase its words.

    Sales that came of it stay as they are.
    """
    from node.trade import recommending

    with out.opened() as home:
        made = recommending.withdraw(home, recommendation)
        (told,) = recommending.told(home.store, [made])
        out.answer(
            {"recommendation": recommending.data(told)},
            "Taken back, and its words are erased on every node.",
        )


def _line(each: Told, names: Mapping[bytes, str]) -> str:
    from node.cli.receipt_text import who
    from node.cli.render import line

    said = each.said
    subject = f"listing {said.listing.hex()[:8]}" if said.listing else "a member"
    if said.person:
        subject = f"member {who(said.person.hex(), names)}"
    by = who(each.by.hex(), names)
    return f"{each.record.hex()[:8]}  {by} recommends {subject}: {line(each.text)[:60]}"
