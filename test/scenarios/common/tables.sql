CREATE DATABASE shop;
CREATE DATABASE depot;
CREATE TABLE shop.orders (id INT PRIMARY KEY, item VARCHAR(40), amount INT) ENGINE=InnoDB;
CREATE TABLE shop.customers (id INT PRIMARY KEY, email VARCHAR(80) NOT NULL UNIQUE, name VARCHAR(40)) ENGINE=InnoDB;
CREATE TABLE shop.traffic (round INT PRIMARY KEY, note VARCHAR(40)) ENGINE=InnoDB;
CREATE TABLE depot.stock (item VARCHAR(40) PRIMARY KEY, amount INT, shelf INT UNIQUE) ENGINE=InnoDB;
CREATE TABLE depot.digits (d INT PRIMARY KEY) ENGINE=InnoDB;
CREATE TABLE depot.movements (id INT PRIMARY KEY, line VARCHAR(60), KEY (line)) ENGINE=InnoDB;
INSERT INTO shop.orders VALUES (1, 'apple', 10), (2, 'pear', 20), (3, 'plum', 30), (4, 'fig', 40);
INSERT INTO shop.customers VALUES (1, 'ann@shop', 'Ann'), (2, 'bob@shop', 'Bob'), (3, 'cid@shop', NULL);
INSERT INTO depot.stock VALUES ('apple', 100, 1), ('pear', 100, 2), ('plum', 100, 3), ('fig', 100, NULL);
INSERT INTO depot.digits VALUES (0), (1), (2), (3), (4), (5), (6), (7), (8), (9);
-- @caught-up
