INSERT INTO shop.orders VALUES (201, 'later', 1);
-- @caught-up
