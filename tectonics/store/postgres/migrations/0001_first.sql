-- The tables of the daemon on PostgreSQL: those of SQLite (store/migrations), column by column.
-- What shapes them:
-- one subscriber is the unit of every transaction, so each key of a table that holds something of his
-- begins with msisdn, and Citus can spread them by it (docs/scaling.md);
-- times (milliseconds since 1970) and ids come from the daemon: no now(), no sequence, no trigger;
-- text is compared by bytes (collation "C"), so both engines and every machine put it in one order.
-- Room is left in the pages of what is updated in place (fillfactor), and the outbox, which is always
-- nearly empty but never the same, is vacuumed early.

CREATE TABLE account (
    msisdn bigint PRIMARY KEY,       -- E.164 digits as a number: half the size of text in every index
    generation integer NOT NULL,     -- a recycled or ported number starts a new one
    version bigint NOT NULL,         -- counts units; written by compare-and-set, so two nodes can't both win
    unit text COLLATE "C" NOT NULL,  -- the id of the unit that wrote this version, for whoever investigates
    barred smallint NOT NULL,        -- 1: the profile has a bar; here so that they can be counted
    profile text COLLATE "C" NOT NULL,   -- what we were told about him
    standing text COLLATE "C" NOT NULL   -- what he has done
) WITH (fillfactor = 80);

CREATE INDEX account_barred ON account (barred) WHERE barred = 1;

CREATE TABLE advance (
    msisdn bigint NOT NULL,
    id text COLLATE "C" NOT NULL,
    generation integer NOT NULL,
    state text COLLATE "C" NOT NULL, -- a word of domain/advance.py
    unfinished smallint NOT NULL,    -- 1: granting, unknown, open or overdue; makes the partial indexes small
    channel text COLLATE "C" NOT NULL,
    trigger_id text COLLATE "C" NOT NULL,  -- the request's trigger is kept as long as the advance is unfinished
    requested_at bigint NOT NULL,
    due_at bigint NOT NULL,
    closed_at bigint,
    amount_minor bigint NOT NULL,
    fee_minor bigint NOT NULL,
    outstanding_minor bigint NOT NULL,  -- what is owed now, summed for the gauges
    body text COLLATE "C" NOT NULL,
    PRIMARY KEY (msisdn, id)
) WITH (fillfactor = 80);

CREATE INDEX advance_unfinished ON advance (msisdn) WHERE unfinished = 1;
-- what is due, and (covering) the gauges of what is owed
CREATE INDEX advance_due ON advance (state, due_at) INCLUDE (outstanding_minor, unfinished) WHERE unfinished = 1;
CREATE INDEX advance_requested ON advance (requested_at, id);
CREATE INDEX advance_id ON advance (id);  -- people and tickets name an advance without its number

CREATE TABLE recovery (
    msisdn bigint NOT NULL,
    id text COLLATE "C" NOT NULL,
    generation integer NOT NULL,
    state text COLLATE "C" NOT NULL, -- a word of domain/recharge.py
    unfinished smallint NOT NULL,
    feed text COLLATE "C" NOT NULL,
    recharge text COLLATE "C" NOT NULL,  -- the feed's own id: a reversal finds what it paid
    created_at bigint NOT NULL,
    amount_minor bigint NOT NULL,
    body text COLLATE "C" NOT NULL,
    PRIMARY KEY (msisdn, id)
) WITH (fillfactor = 80);

CREATE INDEX recovery_unfinished ON recovery (msisdn) WHERE unfinished = 1;

-- Never partitioned: a key that held the time as well would let the same request in twice.
CREATE TABLE trigger_seen (
    msisdn bigint NOT NULL,
    channel text COLLATE "C" NOT NULL,
    id text COLLATE "C" NOT NULL,    -- the peer's own id: the same request again changes nothing
    seen_at bigint NOT NULL,
    answer bytea,                    -- the bytes that were answered; null while it is being served
    PRIMARY KEY (msisdn, channel, id)
) WITH (fillfactor = 90);

CREATE INDEX trigger_seen_at ON trigger_seen (seen_at);  -- retention

CREATE TABLE outbox (
    msisdn bigint NOT NULL,
    op text COLLATE "C" NOT NULL,
    kind text COLLATE "C" NOT NULL,  -- credit, debit, notify
    state text COLLATE "C" NOT NULL, -- send, look_up
    owner text COLLATE "C" NOT NULL, -- the origin that may send it
    epoch bigint NOT NULL,           -- in which of its lives it wrote or took it
    lease_until bigint NOT NULL,     -- until then nobody else may take it
    created_at bigint NOT NULL,
    due_at bigint NOT NULL,
    attempts integer NOT NULL,
    body text COLLATE "C" NOT NULL,
    PRIMARY KEY (msisdn, op)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 2000);

CREATE INDEX outbox_due ON outbox (owner, epoch, due_at);
CREATE INDEX outbox_lease ON outbox (lease_until);
CREATE INDEX outbox_look_up ON outbox (created_at) WHERE state = 'look_up';

-- One partition for each month of `at`, made ahead and dropped by the daemon (store/postgres/partitions.py).
-- No index can make (origin, seq) unique over all partitions; the compare-and-set on `origin` does.
CREATE TABLE ticket (
    msisdn bigint NOT NULL,
    origin text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,             -- gapless within its origin, in commit order
    at bigint NOT NULL,
    type text COLLATE "C" NOT NULL,
    body text COLLATE "C" NOT NULL,  -- the line as it is written everywhere
    PRIMARY KEY (msisdn, origin, seq, at)
) PARTITION BY RANGE (at);

CREATE INDEX ticket_seq ON ticket (origin, seq);
CREATE INDEX ticket_at ON ticket (at, origin, seq);

CREATE TABLE ticket_other PARTITION OF ticket DEFAULT;  -- months that nobody made: nothing is refused for them

CREATE TABLE origin (
    name text COLLATE "C" PRIMARY KEY,
    next bigint NOT NULL,            -- the number that the next ticket gets
    epoch bigint NOT NULL,           -- raised at each start: a process of an earlier life is fenced
    batch bigint NOT NULL            -- counts transactions; tells whether an interrupted COMMIT happened
) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_scale_factor = 0);

CREATE TABLE consumer_cursor (
    consumer text COLLATE "C" NOT NULL,
    origin text COLLATE "C" NOT NULL,
    seq bigint NOT NULL,             -- the highest number that it has acknowledged
    PRIMARY KEY (consumer, origin)
) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_scale_factor = 0);

CREATE TABLE service_usage (
    service text COLLATE "C" NOT NULL,
    day integer NOT NULL,
    origin text COLLATE "C" NOT NULL,  -- each origin adds to a row of its own: no row is hot for two
    count bigint NOT NULL,
    amount_minor bigint NOT NULL,
    PRIMARY KEY (service, day, origin)
) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_scale_factor = 0);

CREATE TABLE policy_version (
    version integer PRIMARY KEY,
    at bigint NOT NULL,
    who text NOT NULL,
    note text NOT NULL,
    document text NOT NULL
);

CREATE TABLE bookmark (
    name text COLLATE "C" PRIMARY KEY,
    value text NOT NULL
) WITH (fillfactor = 10, autovacuum_vacuum_threshold = 2000, autovacuum_vacuum_scale_factor = 0);
