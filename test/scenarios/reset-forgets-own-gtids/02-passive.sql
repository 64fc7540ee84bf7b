INSERT INTO shop.t VALUES (11, 0);
INSERT INTO shop.t VALUES (12, 0);
-- @caught-up
