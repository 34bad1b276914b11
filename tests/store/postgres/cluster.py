"""A stand-in for a Citus cluster: one plain server with the catalogue and the functions that the store asks for.

It answers as Citus 13.2 does, with the names, the types and the hash of the real ones.  Nothing is really spread,
no plan is Citus's and no commit has two phases: what those do was tried on a real cluster (docs/scaling.md).
"""

from contextlib import closing
from importlib.resources import files

from tectonics.database.postgres import CHANGING, Address, connect

SHARDS = 8
_CATALOGUE = """
    CREATE TABLE pg_dist_partition (logicalrelid regclass NOT NULL, partmethod "char" NOT NULL);
    CREATE TABLE pg_dist_shard (logicalrelid regclass NOT NULL, shardid bigint NOT NULL,
        shardminvalue text, shardmaxvalue text);
    CREATE FUNCTION worker_hash(value bigint) RETURNS integer LANGUAGE sql AS 'SELECT hashint8(value)';
    CREATE FUNCTION create_distributed_table(relation regclass, key text, shard_count integer DEFAULT 8,
        colocate_with text DEFAULT '') RETURNS void LANGUAGE sql AS $$
            INSERT INTO pg_dist_partition VALUES (relation, 'h');
            INSERT INTO pg_dist_shard SELECT relation, 102008 + (SELECT count(*) FROM pg_dist_shard) + n,
                (-2147483648 + n * width)::text, (-2147483649 + (n + 1) * width)::text
            FROM generate_series(0, shard_count - 1) n, (SELECT 4294967296 / shard_count) AS given (width) $$;
    CREATE FUNCTION citus_add_local_table_to_metadata(relation regclass) RETURNS void LANGUAGE sql AS
        $$ INSERT INTO pg_dist_partition VALUES (relation, 'n') $$"""


def distribute(address: Address) -> None:
    """What `tectonics db distribute` does on a coordinator."""
    script = files("tectonics.store.postgres").joinpath("distribute.sql").read_text(encoding="utf-8")
    change(address, _CATALOGUE)
    for line in script.splitlines():
        if line and not line.startswith("--"):
            change(address, line)


def split(address: Address, shard: int, new: int) -> None:
    """Cuts a shard's range in two halves; the upper one is the shard `new`."""
    change(address, f"""INSERT INTO pg_dist_shard SELECT logicalrelid, {new},
        ((shardminvalue::bigint + shardmaxvalue::bigint) / 2)::text, shardmaxvalue
        FROM pg_dist_shard WHERE shardid = {shard}""")


def change(address: Address, text: str) -> None:
    """Statements of an operator."""
    with closing(connect(address, CHANGING)) as session:
        session.send(text)
