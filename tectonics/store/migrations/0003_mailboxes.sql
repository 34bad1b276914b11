-- Which e-mail address speaks for which subscriber. Found by the address, which is all that a mail tells; an address
-- speaks for one number at a time, and for the person who had it when it was registered.

CREATE TABLE mailbox (
    address text PRIMARY KEY,        -- folded: one spelling (domain/mailbox.py)
    msisdn integer NOT NULL,
    generation integer NOT NULL,     -- of the number then; in a newer one the row says nothing
    pin text NOT NULL,               -- salted hash; empty: none
    verified_at integer NOT NULL     -- when somebody vouched for it
) STRICT, WITHOUT ROWID;

CREATE INDEX mailbox_msisdn ON mailbox (msisdn);
