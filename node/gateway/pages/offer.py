"""`/offer` and `/offer/{listing}`: the form that makes a listing, and the one that changes it.

Nothing is overwritten unseen: a form says which version it was made from, and when that is no
longer what stands, the page shows both and saves nothing. What is not published yet is kept as a
draft by every button, under an id that the form brought along, so that the same form sent again
is the same draft.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from hashlib import sha256

from starlette.responses import Response

from governance.charter import Charter
from governance.claims import Mark
from node import claiming, market
from node.gateway import offer_form, offer_photos
from node.gateway.forms import Form
from node.gateway.offer_form import Fields
from node.gateway.offers import SHOWN_DIGITS, mode_name, mode_names, price_text
from node.gateway.own_listing import owner_path
from node.gateway.pages.page import DESK, Page
from node.gateway.pictures import shown as shown_photo
from node.gateway.standing import standing_note
from node.gateway.visit import Visit
from node.gateway.words import Words
from protocol.codec import encode
from protocol.errors import NotFound, Refused
from protocol.kinds.listing import AUDIENCES, MODES, Listing, Photo
from storage.claims import values
from storage.views.listing_queries import Offer

FOLDED = ("spot", "quantity", "condition", "delivery", "expires", "tags", "story")


@dataclass(kw_only=True)
class _Sheet:
    """One form on its way to a page. `stands` is what it changes; None for a new listing."""

    visit: Visit
    stands: Offer | None
    draft: bytes  # the id that this is or would be kept under
    fields: Fields
    photos: tuple[Photo, ...] = ()
    rows: int = offer_form.EMPTY_ROWS
    wrong: dict[str, str] = field(default_factory=dict)
    problem: str = ""
    photo_problems: list[str] = field(default_factory=list)
    alt: str = ""  # words that were typed for photos that could not be taken
    preview: Listing | None = None
    differences: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def published(self) -> bool:
        """Whether others may have seen it."""
        return self.stands is not None and self.stands.status != "draft"

    def _more(self) -> bool:
        """Whether anything is said or wrong among the fields that are folded away."""
        texts = self.fields.texts
        return (
            any(texts[name] or name in self.wrong for name in FOLDED)
            or texts["audience"] != AUDIENCES[0]
            or any(claim.ticked or claim.evidence for claim in self.fields.claims)
        )

    def _marks(self) -> list[Mark]:
        """What has become of the values since they were claimed."""
        claims = self.stands.listing.values if self.stands else ()
        return values(self.visit.store).marks(claims) if claims else []

    def page(self, status: int = 200) -> Response:
        """The form as a page."""
        visit, stands = self.visit, self.stands
        path = f"/offer/{stands.id.hex()[:SHOWN_DIGITS]}" if stands else "/offer"
        words = visit.words
        charter = visit.gateway.facts.charter()
        shown = self.preview
        return visit.render(
            "offer.html",
            status=status,
            sheet=self,
            action=path,
            made_from=mark(stands) if stands else "",
            texts=self.fields.texts,
            variants=self.fields.padded(self.rows),
            unfold=bool(self.fields.padded(0)) or self.rows > offer_form.EMPTY_ROWS,
            claims=self.fields.claims,
            value_texts={v.id: v.text for v in charter.values} if charter else {},
            marks={mark.value: mark for mark in self._marks()},
            unfold_more=self._more(),
            photos=offer_photos.rows_of(self.photos),
            photo_problems=self.photo_problems,
            alt=self.alt,
            wrong=self.wrong,
            problem=self.problem,
            differences=self.differences,
            modes=mode_names(words),
            categories=[name for name, _ in visit.gateway.facts.categories(guests=False)],
            note=standing_note(visit),
            shown=shown,
            shown_photos=[shown_photo(photo, otherwise=shown.title) for photo in shown.photos]
            if shown
            else [],
            shown_price=price_text(words, shown) if shown else "",
            shown_mode=mode_name(words, shown.mode) if shown else "",
        )


def mark(offer: Offer) -> str:
    """Names exactly what an offer says; another word as soon as anything changes."""
    return sha256(offer.id + encode(offer.listing.body())).hexdigest()[:32]


async def new(visit: Visit) -> Response:
    """The empty form; `?mode=wanted` and the like chooses what is to be done."""
    mode = visit.request.query_params.get("mode", "")
    charter = visit.gateway.facts.charter()
    fields = offer_form.blank(
        charter.currency if charter else "", _values(charter), mode if mode in MODES else MODES[0]
    )
    return _Sheet(visit=visit, stands=None, draft=os.urandom(32), fields=fields).page()


async def change(visit: Visit) -> Response:
    """The form of a listing or draft as it stands."""
    stands = _find(visit, visit.request.path_params["listing"])
    if stands is None:
        raise NotFound("no-listing", visit.words.gettext("There is no listing or draft here."))
    given = visit.request.path_params["listing"].lower()
    if not stands.id.hex().startswith(given) or stands.status == "withdrawn":
        return visit.done(owner_path(stands))
    return _fresh(visit, stands).page()


async def send_new(visit: Visit, form: Form) -> Response:
    """Keep or publish what was typed into the empty form."""
    draft = _bytes(form.text("draft-id").lower()) or os.urandom(32)
    return await _send(visit, form, draft.hex(), draft)


async def send_change(visit: Visit, form: Form) -> Response:
    """Keep, publish or save what was typed over something that stands."""
    return await _send(visit, form, visit.request.path_params["listing"], os.urandom(32))


async def _send(visit: Visit, form: Form, given: str, draft: bytes) -> Response:
    """`given` names what the form changes, `draft` is the id of what it makes where that is new."""
    home, words, t = visit.home, visit.words, visit.words.gettext
    photos, photo_problems = await offer_photos.take(home, form, words)
    # Only now: a command may write while photos are drawn, and nothing waits from here on.
    stands = _find(visit, given)
    draft = draft if stands is None else stands.id
    charter = visit.gateway.facts.charter()
    before = stands.listing if stands else None
    fields = offer_form.read(form, _values(charter, before))
    sheet = _Sheet(visit=visit, stands=stands, draft=draft, fields=fields, photos=photos)
    sheet.photo_problems = photo_problems
    sheet.alt = form.text("alt") if photo_problems else ""
    do, made_from = form.text("do"), form.text("made-from")
    if do == "rows":
        sheet.rows = offer_form.MORE_ROWS
        return sheet.page()
    wanted, sheet.wrong = offer_form.listing_of(
        fields,
        before,
        currency=charter.currency if charter else "",
        now_ms=home.store.now_ms(),
        words=words,
        charter=claiming.in_force(home),
    )
    if wanted is not None:
        wanted = replace(wanted, photos=photos)
    if stands is None and made_from:
        sheet.problem = t(
            "What this form was made from is no longer here, so nothing was saved. What you "
            "typed stands below; it can be kept as a new listing."
        )
        return sheet.page(409)
    if stands is not None and stands.status == "withdrawn":
        sheet.stands, sheet.draft = None, os.urandom(32)
        sheet.problem = t(
            "This listing was withdrawn in the meantime, so nothing was saved. What you typed "
            "stands below; it can be kept as a new listing."
        )
        return sheet.page(409)
    if stands is not None and made_from != mark(stands) and wanted != stands.listing:
        return _changed_meanwhile(sheet)
    if wanted is None:
        sheet.problem = t("Nothing was saved yet: something below needs a look.")
        return sheet.page(422)
    try:
        return _done(sheet, do, wanted)
    except Refused as error:
        sheet.problem = words.told(error)
        return sheet.page(422)


def _done(sheet: _Sheet, do: str, wanted: Listing) -> Response:
    """Do what the button says with a listing that is whole; Refused when it can't be written."""
    visit, stands = sheet.visit, sheet.stands
    home, t = visit.home, visit.words.gettext
    if not sheet.published and do != "publish":
        checked = market.check(home, wanted, stands.listing if stands else None)
        with home.store.transaction():
            market.save_draft(home, sheet.draft, checked)
        sheet.stands = market.lookup(home, sheet.draft)
        if do == "draft" and not sheet.photo_problems:
            return visit.done(owner_path(sheet.stands), t("Kept as a draft; nobody else sees it."))
    if sheet.photo_problems:
        if do in ("publish", "save"):
            sheet.problem = t("Nothing was saved yet: something below needs a look.")
        return sheet.page(422)
    if do not in ("publish", "save"):  # Enter in a field presses the first button, which is this
        sheet.preview = market.check(home, wanted, stands.listing if stands else None)
        return sheet.page()
    if sheet.published and stands is not None:
        if wanted == stands.listing:
            return visit.done(owner_path(stands), t("Nothing was different."))
        made = market.rewrite(home, stands, wanted)
        return visit.done(owner_path(made), _with_hint(visit, t("Saved."), wanted))
    made = market.offer(home, wanted)
    market.brought_out(home, {sheet.draft: made.id})
    if made.status == "waiting":
        said = t("Written down; it goes out as soon as the community lets you in.")
        return visit.done(owner_path(made), said)
    return visit.done(owner_path(made), _with_hint(visit, t("Published."), wanted))


