"""The schema, as numbered steps that are applied once each, in order. Steps are never edited.

Each is a file of `storage/schema/`, named by its number and what it brings: a new one is applied
because it is there. Tables of the log come first; each view brings its own.
"""

from __future__ import annotations

from importlib.resources import files

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

MIGRATIONS = Migrations("moothall")


def _script(database: Database, script: str) -> None:
    """Run several statements inside the running transaction (executescript would commit it)."""
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if line.rstrip().endswith(";"):
            database.conn.execute(statement)
            statement = ""


def _register(name: str, script: str) -> None:
    @MIGRATIONS(name=name)
    def _step(database: Database) -> None:
        _script(database, script)


def unknown_steps(database: Database) -> set[str]:
    """Steps that were applied by a newer program than this one."""
    applied = {each.name for each in MIGRATIONS.applied(database)}
    return applied - {each.name for each in MIGRATIONS._migrations}


for _file in sorted(files("storage").joinpath("schema").iterdir(), key=lambda file: file.name):
    if _file.name.endswith(".sql"):
        _register(_file.name.removesuffix(".sql"), _file.read_text("utf-8"))
