-- What became of each part of each short message: whether the message centre may have it, under which id,
-- and what its receipt said. Read when a message is sent again, and when a receipt arrives.

CREATE TABLE message (
    msisdn integer NOT NULL,
    op text NOT NULL,                -- of the command in the outbox, which may be gone
    part integer NOT NULL,           -- the first is 1
    parts integer NOT NULL,
    reference integer NOT NULL,      -- joins the parts on the handset
    owner text NOT NULL,             -- the origin that sends it, or did
    state text NOT NULL,             -- a word of domain/delivery.py
    account text NOT NULL,           -- that carried it; empty: none yet
    id text NOT NULL,                -- the message centre's; empty: not known
    attempts integer NOT NULL,
    repeated integer NOT NULL,       -- 1: it was sent again while the centre may have had it
    created_at integer NOT NULL,
    at integer NOT NULL,             -- of the last change
    PRIMARY KEY (msisdn, op, part)
) STRICT, WITHOUT ROWID;

CREATE INDEX message_id ON message (account, id) WHERE id <> '';  -- receipts
CREATE INDEX message_created ON message (created_at);  -- retention
