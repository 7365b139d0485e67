"""The schema, as numbered steps that are applied once each, in order. Steps are never edited.

Tables of the log come first. Each view brings its own tables (`storage.views`), created by the
step that introduced it.
"""

from __future__ import annotations

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

MIGRATIONS = Migrations("moothall")

LOG = """
CREATE TABLE meta (  -- settings of this home; never gossiped
    key TEXT PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE device (
    no INTEGER PRIMARY KEY,
    key BLOB NOT NULL UNIQUE,  -- Ed25519 public key, also the libp2p identity
    person BLOB,  -- person key, from the roll or from the enrolment; NULL while unknown
    standing INTEGER NOT NULL DEFAULT 0  -- governance.membership: 0 candidate .. 4 gone
) STRICT;

CREATE TABLE log (
    no INTEGER PRIMARY KEY,
    device_no INTEGER NOT NULL REFERENCES device (no),
    lane INTEGER NOT NULL,  -- 0 gov, 1 market, 2 talk
    head_seq INTEGER NOT NULL DEFAULT 0,  -- last record held
    head_id BLOB NOT NULL,  -- its id; the community id for an empty log
    prefix_seq INTEGER NOT NULL DEFAULT 0,  -- last admissible record: what views and peers see
    prefix_id BLOB NOT NULL,
    fork_seq INTEGER,  -- first seq with two records, where a proof is held
    cut_seq INTEGER,  -- last seq that stands by certificate
    cut_id BLOB,
    newest_ms INTEGER NOT NULL DEFAULT 0,  -- claimed time of the head, to serve newest first
    UNIQUE (device_no, lane)
) STRICT;

CREATE TABLE record (
    rowid INTEGER PRIMARY KEY,
    log_no INTEGER NOT NULL REFERENCES log (no),
    seq INTEGER NOT NULL,
    h64 INTEGER NOT NULL,  -- first 8 bytes of the id: a random 32-byte key would cost far more
    header BLOB NOT NULL,  -- as received; its SHA-256 is the id
    signature BLOB,  -- verified where a segment ends, else only carried along
    salt BLOB,
    body BLOB,  -- NULL when erased or not here yet
    UNIQUE (log_no, seq)
) STRICT;
CREATE INDEX record_h64 ON record (h64);

CREATE TABLE contested (  -- records beyond a fork: held, shown nowhere
    log_no INTEGER NOT NULL REFERENCES log (no),
    seq INTEGER NOT NULL,
    id BLOB NOT NULL PRIMARY KEY,
    header BLOB NOT NULL,
    signature BLOB,
    salt BLOB,
    body BLOB
) STRICT, WITHOUT ROWID;

CREATE TABLE aside (  -- segments that can't be placed yet, within a limit
    no INTEGER PRIMARY KEY,
    device BLOB NOT NULL,
    lane INTEGER NOT NULL,
    seq INTEGER NOT NULL,  -- of the first record
    entries BLOB NOT NULL,  -- as they travelled
    UNIQUE (device, lane, seq)
) STRICT;

CREATE TABLE certificate (
    height INTEGER PRIMARY KEY,
    id BLOB NOT NULL UNIQUE,
    raw BLOB NOT NULL,  -- the body; its SHA-256 is the id
    travel BLOB NOT NULL,  -- [body, view, signatures] as it travels
    received_ms INTEGER NOT NULL  -- this node's clock, for display
) STRICT;

CREATE TABLE side (
    id BLOB PRIMARY KEY,
    sort TEXT NOT NULL,  -- fork, contest, record
    subject BLOB NOT NULL,  -- the device it is about
    place TEXT NOT NULL,  -- what it competes for: of one place only the lowest stays
    rank INTEGER NOT NULL,  -- lower is kept first, then the lower id
    raw BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX side_place ON side (place);
CREATE INDEX side_subject ON side (subject);

CREATE TABLE seen (  -- when this node first held a record: a teller's own clock
    record BLOB PRIMARY KEY,
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE peer (  -- where other devices can be reached, as they signed it
    device BLOB PRIMARY KEY,
    card BLOB,  -- the signed address card as it travels; NULL for addresses from an invitation
    addresses TEXT NOT NULL,  -- JSON list of multiaddresses
    issued_ms INTEGER NOT NULL,
    expires_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE fault (  -- what peers and logs did wrong, newest kept, for `status`
    no INTEGER PRIMARY KEY,
    at_ms INTEGER NOT NULL,
    who TEXT NOT NULL,
    reason TEXT NOT NULL
) STRICT;
"""

