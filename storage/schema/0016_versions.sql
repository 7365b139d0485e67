-- The id of a listing's first version is its record's, which is indexed: an entry for it in an index
-- of its own, at a random place, was a quarter of what a first sync wrote.
DROP INDEX listing_root;
CREATE VIEW listing_version AS  -- a listing's versions (rowids) by the first 8 bytes of its id
    SELECT record.h64 AS root64, record.rowid AS version
        FROM record JOIN listing USING (rowid) WHERE listing.root IS NULL
    UNION ALL SELECT root64, rowid FROM listing WHERE root IS NOT NULL;
