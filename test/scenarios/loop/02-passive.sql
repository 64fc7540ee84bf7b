INSERT INTO shop.t VALUES (100, 0);
-- @caught-up
-- @stop-replica
SET GLOBAL server_id = 22;
-- @start-replica
