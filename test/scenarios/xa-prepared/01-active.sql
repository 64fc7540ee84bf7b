-- @include small
-- @mark divergence
INSERT INTO shop.t VALUES (100, 0);
XA START 'open';
INSERT INTO shop.t VALUES (2, 2);
XA END 'open';
XA PREPARE 'open';
-- @caught-up
