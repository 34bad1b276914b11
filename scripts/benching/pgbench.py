"""The limit of PostgreSQL: pgbench with the same statements for the same session, one session at a time each.

So would it be written by a program that has a connection for each session and does not gather sessions: the
three transactions of a session, row by row, prepared (session.pgbench).  The values are those of a real
session, made by the workflows, and as long.  Each client has an origin and a day of usage of its own; on
one shared row they would wait for each other.  Its people are those with odd numbers, so that it may run
between two measurements.  No ledger, no HTTP and no decisions.
"""

import re
import subprocess
from dataclasses import replace
from pathlib import Path

from people import FIRST_MSISDN, pattern
from preparing import Preparation

from tectonics.config import Settings
from tectonics.store import rows
from tests.postgres_server import Server, program_folder

SCRIPT = Path(__file__).with_name("session.pgbench")
WARM_S = 5  # connections, prepared statements
THREADS = 2
_SESSIONS = re.compile(r"number of transactions actually processed: (\d+)")
_RATE = re.compile(r"tps = ([0-9.]+) ")
_ORIGINS = """INSERT INTO origin (name, next, epoch, batch)
    SELECT 'pgbench' || n, 1, 1, 0 FROM generate_series(0, {}) AS n
    ON CONFLICT DO NOTHING"""


def run(server: Server, settings: Settings, seconds: float, concurrency: int, subscribers: int, at: int) -> dict:
    """Sessions, and the seconds that they took."""
    server.execute(_ORIGINS.format(concurrency - 1))
    values = _values(settings, at) | {"pairs": subscribers // 2, "first": FIRST_MSISDN}
    command = [program_folder() / "pgbench", "--no-vacuum", "--protocol=prepared", f"--client={concurrency}",
               f"--jobs={THREADS}", f"--file={SCRIPT}", *(f"--define={name}={one}" for name, one in values.items())]
    for length_s in (WARM_S, round(seconds)):
        answer = subprocess.run([*command, f"--time={length_s}", server.url()], capture_output=True, text=True,
                                check=False)
        if answer.returncode:
            raise RuntimeError(f"pgbench broke: {answer.stderr[-2000:]}")
    return result(answer.stdout)


def result(printed: str) -> dict:
    """What pgbench printed: sessions, and the seconds that they took."""
    sessions = int(_SESSIONS.search(printed)[1])
    return {"sessions": sessions, "seconds": sessions / float(_RATE.search(printed)[1])}


def _values(settings: Settings, at: int) -> dict:
    """What one real session writes."""
    account = replace(pattern(settings, at), version=1)
    session = Preparation(settings, at).prepared(account)
    msisdn = int(session.msisdn)
    _, _, profile, standing1 = rows.account_columns(session.confirmed.account)
    *_, standing2 = rows.account_columns(session.credited.account)
    return {"at": at, "profile": profile, "standing1": standing1, "standing2": standing2,
            "advance1": rows.advance_row(msisdn, session.confirmed.advances[0])[-1],
            "advance2": rows.advance_row(msisdn, session.credited.advances[0])[-1],
            "credit": rows.command_columns(session.credit)[-1],
            "notify": rows.command_columns(session.notices[0])[-1],
            "answer": session.credited.answer[1].decode(),
            "ticket": rows.ticket_line("n1", 1, session.credited.tickets[0])}
