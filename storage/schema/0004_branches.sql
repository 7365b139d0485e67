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
