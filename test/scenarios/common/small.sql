-- For traps: one table, and a row.
CREATE DATABASE shop;
CREATE TABLE shop.t (id INT PRIMARY KEY, v INT) ENGINE=InnoDB;
INSERT INTO shop.t VALUES (1, 0);
-- @caught-up
