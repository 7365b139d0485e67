CREATE TABLE recall (  -- who signs that others should be the tellers; checked signatures alone
    log_no INTEGER NOT NULL REFERENCES log (no),
    seq INTEGER NOT NULL,
    record BLOB NOT NULL,
    person BLOB NOT NULL,  -- who signs
    prev BLOB NOT NULL,  -- the certificate after which the tellers are to be others
    attempt INTEGER NOT NULL,
    tellers BLOB NOT NULL,  -- [[person, device], ...] in DAG-CBOR
    signature BLOB NOT NULL,  -- by the person key
    PRIMARY KEY (log_no, seq)
) STRICT, WITHOUT ROWID;