def _changed_meanwhile(sheet: _Sheet) -> Response:
    """Show what stands beside what was typed; the next time it is sent, it is saved."""
    stands, visit = sheet.stands, sheet.visit
    assert stands is not None  # noqa: S101 - something stands that is not what was typed
    t = visit.words.gettext
    now = _fresh(visit, stands).fields
    names = field_names(visit.words)
    for name, text in sheet.fields.texts.items():
        if text != now.texts[name].strip():
            sheet.differences.append((names[name], now.texts[name], text))
    for name, one, other in (
        (t("Variants"), _rows_text(now), _rows_text(sheet.fields)),
        (t("Values it keeps"), _claims_text(now), _claims_text(sheet.fields)),
        (t("Photos"), _photos_text(stands.listing.photos), _photos_text(sheet.photos)),
    ):
        if one != other:
            sheet.differences.append((name, one, other))
    sheet.problem = t(
        "This was changed in another tab or by a command in the meantime, so nothing was saved. "
        "The fields hold what you typed; send them again to let that stand instead."
    )
    return sheet.page(409)


def _rows_text(fields: Fields) -> str:
    rows = (f"{row.name} {row.price} {row.quantity}".strip() for row in fields.padded(0))
    return "; ".join(rows)


def _claims_text(fields: Fields) -> str:
    return "; ".join(f"{c.value} {c.evidence}".strip() for c in fields.claims if c.ticked)


