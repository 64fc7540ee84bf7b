CREATE DATABASE shop;
CREATE TABLE shop.codes (id INT PRIMARY KEY, code CHAR(1) UNIQUE) ENGINE=InnoDB;
INSERT INTO shop.codes VALUES (2, 'x');
-- @mark divergence
INSERT INTO shop.codes VALUES (1, 'a');
UPDATE shop.codes SET code = 'b' WHERE id = 1;
UPDATE shop.codes SET code = 'a' WHERE id = 2;
-- @caught-up
