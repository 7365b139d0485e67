"""Invented listings that look like those of real people: many words, a few of them very common.

The same seed gives the same listings. Titles, descriptions (about 200 characters), categories,
places and prices vary; nothing here is one constant string, which would flatter every index and
every compressor.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator

from protocol.kinds.listing import Claim, Listing, Variant


def _words(text: str) -> list[str]:
    return text.split()


SUBJECTS = {
    "Kitchen": _words(
        "bowl mug teapot plate jug ladle board grater skillet jar tin kettle sieve tray"
    ),
    "Garden": _words(
        "spade trellis planter seedling rake hose birdhouse compost bench lantern shears"
    ),
    "Clothes": _words("jumper scarf apron shirt coat dress gloves hat socks skirt vest shawl belt"),
    "Furniture": _words(
        "chair table stool shelf cupboard lamp mirror desk cradle chest rug screen"
    ),
    "Food": _words("bread honey jam cheese cider cordial granola pickles soup flour pasta chutney"),
    "Books": _words("novel atlas cookbook notebook diary songbook dictionary comic almanac guide"),
    "Tools": _words("plane chisel saw drill clamp hammer vice lathe level mallet file ladder"),
    "Music": _words("guitar fiddle drum flute accordion ukulele cello banjo whistle keyboard"),
    "Children": _words("puzzle doll kite blocks train puppet sledge tricycle swing crib"),
    "Repairs": _words("bicycle-repair tailoring sharpening upholstery soldering tuning lessons"),
    "Jewellery": _words("ring brooch pendant bracelet earrings necklace bead clasp charm"),
    "Art": _words("print watercolour sculpture linocut photograph tapestry mosaic etching"),
}
LOOKS = _words(
    "small large round tall blue green ochre grey white red striped plain glazed rough soft sturdy"
    " light folding old restored handmade hand-thrown turned woven felted carved printed painted"
    " waxed oiled dyed knitted quilted welded forged bound pressed salvaged"
)
STUFF = _words(
    "oak ash beech walnut cherry pine willow stoneware porcelain terracotta wool linen cotton silk"
    " felt leather copper brass steel iron silver glass paper clay wax slate cork hemp jute bamboo"
)
_SYLLABLES = _words("ba de fi go hu jan kel lom mer nu ost pra que ris sol tem ulf vor wen yat zu")
NOVEL = [
    "".join(syllables)
    for number in (2, 3)
    for syllables in itertools.product(_SYLLABLES, repeat=number)
]
PLACES = _words(
    "Riverside Millbrook Ashford Kirkby Fernhill Oakley Harbour Northgate Weston Marlow Brampton"
    " Langley Stoke Hatfield Thornton Upwell Eastcote Holmwood Dunmore Carrick Selby Penrith"
)
CONDITIONS = ("", "new", "as new", "used", "well used", "for repair")
SENTENCES = (
    "Made from {stuff} that I found at the {place} market, finished by hand over {n} evenings.",
    "This {look} {thing} has been in our house for {n} years and looks for a new home.",
    "About {n} cm across and {m} cm high; the {stuff} darkens a little with time.",
    "Can be picked up in {place} on weekdays after six, or sent for the cost of the parcel.",
    "One of a set of {n}; ask me if you would like more of them, or another colour than {look}.",
    "The {stuff} comes from a workshop in {place}, the rest is {look} and simple to mend.",
    "It shows its age: a scratch of {n} mm near the edge, otherwise sound and {look}.",
    "I would also swap it for something of {stuff}, or for {n} hours of help in the garden.",
    "Every {thing} differs slightly, since the {stuff} does as it likes in the kiln or the dye.",
)


class Inventor:
    """Makes listings, the same ones for the same seed. `values` are ids the charter knows."""

    def __init__(self, seed: str, values: tuple[str, ...] = ()) -> None:
        self._dice = random.Random(seed)
        self._values = values

    def listings(self, count: int) -> Iterator[Listing]:
        """`count` more listings."""
        for _ in range(count):
            yield self.listing()

    def listing(self) -> Listing:
        """One more listing."""
        dice = self._dice
        category = dice.choice(tuple(SUBJECTS))
        thing = self._often(SUBJECTS[category])
        look, stuff = self._often(LOOKS), self._often(STUFF)
        number = dice.randrange(10_000)
        mode = dice.choices(("sell", "swap", "lend", "give", "service", "wanted"), _MODES)[0]
        priced = mode in ("sell", "service") and dice.random() < 0.95
        return Listing(
            title=f"{look.capitalize()} {stuff} {thing}, no. {number}",
            mode=mode,
            price=int(dice.lognormvariate(8, 1)) if priced else None,
            currency="EUR" if priced else "",
            description=" ".join(self._sentences(thing)),
            category=category,
            place=self._often(PLACES),
            quantity=dice.choice((None, None, 1, 2, 5, 12)),
            condition=dice.choice(CONDITIONS),
            audience="everyone" if dice.random() < 0.9 else "members",
            tags=tuple(dict.fromkeys((look, stuff)))[: dice.randrange(3)],
            variants=self._variants() if dice.random() < 0.08 else (),
            values=(
                (Claim(value=dice.choice(self._values)),)
                if self._values and dice.random() < 0.2
                else ()
            ),
        )

    def prose(self, letters: int) -> str:
        """So many letters of words that nobody has heard of, some of them far more often."""
        words: list[str] = []
        length = -1
        while length < letters:
            words.append(self._often(NOVEL))
            length += 1 + len(words[-1])
        return " ".join(words)[:letters]

    def _sentences(self, thing: str) -> Iterator[str]:
        for sentence in self._dice.sample(SENTENCES, self._dice.choice((2, 2, 3))):
            yield sentence.format(
                thing=thing,
                look=self._often(LOOKS),
                stuff=self._often(STUFF),
                place=self._often(PLACES),
                n=self._dice.randrange(2, 40),
                m=self._dice.randrange(2, 90),
            )

    def _variants(self) -> tuple[Variant, ...]:
        looks = self._dice.sample(LOOKS, self._dice.randrange(2, 5))
        return tuple(Variant(name=look, quantity=self._dice.randrange(9)) for look in looks)

    def _often(self, words: list[str]) -> str:
        """One of the words; the first ones far more often, as in any language."""
        return words[min(int(self._dice.expovariate(4 / len(words))), len(words) - 1)]


_MODES = (60, 8, 6, 8, 8, 10)

SEARCHES: tuple[dict[str, str], ...] = (
    {"q": "oak"},
    {"q": "porcel"},
    {"q": "hand"},
    {"q": "blue wool scarf"},
    {"q": "teapot porcelain"},
    {"q": "no. 4711"},
    {"q": "restored walnut", "mode": "sell"},
    {"q": "kiln", "category": "kitchen"},
    {"category": "garden"},
    {"category": "music", "mode": "lend"},
    {"mode": "give"},
    {"place": "Selby"},
    {"min": "10", "max": "25"},
    {"sort": "price"},
    {"sort": "price-desc", "category": "art"},
    {"page": "20"},
)
"""What people look for, as the search page's address has it."""
