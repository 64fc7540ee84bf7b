SET SESSION sql_log_bin = 0;
INSERT INTO shop.t VALUES (100, 7);
