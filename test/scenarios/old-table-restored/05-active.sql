INSERT INTO shop.orders VALUES (401, 'behind the restore', 1);
-- @caught-up
