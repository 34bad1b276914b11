-- Spreads the tables of subscribers over the machines of a Citus cluster, by msisdn. Run once, on the
-- coordinator, by `tectonics db distribute`; docs/scaling.md says when and what follows from it.
-- Eight shards, because a batch of the writer holds one of them: the more shards, the smaller its batches. A shard
-- that has grown too large can be split.
-- All of them lie together (colocated), so that a unit of one subscriber stays on one machine.
-- The small tables (origin, consumer_cursor, service_usage, policy_version, bookmark, mailbox, node, schema_version) stay
-- where they are, on the coordinator. Citus must know `origin` all the same: a transaction that writes one
-- shard and a table it does not know is committed on the shard first and here afterwards, with nothing that
-- holds the two together; with one that it knows it is committed in two phases.
SELECT create_distributed_table('account', 'msisdn', shard_count => 8);
SELECT create_distributed_table('advance', 'msisdn', colocate_with => 'account');
SELECT create_distributed_table('recovery', 'msisdn', colocate_with => 'account');
SELECT create_distributed_table('trigger_seen', 'msisdn', colocate_with => 'account');
SELECT create_distributed_table('outbox', 'msisdn', colocate_with => 'account');
SELECT create_distributed_table('message', 'msisdn', colocate_with => 'account');
SELECT create_distributed_table('ticket', 'msisdn', colocate_with => 'account');
SELECT citus_add_local_table_to_metadata('origin');
