SET GLOBAL gtid_domain_id = 0;
-- @stop-replica
CHANGE MASTER TO MASTER_USE_GTID = current_pos;
-- @start-replica