MEMBERSHIP = """
CREATE TABLE enrolment (
    log_no INTEGER NOT NULL, seq INTEGER NOT NULL,
    device BLOB NOT NULL, person BLOB NOT NULL, record BLOB NOT NULL,
    PRIMARY KEY (log_no, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE invitation (
    log_no INTEGER NOT NULL, seq INTEGER NOT NULL,
    device BLOB NOT NULL,
    slot INTEGER NOT NULL, round INTEGER NOT NULL,
    key BLOB NOT NULL,  -- one-time public key
    record BLOB NOT NULL,
    PRIMARY KEY (log_no, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX invitation_record ON invitation (record);

CREATE TABLE joining (
    log_no INTEGER NOT NULL, seq INTEGER NOT NULL,
    device BLOB NOT NULL, invite BLOB NOT NULL, proof BLOB NOT NULL, record BLOB NOT NULL,
    PRIMARY KEY (log_no, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE confirmation (
    log_no INTEGER NOT NULL, seq INTEGER NOT NULL,
    device BLOB NOT NULL, slot INTEGER NOT NULL, round INTEGER NOT NULL, joined BLOB NOT NULL,
    PRIMARY KEY (log_no, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE leaving (
    log_no INTEGER NOT NULL, seq INTEGER NOT NULL,
    device BLOB NOT NULL, heads BLOB NOT NULL, record BLOB NOT NULL,
    PRIMARY KEY (log_no, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE erased (  -- erasures in force; they never lapse, so forks and cuts don't remove them
    target BLOB NOT NULL, person BLOB NOT NULL,
    PRIMARY KEY (target, person)
) STRICT, WITHOUT ROWID;

CREATE TABLE profile (
    log_no INTEGER NOT NULL, seq INTEGER NOT NULL,
    version INTEGER NOT NULL, id BLOB NOT NULL, name TEXT NOT NULL, place TEXT NOT NULL,
    body BLOB NOT NULL,
    PRIMARY KEY (log_no, seq)
) STRICT, WITHOUT ROWID;
"""

MARKET = """
CREATE TABLE listing (  -- one row a version; rowid is the record's
    rowid INTEGER PRIMARY KEY,
    log_no INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    id BLOB NOT NULL,
    root64 INTEGER NOT NULL,  -- first 8 bytes of the first version's id
    root BLOB,  -- that id; NULL in the first version itself
    version INTEGER NOT NULL,
    state INTEGER NOT NULL,  -- 0 not the standing version or not shown, 1 open, 2 withdrawn
    guests INTEGER NOT NULL,  -- 1 when the audience is everyone
    mode TEXT NOT NULL,
    category TEXT NOT NULL,  -- case-folded
    place TEXT NOT NULL,  -- case-folded
    price INTEGER,  -- minor units
    currency TEXT NOT NULL,
    expires_ms INTEGER,
    shown_ms INTEGER NOT NULL,  -- the lower of claimed and received time; this node's own order
    claims TEXT NOT NULL  -- ' id id ' of the claimed values, to filter by
) STRICT;
CREATE INDEX listing_log ON listing (log_no, seq);
CREATE INDEX listing_root ON listing (root64);
CREATE INDEX listing_edit ON listing (root64) WHERE root IS NOT NULL;
CREATE INDEX listing_new ON listing (shown_ms) WHERE state = 1;
CREATE INDEX listing_category ON listing (category, shown_ms) WHERE state = 1;
CREATE INDEX listing_place ON listing (place, shown_ms) WHERE state = 1;
CREATE INDEX listing_price ON listing (coalesce(price, 9223372036854775807)) WHERE state = 1;

CREATE TABLE withdrawal (
    log_no INTEGER NOT NULL, seq INTEGER NOT NULL, root64 INTEGER NOT NULL, root BLOB NOT NULL,
    PRIMARY KEY (log_no, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX withdrawal_root ON withdrawal (root64);

CREATE VIRTUAL TABLE listing_text USING fts5 (
    title, text, tokenize = 'unicode61 remove_diacritics 2'
);

CREATE TABLE draft (  -- node-local: not published, in no digest
    id BLOB PRIMARY KEY,
    body BLOB NOT NULL,
    made_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE imported (  -- node-local: what an import made, so that a second one changes nothing
    source TEXT NOT NULL,  -- format of the file
    handle TEXT NOT NULL,
    listing BLOB NOT NULL,  -- a listing's or a draft's id
    digest BLOB NOT NULL,  -- of the product as the file had it
    pictures TEXT NOT NULL,  -- JSON: addresses and alt texts, noted and never fetched
    PRIMARY KEY (source, handle)
) STRICT, WITHOUT ROWID;
"""

