"""Letters: sealed for the devices of those they are for, sent as records, read again, followed.

Everybody carries a letter; only its readers can open it. A running node opens what comes in the
background (`node.opening`); `open_pending` does it for commands.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import batched, chain, zip_longest
from typing import Any, NamedTuple

from node import control
from node.home import Home
from protocol.codec import Plain
from protocol.errors import Invalid, Refused, Unreachable
from protocol.letters import keys as keys_letter
from protocol.letters.message import MAX_TEXT, Message
from protocol.letters.registry import read_letter, write_letter
from protocol.sealing import MOST_READERS, Opener, most_content, seal
from storage import letters as kept
from storage.database import FAST
from storage.letters import MESSAGES, ORDER, Thread
from storage.own import Draft
from storage.views import profiles
