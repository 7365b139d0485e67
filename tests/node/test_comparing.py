"""What counts as a difference between newest certificates, and what is only a moment's delay."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from governance.charter import Charter
from governance.membership import CERTIFIED
from governance.templates import template
from node import comparing, homes_for_tests
