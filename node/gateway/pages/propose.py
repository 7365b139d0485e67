"""`/assembly/new`: first what a proposal is about, then its form; shown before it is written.

What a proposal says stays for good, so the first button only shows what it would do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup
from starlette.responses import Response

from governance.effects.registry import EFFECTS
from governance.opening import charter_in_force, first_opening, rule_for
from governance.roll import MEMBER
from node.assembly import member, proposing, reading
from node.gateway.charter_words import rule_sentences
from node.gateway.fee_example import Example, examples
from node.gateway.forms import Form
from node.gateway.hall import kind_hint, kind_name, kinds, proposal_path
from node.gateway.pages.page import DESK, Page
from node.gateway.proposing.registry import FORMS
from node.gateway.rooms import rooms
from node.gateway.sentences import plain, sentence
from node.gateway.visit import Visit
from governance.charter import Charter
from protocol.errors import Refused, Term
from protocol.kinds.proposal import MAX_TEXT, MAX_TITLE
from protocol.records import ZERO


@dataclass(frozen=True, slots=True)
class Preview:
    """What a proposal would do, before anything is written."""

    stake: list[Markup]
    needs: list[Markup]
    examples: Sequence[Example]
    class_: str


async def show(visit: Visit) -> Response:
    """The kinds to choose from, or the form of the one that was chosen."""
    kind = visit.request.query_params.get("kind", "")
    if kind not in FORMS:
        return visit.render(
            "propose.html",
            rooms=rooms(visit),
            may=visit.home.standing() == MEMBER,
            kinds=[
                (each, name, hint, rule_sentences(visit.words, visit.charter.rules.of(each))[0])
                for each, name, hint in kinds(visit.words)
            ],
        )
    return _page(visit, kind, Form())


async def send(visit: Visit, form: Form) -> Response:
    """Show what it would do, or write it."""
    t, kind = visit.words.gettext, form.text("kind")
    if kind not in FORMS:
        raise Refused("bad-kind", t("There is no such kind of proposal."))
    if form.text("do") == "again":  # more room, or another part
        return _page(visit, kind, form)
    try:
        _unchanged(visit, form)
        effect, options = FORMS[kind].read(visit, form)
        if form.text("do") != "send":
            return _page(visit, kind, form, preview=_preview(visit, kind, form))
        made = proposing.propose(
            visit.home,
            kind=kind,
            title=form.text("title"),
            text=form.lines("text"),
            effect=effect,
            options=options,
        )
    except Refused as error:
        return _page(visit, kind, form, 422, visit.words.told(error))
    said = t("Your proposal is written; it goes to the others by itself.")
    if made["problem"] is not None:
        said = f"{said} {plain(visit, made['problem'])}"
    return visit.done(proposal_path(made["proposal"]), said)


def _unchanged(visit: Visit, form: Form) -> None:
    """Refused when the charter is not the one that the form was made from."""
    if form.text("charter") != _version(visit):
        raise Refused(
            "changed",
            visit.words.gettext(
                "The charter was changed meanwhile. Look at what you typed below, and send it "
                "again if it is still what you mean."
            ),
        )


def _version(visit: Visit) -> str:
    return str(reading.finding.state_of(visit.store).versions[-1].number)


def _preview(visit: Visit, kind: str, form: Form) -> Preview:
    """The same checks as writing it; Refused with what to change."""
    home = visit.home
    state = member.member_state(home, Term("propose something"))
    effect, options = FORMS[kind].read(visit, form)
    draft = proposing.draft_of(
        home,
        state,
        kind=kind,
        title=form.text("title"),
        text=form.lines("text"),
        effect=effect,
        options=options,
    )
    opening = first_opening(
        state,
        proposal=ZERO,
        author=home.person,
        kind=kind,
        effect=draft.effect,
        options=draft.options,
        at=0,
    )
    sort = EFFECTS[str(draft.effect["type"])]
    return Preview(
        stake=[sentence(visit, each) for each in sort.in_words(draft.effect, state)],
        needs=[
            sentence(visit, each)
            for each in reading.needs(
                rule_for(state, kind),
                [reading.threshold_of(each) for each in opening["thresholds"]],
                [reading.share_of(each) for each in opening["quorums"]],
                len(state.members()),
            )
        ],
        examples=[
            example
            for data in (sort.charters(draft.effect, state.charter) if kind == "fees" else [])
            for example in examples(visit.words, charter_in_force(state), Charter.from_data(data))
        ],
        class_=str(opening["class"]),
    )


def _page(
    visit: Visit,
    kind: str,
    form: Form,
    status: int = 200,
    problem: str = "",
    preview: Preview | None = None,
) -> Response:
    words, sort = visit.words, FORMS[kind]
    fields = dict(sort.fields(visit, form))
    return visit.render(
        sort.template,
        status=status,
        problem=problem,
        preview=preview,
        rooms=rooms(visit),
        kind=kind,
        kind_name=kind_name(words, kind),
        kind_hint=kind_hint(words, kind),
        rule=rule_sentences(words, visit.charter.rules.of(kind)),
        may=visit.home.standing() == MEMBER,
        charter_version=_version(visit),
        typed=form,
        longest_title=MAX_TITLE,
        longest_text=MAX_TEXT,
        **fields,
    )


PAGE = Page(
    path="/assembly/new",
    name="propose",
    endpoint=show,
    post=send,
    audience=DESK,
    floor="hall",
    examples=("", *(f"kind={kind}" for kind in FORMS), "kind=rules&part=rules-fees"),
)
