CREATE TABLE own_word (  -- what this device said while tellers agreed, and what it rests on
    prev BLOB NOT NULL,  -- the certificate that the one agreed on follows
    id BLOB NOT NULL,
    raw BLOB NOT NULL,
    PRIMARY KEY (prev, id)
) STRICT, WITHOUT ROWID;
