-- @purge
INSERT INTO shop.t VALUES (102, 0);
-- @caught-up
