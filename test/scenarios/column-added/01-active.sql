-- @include small
-- @mark divergence
INSERT INTO shop.t VALUES (100, 0);
ALTER TABLE shop.t ADD COLUMN w INT;
INSERT INTO shop.t VALUES (101, 0, 1);
-- @caught-up
