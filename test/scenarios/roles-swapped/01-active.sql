-- @include small
-- @mark divergence
UPDATE shop.t SET v = 1 WHERE id = 1;
-- @caught-up
