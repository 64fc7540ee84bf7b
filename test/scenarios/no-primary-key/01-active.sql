CREATE DATABASE shop;
CREATE TABLE shop.notes (note VARCHAR(20)) ENGINE=InnoDB;
-- @mark divergence
INSERT INTO shop.notes VALUES ('one'), ('two');
-- @caught-up
