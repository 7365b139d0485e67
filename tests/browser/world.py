"""A lively community to look at: what the walk, the pictures and the checks of pages read.

Ana owns the node that is looked at. Everything is made by the functions that commands and the desk
use; names, texts and numbers are the awkward ones that a page meets in the end. The clock is
the world's own, so what a page shows is the same every day.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image

from governance.charter import Charter
from governance.templates import template
from node import album, devices, inviting, people, photos, teller
from node import home as homes
from node import market as listings
from node.gateway.offers import listing_path, member_path
from node.home import Home
from node.recovery import Surroundings
from protocol.invitation import Link
from protocol.kinds.listing import Claim, Listing, Photo, Variant
from storage.database import set_meta
from storage.holdings import StoreHoldings
from storage.own import Draft
from storage.views import listing_text
from tests.browser import guests, hall, trade
from tests.pulling import pull

START = 1_790_000_000_000  # 21 September 2026
DAY = 86_400_000
PROBATION = 31 * DAY
ADDRESS = "/ip4/127.0.0.1/tcp/4001"

LONG_WORD = "Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft"
LONG_TITLE = f"{LONG_WORD} {'and a title that goes on and on ' * 10}"[:200].strip()
EMOJI = "👩‍🌾🥖🧵🪵"
EMOJI_NAME = (EMOJI * 30)[:100]
ARABIC = "خبز الزبدة من فرن القرية، يُخبز كل صباح"
CATEGORIES = ("food", "furniture", "clothes", "tools", "books", "garden", "repairs", "music")
THINGS = (
    ("Rye bread", "sell", 350),
    ("Oak stool", "sell", 12_000),
    ("Cargo bike for a day", "lend", None),
    ("Apple juice, 5 litres", "sell", 900),
    ("Sewing machine repair", "service", None),
    ("Jam jars", "give", None),
    ("Winter coat for a child of six", "swap", None),
    ("A ride to the market on Saturdays", "wanted", None),
)


@dataclass
class World:
    """`ids` fills in path parameters by their names; see `visits`."""

    folder: Path
    now: int = START
    ids: dict[str, str] = field(default_factory=dict)
    ana: Home = field(init=False)
    others: list[Home] = field(default_factory=list)

    def __post_init__(self) -> None:
        charter = Charter.from_data(
            {
                **template("makers-market"),
                "name": "Riverside makers",
                "place": "Between the two bridges",
                "guests": {"see_listings": True, "see_members": True, "may_order": True},
                "rules": hall.rules(),
            }
        )
        self.ana = homes.found(self.folder / "ana", charter, "Ana Sommer", None, lambda: self.now)
        with self.ana.store.transaction():
            set_meta(self.ana.store.db, "addresses", json.dumps([ADDRESS]))
            set_meta(self.ana.store.db, "shop_url", "https://ana.example")

    def close(self) -> None:
        """Close every store."""
        for home in (self.ana, *self.others):
            home.close()

    def join(self, name: str, link: Link | None = None) -> Home:
        """Somebody whom Ana invited has joined, and is not confirmed yet."""
        chosen = link or inviting.make(self.ana, 1)[0]
        joined = homes.join_by(
            self.folder / f"joined-{len(self.others)}", chosen, name, None, lambda: self.now
        )
        self.others.append(joined)
        self.catch_up()
        return joined

    def device(self, name: str) -> bytes:
        """Another device of Ana's, which is heard of once and certified; its key."""
        person, community = self.ana.unlock().person, self.ana.store.community
        made = homes.recover(
            self.folder / name, community, person, Surroundings(), None, lambda: self.now
        )
        self.others.append(made)
        self.catch_up()
        self.others.pop().close()
        teller.act(self.ana.store, self.ana.unlock().device)
        return made.device

    def confirm(self) -> None:
        """Time goes by, and Ana's node puts on the roll whoever may be."""
        self.now += PROBATION
        teller.act(self.ana.store, self.ana.unlock().device)
        self.catch_up()

    def catch_up(self) -> None:
        """Everybody syncs with Ana until nothing is new."""
        for _ in range(2):
            for other in self.others:
                ana, theirs = (StoreHoldings(home.store) for home in (self.ana, other))
                pull(ana, theirs)
                pull(theirs, ana)
        while listing_text.behind(self.ana.store):
            with self.ana.store.transaction():
                listing_text.index_some(self.ana.store, 1000)

    def offer(self, home: Home, title: str, **more: Any) -> str:
        """Publish a listing a little later than the last; its id as addresses have it."""
        self.now += DAY // 24
        fields = {"mode": "sell", "price": 350, "currency": "EUR", "category": "food", **more}
        made = listings.offer(home, Listing(title=title, **fields))
        return _last(listing_path(made.id))

    def photo(self, alt: str, size: tuple[int, int]) -> Photo:
        """A picture that Ana has taken: a field of colour with something in its middle."""
        picture = Image.new("RGB", size, (226, 189, 122))
        middle = Image.new("RGB", (size[0] // 2, size[1] // 2), (148, 92, 40))
        picture.paste(middle, (size[0] // 4, size[1] // 4))
        file = BytesIO()
        picture.save(file, "JPEG")
        return album.keep(self.ana, photos.prepare(file.getvalue()), alt)

    def draft(self, title: str, **more: Any) -> str:
        """A draft of Ana's; its id as addresses have it."""
        fields = {"mode": "sell", "price": 350, "currency": "EUR", **more}
        with self.ana.store.transaction():
            made = listings.save_draft(self.ana, None, Listing(title=title, **fields))
        return _last(listing_path(made))


def lively(folder: Path) -> World:
    """The whole community, in a new folder."""
    world = World(folder)
    ids = world.ids
    _settle(world)
    ben, emoji, eva = world.others[0], world.others[1], world.others[3]
    for number in range(30):
        title, mode, price = THINGS[number % len(THINGS)]
        world.offer(
            (world.ana, ben)[number % 2],
            f"{title} {number + 1}",
            mode=mode,
            price=price,
            category=CATEGORIES[number % len(CATEGORIES)],
            place=("Bern", "Über den Gleisen", "")[number % 3],
        )
    ids["members_only"] = world.offer(world.ana, "Key to the shed", audience="members")
    ids["withdrawn"] = world.offer(world.ana, "A chair that is gone")
    listings.withdraw(world.ana, ids["withdrawn"])
    ids["expired"] = world.offer(world.ana, "Tickets", expires_ms=world.now + 2 * DAY)
    world.offer(emoji, "🥨" * 60, price=2**53, currency="JPY", place=LONG_WORD)
    ids["long"] = world.offer(
        world.ana, LONG_TITLE, category=LONG_WORD, place=LONG_WORD, description=LONG_WORD * 4
    )
    ids["newcomers"] = world.offer(eva, "Pottery for beginners", mode="service", price=4_500)
    ids["arabic"] = world.offer(
        ben, ARABIC, category="مخبوزات", place="حيّ النهر", description=f"{ARABIC}.\n\n" * 5
    )
    pictures = (
        world.photo("A round loaf on a board", (1_600, 1_200)),
        world.photo(f"The oven, and {LONG_WORD}", (600, 1_400)),
        world.photo("The crumb", (300, 300)),
    )
    ids["listing"] = world.offer(world.ana, "Sourdough bread", photos=pictures, **SOURDOUGH)
    ids["draft"] = world.draft(
        "Plum cake", description="When the plums are ripe.", photos=pictures[:1]
    )
    world.draft(LONG_TITLE)
    world.catch_up()
    world.now += 3 * DAY
    shown = dict(zip("ABC", (ids["listing"], ids["long"], ids["arabic"]), strict=True))
    ids.update(hall.under_way(hall.Hall(world, ben, emoji), shown))
    theirs = world.offer(ben, "Oak stool with three legs", price=12_000, category="furniture")
    world.catch_up()
    trading = trade.Market(world, ben, emoji)
    ids.update(trade.under_way(trading, ids["listing"], theirs))
    ids.update(guests.under_way(trading, theirs))
    ids["member"] = _last(member_path(ben.person))
    ids["emoji"] = _last(member_path(emoji.person))
    ids["left"] = _last(member_path(world.others[2].person))
    ids["contested"] = _last(member_path(world.others[4].person))
    return world


def busy(folder: Path) -> World:
    """The same with 1,000 listings more."""
    world = lively(folder)
    drafts = [
        Draft("listing", listings.check(world.ana, _thing(number)).body())
        for number in range(1_000)
    ]
    world.ana.append(drafts)
    world.catch_up()
    return world


def _thing(number: int) -> Listing:
    title, mode, price = THINGS[number % len(THINGS)]
    category = CATEGORIES[number % len(CATEGORIES)]
    return Listing(
        title=f"{title} {number}", mode=mode, price=price, currency="EUR", category=category
    )


SOURDOUGH: dict[str, Any] = {
    "description": "Baked on *Friday*, from\n\n- rye\n- spelt\n- water\n- salt\n\n> Keeps a week.",
    "story": "# The mill\n\nStands at the bend of the river.\n\n```\n"
    + "0123456789 " * 20
    + "\n```",
    "place": "Bern",
    "condition": "fresh",
    "delivery": "By bicycle within the town, or come to the bakery.",
    "quantity": 12,
    "tags": ("rye", "spelt", LONG_WORD[:60]),
    "variants": (
        Variant(name="Small", quantity=4),
        Variant(name="Large", price=1_150),
        Variant(name=LONG_WORD, price=1_000_000_000),
    ),
    "values": (
        Claim(value="made-here", evidence="Our own oven, and flour from the mill at the bend."),
        Claim(value="mend"),
    ),
}


def _settle(world: World) -> None:
    """Ben, somebody with a name of signs and Dan belong; Eva is new; Finn and Gus share a link."""
    people.set_profile(
        world.ana,
        {
            "about": "I **bake** and I mend.\n\nCome by the bakery on *Friday*.",
            "skills": ("baking", "mending", LONG_WORD[:80]),
            "interests": ("choirs",),
            "needs": ("a ladder",),
            "place": "Bern",
        },
    )
    world.join("Ben Okafor")
    world.join(EMOJI_NAME)
    dan = world.join("Dan " + LONG_WORD[:90])
    world.confirm()
    people.set_profile(world.others[0], {"about": f"{ARABIC}\n\n# Wood\n\nand more wood"})
    people.leave(dan)
    world.ids["device"], given_up = (world.device(name).hex()[:16] for name in ("phone", "old"))
    devices.retire(world.ana, given_up)
    world.catch_up()
    world.confirm()
    _decide(world)
    world.join("Eva Lindqvist")
    shared = inviting.make(world.ana, 1)[0]
    world.join("Finn", shared)
    world.join("Gus", shared)
    spare = inviting.make(world.ana, 1, "For the neighbour with the ladder")[0]
    world.ids["invitation"] = spare.invite.hex()[:16]
    world.ids["secret"] = spare.text().partition("?i=")[2]


def _decide(world: World) -> None:
    """What the members decided before most of what is on offer was there."""
    ana, (ben, emoji, *_) = world.ana, world.others
    picked = (
        world.offer(ana, "Felt slippers", category="clothes", price=3_200),
        world.offer(ben, "Beeswax candles", category="garden", price=850),
        world.offer(emoji, "Plum jam 🫙", category="food", price=480),
    )
    world.catch_up()
    floor = hall.Hall(world, ben, emoji)
    world.ids.update(hall.decided(floor, dict(zip("XYZ", picked, strict=True))))


def _last(path: str) -> str:
    return path.rpartition("/")[2]
