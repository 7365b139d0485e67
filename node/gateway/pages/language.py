"""`/language/{language}?to=/path`: the language that a reader chooses, kept in a cookie.

Leads back to where the reader was, and never to another site: `to` counts only as a path here.
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from starlette.responses import RedirectResponse, Response

from node.gateway.languages import COOKIE, LANGUAGES
from node.gateway.pages.page import BOTH, SETUP, Page
from node.gateway.visit import Problem, Visit

YEAR_SECONDS = 365 * 86_400
LONGEST = 4000
# One slash and then no second one; visible ASCII without a backslash, which browsers read as "/".
_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*")


async def show(visit: Visit) -> Response:
    """Keep the choice and lead back."""
    language = visit.request.path_params["language"]
    if language not in LANGUAGES:
        t = visit.words.gettext
        raise Problem(404, t("Not here"), t("Moothall does not speak this language yet."))
    to = local_path(visit.request.query_params.get("to", ""))
    answer = RedirectResponse(to, status_code=303, headers={"Cache-Control": "no-store"})
    answer.set_cookie(COOKIE, language, max_age=YEAR_SECONDS, httponly=True, samesite="strict")
    return answer


def local_path(to: str) -> str:
    """`to` if it is a path of this very site, or the front page."""
    if len(to) > LONGEST or not _PATH.fullmatch(to):
        return "/"
    try:
        parts = urlsplit(to)
    except ValueError:
        return "/"
    return "/" if parts.scheme or parts.netloc else to


PAGE = Page(
    path="/language/{language}",
    name="language",
    endpoint=show,
    audience=BOTH | SETUP,
    html=False,
)
