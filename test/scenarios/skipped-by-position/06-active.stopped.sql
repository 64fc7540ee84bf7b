UPDATE shop.orders SET amount = 9 WHERE id = 102;
