"""A model of tellers who agree over bad networks, some of them lying: the real machine, no copy.

`builds` holds the machine, as it is or with one rule broken; `world` the tellers, their disks, what
reaches whom, and what must never happen; `liars` what lying tellers say; `schedules` random runs
from a seed; `safety` and `ending` scripted runs on a `stage`, each the classic counterexample to
one broken rule; `mutants` the broken rules and which script finds each.
"""
