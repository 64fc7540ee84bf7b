-- @include small
-- @mark divergence
INSERT INTO shop.t VALUES (100, 0);
-- @caught-up
-- @mark planned
