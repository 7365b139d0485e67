CREATE TABLE review (  -- what buyers think of their orders; whether one counts is asked when read
    rowid INTEGER PRIMARY KEY,  -- the record's
    log_no INTEGER NOT NULL, seq INTEGER NOT NULL,
    record BLOB NOT NULL,
    order_key BLOB NOT NULL,
    version INTEGER NOT NULL,
    stars INTEGER NOT NULL,
    text TEXT NOT NULL,
    buyer BLOB,  -- the person it names; NULL: somebody carries it for the buyer
    by_order BLOB NOT NULL,  -- the order key's signature
    agreed INTEGER NOT NULL,  -- 1: that signature is good, for the person whose device wrote it
    shown_ms INTEGER NOT NULL  -- the lower of claimed and received time; this node's own order
) STRICT;
CREATE INDEX review_log ON review (log_no, seq);
CREATE INDEX review_order ON review (order_key);
-- What is said of makers.
CREATE INDEX receipt_maker ON receipt (seller) WHERE seller != vendor;

CREATE TABLE handed (  -- node-local: letters whose keys this device has handed to a mediator
    order_key BLOB NOT NULL,
    person BLOB NOT NULL,
    step TEXT NOT NULL,  -- asked: the two requests alone; taken: all there were by then
    PRIMARY KEY (order_key, person, step)
) STRICT, WITHOUT ROWID;
