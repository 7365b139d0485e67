"""What the two ways to begin have in common: a name, a passphrase, and the home that is made."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from node import welcome
from node.gateway.forms import Form
from node.gateway.visit import Visit
from node.home import Home
from node.people import checked_name
from protocol.errors import MoothallError, Refused

Make = Callable[[str, str | None], Home]  # of the person's name and passphrase


def begin(visit: Visit, form: Form, make: Make) -> Response:
    """Make the home and hand it to the node; Refused with what to change otherwise."""
    first = visit.gateway.first_run
    assert first is not None, "a first-run page without a first run"  # noqa: S101
    home = make(checked_name(form.text("person")), _passphrase(visit, form))
    welcome.begin(home)
    first.hand_over(home)
    return visit.done("/welcome")


def _passphrase(visit: Visit, form: Form) -> str | None:
    """What was chosen, as it was typed; None for none. Refused when typed in two ways."""
    chosen, again = form.lines("passphrase"), form.lines("again")
    if chosen != again:
        raise Refused(
            "two-passphrases",
            visit.words.gettext(
                "The two passphrases differ, so nothing was made. Type the same one twice, or "
                "leave both empty."
            ),
        )
    return chosen or None


def again(visit: Visit, template: str, form: Form, error: MoothallError, **more: Any) -> Response:
    """The same page with what was typed and what to change; passphrases are never sent back."""
    return visit.render(template, status=422, form=form, problem=visit.words.told(error), **more)
