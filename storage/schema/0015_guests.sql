CREATE TABLE guest_order (  -- node-local, in no digest: guests' orders that the owner looks at first
    id BLOB PRIMARY KEY,  -- the order's key; its secret half is in the guest's link alone
    received_ms INTEGER NOT NULL,  -- by our clock
    turned_down INTEGER NOT NULL,  -- 1 once the owner said no; then the box is empty
    box BLOB NOT NULL  -- what was ordered, under this home's letters key
) STRICT, WITHOUT ROWID;
