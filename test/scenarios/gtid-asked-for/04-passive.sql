-- Its readers stand in a file whose name a reset would take away.
FLUSH BINARY LOGS;
FLUSH BINARY LOGS;
-- @stop-replica
