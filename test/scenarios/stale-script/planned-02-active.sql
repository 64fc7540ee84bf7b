INSERT INTO shop.t VALUES (101, 0);
-- @caught-up