BRANCHES = """
CREATE INDEX contested_place ON contested (log_no, seq);

DROP TABLE aside;
CREATE TABLE aside (  -- segments that can't be placed yet, within a limit
    no INTEGER PRIMARY KEY,
    device BLOB NOT NULL,
    lane INTEGER NOT NULL,
    seq INTEGER NOT NULL,  -- of the first record
    last INTEGER NOT NULL,  -- of the last one
    digest BLOB NOT NULL UNIQUE,  -- of what travelled: two branches may begin at one seq
    entries BLOB NOT NULL  -- as they travelled, without bodies that were erased since
) STRICT;
CREATE INDEX aside_place ON aside (device, lane, seq);

DROP TABLE side;
CREATE TABLE side (
    id BLOB PRIMARY KEY,
    sort TEXT NOT NULL,  -- fork, contest, erase, enrol, record
    subject BLOB NOT NULL,  -- the device it is about
    place TEXT NOT NULL,  -- what it competes for: of one place only the lowest counts
    rank INTEGER NOT NULL,  -- a seq: lower is kept first, then the lower key, then the lower id
    key BLOB NOT NULL,  -- ids of the records it shows
    live INTEGER NOT NULL,  -- 1 when it counts now: passed on, and part of the digest
    raw BLOB NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX side_place ON side (place);
CREATE INDEX side_subject ON side (subject);

CREATE TABLE author (  -- whom a device may erase for: every authentic enrolment that was seen
    device BLOB NOT NULL, person BLOB NOT NULL,
    PRIMARY KEY (device, person)
) STRICT, WITHOUT ROWID;

CREATE TABLE erasure (  -- what authentic erase records name; with `author` it gives `erased`
    device BLOB NOT NULL, target BLOB NOT NULL,
    PRIMARY KEY (device, target)
) STRICT, WITHOUT ROWID;
"""

PHOTOS = """
CREATE TABLE photo (  -- which pictures a version of a listing names
    listing INTEGER NOT NULL,  -- rowid in `listing`
    hash BLOB NOT NULL,  -- SHA-256 of a rendition's bytes
    size INTEGER NOT NULL,  -- bytes it says the rendition has
    large INTEGER NOT NULL,  -- 1 for the large rendition
    place INTEGER NOT NULL,  -- 0 for the listing's first photo
    PRIMARY KEY (listing, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX photo_hash ON photo (hash);

CREATE TABLE blob (  -- node-local: pictures' bytes, own and fetched; in no digest
    no INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,  -- SHA-256 of `data`, checked before it is kept
    size INTEGER NOT NULL,  -- bytes
    own INTEGER NOT NULL,  -- 1 when its owner brought it here as a file: never evicted
    used_ms INTEGER NOT NULL,  -- when it was kept or last shown, this node's clock, to the hour
    data BLOB NOT NULL  -- a WebP picture; last, so that the rest is read without it
) STRICT;
CREATE INDEX blob_used ON blob (own, used_ms, size);
"""

SPOTS = """
-- Hundredths of a degree, where the maker said so for this listing alone; both or neither.
ALTER TABLE listing ADD COLUMN lat INTEGER;
ALTER TABLE listing ADD COLUMN lon INTEGER;
-- Hundredths of a degree, where the person said so; both or neither.
ALTER TABLE profile ADD COLUMN lat INTEGER;
ALTER TABLE profile ADD COLUMN lon INTEGER;
CREATE INDEX listing_spot ON listing (lat, lon) WHERE state = 1 AND lat IS NOT NULL;
CREATE INDEX listing_maker ON listing (log_no, shown_ms) WHERE state = 1;
CREATE INDEX listing_wanted ON listing (shown_ms) WHERE state = 1 AND mode = 'wanted';
"""

