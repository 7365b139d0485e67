"""Importing a seller's file into listings: everything or nothing, and twice changes nothing.

What an earlier import made of each product is remembered by the format and the file's own handle,
with a digest of the product as the file had it; a product that is the same in the file is left
alone, so edits made since then survive. Our own CSV names listings by their ids, so those of one's
own are known even if they came by no import. Pictures' addresses are noted and never fetched.

A preview and an import are one piece of code, `Import`, which is done in steps of a few
milliseconds, so that a running node can do other things between them. With a fault in the file
nothing is written. All records are appended in the last step, about 120 microseconds each, and the
notes about them in a second transaction; should the process die in between, the next import finds
listings that say what it would say and takes them on.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any, Literal

from node import market
from node.claiming import dated
from node.home import Home
from node.importing.formats import read_file
from node.importing.model import Product, Reading, RowError
from node.sentences import later
from protocol.codec import encode
from protocol.errors import NotFound, Refused
from protocol.kinds import withdraw as withdraw_kind
from protocol.kinds.listing import Listing, Variant
from storage.own import Draft
from storage.views.listing_queries import Offer

OWN_FORMAT = "csv"  # names listings by their ids
TOLD = (
    "title",
    "price",
    "currency",
    "description",
    "category",
    "tags",
    "quantity",
    "variants",
)

Fate = Literal["create", "update", "unchanged", "skip", "draft", "error"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Row:
    """What becomes of one product, or what is wrong with one row; the texts as in `RowError`."""

    line: int
    title: str  # "" for a row that could not be read
    fate: Fate
    column: str = ""  # of a fault
    choice: str = ""  # what would settle a fault, as in `RowError`
    texts: tuple[tuple[str, Mapping[str, object]], ...] = ()  # sentences, perhaps none

    @property
    def reason(self) -> str:
        """The sentences in English."""
        return " ".join(text % values if values else text for text, values in self.texts)


@dataclass(kw_only=True, slots=True)
class Imported:
    """How many products met which fate, and what was wrong with the file.

    A product that becomes a draft for the first time counts among `drafts` alone, one that was
    known before among `updated` as well.
    """

    format: str = ""  # by which the file was read; "" where none was found
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    drafts: int = 0
    errors: list[RowError] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)  # with errors, those alone


@dataclass(kw_only=True, slots=True)
class _Step:
    """What to write for one product: records, and then the note that leads to them."""

    records: list[Draft]
    note: Callable[[list[bytes]], None]  # gets the ids of the records


def run(
    home: Home,
    data: bytes,
    *,
    format_: str | None,
    currency: str,
    decimal: str = "",
    encoding: str = "utf-8",
    dry_run: bool = False,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> Imported:
    """Read the file and write what is new, at once; the arguments are those of `read_file`."""
    reading = read_file(data, format=format_, currency=currency, decimal=decimal, encoding=encoding)
    with home.turn():
        job = Import(home, reading, dry_run=dry_run)
        for done in job.steps():
            progress(done, job.total)
    return job.result


class Import:
    """One file on its way into one home, or only looked at (`dry_run`).

    Whoever goes through `steps` holds the home's turn. `result` is right when they have ended.
    """

    def __init__(self, home: Home, reading: Reading, *, dry_run: bool) -> None:
        self.result = Imported(
            format=reading.format, errors=list(reading.errors), skipped=len(reading.skipped)
        )
        self.total = len(reading.products) * (2 if dry_run else 3)
        self._home = home
        self._reading = reading
        self._dry_run = dry_run
        self._orphans = _Orphans(home)
        self._plan: list[_Step] = []

    def steps(self) -> Iterator[int]:
        """Do it, and give how many of `total` steps are done. MoothallError: nothing is written."""
        listings = []
        for product in self._reading.products:
            listings.append(self._listing(product))
            yield len(listings)
        if self.result.errors:
            self._give_up()
            return
        for left in self._reading.skipped:
            texts = ((left.text, left.values),)
            row = Row(line=left.line, title=left.title, fate="skip", texts=texts)
            self.result.rows.append(row)
        for number, (product, listing) in enumerate(
            zip(self._reading.products, listings, strict=True)
        ):
            self._decide(product, listing)
            yield len(listings) + number + 1
        if self.result.errors:
            self._give_up()
            return
        self.result.rows.sort(key=lambda row: row.line)
        if not self._dry_run:
            self._write()
            yield self.total

    def _give_up(self) -> None:
        """With a fault in the file nothing is imported, and only faults are told of."""
        errors = sorted(self.result.errors, key=lambda error: error.line)
        rows = [_faulty(error) for error in errors]
        self.result = Imported(format=self.result.format, errors=errors, rows=rows)

    def _refused(self, product: Product, error: Refused) -> None:
        """What no listing can hold is a fault of the file."""
        self.result.errors.append(
            RowError(
                line=product.line,
                column=self._reading.title_column,
                text=error.text,
                values=error.values,
            )
        )

    def _listing(self, product: Product) -> Listing:
        """The product as a listing; what can't be listed is noted as a fault of the file.

        What it claims is not dated yet: the same file stays the same when the charter changes.
        """
        listing = as_listing(product)
        try:
            return replace(market.check(self._home, listing), values=listing.values)
        except Refused as error:
            self._refused(product, error)
            return listing

    def _decide(self, product: Product, listing: Listing) -> None:
        """Count the product's fate, and plan what it takes."""
        digest = sha256(encode(listing.body()) + product.status.encode()).digest()
        before, known = self._before(product)
        if before is not None and before[1] == digest:
            self._count("unchanged", product)
            return
        if before is not None and (known is None or known.status == "withdrawn"):
            self.result.skipped += 1
            self._row("skip", product, TAKEN_AWAY)
            return
        try:
            if known is not None:
                listing = _merged(self._home, product, known.listing, listing)
            else:
                listing = dated(self._home, listing)
        except Refused as error:
            self._refused(product, error)
            return
        if product.status == "draft":
            self._decide_draft(known, product, listing, digest)
        else:
            self._decide_offer(known, product, listing, digest)

    def _before(self, product: Product) -> tuple[tuple[bytes, bytes] | None, Offer | None]:
        """The listing's id and digest as an earlier import noted them, and the listing."""
        row = self._home.store.db.execute(
            "SELECT listing, digest FROM imported WHERE source = ? AND handle = ?",
            [self._reading.format, product.handle],
        ).fetchone()
        if row is not None:
            return (row[0], row[1]), _known(self._home, row[0])
        if self._reading.format == OWN_FORMAT and _is_id(product.handle):
            known = _known(self._home, bytes.fromhex(product.handle))
            if known is not None and known.person == self._home.person:
                return (known.id, b""), known
        return None, None

    def _decide_draft(
        self, known: Offer | None, product: Product, listing: Listing, digest: bytes
    ) -> None:
        """The shop hides it: what was published is withdrawn, and a draft is kept."""
        draft = known.id if known is not None and known.status == "draft" else None
        records = []
        if known is not None and draft is None:
            records.append(Draft("withdraw", withdraw_kind.body(known.id)))
        if draft is not None and known is not None and _same(known.listing, listing):
            self._count("unchanged", product)
        else:
            self.result.updated += known is not None
            self.result.drafts += 1
            self._row("draft", product)

        def note(_: list[bytes]) -> None:
            self._note(product, digest, market.save_draft(self._home, draft, listing))

        self._plan.append(_Step(records=records, note=note))

    def _decide_offer(
        self, known: Offer | None, product: Product, listing: Listing, digest: bytes
    ) -> None:
        """The shop shows it: publish it, or bring what is published up to date."""
        draft = known.id if known is not None and known.status == "draft" else None
        published = known.id if known is not None and draft is None else self._orphans.take(listing)
        records = []
        if published is None:
            records.append(Draft("listing", listing.body()))
            self._count("create", product)
        elif known is not None and draft is None and not _same(known.listing, listing):
            records.append(Draft("listing", market.next_version(known, listing).body()))
            self._count("update", product)
        else:
            self._count("unchanged", product)

        def note(made: list[bytes]) -> None:
            found = made[0] if published is None else published
            if draft is not None:
                market.brought_out(self._home, {draft: found})
            self._note(product, digest, found)

        self._plan.append(_Step(records=records, note=note))

    def _count(self, fate: Literal["create", "update", "unchanged"], product: Product) -> None:
        self.result.created += fate == "create"
        self.result.updated += fate == "update"
        self.result.unchanged += fate == "unchanged"
        self._row(fate, product)

    def _row(self, fate: Fate, product: Product, *texts: str) -> None:
        notes = () if fate in ("unchanged", "skip") else product.notes
        said: tuple[tuple[str, Mapping[str, object]], ...]
        said = tuple((text, {}) for text in (*texts, *notes))
        self.result.rows.append(Row(line=product.line, title=product.title, fate=fate, texts=said))

    def _write(self) -> None:
        """Records first, then the notes that lead to them."""
        records = [record for step in self._plan for record in step.records]
        made = iter(self._home.append(records) if records else [])
        with self._home.store.transaction():
            for step in self._plan:
                step.note([next(made) for _ in step.records])

    def _note(self, product: Product, digest: bytes, listing_id: bytes) -> None:
        pictures = [{"address": p.address, "alt": p.alt} for p in product.pictures]
        self._home.store.db.execute(
            "INSERT OR REPLACE INTO imported (source, handle, listing, digest, pictures)"
            " VALUES (?, ?, ?, ?, ?)",
            [self._reading.format, product.handle, listing_id, digest, json.dumps(pictures)],
        )


