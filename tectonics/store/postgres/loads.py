"""What Store.load asks, for many subscribers in one statement.

One statement sees one snapshot, so an account is never newer than the advances that are read with it;
were it so, a decision on stale advances could win its compare-and-set.  The one thing that may need a
second statement, the advances that old recoveries paid, is read later and so is newer: then the account's
version has moved, and the unit is a Conflict.  A Citus cluster reads the parts of the statement one after
the other, each in a snapshot of its own: the account must stay the first of them, for the same reason.
"""

from collections.abc import Sequence

from tectonics.database.arrays import Prepared
from tectonics.database.postgres import Session
from tectonics.domain.events import Trigger
from tectonics.ports import Loaded
from tectonics.store import rows
from tectonics.store.accounts import Load

_NUMBERS, _TEXTS = "bigint[]", "text[]"
_ACCOUNT, _ADVANCE, _RECOVERY, _ANSWER = "account", "advance", "recovery", "answer"

LOADS = Prepared("loads", (_NUMBERS, _NUMBERS, _TEXTS, _TEXTS, _NUMBERS, _TEXTS, _TEXTS, _NUMBERS, _TEXTS), f"""
    SELECT '{_ACCOUNT}', msisdn, generation::bigint, version, profile, standing, NULL::bytea
    FROM account WHERE msisdn = ANY ($1)
    UNION ALL SELECT '{_ADVANCE}', msisdn, NULL, NULL, body, NULL, NULL
    FROM advance WHERE msisdn = ANY ($1) AND unfinished = 1
    UNION ALL SELECT '{_RECOVERY}', msisdn, NULL, NULL, body, NULL, NULL
    FROM recovery WHERE msisdn = ANY ($1) AND unfinished = 1
    UNION ALL SELECT '{_ANSWER}', t.msisdn, NULL, NULL, t.channel, t.id, t.answer
    FROM trigger_seen t JOIN unnest($2, $3, $4) AS asked (msisdn, channel, id)
        ON t.msisdn = ANY ($2) AND t.msisdn = asked.msisdn AND t.channel = asked.channel AND t.id = asked.id
    UNION ALL SELECT '{_RECOVERY}', t.msisdn, NULL, NULL, t.body, NULL, NULL
    FROM recovery t JOIN unnest($5, $6, $7) AS asked (msisdn, feed, recharge)
        ON t.msisdn = ANY ($5) AND t.msisdn = asked.msisdn AND t.feed = asked.feed AND t.recharge = asked.recharge
    UNION ALL SELECT '{_ADVANCE}', t.msisdn, NULL, NULL, t.body, NULL, NULL
    FROM advance t JOIN unnest($8, $9) AS asked (msisdn, id)
        ON t.msisdn = ANY ($8) AND t.msisdn = asked.msisdn AND t.id = asked.id""")

PAID = Prepared("paid", (_NUMBERS, _TEXTS), """
    SELECT t.msisdn, t.body FROM advance t
    JOIN unnest($1, $2) AS asked (msisdn, id) ON t.msisdn = ANY ($1) AND t.msisdn = asked.msisdn AND t.id = asked.id""")

ALL = (LOADS, PAID)


class Found:
    """What the tables hold of one subscriber."""

    __slots__ = ("account", "advances", "answers", "recoveries")

    def __init__(self):
        self.account: tuple | None = None
        self.advances: dict = {}
        self.recoveries: dict = {}
        self.answers: dict[Trigger, bytes | None] = {}

    def add_advance(self, body: str) -> None:
        advance = rows.decode_advance(body)
        self.advances[advance.id] = advance

    def add_recovery(self, body: str) -> None:
        recovery = rows.decode_recovery(body)
        self.recoveries[recovery.id] = recovery

    @property
    def missing(self) -> set[str]:
        """Advances that a recovery paid and that have not been read."""
        paid = {share.advance for recovery in self.recoveries.values() for share in recovery.shares}
        return paid - self.advances.keys()

    def loaded(self, msisdn: int, load: Load) -> Loaded:
        """The answer to one question; what others asked about the same subscriber stays out of it."""
        answers = {trigger: self.answers[trigger] for trigger in load.triggers if trigger in self.answers}
        if self.account is None:
            return Loaded(None, answers)
        recoveries = sorted(self.recoveries.values(), key=lambda r: (r.created_at, r.id))
        advances = sorted(self.advances.values(), key=lambda a: (a.requested_at, a.id))
        return Loaded(rows.account_of(msisdn, self.account, advances, recoveries), answers)


def load_all(session: Session, loads: Sequence[Load]) -> list[Loaded]:
    """One answer for each question. ValueError for a number that is none."""
    asked = [(int(load.msisdn), load) for load in loads]
    found = {msisdn: Found() for msisdn, _ in asked}
    _read(session, asked, found)
    missing = [(msisdn, advance) for msisdn, one in found.items() for advance in one.missing]
    if missing:
        for msisdn, body in session.send(PAID.call, PAID.rows(missing)):
            found[msisdn].add_advance(body)
    return [found[msisdn].loaded(msisdn, load) for msisdn, load in asked]


def _read(session: Session, asked: list[tuple[int, Load]], found: dict[int, Found]) -> None:
    triggers = [(msisdn, trigger.channel, trigger.id) for msisdn, load in asked for trigger in load.triggers]
    recharges = [(msisdn, *load.recharge) for msisdn, load in asked if load.recharge is not None]
    advances = [(msisdn, load.advance) for msisdn, load in asked if load.advance]
    columns = (sorted(found), *_columns(triggers, 3), *_columns(recharges, 3), *_columns(advances, 2))
    for kind, msisdn, generation, version, text, more, data in session.send(LOADS.call, LOADS.values(columns)):
        one = found[msisdn]
        if kind == _ACCOUNT:
            one.account = generation, version, text, more
        elif kind == _ADVANCE:
            one.add_advance(text)
        elif kind == _RECOVERY:
            one.add_recovery(text)
        else:
            one.answers[Trigger(text, more)] = data


def _columns(rows_: list[tuple], width: int) -> list:
    return list(zip(*rows_, strict=True)) or [()] * width
