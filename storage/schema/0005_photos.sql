CREATE TABLE photo (  -- which pictures a version of a listing names
    listing INTEGER NOT NULL,  -- rowid in `listing`
    hash BLOB NOT NULL,  -- SHA-256 of a rendition's bytes
    size INTEGER NOT NULL,  -- bytes it says the rendition has
    large INTEGER NOT NULL,  -- 1 for the large rendition
    place INTEGER NOT NULL,  -- 0 for the listing's first photo
    PRIMARY KEY (listing, hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX photo_hash ON photo (hash);

CREATE TABLE blob (  -- node-local: pictures' bytes, own and fetched; in no digest
    no INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,  -- SHA-256 of `data`, checked before it is kept
    size INTEGER NOT NULL,  -- bytes
    own INTEGER NOT NULL,  -- 1 when its owner brought it here as a file: never evicted
    used_ms INTEGER NOT NULL,  -- when it was kept or last shown, this node's clock, to the hour
    data BLOB NOT NULL  -- a WebP picture; last, so that the rest is read without it
) STRICT;
CREATE INDEX blob_used ON blob (own, used_ms, size);
