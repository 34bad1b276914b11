-- Which daemons use this database, and when each last gave a sign of life: for who watches over the others. Nothing that
-- concerns money depends on it (origin.epoch and the outbox's leases do that).

CREATE TABLE node (
    name text PRIMARY KEY,           -- the origin of its tickets; a row for each name there ever was
    epoch integer NOT NULL,          -- in which of its lives
    beat integer NOT NULL,           -- counts its signs of life; clocks of different machines are never compared
    state text NOT NULL,             -- serving, stopped (as it was told to), gone (for good, as another node decided)
    at integer NOT NULL              -- when, by its own clock, for people
) STRICT, WITHOUT ROWID;
