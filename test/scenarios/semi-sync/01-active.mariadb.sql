SET GLOBAL rpl_semi_sync_master_timeout = 600000;
SET GLOBAL rpl_semi_sync_master_enabled = ON;
