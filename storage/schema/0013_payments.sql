CREATE TABLE payment (  -- one row a `payment`, and one a `got`, which carries the payment it is about
    log_no INTEGER NOT NULL, seq INTEGER NOT NULL,  -- of the record that says so
    got BLOB,  -- the id of that `got`; NULL for the payment itself
    record BLOB NOT NULL,  -- the payment's id
    device BLOB NOT NULL,  -- its author
    place INTEGER NOT NULL,  -- its seq in the author's log
    payee BLOB,  -- the person who is paid
    fund TEXT NOT NULL,  -- the role whose fund is paid, or empty
    from_fund TEXT NOT NULL,  -- the role whose fund pays, or empty: the author does
    amount INTEGER NOT NULL,  -- minor units
    currency TEXT NOT NULL,
    purchase BLOB,  -- the order it pays for
    decision BLOB,  -- the proposal that granted it
    reference TEXT NOT NULL,
    shown_ms INTEGER NOT NULL,  -- the lower of claimed and received time; this node's own order
    PRIMARY KEY (log_no, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX payment_record ON payment (record);
CREATE INDEX payment_purchase ON payment (purchase) WHERE purchase IS NOT NULL;
