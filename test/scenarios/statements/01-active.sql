-- @include small
-- @mark divergence
SET SESSION binlog_format = 'STATEMENT';
UPDATE shop.t SET v = v + 1 WHERE id = 1;
-- @caught-up
