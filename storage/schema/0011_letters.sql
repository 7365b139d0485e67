CREATE TABLE sealed (  -- letters for some devices, whoever can open them
    rowid INTEGER PRIMARY KEY,  -- the record's; the box is read from there
    log_no INTEGER NOT NULL, seq INTEGER NOT NULL,
    record BLOB NOT NULL UNIQUE,
    time_ms INTEGER NOT NULL,  -- as claimed
    tried INTEGER NOT NULL DEFAULT 0  -- node-local: 0 new, 1 tried to open, 2 keys for it came since
) STRICT;
CREATE INDEX sealed_log ON sealed (log_no, seq);
CREATE INDEX sealed_new ON sealed (rowid) WHERE tried != 1;

-- What follows is node-local: in no digest, and kept by a rebuild.
CREATE TABLE letter (  -- what this device could open
    no INTEGER PRIMARY KEY,  -- in the order in which they were opened
    record BLOB NOT NULL UNIQUE,
    received_ms INTEGER NOT NULL,  -- when it was first opened here, by this node's clock
    sort INTEGER NOT NULL,  -- 0 part of no thread, 1 of messages with a person, 2 of an order
    thread BLOB,  -- the order's or the person's key
    about BLOB,  -- what a message is about: maybe an order
    box BLOB NOT NULL,  -- content, its key and its addressees, under this home's letters key
    unread INTEGER NOT NULL,  -- 1 until its owner has looked at the thread
    answered INTEGER NOT NULL  -- 0 while its author is to be told that it was received
) STRICT;
CREATE INDEX letter_thread ON letter (sort, thread);
CREATE INDEX letter_about ON letter (about) WHERE about IS NOT NULL;
CREATE INDEX letter_unread ON letter (sort, thread) WHERE unread = 1;
CREATE INDEX letter_unanswered ON letter (record) WHERE answered = 0;

CREATE TABLE acknowledged (  -- letters that somebody's node says it has opened
    record BLOB NOT NULL, person BLOB NOT NULL,
    PRIMARY KEY (record, person)
) STRICT, WITHOUT ROWID;

CREATE TABLE handed_key (  -- keys of letters that could not be opened with them so far
    record BLOB NOT NULL, device_no INTEGER NOT NULL,  -- the device that handed it on
    box BLOB NOT NULL,  -- the key, under this home's letters key
    PRIMARY KEY (record, device_no)
) STRICT, WITHOUT ROWID;

CREATE TABLE holder (  -- devices that are known to hold our market log up to a seq
    device BLOB PRIMARY KEY,
    seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE reader (  -- devices that got the keys of letters before they came, or need none
    device BLOB PRIMARY KEY
) STRICT, WITHOUT ROWID;
