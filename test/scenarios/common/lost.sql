-- What the passive loses: inserts, updates and deletes, of rows from before and of its own.
INSERT INTO shop.orders VALUES (101, 'lost', 1), (102, 'lost', 2);
UPDATE depot.stock SET amount = amount - 1 WHERE item = 'apple';
BEGIN;
INSERT INTO shop.customers VALUES (101, 'lost@shop', 'Lost'), (102, 'gone@shop', 'Gone');
UPDATE shop.orders SET amount = amount + 1 WHERE id IN (1, 2, 101);
INSERT INTO depot.stock VALUES ('cherry', 7, 7);
COMMIT;
DELETE FROM shop.orders WHERE id = 3;