TAKEN_AWAY = later("You took it off the market here, and the file does not undo that.")


def as_listing(product: Product) -> Listing:
    """The product as a listing that nobody has checked yet; shops sell."""
    variants = tuple(
        Variant(name=v.name, price=v.price, quantity=v.quantity, sku=v.sku)
        for v in product.variants
    )
    parts: dict[str, Any] = {name: getattr(product, name) for name in TOLD}
    return Listing(**{"mode": "sell", **parts, **product.further, "variants": variants})


def _faulty(error: RowError) -> Row:
    texts = ((error.text, error.values),)
    return Row(
        line=error.line,
        title="",
        fate="error",
        column=error.column,
        choice=error.choice,
        texts=texts,
    )


def _is_id(handle: str) -> bool:
    return len(handle) == 64 and all(sign in "0123456789abcdef" for sign in handle)


def _merged(home: Home, product: Product, known: Listing, told: Listing) -> Listing:
    """What the file tells, with what its owner has added here: story, photos and so on."""
    names = {*TOLD, *product.further} - product.silent
    told_of = {name: getattr(told, name) for name in names}
    return market.check(home, replace(known, **told_of, root=None, version=1), known)


class _Orphans:
    """Own listings that an import published and died before it noted them."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._found: dict[bytes, list[bytes]] | None = None

    def take(self, listing: Listing) -> bytes | None:
        """One that says exactly this and still stands; each is given once."""
        if self._found is None:
            self._found = self._gather()
        found = self._found.get(sha256(encode(listing.body())).digest(), [])
        while found:
            known = _known(self._home, found.pop(0))
            if known is not None and known.status != "withdrawn" and _same(known.listing, listing):
                return known.id
        return None

    def _gather(self) -> dict[bytes, list[bytes]]:
        found: dict[bytes, list[bytes]] = {}
        for listing_id, body in self._home.store.db.execute(
            "SELECT listing.id, record.body FROM listing JOIN record USING (rowid)"
            " JOIN log ON log.no = listing.log_no JOIN device ON device.no = log.device_no"
            " WHERE device.key = ? AND listing.root IS NULL"
            " AND listing.id NOT IN (SELECT listing FROM imported) ORDER BY listing.rowid",
            [self._home.device],
        ):
            found.setdefault(sha256(body).digest(), []).append(listing_id)
        return found


def _same(known: Listing, wanted: Listing) -> bool:
    """Whether a version of a listing says the same as another."""
    return replace(known, root=None, version=1) == replace(wanted, root=None, version=1)


def _known(home: Home, listing_id: bytes) -> Offer | None:
    try:
        return market.lookup(home, listing_id)
    except NotFound:
        return None
