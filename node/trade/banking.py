"""Bank accounts, payment references and the codes that banks' programs read.

An account number is this home's own business: it lies in a file that only its owner reads, goes
nowhere but into letters to whoever is to pay, and is checked before it is kept. So do the accounts
of others, as they told them. Nothing here talks to a bank.
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING

from governance.paying import Party
from node.home import Home
from node.importing.prices import decimals
from node.keystore import write_private
from node.market import check_text
from protocol.errors import Refused, StoreError, Term

if TYPE_CHECKING:
    import segno

ACCOUNTS = "accounts.json"  # in the home, rights 0600
EURO = "EUR"
MAX_NAME = 70  # characters, as in the European standard for such codes
MOST = Decimal("999999999.99")  # euros in one transfer, likewise

_SPACES = re.compile(r"\s+")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")


@dataclass(frozen=True, kw_only=True, slots=True)
class Account:
    """Where money goes: a checked IBAN without spaces, and whose it is. `bic` may be empty."""

    iban: str
    name: str
    bic: str = ""

    @property
    def shown(self) -> str:
        """The IBAN in groups of four, as people read it."""
        return " ".join(self.iban[at : at + 4] for at in range(0, len(self.iban), 4))


def checked(iban: str, name: str, bic: str = "") -> Account:
    """The account that these words name; Refused `bad-iban`, `bad-bic` or `no-name` if none."""
    from stdnum import bic as bics
    from stdnum import iban as ibans
    from stdnum.exceptions import InvalidChecksum, InvalidFormat, ValidationError

    written = _SPACES.sub(" ", iban.strip())[:50]
    try:
        if not _IBAN.fullmatch(_bare(iban)):
            raise InvalidFormat
        number = ibans.validate(iban)
    except InvalidChecksum as error:
        raise Refused(
            "bad-iban",
            '"%(iban)s" is no IBAN: its check digits don\'t fit the rest, so something in it is '
            "mistyped. Nothing was kept.",
            iban=written,
        ) from error
    except ValidationError as error:
        raise Refused(
            "bad-iban",
            '"%(iban)s" is no IBAN; one looks like DE89 3704 0044 0532 0130 00. Nothing was kept.',
            iban=written,
        ) from error
    try:
        code = bics.validate(bic) if bic.strip() else ""
    except ValidationError as error:
        raise Refused(
            "bad-bic",
            '"%(bic)s" is no BIC; one has 8 or 11 letters and digits. It may be left out. Nothing '
            "was kept.",
            bic=_SPACES.sub(" ", bic.strip())[:50],
        ) from error
    holder = _SPACES.sub(" ", name.strip())
    check_text(Term("name"), holder, MAX_NAME)
    if not holder:
        raise Refused("no-name", "Whose account it is belongs to it. Nothing was kept.")
    return Account(iban=number, name=holder, bic=code)


def account(home: Home, of: Party | None = None) -> Account | None:
    """This home's own account, or that of another party as it is noted here; None if it is not."""
    entry = _load(home).get(_key(of))
    return None if entry is None else Account(**entry)


def set_account(home: Home, chosen: Account | None, of: Party | None = None) -> None:
    """Keep an account, or forget it."""
    entries = _load(home)
    if chosen is None:
        entries.pop(_key(of), None)
    else:
        entries[_key(of)] = asdict(chosen)
    write_private(home.path / ACCOUNTS, json.dumps(entries, indent=1))


def _key(of: Party | None) -> str:
    """Under which name an account is kept: "" for one's own."""
    return of.hex() if isinstance(of, bytes) else f"fund {of}" if of else ""


def _load(home: Home) -> dict[str, dict[str, str]]:
    path = home.path / ACCOUNTS
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {
            str(fund): {key: str(entry[key]) for key in ("iban", "name", "bic")}
            for fund, entry in found.items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        raise StoreError(
            "damaged",
            "%(path)s can't be read and was left as it is; take it away and say your account "
            "again with `moothall settle account`.",
            path=path,
        ) from error


def reference(subject: bytes) -> str:
    """What a transfer about `subject` says: a creditor reference (ISO 11649) of 20 characters.

    `subject` is an order's id, or anything else that both sides know. Two of its digits are check
    digits, so that a mistyped one is noticed.
    """
    from stdnum.iso7064 import mod_97_10

    digits = subject[:8].hex().upper()
    check: str = mod_97_10.calc_check_digits(f"{digits}RF")
    return f"RF{check}{digits}"


def settling_reference(payer: bytes, payee: bytes, currency: str, number: int) -> str:
    """What the `number`th transfer between two parties says; known before it is made."""
    told = f"{currency} {number}".encode()
    return reference(sha256(b"moothall/settling\0" + payer + payee + told).digest())


def mentions(text: str, reference: str) -> bool:
    """Whether a text, such as a line of a bank's statement, holds a reference, however spaced."""
    return bool(reference) and _bare(reference) in _bare(text)


def _bare(text: str) -> str:
    return "".join(sign for sign in text.upper() if sign.isascii() and sign.isalnum())


def pay_map(home: Home, order: bytes) -> dict[str, str] | None:
    """What the acceptance of an order says about paying for it; None while no account is set."""
    mine = account(home)
    if mine is None:
        return None
    return {**asdict(mine), "reference": reference(order), "text": ""}


def epc_qr(
    *,
    iban: str,
    name: str,
    bic: str = "",
    amount: int,
    currency: str,
    reference: str = "",
    text: str = "",
) -> segno.QRCode | None:
    """A code that a bank's program turns into a transfer (EPC069-12); minor units.

    None where there can't be one: the standard knows euros alone, up to a thousand million, and an
    IBAN that somebody else sent may be wrong.
    """
    from segno.helpers import make_epc_qr

    if currency != EURO or amount < 1:
        return None
    try:
        there = checked(iban, name, bic)
        euros = Decimal(amount).scaleb(-decimals(EURO))
        if euros > MOST:
            return None
        said = {"reference": reference} if reference else {"text": text or there.name}
        return make_epc_qr(
            there.name, there.iban, euros, bic=there.bic or None, encoding="utf-8", **said
        )
    except (Refused, ValueError):  # what others say may be too long for a code
        return None
