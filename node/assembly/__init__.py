"""What members do and read in the assembly, for commands and pages alike.

Readers take a store, and `me`, the person who asks, where that matters; they answer plain dicts
with ids in hex and times as RFC 3339. Sentences in them are `Said`: whoever shows them puts them
into words (`words.plainly` in English). Acting takes a home and refuses with a sentence what could
not have an effect.
"""
