-- usable from schema 1
-- What became of each part of each short message: the table of SQLite (store/migrations), column by column.
-- A daemon that does not know it sends its messages as before, and notes nothing.

CREATE TABLE message (
    msisdn bigint NOT NULL,
    op text COLLATE "C" NOT NULL,    -- of the command in the outbox, which may be gone
    part integer NOT NULL,           -- the first is 1
    parts integer NOT NULL,
    reference integer NOT NULL,      -- joins the parts on the handset
    owner text COLLATE "C" NOT NULL, -- the origin that sends it, or did
    state text COLLATE "C" NOT NULL, -- a word of domain/delivery.py
    account text COLLATE "C" NOT NULL,  -- that carried it; empty: none yet
    id text COLLATE "C" NOT NULL,    -- the message centre's; empty: not known
    attempts integer NOT NULL,
    repeated smallint NOT NULL,      -- 1: it was sent again while the centre may have had it
    created_at bigint NOT NULL,
    at bigint NOT NULL,              -- of the last change
    PRIMARY KEY (msisdn, op, part)
) WITH (fillfactor = 70);

CREATE INDEX message_id ON message (account, id) WHERE id <> '';  -- receipts
CREATE INDEX message_created ON message (created_at);  -- retention
