from __future__ import annotations
import pytest, random
from protocol.kinds import enrol
from protocol.records import GOV
from storage import fork_proofs, sideset, strangers
from storage.digest import digest
from storage.verify import verify
from protocol.evidence import fork_proof
from tests.storage.post import OBJECT, agree, talk, deliver, new_store, send, told
from tests.storage.world import Branch, Device, village, h
from tests.storage.test_strangers import liars, show
from protocol.keys import Signer

import os
SEEDS = range(int(os.environ.get("S0","0")), int(os.environ.get("S1","40")))

@pytest.mark.parametrize("seed", SEEDS)
def test_fuzz(monkeypatch, seed):
    rng = random.Random(seed)
    monkeypatch.setattr(strangers, "MAX_FORKS", rng.choice([3, 5]))
    monkeypatch.setattr(strangers, "MAX_FORKS_EACH", rng.choice([1, 2]))
    monkeypatch.setattr(sideset, "MAX_LOOSE", rng.choice([6, 10, 2048]))
    world = village("ben", "dan")
    ben = world.of["ben1"]
    world.do_invite(ben, 1, 0)
    inv = world.invited[-1]
    parcels = []
    for n in range(rng.choice([8, 14])):
        kind = rng.choice(["own", "own", "join", "made"])
        person = ben.person if kind == "own" else Signer(h("person", seed, n))
        d = Device("liar%d" % seed, n, person)
        world.do_enrol(d, 0, 0)
        at = rng.choice([0, 1, 2])
        if kind == "join":
            world._join(d, inv, 0)
        else:
            world.write(d, "x-vow", {"n": 1}, lane=GOV, which=0)
        world.write(d, "x-vow", {"n": 2}, lane=GOV, which=0)
        gov = d.logs[GOV]
        gov.append(Branch(gov[0].records[:at], at))
        if at == 0:
            world.write(d, "enrol", enrol.body(d.person, world.community, d.key), which=1)
        elif at == 1 and kind == "join":
            world._join(d, inv, 1)
        else:
            world.write(d, "x-vow", {"n": 3}, lane=GOV, which=1)
        p = fork_proof(world.community, gov[0].records[at:at+1], gov[1].records[at:at+1])
        parcels += [("s", gov[0].records), ("s", gov[1].records), ("s", gov[1].records[at:]), ("o", p.raw), ("s", gov[0].records[:1])]
    stores = [told(world, n) for n in ("mia", "leo", "zoe")]
    for s in stores:
        mine = rng.sample(parcels, rng.randrange(len(parcels)))
        for k, v in mine:
            if k == "o": deliver(s, (OBJECT, v))
            else: send(s, world, v)
    agree(stores)
    for s in stores:
        assert verify(s)[1] == []
    assert len({digest(s) for s in stores}) == 1
