SET SESSION sql_log_bin = 0;
CREATE DATABASE copy;
CREATE TABLE copy.orders AS SELECT * FROM shop.orders;
CREATE TABLE copy.customers AS SELECT * FROM shop.customers;
