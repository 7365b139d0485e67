"""Which payments are in effect: both sides have said so.

A pure function of what members signed and of the certified state, in any order. A payment counts
once its payee has answered, since the answer carries it: a payer who forks their log afterwards
takes nothing back. Only a certified cut of the payer's log leaves out what lies beyond it, or a
lost device could be made to pay for ever.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from governance.certified import IN_EFFECT, Certified
from governance.effects.elect import winning
from protocol.codec import key_of as _key_of  # placeholder
