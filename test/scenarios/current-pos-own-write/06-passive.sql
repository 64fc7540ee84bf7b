INSERT INTO shop.t VALUES (3, 0);
-- @caught-up
-- @include small-lost
