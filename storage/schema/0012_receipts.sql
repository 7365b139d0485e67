CREATE TABLE receipt (  -- every receipt, right or wrong; the verdict is reached when reading
    rowid INTEGER PRIMARY KEY,  -- the record's; the whole of what it says is read from there
    log_no INTEGER NOT NULL, seq INTEGER NOT NULL,
    record BLOB NOT NULL,
    order_key BLOB NOT NULL,
    vendor BLOB NOT NULL,  -- person who, as it says, wrote it
    seller BLOB NOT NULL,  -- person whose goods they were
    listing BLOB NOT NULL,
    at BLOB NOT NULL,  -- two certificates, 32 bytes each
    charter BLOB NOT NULL,
    host BLOB, referrer BLOB, referral BLOB,
    grant_record BLOB, goods BLOB,
    first INTEGER, count INTEGER,  -- units under the grant
    margin_bps INTEGER NOT NULL,
    category TEXT NOT NULL,
    currency TEXT NOT NULL,
    price INTEGER NOT NULL,  -- minor units
    quantity INTEGER NOT NULL,
    shown_ms INTEGER NOT NULL,  -- the lower of claimed and received time; this node's own order
    signed INTEGER NOT NULL,  -- 1 when the order's key signed it
    sums INTEGER  -- 1 when its charter divides the price so, 0 when not; NULL: not here yet
) STRICT;
CREATE INDEX receipt_log ON receipt (log_no, seq);
CREATE INDEX receipt_record ON receipt (record);
CREATE INDEX receipt_order ON receipt (order_key);
CREATE INDEX receipt_vendor ON receipt (vendor);
CREATE INDEX receipt_listing ON receipt (listing);
CREATE INDEX receipt_grant ON receipt (grant_record) WHERE grant_record IS NOT NULL;
CREATE INDEX receipt_shown ON receipt (shown_ms);

CREATE TABLE receipt_share (  -- what the vendor of a receipt owes of what they collected
    receipt INTEGER NOT NULL,  -- rowid
    creditor ANY NOT NULL,  -- a person's key as BLOB, a fund's role as TEXT
    role TEXT NOT NULL,
    amount INTEGER NOT NULL,
    PRIMARY KEY (receipt, role)
) STRICT, WITHOUT ROWID;

CREATE TABLE refund (
    rowid INTEGER PRIMARY KEY,  -- the record's
    log_no INTEGER NOT NULL, seq INTEGER NOT NULL,
    record BLOB NOT NULL,
    order_key BLOB NOT NULL,
    vendor BLOB NOT NULL,
    shown_ms INTEGER NOT NULL,
    signed INTEGER NOT NULL
) STRICT;
CREATE INDEX refund_log ON refund (log_no, seq);
CREATE INDEX refund_order ON refund (order_key);

CREATE TABLE granted (  -- one row a version of a grant
    rowid INTEGER PRIMARY KEY,  -- the record's
    log_no INTEGER NOT NULL, seq INTEGER NOT NULL,
    record BLOB NOT NULL,
    root BLOB NOT NULL,  -- the first version's record
    version INTEGER NOT NULL,
    receiver BLOB NOT NULL,  -- person who may sell
    shown_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX granted_log ON granted (log_no, seq);
CREATE INDEX granted_record ON granted (record);
CREATE INDEX granted_root ON granted (root);
CREATE INDEX granted_receiver ON granted (receiver);

CREATE TABLE recommendation (  -- one row a version
    rowid INTEGER PRIMARY KEY,  -- the record's
    log_no INTEGER NOT NULL, seq INTEGER NOT NULL,
    record BLOB NOT NULL,
    about BLOB NOT NULL,  -- a listing's first record, or a person
    is_person INTEGER NOT NULL,
    version INTEGER NOT NULL,
    withdrawn INTEGER NOT NULL,
    shown_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX recommendation_log ON recommendation (log_no, seq);
CREATE INDEX recommendation_record ON recommendation (record);
CREATE INDEX recommendation_about ON recommendation (about);