def _photos_text(photos: tuple[Photo, ...]) -> str:
    return "; ".join(photo.alt or photo.small.hash.hex()[:8] for photo in photos)


def _fresh(visit: Visit, stands: Offer) -> _Sheet:
    """The form of what stands."""
    charter = visit.gateway.facts.charter()
    fields = offer_form.fields_of(
        stands.listing, charter.currency if charter else "", _values(charter)
    )
    return _Sheet(
        visit=visit, stands=stands, draft=stands.id, fields=fields, photos=stands.listing.photos
    )


def _find(visit: Visit, text: str) -> Offer | None:
    """A listing or draft of one's own, or what a draft was published as; Refused for others'."""
    home = visit.home
    try:
        found = market.find(home, text)
    except NotFound:
        became = market.became(home, text)
        if became is None:
            return None
        try:
            found = market.lookup(home, became)
        except NotFound:  # erased since
            return None
    if found.person != home.person:
        t = visit.words.gettext
        raise Refused("not-yours", t("That listing is somebody else's; only they can change it."))
    return found


def _values(charter: Charter | None, before: Listing | None = None) -> list[str]:
    """Ids of the values that the form asks about."""
    known = [value.id for value in charter.values] if charter else []
    claimed = [claim.value for claim in before.values] if before else []
    return list(dict.fromkeys((*known, *claimed)))


def _with_hint(visit: Visit, said: str, wanted: Listing) -> str:
    """The sentence, and a second one when a value is claimed without a word why."""
    if not market.unproven(wanted):
        return said
    t = visit.words.gettext
    return f"{said} {t('It claims a value and does not say why: members will ask.')}"


def field_names(words: Words) -> dict[str, str]:
    """What each field is called."""
    t = words.gettext
    return {
        "title": t("Title"),
        "mode": t("Kind of listing"),
        "price": t("Price"),
        "currency": t("Currency"),
        "description": t("Description"),
        "story": t("Story"),
        "category": t("Category"),
        "place": t("Place"),
        "quantity": t("How many are there?"),
        "condition": t("Condition"),
        "delivery": t("Delivery"),
        "audience": t("Who may see it?"),
        "expires": t("Open until"),
        "tags": t("Tags"),
        "spot": t("Where on the map?"),
    }


def _bytes(text: str) -> bytes | None:
    try:
        found = bytes.fromhex(text)
    except ValueError:
        return None
    return found if len(found) == 32 else None


PAGES_HERE = [
    Page(
        path="/offer",
        name="offer",
        endpoint=new,
        post=send_new,
        audience=DESK,
        upload=offer_photos.UPLOAD,
    ),
    Page(
        path="/offer/{listing}",
        name="change",
        endpoint=change,
        post=send_change,
        audience=DESK,
        upload=offer_photos.UPLOAD,
    ),
]
