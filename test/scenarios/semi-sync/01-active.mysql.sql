INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so';
SET GLOBAL rpl_semi_sync_source_timeout = 600000;
SET GLOBAL rpl_semi_sync_source_enabled = ON;
