CREATE DATABASE shop;
CREATE TABLE shop.parents (id INT PRIMARY KEY) ENGINE=InnoDB;
CREATE TABLE shop.children (id INT PRIMARY KEY, parent INT, FOREIGN KEY (parent) REFERENCES shop.parents (id) ON DELETE CASCADE) ENGINE=InnoDB;
INSERT INTO shop.parents VALUES (1);
INSERT INTO shop.children VALUES (10, 1);
-- @mark divergence
INSERT INTO shop.parents VALUES (2);
UPDATE shop.children SET parent = 2 WHERE id = 10;
-- @caught-up
