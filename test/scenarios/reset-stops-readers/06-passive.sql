FLUSH BINARY LOGS;
-- @caught-up
