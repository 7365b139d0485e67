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
