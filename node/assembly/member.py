"""What every act in the assembly needs: a device of a member."""

from __future__ import annotations

from governance.certified import Certified
from governance.roll import MEMBER
from node.assembly import finding
from node.home import Home
from protocol.errors import Refused, Term


def member_state(home: Home, what: Term) -> Certified:
    """The certified state; Refused unless this home's device is a member's."""
    if home.standing() != MEMBER:
        raise Refused(
            "not-member",
            "Only members %(do)s; you are none yet, or no longer. The teller's node admits you by "
            "itself when the charter's conditions are met.",
            do=what,
        )
    state = finding.state_of(home.store)
    if not state.roll.is_member_device(home.device):
        raise Refused(
            "not-certified",
            "This device is not on the roll yet, or no longer: use another one of yours, or wait "
            "for the teller's node.",
        )
    return state
