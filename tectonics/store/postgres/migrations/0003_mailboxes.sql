-- usable from schema 1
-- Which e-mail address speaks for which subscriber: the table of SQLite (store/migrations), column by column.
-- Small and global: it is found by the address, so on a cluster it stays on the coordinator (distribute.sql).
-- A daemon that does not know it has no e-mail channel, and misses nothing.

CREATE TABLE mailbox (
    address text COLLATE "C" PRIMARY KEY,  -- folded: one spelling (domain/mailbox.py)
    msisdn bigint NOT NULL,
    generation integer NOT NULL,     -- of the number then; in a newer one the row says nothing
    pin text COLLATE "C" NOT NULL,   -- salted hash; empty: none
    verified_at bigint NOT NULL      -- when somebody vouched for it
);

CREATE INDEX mailbox_msisdn ON mailbox (msisdn);
