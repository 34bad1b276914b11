-- Session credit control: what is held of a main balance while a call lasts. Nothing here is a movement: a balance
-- stays the sum of its movements, and what is available is the balance less what is held at that moment.

CREATE TABLE hold (
    msisdn       bigint NOT NULL,
    session      text NOT NULL,
    amount_minor bigint NOT NULL,              -- of all the session's reservations
    expires_at   bigint NOT NULL,              -- from then on it holds nothing; what is long past is deleted
    PRIMARY KEY (msisdn, session)
) WITHOUT ROWID;
CREATE INDEX hold_expiry ON hold (expires_at);

-- Sessions that were settled: nothing is held in them any more.
CREATE TABLE closed_session (
    msisdn       bigint NOT NULL,
    session      text NOT NULL,
    at           bigint NOT NULL,              -- when; what is long past is deleted
    PRIMARY KEY (msisdn, session)
) WITHOUT ROWID;
CREATE INDEX closed_session_at ON closed_session (at);
