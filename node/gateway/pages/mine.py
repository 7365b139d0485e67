"""`/mine`: one's own listings by where they stand, and one form that changes many of them.

Sending the form changes nothing yet: the page that follows shows what would be different, and its
own button does exactly that, or shows it anew when something moved in between.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlencode

from starlette.responses import Response

from node import market, shelf
from node.gateway import bulk
from node.gateway.filters import COUNT_TO, LONGEST_WORDS, PAGE_SIZE, clean, read_page
from node.gateway.forms import Form
from node.gateway.offers import SHOWN_DIGITS, listing_path, mode_name, price_text
from node.gateway.pages.page import DESK, Page
from node.gateway.paging import paged
from node.gateway.standing import standing_note
from node.gateway.visit import Visit
from node.gateway.words import Words
from node.shelf import SHELVES
from protocol.errors import NotFound
from storage.views.listing_queries import Found, Offer

MOST = COUNT_TO  # listings that are changed in one go
DAY_MS = 86_400_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """A listing of one's own in the list."""

    id: str
    title: str
    facts: str
    view: str  # its page; empty for a draft
    edit: str  # its form; empty once withdrawn
    ticked: bool


@dataclass(kw_only=True)
class _List:
    """Which part of one's listings is looked at, and what was typed into its form."""

    visit: Visit
    show: str
    words: str = ""
    page: int = 1
    notices: list[str] = field(default_factory=list)
    problem: str = ""
    form: Form = field(default_factory=Form)

    def address(self, **more: object) -> str:
        """Where a part of the same list is."""
        asked = {"show": self.show, "q": self.words, **more}
        pairs = {k: v for k, v in asked.items() if v and (k, v) not in (("show", "open"),)}
        return f"/mine?{urlencode(pairs)}" if pairs else "/mine"

    def find(self, limit: int, offset: int) -> Found:
        """A part of what the list holds."""
        return shelf.look(
            self.visit.home,
            self.show,
            words=self.words,
            limit=limit,
            offset=offset,
            count_to=COUNT_TO,
        )

    def render(self, status: int = 200) -> Response:
        """The list with its form."""
        visit = self.visit
        found, pager, notice = paged(
            visit.words,
            self.page,
            lambda number: self.find(PAGE_SIZE, (number - 1) * PAGE_SIZE),
            lambda number: self.address(page=number if number > 1 else ""),
        )
        self.notices += [notice] if notice else []
        ticked = set(self.form.texts("pick"))
        return visit.render(
            "mine.html",
            status=status,
            sheet=self,
            tabs=_tabs(self),
            note=standing_note(visit),
            rows=[_row(visit, offer, offer.id.hex() in ticked) for offer in found.offers],
            total=found.total,
            more=found.more,
            pager=pager,
            typed={name: self.form.text(name) for name in bulk.ASKED},
            cleared=self.form.texts("clear"),
            categories=[name for name, _ in visit.gateway.facts.categories(guests=False)],
            how=_price_choices(visit.words),
            clearing=_clearing(visit.words),
            audiences=_audiences(visit.words),
            most=MOST,
        )


async def show(visit: Visit) -> Response:
    """The part of one's listings that the address asks for."""
    given = visit.request.query_params
    asked = _List(visit=visit, show=given.get("show", "open"), words=clean(given.get("q", "")))
    t = visit.words.gettext
    if asked.show not in SHELVES:
        asked.notices.append(t("There is no such list, so this is what is open."))
        asked.show = SHELVES[0]
    if len(asked.words) > LONGEST_WORDS:
        asked.words = asked.words[:LONGEST_WORDS].strip()
        sentence = t("Your search was long; its first %(n)s characters were used.")
        asked.notices.append(sentence % {"n": visit.words.number(LONGEST_WORDS)})
    asked.page, notice = read_page(given.get("page", ""), visit.words)
    asked.notices += [notice] if notice else []
    return asked.render()


async def send(visit: Visit, form: Form) -> Response:
    """Show what the form would change, or do what was shown."""
    words, home = visit.words, visit.home
    asked = _List(visit=visit, show=form.text("show"), words=clean(form.text("q")), form=form)
    if asked.show not in SHELVES:
        asked.show = SHELVES[0]
    change, asked.problem = bulk.read(form, now_ms=home.store.now_ms(), words=words)
    if asked.problem:
        return asked.render(422)
    offers = _picked(asked)
    if not offers:
        asked.problem = words.gettext("Tick the listings that are meant.")
        return asked.render(422)
    plan = bulk.plan(home, offers, change, words)
    if form.text("sure") != plan.seal or plan.hindered or not plan.steps:
        return _confirm(asked, change, plan, offers)
    shelf.change_all(home, plan.steps)
    return visit.done(asked.address(), _told(words, plan))


def _confirm(asked: _List, change: bulk.Change, plan: bulk.Plan, offers: list[Offer]) -> Response:
    """What would be different, and the button that does it."""
    visit, form = asked.visit, asked.form
    moved = bool(form.text("sure"))  # it was shown before, and something is different now
    return visit.render(
        "mine_sure.html",
        status=409 if moved else 200,
        plan=plan,
        moved=moved,
        lines=[
            (line.what, line.before, line.after, _titles(visit.words, line)) for line in plan.lines
        ],
        rounded=change.price_how.startswith("percent"),
        withdraws=change.do == "withdraw" and asked.show != "drafts",
        back=asked.address(),
        ids=" ".join(offer.id.hex() for offer in offers),
        carried=[(name, value) for name in bulk.ASKED for value in form.texts(name) if value],
        do=change.do,
        show=asked.show,
        words_asked=asked.words,
    )


