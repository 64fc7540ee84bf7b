-- What the active writes itself has a time of its own clock; what came from the passive has not.
INSERT INTO shop.t VALUES (4, 0);
-- @mark divergence
INSERT INTO shop.t VALUES (100, 0);
UPDATE shop.t SET v = 1;
-- @caught-up
