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
