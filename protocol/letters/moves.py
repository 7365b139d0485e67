"""The moves in the life of an order, each a small dataclass with the word that names it.

Amounts are minor units of the order's currency; ids and persons are 32 bytes, signatures 64. Which
move may be made when, and what crossing moves come to, is for `governance.orders`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from protocol.codec import Plain
from protocol.kinds.receipt import Statement

MAX_TEXT = 2000  # characters of a move's text
MAX_QUANTITY = 10**6
HOW = ("cash", "bank", "credit", "other")
PAY_TO = {"iban": 34, "name": 70, "bic": 11, "reference": 35, "text": 500}  # characters


@dataclass(frozen=True, kw_only=True, slots=True)
class PayTo:
    """How the seller is paid. `reference` is what the payer writes, so that it is found again."""

    iban: str = ""
    name: str = ""
    bic: str = ""
    reference: str = ""
    text: str = ""

    def data(self) -> dict[str, Plain]:
        """The map in a letter."""
        return {key: getattr(self, key) for key in PAY_TO}


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """The buyer's first letter: what is ordered, of whom, on what terms.

    An `enquiry` binds nobody and needs no price; the seller answers it with an offer. `proof` is
    the order's key's signature (`prove`) over who buys and who sells.
    """

    word: ClassVar[str] = "place"
    listing: bytes  # the listing, by its first record
    version: bytes  # record of the version that the buyer saw
    seller: bytes  # person
    quantity: int
    price: int | None  # of all goods together; None: on request, in an enquiry alone
    currency: str
    at: bytes  # certificate that the buyer acknowledges
    proof: bytes
    delivery: int = 0
    tip: int = 0
    variant: str = ""
    text: str = ""
    host: bytes | None = None  # person whose shop window brought the buyer
    referral: bytes | None = None  # a `recommend` record
    enquiry: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Offer:
    """Other terms: a seller's quote, or a change that either side proposes.

    It takes the place of its author's earlier offer. `pay` is said by a seller, whose offer the
    buyer may accept.
    """

    word: ClassVar[str] = "offer"
    quantity: int
    price: int
    at: bytes
    delivery: int = 0
    tip: int = 0
    text: str = ""
    pay: PayTo | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Accept:
    """The other side's `place` or `offer` is accepted; `statement` is what the receipt will say."""

    word: ClassVar[str] = "accept"
    offer: bytes
    at: bytes
    statement: Statement
    pay: PayTo | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Decline:
    """The seller does not want this order."""

    word: ClassVar[str] = "decline"
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Cancel:
    """The buyer, or a seller who was not paid, ends an order of which nothing has been done."""

    word: ClassVar[str] = "cancel"
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Pay:
    """The buyer says that this was paid."""

    word: ClassVar[str] = "pay"
    amount: int
    how: str  # one of HOW
    payment: bytes | None = None  # a `payment` record


@dataclass(frozen=True, kw_only=True, slots=True)
class Confirm:
    """The seller says that this much money came."""

    word: ClassVar[str] = "confirm"
    amount: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Sent:
    """The seller says that the goods are on their way, or ready to be fetched."""

    word: ClassVar[str] = "sent"
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Received:
    """The buyer has what was agreed on in `deal`, an `accept`.

    `signature` is the order's key's over its statement (`protocol.kinds.receipt.sign`).
    """

    word: ClassVar[str] = "received"
    deal: bytes
    signature: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class ReceiptOut:
    """The seller's node has written the public receipt."""

    word: ClassVar[str] = "receipt"


@dataclass(frozen=True, kw_only=True, slots=True)
class Refund:
    """The seller gave, or gives, this much back."""

    word: ClassVar[str] = "refund"
    amount: int
    text: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Took:
    """The buyer agrees to a refund; the order's key signs the counter-receipt that it makes."""

    word: ClassVar[str] = "took"
    refund: bytes
    signature: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Dispute:
    """Somebody finds that the agreement was not kept."""

    word: ClassVar[str] = "dispute"
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What somebody has to say or to show in a dispute."""

    word: ClassVar[str] = "evidence"
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Propose:
    """How a dispute might end: the sale counts for `refund` less than agreed.

    `signature`, of the order's key, is over the counter-receipt for what was never paid, where the
    buyer proposes and something would leave the price without being given back.
    """

    word: ClassVar[str] = "propose"
    refund: int
    text: str = ""
    signature: bytes | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Agree:
    """A proposal of somebody else is agreed to; `signature` as in `Propose`."""

    word: ClassVar[str] = "agree"
    proposal: bytes
    signature: bytes | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Mediator:
    """Whom one side would have as mediator; who is named by both is asked."""

    word: ClassVar[str] = "mediator"
    person: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Mediate:
    """Who was asked to mediate says whether they do."""

    word: ClassVar[str] = "mediate"
    take: bool


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The members have decided about the dispute, by this proposal to the assembly."""

    word: ClassVar[str] = "verdict"
    proposal: bytes


@dataclass(frozen=True, kw_only=True, slots=True)
class Close:
    """Somebody waits no longer. It takes nothing from the other side, who can open it again."""

    word: ClassVar[str] = "close"


Move = (
    Place
    | Offer
    | Accept
    | Decline
    | Cancel
    | Pay
    | Confirm
    | Sent
    | Received
    | ReceiptOut
    | Refund
    | Took
    | Dispute
    | Evidence
    | Propose
    | Agree
    | Mediator
    | Mediate
    | Verdict
    | Close
)
