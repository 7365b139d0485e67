"""The form that changes a fee and who shares it; shares are percentages that add up to 100."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from governance.charter_market import FeeRule
from governance.charter_read import ALL_BPS
from node.gateway.forms import Form
from node.gateway.hall import role
from node.gateway.proposing.kind import KindForm, Read, was_sent
from node.gateway.typed import amount
from node.gateway.visit import Visit
from node.importing.prices import money
from protocol.errors import Refused

KNOWN = ("referrer", "host", "community", "hardship")  # roles that programs give a meaning to
OWN_ROLES = 2  # rows for roles of the community's own
MOST_ROWS = 16
_PERCENT = re.compile(r"([0-9]{1,3})(?:[.,]([0-9]{1,2}))?")
_ROLE = re.compile(r"[a-z0-9_-]{1,40}")


def fields(visit: Visit, form: Form) -> Mapping[str, Any]:
    """The fee of the category that was asked for: everybody's without one."""
    charter = visit.charter
    asked = (
        form.text("category") if was_sent(form) else visit.request.query_params.get("category", "")
    )
    own = [name for name, _ in charter.fees.categories]
    stands = charter.fees.of(asked or None)
    rows = _typed_rows(form) if was_sent(form) else _rows(stands)
    known = {name for name, _, _ in rows}
    named = [*rows, *((name, "", "community") for name in KNOWN if name not in known)]
    blank = [("", "", "community")] * (OWN_ROLES if len(named) < MOST_ROWS - OWN_ROLES else 0)
    return {
        "category": asked,
        "own": own,
        "categories": [name for name, _ in visit.gateway.facts.categories(guests=False)],
        "currency": charter.currency,
        "percent": form.text("percent") if was_sent(form) else percent_text(stands.fee_bps),
        "least": form.text("least") if was_sent(form) else _money(stands.fee_min, charter.currency),
        "most": form.text("most") if was_sent(form) else _money(stands.fee_cap, charter.currency),
        "remove": form.checked("remove"),
        "rows": [
            {
                "number": n,
                "role": name,
                "name": role(visit.words, name),
                "share": share,
                "else": back,
            }
            for n, (name, share, back) in enumerate([*named, *blank], 1)
        ],
        "roles": [
            (name, role(visit.words, name)) for name in dict.fromkeys((*known, *KNOWN)) if name
        ],
    }


def _rows(rule: FeeRule) -> list[tuple[str, str, str]]:
    return [(row.role, percent_text(row.bps), row.fallback or "") for row in rule.table]


def _typed_rows(form: Form) -> list[tuple[str, str, str]]:
    rows = []
    for n in range(1, MOST_ROWS + 1):
        name = form.text(f"role-{n}")
        if name:
            rows.append((name, form.text(f"share-{n}"), form.text(f"else-{n}")))
    return rows


def read(visit: Visit, form: Form) -> Read:
    """The fee as it was typed, whole."""
    t, currency = visit.words.gettext, visit.charter.currency
    category = form.text("category")
    if form.checked("remove") and category:
        return {"type": "set_fees", "categories": {category: None}}, []
    table, total, ends = [], 0, 0
    for typed, share, back in _typed_rows(form):
        name = typed.lower()
        if not share:
            continue
        if not _ROLE.fullmatch(name):
            raise Refused(
                "bad-role",
                t("“%(role)s” is no word for a part: take small letters a to z and digits.")
                % {"role": name},
            )
        bps = read_percent(visit, share)
        total += bps
        ends += not back
        table.append({"role": name, "bps": bps, "fallback": back or None})
    if total != ALL_BPS:
        raise Refused(
            "not-whole",
            t("The shares add up to %(sum)s; together they have to be %(all)s.")
            % {"sum": visit.words.percent(total), "all": visit.words.percent(ALL_BPS)},
        )
    if ends != 1:
        raise Refused(
            "no-end",
            t(
                "Exactly one part has to be “always there”: it takes what nobody else gets, as the "
                "common fund does."
            ),
        )
    cap = form.text("most")
    fee = {
        "fee_bps": read_percent(visit, form.text("percent") or "0"),
        "fee_min": amount(form.text("least") or "0", currency),
        "fee_cap": amount(cap, currency) if cap else None,
        "table": table,
    }
    if category:
        return {"type": "set_fees", "categories": {category: fee}}, []
    return {"type": "set_fees", "default": fee}, []


def read_percent(visit: Visit, text: str) -> int:
    """Basis points of a percentage such as 5, 2.5 or 2,5; Refused for anything else."""
    found = _PERCENT.fullmatch(text.strip().removesuffix("%").strip())
    bps = ALL_BPS + 1
    if found:
        bps = int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))
    if bps > ALL_BPS:
        sentence = visit.words.gettext("“%(text)s” is no percentage; write it as 5 or 2.5.")
        raise Refused("bad-percent", sentence % {"text": text[:40]})
    return bps


def percent_text(bps: int) -> str:
    """A percentage as one types it."""
    return f"{bps // 100}.{bps % 100:02d}".rstrip("0").rstrip(".")


def _money(minor: int | None, currency: str) -> str:
    return money(minor, currency) if minor else ""


FORM = KindForm(template="new_fees.html", fields=fields, read=read)
