UPDATE shop.t SET v = 2 WHERE id = 1;
