"""What is kept in the home: the store, who may read its files, and the way back after a loss."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from node import devices, telling
from node.doctor.finding import Finding, Situation, bad, good, warning
from node.home import DATABASE, KEYS, RECOVERY
from node.metrics_token import TOKEN
from node.sizes import size_text
from storage.migrations import unknown_steps

OLD_DAYS = 365  # of a recovery file: whom it names may have moved
_DAY_MS = 86_400_000
_SECRET = (KEYS, RECOVERY)  # whoever reads one of these can act as its owner, if it is not sealed
_PRIVATE = (DATABASE, f"{DATABASE}-wal", f"{DATABASE}-shm", TOKEN)


def store(situation: Situation) -> Finding:
    """The database opens, is sound, and is none of a newer program."""
    home = situation.home
    trouble = situation.trouble
    if trouble is not None and trouble.reason != "damaged":
        return bad("store", str(trouble), "Ask again once that is mended; nothing is lost by it.")
    if home is None:
        return bad(
            "store",
            str(trouble),
            "Copy the whole folder before anything else. If the disk is well, `moothall recover` "
            "makes a new home from your recovery file; your neighbours hold what you published.",
        )
    waits = None if situation.network is None else situation.network.get("trouble")
    if waits is not None and waits != "damaged":
        return bad(
            "store", telling.trouble(waits), "Ask again once that is mended; nothing is lost by it."
        )
    (told,) = home.store.db.execute("PRAGMA quick_check(1)").fetchone()
    if told != "ok":
        return bad(
            "store",
            "The database is damaged.",
            "End the node and copy the whole folder, then look with `moothall verify` at what is "
            "wrong; your neighbours hold what you published.",
        )
    if unknown_steps(home.store.db):
        return bad(
            "store",
            "A newer version of Moothall has written to this home.",
            "Install that version or a later one again before you go on.",
        )
    files = (situation.path / f"{DATABASE}{end}" for end in ("", "-wal"))
    size = sum(file.stat().st_size for file in files if file.exists())
    (records,) = home.store.db.execute("SELECT count(*) FROM record").fetchone()
    return good("store", f"{records} records in {size_text(size)}, and the database is sound.")


def permissions(situation: Situation) -> Finding:
    """Nobody else may read what is in the home."""
    path = situation.path
    open_ = [name for name in (*_SECRET, *_PRIVATE) if _others_read(path / name)]
    if any(name in _SECRET for name in open_):
        files = " ".join(str(path / name) for name in open_)
        return bad(
            "permissions",
            f"Other users of this computer may read {', '.join(open_)}.",
            f"Say: chmod 600 {files}. If somebody may have read the keys, give this device up "
            "(`moothall device retire` at another one of yours).",
        )
    if open_ or _others_read(path):
        return warning(
            "permissions",
            "Other users of this computer may look into the home's folder.",
            f"Say: chmod 700 {path}",
        )
    strange = [name for name in (KEYS, DATABASE) if _of_another(path / name)]
    if strange:
        return warning(
            "permissions",
            f"{', '.join(strange)} belongs to another user than the one who asks.",
            "Run moothall as the user whose home it is, not as root.",
        )
    return good("permissions", "Only you can read the home.")


def recovery(situation: Situation) -> Finding | None:
    """The recovery file was taken elsewhere, and names people who can be reached."""
    home = situation.home
    if home is None:
        return None
    todo = "Say `moothall recovery FILE` with a stick's folder, or print what it writes."
    lies_here = (situation.path / RECOVERY).exists()
    if lies_here:
        return warning(
            "recovery",
            "Your recovery file lies in the home: if this computer is lost, so is the file.",
            f"Move {situation.path / RECOVERY} off this computer; a stick in a drawer will do.",
        )
    if devices.recovery_is_old(home):
        return warning(
            "recovery", "Your recovery file names too few nodes that can still be reached.", todo
        )
    saved = devices.recovery_saved_ms(home)
    if saved is None:
        return good(
            "recovery", "Your recovery file was moved away; when it was saved is not known."
        )
    days = max(0, situation.now_ms - saved) // _DAY_MS
    if days > OLD_DAYS:
        return warning("recovery", f"Your recovery file was saved {days} days ago.", todo)
    when = "today" if days == 0 else f"{days} days ago" if days > 1 else "a day ago"
    return good("recovery", f"Your recovery file was saved {when}.")


def _others_read(path: Path) -> bool:
    try:
        return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)
    except OSError:
        return False  # not there


def _of_another(path: Path) -> bool:
    try:
        return path.stat().st_uid != os.getuid()
    except OSError:
        return False
