"""What every act in the assembly needs: a certified device of a member."""

from __future__ import annotations

from governance.certified import Certified
from governance.roll import MEMBER
from node.assembly import finding
from node.home import Home
from protocol.errors import Refused, Term


def member_state(home: Home, what: Term) -> Certified:
    """The certified state; Refused unless this home's device may do such things for a member."""
    state = finding.state_of(home.store)
    line = state.roll.persons.get(home.person)
    if line is None or line.standing != MEMBER or home.standing() in ("left", "removed"):
        raise Refused(
            "not-member",
            "Only members %(do)s; you are none yet, or no longer. The teller's node admits you by "
            "itself when the charter's conditions are met.",
            do=what,
        )
    if home.device not in line.devices:
        raise Refused(
            "not-certified",
            "This device is not on the roll yet: use another one of yours, or wait until the "
            "teller's node has listed it.",
        )
    if not state.roll.is_member_device(home.device):
        raise Refused("retired", "This device was given up: use another one of yours.")
    return state
