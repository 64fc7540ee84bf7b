INSERT INTO shop.t VALUES (100, 0), (101, 0);
-- @caught-up
