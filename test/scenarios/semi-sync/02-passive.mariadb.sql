SET GLOBAL rpl_semi_sync_slave_enabled = ON;
-- @stop-replica
-- @start-replica
