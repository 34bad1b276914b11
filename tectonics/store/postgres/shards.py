"""Which shard of a Citus cluster holds a subscriber, so that a batch of the writer touches one shard only.

A batch inside one shard is many times as fast as one across shards (docs/scaling.md).  The queue asks
for the shard of each write in the reactor's thread, so no server can be asked there: the number is hashed
here as the server hashes it, and looked up in the ranges of the shards.  That costs microseconds, keeps
nothing in memory for each subscriber, and the hash is compared with the server's before it is used.  It
cannot change under us: PostgreSQL's own hash partitions on disk depend on it.

The ranges are read with each new connection of the writer and whenever it makes its plans anew, because a
shard can be split.  Ranges that are out of date cost speed and nothing else: a batch may then touch two
shards, and two units of one subscriber may change places once, of which the second is a Conflict.
"""

from bisect import bisect_right

from twisted.logger import Logger

from tectonics.database.postgres import Session
from tectonics.domain.errors import TheirFault
from tectonics.ports import Unit

_HAS_CITUS = "SELECT to_regclass('pg_dist_partition') IS NOT NULL"
_METHODS = """SELECT CASE logicalrelid WHEN 'account'::regclass THEN 'account' ELSE 'origin' END, partmethod::text
    FROM pg_dist_partition WHERE logicalrelid IN ('account'::regclass, 'origin'::regclass)"""
_RANGES = """SELECT shardid, shardminvalue::bigint FROM pg_dist_shard
    WHERE logicalrelid = 'account'::regclass ORDER BY 2"""
_HASHES = "SELECT worker_hash(number) FROM unnest(%s::bigint[]) WITH ORDINALITY AS given (number, place) ORDER BY place"
_SAMPLES = [0, 1, 33_600_000_001, 999_999_999_999_999]  # an E.164 number has at most 15 digits
_BY_HASH = "h"
_32_BITS = 0xFFFF_FFFF
_SEED = 0x9E37_79B9 + 4 + 3_923_095 & _32_BITS
_TURNS = (14, 11, 25, 16, 4, 14, 24)


def hash_of(number: int) -> int:
    """PostgreSQL's hash of a bigint (hashint8), from -2**31 to 2**31 - 1; `number` is not negative.

    Both halves folded into 32 bits, then the last mixing of Bob Jenkins's lookup3 over one word.
    """
    mixed, other = _SEED, _SEED
    third = _SEED + (number ^ number >> 32) & _32_BITS
    for turn in _TURNS:
        turned = (other << turn | other >> 32 - turn) & _32_BITS
        mixed, other, third = third, (mixed ^ other) - turned & _32_BITS, other
    return other - (other >> 31 << 32)


def is_distributed(session: Session) -> bool:
    """Whether Citus has distributed the tables. TheirFault when it has, in a way that is not safe."""
    if not session.execute(_HAS_CITUS).fetchone()[0]:
        return False
    methods = dict(session.execute(_METHODS).fetchall())
    if "account" in methods and "origin" not in methods:
        raise TheirFault("Citus does not know the table origin, so a shard and the numbers of its tickets would not be"
                         " committed together: run SELECT citus_add_local_table_to_metadata('origin')")
    return "account" in methods


class Shards:
    """The ranges of the shards, as last read; read in the writer's thread, asked in the reactor's."""

    log = Logger()

    def __init__(self):
        self._ranges: tuple[list[int], list[int]] = [], []  # smallest hash of each, its shard; replaced as a whole

    def refresh(self, session: Session) -> None:
        """Reads the ranges; without any that can be used all writes are one group. Fails with psycopg2.Error."""
        if dict(session.execute(_METHODS).fetchall()).get("account") != _BY_HASH:
            found = []
        elif [value for value, in session.send(_HASHES, (_SAMPLES,))] != [hash_of(number) for number in _SAMPLES]:
            self.log.warn("The server hashes numbers in another way: batches go across shards, which is slow")  # noqa: G010
            found = []
        else:
            found = session.execute(_RANGES).fetchall()
        self._ranges = [smallest for _, smallest in found], [shard for shard, _ in found]

    def group(self, item: object) -> int | None:
        """The shard of the subscriber whom a write is about; None where it is about none, or not known."""
        msisdn = item.account.msisdn if isinstance(item, Unit) else getattr(item, "msisdn", None)
        if msisdn is None:
            return None
        try:
            number = int(msisdn)
        except ValueError:
            return None  # the writer says so to whoever wrote it
        return self.shard_of(number)

    def shard_of(self, number: int) -> int | None:
        """The shard of a subscriber."""
        smallest, shards = self._ranges
        return shards[bisect_right(smallest, hash_of(number)) - 1] if shards else None
