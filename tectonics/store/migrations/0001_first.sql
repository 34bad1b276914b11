-- The tables of the daemon. What shapes them:
-- one subscriber is the unit of every transaction, so the primary key of each table that holds
-- something of his begins with msisdn (on a cluster the rows of one subscriber then live together);
-- times (milliseconds since 1970) and ids come from the daemon, never from the database;
-- no triggers, no sequences, no foreign keys: the transaction of a unit is the only writer.
-- Typed columns are what rules, indexes and reports ask for; `body` is the whole value as JSON.

CREATE TABLE account (
    msisdn integer PRIMARY KEY,      -- E.164 digits as a number: half the size of text in every index
    generation integer NOT NULL,     -- a recycled or ported number starts a new one
    version integer NOT NULL,        -- counts units; written by compare-and-set, so two nodes can't both win
    unit text NOT NULL,              -- the id of the unit that wrote this version, for whoever investigates
    barred integer NOT NULL,         -- 1: the profile has a bar; here so that they can be counted
    profile text NOT NULL,           -- what we were told about him
    standing text NOT NULL           -- what he has done
) STRICT;

CREATE INDEX account_barred ON account (barred) WHERE barred = 1;

CREATE TABLE advance (
    msisdn integer NOT NULL,
    id text NOT NULL,
    generation integer NOT NULL,
    state text NOT NULL,             -- a word of domain/advance.py
    unfinished integer NOT NULL,     -- 1: granting, unknown, open or overdue; makes the partial indexes small
    channel text NOT NULL,
    trigger_id text NOT NULL,        -- the request's trigger is kept as long as the advance is unfinished
    requested_at integer NOT NULL,
    due_at integer NOT NULL,
    closed_at integer,
    amount_minor integer NOT NULL,
    fee_minor integer NOT NULL,
    outstanding_minor integer NOT NULL,  -- what is owed now, summed for the gauges
    body text NOT NULL,
    PRIMARY KEY (msisdn, id)
) STRICT, WITHOUT ROWID;

-- `unfinished` stands in these indexes too, so that the planner sees that they cover the question
CREATE INDEX advance_unfinished ON advance (msisdn, unfinished, requested_at, id) WHERE unfinished = 1;
-- what is due, and (covering) the gauges of what is owed
CREATE INDEX advance_due ON advance (unfinished, state, due_at, outstanding_minor) WHERE unfinished = 1;
CREATE INDEX advance_requested ON advance (requested_at, id);
CREATE INDEX advance_id ON advance (id);  -- people and tickets name an advance without its number

CREATE TABLE recovery (
    msisdn integer NOT NULL,
    id text NOT NULL,
    generation integer NOT NULL,
    state text NOT NULL,             -- a word of domain/recharge.py
    unfinished integer NOT NULL,
    feed text NOT NULL,
    recharge text NOT NULL,          -- the feed's own id: a reversal finds what it paid
    created_at integer NOT NULL,
    amount_minor integer NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (msisdn, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX recovery_unfinished ON recovery (msisdn, unfinished, created_at, id) WHERE unfinished = 1;

CREATE TABLE trigger_seen (
    msisdn integer NOT NULL,
    channel text NOT NULL,
    id text NOT NULL,                -- the peer's own id: the same request again changes nothing
    seen_at integer NOT NULL,
    answer blob,                     -- the bytes that were answered; null while it is being served
    PRIMARY KEY (msisdn, channel, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX trigger_seen_at ON trigger_seen (seen_at);  -- retention

CREATE TABLE outbox (
    msisdn integer NOT NULL,
    op text NOT NULL,
    kind text NOT NULL,              -- credit, debit, notify
    state text NOT NULL,             -- send, look_up
    owner text NOT NULL,             -- the origin that may send it
    epoch integer NOT NULL,          -- in which of its lives it wrote or took it
    lease_until integer NOT NULL,    -- until then nobody else may take it
    created_at integer NOT NULL,
    due_at integer NOT NULL,
    attempts integer NOT NULL,
    body text NOT NULL,
    PRIMARY KEY (msisdn, op)
) STRICT, WITHOUT ROWID;

CREATE INDEX outbox_due ON outbox (owner, epoch, due_at);
CREATE INDEX outbox_lease ON outbox (lease_until);
CREATE INDEX outbox_look_up ON outbox (created_at) WHERE state = 'look_up';

CREATE TABLE ticket (
    msisdn integer NOT NULL,
    origin text NOT NULL,
    seq integer NOT NULL,            -- gapless within its origin, in commit order
    at integer NOT NULL,
    type text NOT NULL,
    body text NOT NULL,              -- the line as it is written everywhere
    PRIMARY KEY (msisdn, origin, seq)
) STRICT;

CREATE UNIQUE INDEX ticket_seq ON ticket (origin, seq);
CREATE INDEX ticket_at ON ticket (at, origin, seq);

CREATE TABLE origin (
    name text PRIMARY KEY,
    next integer NOT NULL,           -- the number that the next ticket gets
    epoch integer NOT NULL,          -- raised at each start: a process of an earlier life is fenced
    batch integer NOT NULL           -- counts transactions; tells whether an interrupted COMMIT happened
) STRICT, WITHOUT ROWID;

CREATE TABLE consumer_cursor (
    consumer text NOT NULL,
    origin text NOT NULL,
    seq integer NOT NULL,            -- the highest number that it has acknowledged
    PRIMARY KEY (consumer, origin)
) STRICT, WITHOUT ROWID;

CREATE TABLE service_usage (
    service text NOT NULL,
    day integer NOT NULL,
    origin text NOT NULL,            -- each origin adds to a row of its own: no row is hot for two
    count integer NOT NULL,
    amount_minor integer NOT NULL,
    PRIMARY KEY (service, day, origin)
) STRICT, WITHOUT ROWID;

CREATE TABLE policy_version (
    version integer PRIMARY KEY,
    at integer NOT NULL,
    who text NOT NULL,
    note text NOT NULL,
    document text NOT NULL
) STRICT;

CREATE TABLE bookmark (
    name text PRIMARY KEY,
    value text NOT NULL
) STRICT, WITHOUT ROWID;
