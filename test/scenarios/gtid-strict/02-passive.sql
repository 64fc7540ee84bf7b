SET GLOBAL gtid_strict_mode = ON;
-- @include small-lost
