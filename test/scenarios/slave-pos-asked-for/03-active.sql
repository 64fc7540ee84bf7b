-- What the active writes itself has a time of its own clock; what came from the passive has not.
INSERT INTO shop.orders VALUES (13, 'before', 0);
-- @mark divergence
