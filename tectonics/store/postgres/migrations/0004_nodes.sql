-- usable from schema 1
-- Which daemons use this database: the table of SQLite (store/migrations), column by column.
-- Small and global; on a cluster it stays on the coordinator (distribute.sql). A daemon that does not know it gives no
-- sign of life there, and nobody misses it.

CREATE TABLE node (
    name text COLLATE "C" PRIMARY KEY,  -- the origin of its tickets; a row for each name there ever was
    epoch integer NOT NULL,          -- in which of its lives
    beat bigint NOT NULL,            -- counts its signs of life; clocks of different machines are never compared
    state text COLLATE "C" NOT NULL, -- serving, stopped (as it was told to), gone (for good, as another node decided)
    at bigint NOT NULL               -- when, by its own clock, for people
) WITH (fillfactor = 50);
