"""Values in the sentences about effects in whose place a reader may be shown something better."""

from __future__ import annotations


class PersonId(str):
    """A person's key in hex; whoever shows it may put a name."""

    __slots__ = ()

    @classmethod
    def of(cls, key: bytes) -> PersonId:
        """That of a key of 32 bytes."""
        return cls(key.hex())


class ListingId(str):
    """The id of a listing's first record in hex; whoever shows it may put a title."""

    __slots__ = ()

    @classmethod
    def of(cls, record: bytes) -> ListingId:
        """That of a record id."""
        return cls(record.hex())
