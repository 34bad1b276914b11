"""The origin on PostgreSQL: a life begins, its transactions are proven, an interrupted COMMIT is settled.

The idea and the row are those of store/origin.py.  One thing is different: after a connection is lost in
COMMIT the server may still be working on it.  The settling UPDATE then waits for that transaction's lock
on the row and sees what it left, so that it never takes for undone what is only late.
"""

from tectonics.database.postgres import Session
from tectonics.store import origin
from tectonics.store.origin import COMMITTED, Fenced, Life
from tectonics.store.postgres.script import Script

MOVE = "UPDATE origin SET next = %s, batch = %s WHERE name = %s AND epoch = %s AND batch = %s"
_NEW = "INSERT INTO origin (name, next, epoch, batch) VALUES (?, 1, 0, 0) ON CONFLICT DO NOTHING"
_CLAIM = "UPDATE origin SET epoch = epoch + 1 WHERE name = ? RETURNING epoch, next, batch"

settle = origin.settle  # the same statements


def claim(session: Session, name: str) -> Life:
    """Begins a new life of the origin; whoever had it before is fenced."""
    session.execute(_NEW, (name,))
    return Life(name, *session.execute(_CLAIM, (name,)).fetchone())


def advance(script: Script, life: Life, next_seq: int) -> None:
    """Sends the script with its last statement, which takes the numbers it used. Fenced when not ours."""
    script.add(MOVE, (next_seq, life.batch + COMMITTED, life.name, life.epoch, life.batch))
    if script.flush().rowcount != 1:
        raise Fenced(f"another process has taken over the origin {life.name}: this one writes nothing more")
