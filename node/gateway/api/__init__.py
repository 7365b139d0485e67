"""The read API: one table of operations, from which routes, checks and the document are made."""
