"""Commands about one's devices: which there are, giving one up, and the way back after a loss."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from node.cli.membership import no_passphrase, refuse_second
from node.cli.output import Output, ask_passphrase, new_passphrase
from protocol.errors import Refused

if TYPE_CHECKING:
    from node.devices import Device
    from protocol.keys import Signer


@click.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--peer",
    "peers",
    multiple=True,
    metavar="MULTIADDR",
    help="Where a member's node can be reached, as its `moothall run` shows it. Can be given "
    "several times.",
)
@click.option("--link", metavar="LINK", help="Any invitation to the community: it names nodes.")
@click.option("--name", metavar="NAME", help="What the new recovery file calls you.")
@no_passphrase
@click.pass_obj
def recover(
    out: Output,
    file: Path,
    peers: tuple[str, ...],
    link: str | None,
    name: str | None,
    no_passphrase: bool,
) -> None:
    """Make a new home from the recovery FILE, on a new computer.

    You are the same person with a new device. Profile, listings and all else come from the
    members' nodes. Nothing of the lost device is needed.
    """
    from node import home as homes
    from node import joining, recovering
    from node.running import join_once
    from protocol import lobby
    from storage.database import friendly

    found = recovering.read(_read(file), peers, link)
    refuse_second(out.home)
    opened_by = ask_passphrase("Passphrase of the recovery file") if found.sealed else None
    kept = opened_by if found.sealed and not no_passphrase else new_passphrase(no_passphrase)
    with friendly():
        made = recovering.make(
            out.home, found, opened_by=opened_by, passphrase=kept, name=name or ""
        )
    with friendly(), contextlib.closing(made):
        answer = join_once(made)
        status = made.standing()
        seat = recovering.lost_seat(made)
    if answer is not None and answer.reason in lobby.FINAL:
        homes.unmake(made)
        raise Refused(answer.reason, joining.sentence(answer, made.person, further=True))
    data: dict[str, Any] = {
        "community": made.store.community.hex(),
        "person": made.person.hex(),
        "device": made.device.hex(),
        "status": status,
    }
    sentence = {
        "provisional": "You are back, with a new device; the teller's node certifies it.",
        "member": "You are back, with a new device.",
    }.get(status, "Nobody could be reached so far; `moothall run` goes on trying.")
    if answer is not None and answer.reason:
        sentence = joining.sentence(answer, made.person, further=True)
        data |= {"reason": answer.reason, "message": sentence}
    following = (
        "`moothall run`. The lost device was the community's teller: then `moothall teller "
        "move-seat` puts this one in its place."
        if seat
        else "`moothall run`, and `moothall device retire` for the lost one."
    )
    out.answer(data | {"teller": seat}, f"{sentence}\n\nNext: {following}")


def person_of(file: Path, community: bytes) -> tuple[Signer, str, str | None]:
    """Whose recovery file this is: the person key, their name, and the passphrase that opened it.

    Refused for the file of another community.
    """
    from node import recovery

    text = _read(file)
    sealed = recovery.is_sealed(text)
    passphrase = ask_passphrase("Passphrase of the recovery file") if sealed else None
    found, person = recovery.read(text, passphrase)
    if found != community:
        raise Refused("foreign", "That link leads to another community than the recovery file.")
    return person, recovery.surroundings(text).name, passphrase


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise Refused(
            "no-file", f"{file} can't be read ({error.strerror}); nothing was made."
        ) from error
    except UnicodeError as error:
        raise Refused("bad-recovery", f"{file} is not a recovery file.") from error


@click.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
@click.pass_obj
def recovery(out: Output, file: Path | None) -> None:
    """Save your recovery file anew, as FILE, or in your home.

    It names members' nodes that can be reached now, so that a new computer finds the way back.
    """
    from node import devices, keystore, people
    from node.home import RECOVERY

    with out.opened() as home:
        text = devices.kept_recovery(home)
        if text is None:
            passphrase = ask_passphrase() if home.keyfile.sealed else None
            keystore.unlock(home.keyfile.path, passphrase)  # the file is sealed by no other
            home.passphrase = lambda: passphrase
            text = devices.recovery_text(home, passphrase)
        where = (file or home.path / RECOVERY).absolute()
        keystore.write_private(where, text)
        devices.recovery_is_saved(home)
        named = len(devices.surroundings(home).peers)
        name = people.own_profile(home).name
    by = f"It names {named} of your neighbours' nodes." if named else "It names nobody yet."
    out.answer(
        {"recovery_file": str(where), "name": name, "peers": named},
        f"{where}\n{by} Move it off this computer.",
    )


@click.group()
def device() -> None:
    """Show your devices, and give up one that you lost."""


@device.command("list")
@click.pass_obj
def device_list(out: Output) -> None:
    """List your devices: this one and your others."""
    from node import devices

    with out.opened() as home:
        found = devices.mine(home)
    lines = []
    for each in found:
        marks = ["this one"] * each.here + ["teller's seat"] * each.teller
        since = _date(each) or "not here yet"
        beside = f"  ({', '.join(marks)})" if marks else ""
        lines.append(f"{each.key.hex()[:8]}  {each.status}  since {since}{beside}")
    out.answer({"devices": [_plain(each) for each in found]}, "\n".join(lines))


@device.command("retire")
@click.argument("device_id", metavar="DEVICE")
@click.option("--yes", is_flag=True, help="Don't ask whether you are sure.")
@click.pass_obj
def device_retire(out: Output, device_id: str, yes: bool) -> None:
    """Give up another device of yours, such as one that is lost or sold.

    DEVICE is an id from `moothall device list`. What it wrote stays, as far as it has come here.
    """
    from node import devices

    with out.opened() as home:
        devices.find(home, device_id)
        out.confirm("Give this device up for good?", yes)
        gone = devices.retire(home, device_id)
    out.answer(
        {"device": gone.key.hex(), "status": "retiring"},
        "Said. It is cut off as soon as the teller's node has certified it.",
    )


def _plain(each: Device) -> dict[str, Any]:
    return {
        "device": each.key.hex(),
        "since": _date(each),
        "status": each.status,
        "here": each.here,
        "teller": each.teller,
    }


def _date(each: Device) -> str | None:
    from node.status import rfc3339

    return None if each.since_ms is None else rfc3339(each.since_ms)
