-- @restart --slave-skip-errors=1062
SET SESSION sql_log_bin = 0;
INSERT INTO shop.orders VALUES (101, 'local', 0);
INSERT INTO shop.customers VALUES (900, 'lost@shop', 'Squatter');
