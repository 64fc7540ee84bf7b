-- @include small
-- @mark divergence
INSERT INTO shop.t VALUES (10, 0);
-- @caught-up
