UPDATE shop.orders SET amount = 9 WHERE id = 102;
INSERT INTO shop.orders VALUES (301, 'behind the error', 1);
