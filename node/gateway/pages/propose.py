"""`/assembly/new`: first what a proposal is about, then its form; shown before it is written.

What a proposal says stays for good, so the first button only shows what it would do.
"""

from __future__ import annotations

from starlette.responses import Response

from governance.roll import MEMBER
from node.assembly import finding, proposing
from node.gateway.charter_words import rule_sentences
from node.gateway.forms import Form
from node.gateway.hall import kind_hint, kind_name, kinds, proposal_path
from node.gateway.pages.page import DESK, Page
from node.gateway.proposing.preview import Preview, preview
from node.gateway.proposing.registry import FORMS
from node.gateway.rooms import rooms
from node.gateway.sentences import plain
from node.gateway.visit import Visit
from protocol.errors import Refused
from protocol.kinds.proposal import MAX_TEXT, MAX_TITLE


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
            return _page(visit, kind, form, shown=preview(visit, kind, form, effect, options))
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
    return str(finding.state_of(visit.store).versions[-1].number)


def _page(
    visit: Visit,
    kind: str,
    form: Form,
    status: int = 200,
    problem: str = "",
    shown: Preview | None = None,
) -> Response:
    words, sort = visit.words, FORMS[kind]
    fields = dict(sort.fields(visit, form))
    return visit.render(
        sort.template,
        status=status,
        problem=problem,
        preview=shown,
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
    examples=(
        "",
        *(f"kind={kind}" for kind in ("values", "fees", "picks")),
        "kind=rules&part=rules-fees",
    ),
)
