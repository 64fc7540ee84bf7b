INSERT INTO shop.t VALUES (2, 2);
-- @mark divergence
INSERT INTO shop.t VALUES (3, 3);
