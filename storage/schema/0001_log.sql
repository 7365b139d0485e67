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
