SET SESSION sql_log_bin = 0;
DELETE FROM shop.orders WHERE id >= 101;
DELETE FROM shop.customers WHERE id = 101;
