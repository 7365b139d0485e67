"""Supermajority: two thirds of those who say yes or no, or as much more as the charter asks."""

from dataclasses import replace

from governance.charter_read import Threshold
from governance.methods import majority

METHOD = replace(majority.METHOD, name="supermajority", floor=Threshold(2, 3, "at_least"))
