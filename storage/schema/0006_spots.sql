-- Hundredths of a degree, where the maker said so for this listing alone; both or neither.
ALTER TABLE listing ADD COLUMN lat INTEGER;
ALTER TABLE listing ADD COLUMN lon INTEGER;
-- Hundredths of a degree, where the person said so; both or neither.
ALTER TABLE profile ADD COLUMN lat INTEGER;
ALTER TABLE profile ADD COLUMN lon INTEGER;
CREATE INDEX listing_spot ON listing (lat, lon) WHERE state = 1 AND lat IS NOT NULL;
CREATE INDEX listing_maker ON listing (log_no, shown_ms) WHERE state = 1;
CREATE INDEX listing_wanted ON listing (shown_ms) WHERE state = 1 AND mode = 'wanted';
