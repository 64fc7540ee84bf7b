SET GLOBAL gtid_domain_id = 0;
