INSERT INTO shop.t VALUES (2, 0);
-- @caught-up
