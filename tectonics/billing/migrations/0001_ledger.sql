-- The prepaid ledger: who has which credit, and every movement that made it so.
-- Amounts are minor units of the account's currency, times milliseconds since 1970.

CREATE TABLE account (
    msisdn       bigint PRIMARY KEY,           -- E.164 digits
    kind         text NOT NULL,                -- prepaid, postpaid
    currency     text NOT NULL,                -- ISO 4217; every balance of the account is in it
    blocked      integer NOT NULL,             -- 1: nothing but reversals moves
    activated_at bigint NOT NULL
);

CREATE TABLE balance (
    msisdn       bigint NOT NULL,
    balance_type text NOT NULL,                -- main, or a bonus: sms, mms, data, voice_onnet, voice_offnet
    amount_minor bigint NOT NULL,              -- always the sum of its movements (audit proves it)
    expires_at   bigint NOT NULL,              -- of a bonus; 0: never, as main
    PRIMARY KEY (msisdn, balance_type)
) WITHOUT ROWID;

CREATE TABLE movement (
    position     integer PRIMARY KEY,          -- rises in commit order: there is one writer and nothing is deleted
    msisdn       bigint NOT NULL,
    op           text NOT NULL,                -- who asked for it: the identity of the operation, or empty
    kind         text NOT NULL,                -- opening credit debit recharge reversal spend expiry
    amount_minor bigint NOT NULL,              -- signed
    balance_type text NOT NULL,
    balance_minor bigint NOT NULL,             -- of that type, after it
    at           bigint NOT NULL,
    source       text NOT NULL,                -- lending, till, feed:<name>, ledger
    class        text NOT NULL,                -- of a recharge: voucher, etopup, ...
    ref          text NOT NULL                 -- of a reversal: the op of the recharge
);
CREATE INDEX movement_by_msisdn ON movement (msisdn, position);
CREATE UNIQUE INDEX movement_reversed ON movement (msisdn, ref) WHERE kind = 'reversal';
CREATE INDEX movement_till ON movement (position) WHERE source = 'till';

-- The first answer of each operation, for those who ask again and for the look-up.
CREATE TABLE operation (
    msisdn       bigint NOT NULL,
    op           text NOT NULL,
    at           bigint NOT NULL,
    position     integer,                      -- of its movement; null: it was refused
    balance_minor bigint,                      -- main after it; null: another balance moved
    reason       text NOT NULL,
    text         text NOT NULL,
    PRIMARY KEY (msisdn, op)
) WITHOUT ROWID;
