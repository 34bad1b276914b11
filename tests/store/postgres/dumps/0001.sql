CREATE TABLE public.account (
    msisdn bigint NOT NULL,
    generation integer NOT NULL,
    version bigint NOT NULL,
    unit text NOT NULL COLLATE pg_catalog."C",
    barred smallint NOT NULL,
    profile text NOT NULL COLLATE pg_catalog."C",
    standing text NOT NULL COLLATE pg_catalog."C"
)
WITH (fillfactor='80');
CREATE TABLE public.advance (
    msisdn bigint NOT NULL,
    id text NOT NULL COLLATE pg_catalog."C",
    generation integer NOT NULL,
    state text NOT NULL COLLATE pg_catalog."C",
    unfinished smallint NOT NULL,
    channel text NOT NULL COLLATE pg_catalog."C",
    trigger_id text NOT NULL COLLATE pg_catalog."C",
    requested_at bigint NOT NULL,
    due_at bigint NOT NULL,
    closed_at bigint,
    amount_minor bigint NOT NULL,
    fee_minor bigint NOT NULL,
    outstanding_minor bigint NOT NULL,
    body text NOT NULL COLLATE pg_catalog."C"
)
WITH (fillfactor='80');
CREATE TABLE public.bookmark (
    name text NOT NULL COLLATE pg_catalog."C",
    value text NOT NULL
)
WITH (fillfactor='10', autovacuum_vacuum_threshold='2000', autovacuum_vacuum_scale_factor='0');
CREATE TABLE public.consumer_cursor (
    consumer text NOT NULL COLLATE pg_catalog."C",
    origin text NOT NULL COLLATE pg_catalog."C",
    seq bigint NOT NULL
)
WITH (fillfactor='10', autovacuum_vacuum_threshold='2000', autovacuum_vacuum_scale_factor='0');
CREATE TABLE public.origin (
    name text NOT NULL COLLATE pg_catalog."C",
    next bigint NOT NULL,
    epoch bigint NOT NULL,
    batch bigint NOT NULL
)
WITH (fillfactor='10', autovacuum_vacuum_threshold='2000', autovacuum_vacuum_scale_factor='0');
CREATE TABLE public.outbox (
    msisdn bigint NOT NULL,
    op text NOT NULL COLLATE pg_catalog."C",
    kind text NOT NULL COLLATE pg_catalog."C",
    state text NOT NULL COLLATE pg_catalog."C",
    owner text NOT NULL COLLATE pg_catalog."C",
    epoch bigint NOT NULL,
    lease_until bigint NOT NULL,
    created_at bigint NOT NULL,
    due_at bigint NOT NULL,
    attempts integer NOT NULL,
    body text NOT NULL COLLATE pg_catalog."C"
)
WITH (fillfactor='80', autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='2000');
CREATE TABLE public.policy_version (
    version integer NOT NULL,
    at bigint NOT NULL,
    who text NOT NULL,
    note text NOT NULL,
    document text NOT NULL
);
CREATE TABLE public.recovery (
    msisdn bigint NOT NULL,
    id text NOT NULL COLLATE pg_catalog."C",
    generation integer NOT NULL,
    state text NOT NULL COLLATE pg_catalog."C",
    unfinished smallint NOT NULL,
    feed text NOT NULL COLLATE pg_catalog."C",
    recharge text NOT NULL COLLATE pg_catalog."C",
    created_at bigint NOT NULL,
    amount_minor bigint NOT NULL,
    body text NOT NULL COLLATE pg_catalog."C"
)
WITH (fillfactor='80');
CREATE TABLE public.schema_version (
    version integer NOT NULL,
    name text NOT NULL,
    usable_from integer NOT NULL,
    at bigint NOT NULL
);
CREATE TABLE public.service_usage (
    service text NOT NULL COLLATE pg_catalog."C",
    day integer NOT NULL,
    origin text NOT NULL COLLATE pg_catalog."C",
    count bigint NOT NULL,
    amount_minor bigint NOT NULL
)
WITH (fillfactor='10', autovacuum_vacuum_threshold='2000', autovacuum_vacuum_scale_factor='0');
CREATE TABLE public.ticket (
    msisdn bigint NOT NULL,
    origin text NOT NULL COLLATE pg_catalog."C",
    seq bigint NOT NULL,
    at bigint NOT NULL,
    type text NOT NULL COLLATE pg_catalog."C",
    body text NOT NULL COLLATE pg_catalog."C"
)
PARTITION BY RANGE (at);
CREATE TABLE public.ticket_2026_09 (
    msisdn bigint NOT NULL,
    origin text NOT NULL COLLATE pg_catalog."C",
    seq bigint NOT NULL,
    at bigint NOT NULL,
    type text NOT NULL COLLATE pg_catalog."C",
    body text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.ticket_2026_10 (
    msisdn bigint NOT NULL,
    origin text NOT NULL COLLATE pg_catalog."C",
    seq bigint NOT NULL,
    at bigint NOT NULL,
    type text NOT NULL COLLATE pg_catalog."C",
    body text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.ticket_2026_11 (
    msisdn bigint NOT NULL,
    origin text NOT NULL COLLATE pg_catalog."C",
    seq bigint NOT NULL,
    at bigint NOT NULL,
    type text NOT NULL COLLATE pg_catalog."C",
    body text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.ticket_other (
    msisdn bigint NOT NULL,
    origin text NOT NULL COLLATE pg_catalog."C",
    seq bigint NOT NULL,
    at bigint NOT NULL,
    type text NOT NULL COLLATE pg_catalog."C",
    body text NOT NULL COLLATE pg_catalog."C"
);
CREATE TABLE public.trigger_seen (
    msisdn bigint NOT NULL,
    channel text NOT NULL COLLATE pg_catalog."C",
    id text NOT NULL COLLATE pg_catalog."C",
    seen_at bigint NOT NULL,
    answer bytea
)
WITH (fillfactor='90');
ALTER TABLE ONLY public.ticket ATTACH PARTITION public.ticket_2026_09 FOR VALUES FROM ('1788220800000') TO ('1790812800000');
ALTER TABLE ONLY public.ticket ATTACH PARTITION public.ticket_2026_10 FOR VALUES FROM ('1790812800000') TO ('1793491200000');
ALTER TABLE ONLY public.ticket ATTACH PARTITION public.ticket_2026_11 FOR VALUES FROM ('1793491200000') TO ('1796083200000');
ALTER TABLE ONLY public.ticket ATTACH PARTITION public.ticket_other DEFAULT;
INSERT INTO public.account VALUES (33600000001, 1, 1, 'U1', 0, '{"kind":"unknown","activated_at":null,"language":"","node":"","segment":"","listed":"","bar":null,"sim_swapped_at":null}', '{"recharges":[],"late_count":0,"usage_day":0,"usage_count":0,"usage_minor":0,"last_advance_at":null,"last_recovery_at":null,"advances_total":0}');
INSERT INTO public.advance VALUES (33600000001, 'A1', 1, 'granting', 1, 'ussd', 's1', 1790000000001, 1790604800000, NULL, 200, 20, 0, '{"id":"A1","generation":1,"state":"granting","offer":{"tier":"t2","segment":"standard","policy":1,"amount_minor":200,"fee_minor":20,"currency":"EUR","balance_type":"main","credit_valid_s":0,"due_s":604800},"op":"TEC-1","channel":"ussd","trigger":"s1","requested_at":1790000000001,"due_at":1790604800000,"credit_expires_at":0,"granted_at":null,"closed_at":null,"principal_paid_minor":0,"fee_paid_minor":0,"chances":0,"was_late":false,"answer_late":false,"billing_ref":null}');
INSERT INTO public.bookmark VALUES ('n1:f', '1');
INSERT INTO public.consumer_cursor VALUES ('c', 'n1', 1);
INSERT INTO public.origin VALUES ('n1', 2, 1, 4);
INSERT INTO public.outbox VALUES (33600000001, 'TEC-1', 'credit', 'send', 'n1', 1, 1790000030000, 1790000000000, 1790000000000, 0, '{"op":"TEC-1","msisdn":"33600000001","amount_minor":200,"currency":"EUR","node":"","advance":"A1","recovery":"","balance_type":"main","valid_s":0}');
INSERT INTO public.policy_version VALUES (1, 1790000000000, 'ann', 'x', '{"a":1}');
INSERT INTO public.recovery VALUES (33600000001, 'R1', 1, 'waiting', 1, 'tcp', 'r1', 1790000000001, 0, '{"id":"R1","generation":1,"state":"waiting","feed":"tcp","recharge":"r1","recharge_at":1790000000000,"budget_minor":500,"created_at":1790000000001,"amount_minor":0,"op":"","attempt":0,"shares":[],"reverse":false,"closed_at":null,"billing_ref":null}');
INSERT INTO public.schema_version VALUES (1, '0001_first.sql', 1, 1790000000000);
INSERT INTO public.ticket_2026_09 VALUES (33600000001, 'n1', 1, 1790000000000, 'advance.granted', '{"origin":"n1","seq":1,"id":"T1","time":"2026-09-21T14:13:20.000Z","type":"advance.granted","outcome":"done","text":"credit was given and is owed","msisdn":"33600000001","amount":"2.00","currency":"EUR"}');
INSERT INTO public.trigger_seen VALUES (33600000001, 'ussd', 's1', 1790000000000, '\x796573');
ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (msisdn);
ALTER TABLE ONLY public.advance
    ADD CONSTRAINT advance_pkey PRIMARY KEY (msisdn, id);
ALTER TABLE ONLY public.bookmark
    ADD CONSTRAINT bookmark_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.consumer_cursor
    ADD CONSTRAINT consumer_cursor_pkey PRIMARY KEY (consumer, origin);
ALTER TABLE ONLY public.origin
    ADD CONSTRAINT origin_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (msisdn, op);
ALTER TABLE ONLY public.policy_version
    ADD CONSTRAINT policy_version_pkey PRIMARY KEY (version);
ALTER TABLE ONLY public.recovery
    ADD CONSTRAINT recovery_pkey PRIMARY KEY (msisdn, id);
ALTER TABLE ONLY public.schema_version
    ADD CONSTRAINT schema_version_pkey PRIMARY KEY (version);
ALTER TABLE ONLY public.service_usage
    ADD CONSTRAINT service_usage_pkey PRIMARY KEY (service, day, origin);
ALTER TABLE ONLY public.ticket
    ADD CONSTRAINT ticket_pkey PRIMARY KEY (msisdn, origin, seq, at);
ALTER TABLE ONLY public.ticket_2026_09
    ADD CONSTRAINT ticket_2026_09_pkey PRIMARY KEY (msisdn, origin, seq, at);
ALTER TABLE ONLY public.ticket_2026_10
    ADD CONSTRAINT ticket_2026_10_pkey PRIMARY KEY (msisdn, origin, seq, at);
ALTER TABLE ONLY public.ticket_2026_11
    ADD CONSTRAINT ticket_2026_11_pkey PRIMARY KEY (msisdn, origin, seq, at);
ALTER TABLE ONLY public.ticket_other
    ADD CONSTRAINT ticket_other_pkey PRIMARY KEY (msisdn, origin, seq, at);
ALTER TABLE ONLY public.trigger_seen
    ADD CONSTRAINT trigger_seen_pkey PRIMARY KEY (msisdn, channel, id);
CREATE INDEX account_barred ON public.account USING btree (barred) WHERE (barred = 1);
CREATE INDEX advance_due ON public.advance USING btree (state, due_at) INCLUDE (outstanding_minor, unfinished) WHERE (unfinished = 1);
CREATE INDEX advance_id ON public.advance USING btree (id);
CREATE INDEX advance_requested ON public.advance USING btree (requested_at, id);
CREATE INDEX advance_unfinished ON public.advance USING btree (msisdn) WHERE (unfinished = 1);
CREATE INDEX outbox_due ON public.outbox USING btree (owner, epoch, due_at);
CREATE INDEX outbox_lease ON public.outbox USING btree (lease_until);
CREATE INDEX outbox_look_up ON public.outbox USING btree (created_at) WHERE (state = 'look_up'::text);
CREATE INDEX recovery_unfinished ON public.recovery USING btree (msisdn) WHERE (unfinished = 1);
CREATE INDEX ticket_at ON ONLY public.ticket USING btree (at, origin, seq);
CREATE INDEX ticket_2026_09_at_origin_seq_idx ON public.ticket_2026_09 USING btree (at, origin, seq);
CREATE INDEX ticket_seq ON ONLY public.ticket USING btree (origin, seq);
CREATE INDEX ticket_2026_09_origin_seq_idx ON public.ticket_2026_09 USING btree (origin, seq);
CREATE INDEX ticket_2026_10_at_origin_seq_idx ON public.ticket_2026_10 USING btree (at, origin, seq);
CREATE INDEX ticket_2026_10_origin_seq_idx ON public.ticket_2026_10 USING btree (origin, seq);
CREATE INDEX ticket_2026_11_at_origin_seq_idx ON public.ticket_2026_11 USING btree (at, origin, seq);
CREATE INDEX ticket_2026_11_origin_seq_idx ON public.ticket_2026_11 USING btree (origin, seq);
CREATE INDEX ticket_other_at_origin_seq_idx ON public.ticket_other USING btree (at, origin, seq);
CREATE INDEX ticket_other_origin_seq_idx ON public.ticket_other USING btree (origin, seq);
CREATE INDEX trigger_seen_at ON public.trigger_seen USING btree (seen_at);
ALTER INDEX public.ticket_at ATTACH PARTITION public.ticket_2026_09_at_origin_seq_idx;
ALTER INDEX public.ticket_seq ATTACH PARTITION public.ticket_2026_09_origin_seq_idx;
ALTER INDEX public.ticket_pkey ATTACH PARTITION public.ticket_2026_09_pkey;
ALTER INDEX public.ticket_at ATTACH PARTITION public.ticket_2026_10_at_origin_seq_idx;
ALTER INDEX public.ticket_seq ATTACH PARTITION public.ticket_2026_10_origin_seq_idx;
ALTER INDEX public.ticket_pkey ATTACH PARTITION public.ticket_2026_10_pkey;
ALTER INDEX public.ticket_at ATTACH PARTITION public.ticket_2026_11_at_origin_seq_idx;
ALTER INDEX public.ticket_seq ATTACH PARTITION public.ticket_2026_11_origin_seq_idx;
ALTER INDEX public.ticket_pkey ATTACH PARTITION public.ticket_2026_11_pkey;
ALTER INDEX public.ticket_at ATTACH PARTITION public.ticket_other_at_origin_seq_idx;
ALTER INDEX public.ticket_seq ATTACH PARTITION public.ticket_other_origin_seq_idx;
ALTER INDEX public.ticket_pkey ATTACH PARTITION public.ticket_other_pkey;
