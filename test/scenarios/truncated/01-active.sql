-- @include small
-- @mark divergence
INSERT INTO shop.t VALUES (100, 0), (5, 5);
TRUNCATE TABLE shop.t;
INSERT INTO shop.t VALUES (101, 0), (6, 6);
UPDATE shop.t SET v = 7 WHERE id = 101;
-- @caught-up
