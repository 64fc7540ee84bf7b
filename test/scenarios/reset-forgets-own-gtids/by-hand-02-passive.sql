-- @reset-gtids divergence
INSERT INTO shop.t VALUES (21, 0);
INSERT INTO shop.t VALUES (22, 0);
