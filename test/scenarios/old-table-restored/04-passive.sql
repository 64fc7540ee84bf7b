SET SESSION sql_log_bin = 0;
DELETE FROM shop.orders;
INSERT INTO shop.orders SELECT * FROM copy.orders;
DELETE FROM shop.customers;
INSERT INTO shop.customers SELECT * FROM copy.customers;
DROP DATABASE copy;
