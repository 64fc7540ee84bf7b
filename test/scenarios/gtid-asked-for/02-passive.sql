INSERT INTO shop.orders VALUES (11, 'own', 0), (12, 'own', 0);
UPDATE depot.stock SET amount = 50 WHERE item = 'fig';
-- @caught-up
