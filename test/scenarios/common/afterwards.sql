-- What the active goes on with. Nothing here is an update or a delete of a row that was lost, which would stop the passive.
INSERT INTO shop.orders VALUES (201, 'later', 1), (202, 'later', 2);
UPDATE shop.orders SET amount = 21 WHERE id = 2;
UPDATE depot.stock SET amount = amount - 5 WHERE item IN ('apple', 'pear');
-- A key that is used again, and a unique value that goes to another row by a delete and an insert.
DELETE FROM shop.orders WHERE id = 4;
INSERT INTO shop.orders VALUES (4, 'again', 44);
DELETE FROM shop.customers WHERE id = 2;
INSERT INTO shop.customers VALUES (203, 'bob@shop', 'Bob the second');
INSERT INTO depot.stock VALUES ('quince', 1, 20);
DELETE FROM depot.stock WHERE item = 'quince';
INSERT INTO depot.stock VALUES ('medlar', 2, 20);
-- Large ones.
INSERT INTO depot.movements
SELECT a.d + 10 * b.d + 100 * c.d + 1000 * d.d + 10000 * e.d, REPEAT('in ', 9)
FROM depot.digits AS a, depot.digits AS b, depot.digits AS c, depot.digits AS d, depot.digits AS e WHERE e.d < 2;
UPDATE depot.movements SET line = 'out' WHERE id % 4 = 0;
DELETE FROM depot.movements WHERE id % 10 = 3;
BEGIN;
INSERT INTO shop.customers VALUES (204, 'dan@shop', 'Dan');
UPDATE shop.customers SET name = 'Cid' WHERE id = 3;
DELETE FROM shop.orders WHERE id = 201;
COMMIT;
-- @caught-up
