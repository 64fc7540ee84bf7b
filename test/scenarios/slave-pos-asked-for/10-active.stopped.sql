INSERT INTO shop.orders VALUES (301, 'behind the error', 1);