ASSEMBLY = """
CREATE TABLE proposal (
    rowid INTEGER PRIMARY KEY,  -- the record's; what it says is read from there
    log_no INTEGER NOT NULL, seq INTEGER NOT NULL,
    record BLOB NOT NULL,
    kind TEXT NOT NULL,  -- which rule of the charter decides it
    title TEXT NOT NULL
) STRICT;
CREATE INDEX proposal_log ON proposal (log_no, seq);
CREATE INDEX proposal_record ON proposal (record);

CREATE TABLE ballot (
    log_no INTEGER NOT NULL, seq INTEGER NOT NULL,
    record BLOB NOT NULL,
    open BLOB NOT NULL,  -- the certificate that began the round it was cast in
    version INTEGER NOT NULL,
    choice BLOB NOT NULL,  -- as encoded; whether it means anything is the method's business
    PRIMARY KEY (log_no, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX ballot_open ON ballot (open);

CREATE TABLE receipts (
    log_no INTEGER NOT NULL, seq INTEGER NOT NULL,
    record BLOB NOT NULL,
    open BLOB NOT NULL,
    before BLOB,  -- the receipts before these, by the same device for the same round
    ballots BLOB NOT NULL,  -- ids, 32 bytes each
    PRIMARY KEY (log_no, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX receipts_open ON receipts (open, log_no);

CREATE TABLE stop (
    log_no INTEGER NOT NULL, seq INTEGER NOT NULL,
    record BLOB NOT NULL,
    open BLOB NOT NULL,
    last BLOB,  -- the last receipts
    PRIMARY KEY (log_no, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX stop_open ON stop (open, log_no);

CREATE TABLE motion (  -- short statements that a teller may have to act on
    log_no INTEGER NOT NULL, seq INTEGER NOT NULL,
    record BLOB NOT NULL,
    sort TEXT NOT NULL,  -- withdraw, challenge, appeal, retire, vouch
    about BLOB NOT NULL,  -- a proposal; for retire a device, for vouch a person
    detail BLOB NOT NULL,  -- challenge: ids of the close and of ballots; retire: heads; else empty
    PRIMARY KEY (log_no, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX motion_about ON motion (sort, about);

CREATE TABLE comment (
    rowid INTEGER PRIMARY KEY,  -- the record's
    log_no INTEGER NOT NULL, seq INTEGER NOT NULL,
    record BLOB NOT NULL,
    about BLOB NOT NULL,  -- the gov record it is about
    reply BLOB,  -- the comment that it answers
    text TEXT NOT NULL,
    shown_ms INTEGER NOT NULL  -- the lower of claimed and received time; this node's own order
) STRICT;
CREATE INDEX comment_log ON comment (log_no, seq);
CREATE INDEX comment_about ON comment (about);

-- What tellers wrote stays in force beyond forks and cuts, and so do the ballots they name. Ids
-- are cut to 8 bytes: who grinds one only keeps a record that nobody asked for.
CREATE TABLE seat (  -- the devices of each round's tellers, from certificates
    open64 INTEGER NOT NULL, device64 INTEGER NOT NULL,
    PRIMARY KEY (open64, device64)
) STRICT, WITHOUT ROWID;

CREATE TABLE receipted (  -- what authentic receipts name, whoever wrote them; it never lapses
    ballot64 INTEGER NOT NULL, open64 INTEGER NOT NULL, device64 INTEGER NOT NULL,
    PRIMARY KEY (ballot64, open64, device64)
) STRICT, WITHOUT ROWID;
"""


def _script(database: Database, script: str) -> None:
    """Run several statements inside the running transaction (executescript would commit it)."""
    statement = ""
    for line in script.splitlines():
        statement += line + "\n"
        if line.rstrip().endswith(";"):
            database.conn.execute(statement)
            statement = ""


@MIGRATIONS(name="0001_log")
def _log(database: Database) -> None:
    _script(database, LOG)


@MIGRATIONS(name="0002_membership")
def _membership(database: Database) -> None:
    _script(database, MEMBERSHIP)


@MIGRATIONS(name="0003_market")
def _market(database: Database) -> None:
    _script(database, MARKET)


@MIGRATIONS(name="0004_branches")
def _branches(database: Database) -> None:
    _script(database, BRANCHES)


@MIGRATIONS(name="0005_photos")
def _photos(database: Database) -> None:
    _script(database, PHOTOS)


@MIGRATIONS(name="0006_spots")
def _spots(database: Database) -> None:
    _script(database, SPOTS)


@MIGRATIONS(name="0007_assembly")
def _assembly(database: Database) -> None:
    _script(database, ASSEMBLY)
