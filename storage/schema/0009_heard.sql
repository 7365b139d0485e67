CREATE TABLE heard (  -- node-local, in no digest: when a device's last word came, by our clock
    device BLOB PRIMARY KEY,
    at_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