def _picked(asked: _List) -> list[Offer]:
    """The listings that were ticked, or all of the list."""
    form, home = asked.form, asked.visit.home
    if form.checked("all"):
        return list(asked.find(MOST, 0).offers)
    ids = [*form.texts("pick"), *form.text("ids").split()]
    found = []
    for text in dict.fromkeys(ids[:MOST]):
        try:
            offer = market.lookup(home, bytes.fromhex(text))
        except (NotFound, ValueError):
            continue  # it went in the meantime, or the page did not offer it
        if offer.person == home.person:
            found.append(offer)
    return found


def _told(words: Words, plan: bulk.Plan) -> str:
    """How many were changed, and how many were so already."""
    n = len(plan.steps)
    said = words.ngettext("%(n)s listing was changed.", "%(n)s listings were changed.", n) % {
        "n": words.number(n)
    }
    return f"{said} {same_text(words, plan.same)}" if plan.same else said


def same_text(words: Words, same: int) -> str:
    """How many of the listings were so already."""
    return words.ngettext(
        "%(n)s was so already and stayed as it is.",
        "%(n)s were so already and stayed as they are.",
        same,
    ) % {"n": words.number(same)}


def _titles(words: Words, line: bulk.Line) -> str:
    """How many listings a change happens to, and what the first ones are called."""
    shown = words.list(line.titles[:3])
    rest = len(line.titles) - 3
    if rest <= 0:
        return shown
    return words.ngettext("%(shown)s and %(n)s more", "%(shown)s and %(n)s more", rest) % {
        "shown": ", ".join(line.titles[:3]),
        "n": words.number(rest),
    }


def _row(visit: Visit, offer: Offer, ticked: bool) -> Row:
    unseen, gone = offer.status in ("draft", "waiting"), offer.status == "withdrawn"
    return Row(
        id=offer.id.hex(),
        title=offer.listing.title,
        facts=" · ".join(_facts(visit, offer)),
        view="" if unseen else listing_path(offer.id),
        edit="" if gone else f"/offer/{offer.id.hex()[:SHOWN_DIGITS]}",
        ticked=ticked,
    )


def _facts(visit: Visit, offer: Offer) -> list[str]:
    """What is worth knowing about a listing in a list."""
    words, said = visit.words, offer.listing
    t = words.gettext
    facts = [price_text(words, said), mode_name(words, said.mode), said.category, said.place]
    if said.quantity is not None:
        facts.append(t("%(n)s left") % {"n": words.number(said.quantity)})
    if said.photos:
        n = len(said.photos)
        facts.append(words.ngettext("%(n)s photo", "%(n)s photos", n) % {"n": words.number(n)})
    if said.audience == "members":
        facts.append(t("for members only"))
    if said.expires_ms is not None:
        facts.append(_ends(words, said.expires_ms, visit.store.now_ms()))
    return [fact for fact in facts if fact]


def _ends(words: Words, expires_ms: int, now_ms: int) -> str:
    t = words.gettext
    if expires_ms <= now_ms:
        return t("ended on %(day)s") % {"day": words.date(expires_ms)}
    days = (expires_ms - now_ms) // DAY_MS
    if days == 0:
        return t("ends within a day")
    return words.ngettext("ends in %(n)s day", "ends in %(n)s days", days) % {
        "n": words.number(days)
    }


def _tabs(asked: _List) -> list[tuple[str, str, bool]]:
    """Address, label and whether it is the one that is shown, of every part of the list."""
    t = asked.visit.words.gettext
    labels = {
        "open": t("Open"),
        "drafts": t("Drafts"),
        "waiting": t("Waiting"),
        "expired": t("Expired"),
        "withdrawn": t("Withdrawn"),
    }
    waits = asked.visit.home.standing() == "waiting"
    return [
        (_List(visit=asked.visit, show=name).address(), label, name == asked.show)
        for name, label in labels.items()
        if name != "waiting" or waits or asked.show == name
    ]


def _price_choices(words: Words) -> list[tuple[str, str]]:
    t = words.gettext
    return [
        ("", t("Leave the prices")),
        ("percent-up", t("Up by a percentage")),
        ("percent-down", t("Down by a percentage")),
        ("amount-up", t("Up by an amount")),
        ("amount-down", t("Down by an amount")),
        ("set", t("The same for all")),
    ]


def _clearing(words: Words) -> list[tuple[str, str]]:
    t = words.gettext
    return [
        ("category", t("Take the category away")),
        ("place", t("Take the place away")),
        ("delivery", t("Take the delivery away")),
        ("expires", t("Let them stay open")),
        ("tags", t("Take all tags away")),
    ]


def _audiences(words: Words) -> list[tuple[str, str]]:
    return [
        ("", words.gettext("Leave it as it is")),
        *((code, bulk.audience(code, words)) for code in ("everyone", "members")),
    ]


PAGE = Page(
    path="/mine",
    name="mine",
    endpoint=show,
    post=send,
    audience=DESK,
    menu=lambda words: words.gettext("My listings"),
    examples=("", "?show=drafts", "?show=expired", "?show=withdrawn", "?show=waiting", "?q=bread"),
)
