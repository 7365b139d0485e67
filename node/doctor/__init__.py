"""`moothall doctor`: looks at a home and its node, and says in plain words what to do.

A check is one function that gets a `Situation` and gives a `Finding`, or None where it has nothing
to say; it changes nothing. To add one, write it and put it into `registry.py`.
"""
