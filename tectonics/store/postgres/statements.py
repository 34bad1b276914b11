"""What the writer says to PostgreSQL: one statement for each kind of row, over arrays.

A statement takes the rows of many units and does for all of them what store/unit.py does for one.
Where somebody can lose against somebody else, it returns the numbers of those who won.  Rows come
sorted by msisdn, so that two writers lock in one order.

`t.msisdn = ANY ($1)` repeats what the join with the arrays says.  With it the rows are looked up by the
index in one go and then joined by hash (postgres.WRITING), whatever the statistics say; and a Citus
cluster sends the statement only to the shards that it concerns.
"""

from dataclasses import replace

from tectonics.database.arrays import Prepared
from tectonics.domain.delivery import SENDING, SENT
from tectonics.ports import LOOK_UP, SEND

_NUMBERS, _TEXTS, _BYTES = "bigint[]", "text[]", "bytea[]"
_KEY = (_NUMBERS, _TEXTS, _TEXTS)

TRIGGERS = Prepared("triggers", (*_KEY, _NUMBERS, _BYTES), """
    INSERT INTO trigger_seen (msisdn, channel, id, seen_at, answer) SELECT * FROM unnest($1, $2, $3, $4, $5)
    ON CONFLICT DO NOTHING RETURNING msisdn""")

TRIGGERS_BACK = Prepared("triggers_back", _KEY, """
    DELETE FROM trigger_seen t USING unnest($1, $2, $3) AS given (msisdn, channel, id)
    WHERE t.msisdn = ANY ($1) AND t.msisdn = given.msisdn AND t.channel = given.channel AND t.id = given.id""")

ANSWERS_OF = Prepared("answers_of", _KEY, """
    SELECT t.msisdn, t.answer FROM trigger_seen t
    JOIN unnest($1, $2, $3) AS given (msisdn, channel, id)
        ON t.msisdn = ANY ($1) AND t.msisdn = given.msisdn AND t.channel = given.channel AND t.id = given.id""")

ANSWERS = Prepared("answers", (*_KEY, _BYTES), """
    UPDATE trigger_seen t SET answer = given.answer
    FROM unnest($1, $2, $3, $4) AS given (msisdn, channel, id, answer)
    WHERE t.msisdn = ANY ($1) AND t.msisdn = given.msisdn AND t.channel = given.channel AND t.id = given.id
        AND t.answer IS NULL""")

_ACCOUNT = (_NUMBERS, _NUMBERS, _NUMBERS, _TEXTS, _TEXTS, _NUMBERS, _TEXTS)  # as Shape.account_row

ACCOUNTS_NEW = Prepared("accounts_new", _ACCOUNT, """
    INSERT INTO account (msisdn, generation, barred, profile, standing, version, unit)
    SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING RETURNING msisdn""")

ACCOUNTS = Prepared("accounts", _ACCOUNT, """
    UPDATE account t SET generation = given.generation, barred = given.barred, profile = given.profile,
        standing = given.standing, version = given.version, unit = given.unit
    FROM unnest($1, $2, $3, $4, $5, $6, $7)
        AS given (msisdn, generation, barred, profile, standing, version, unit)
    WHERE t.msisdn = ANY ($1) AND t.msisdn = given.msisdn AND t.version = given.version - 1
    RETURNING t.msisdn""")

ADVANCES = Prepared(
    "advances", (_NUMBERS, _TEXTS, _NUMBERS, _TEXTS, _NUMBERS, _TEXTS, _TEXTS, _NUMBERS, _NUMBERS, _NUMBERS,
                 _NUMBERS, _NUMBERS, _NUMBERS, _TEXTS), """
    INSERT INTO advance (msisdn, id, generation, state, unfinished, channel, trigger_id, requested_at,
        due_at, closed_at, amount_minor, fee_minor, outstanding_minor, body)
    SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
    ON CONFLICT (msisdn, id) DO UPDATE SET generation = excluded.generation, state = excluded.state,
        unfinished = excluded.unfinished, due_at = excluded.due_at, closed_at = excluded.closed_at,
        outstanding_minor = excluded.outstanding_minor, body = excluded.body""")

RECOVERIES = Prepared(
    "recoveries", (_NUMBERS, _TEXTS, _NUMBERS, _TEXTS, _NUMBERS, _TEXTS, _TEXTS, _NUMBERS, _NUMBERS, _TEXTS), """
    INSERT INTO recovery (msisdn, id, generation, state, unfinished, feed, recharge, created_at,
        amount_minor, body)
    SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
    ON CONFLICT (msisdn, id) DO UPDATE SET generation = excluded.generation, state = excluded.state,
        unfinished = excluded.unfinished, amount_minor = excluded.amount_minor, body = excluded.body""")

COMMANDS = Prepared(
    "commands", (_NUMBERS, _TEXTS, _TEXTS, _TEXTS, _NUMBERS, _NUMBERS, "text", "bigint"), f"""
    INSERT INTO outbox (msisdn, op, kind, body, created_at, due_at, lease_until, state, owner, epoch, attempts)
    SELECT msisdn, op, kind, body, created_at, created_at, lease_until, '{SEND}', $7, $8, 0
    FROM unnest($1, $2, $3, $4, $5, $6) AS given (msisdn, op, kind, body, created_at, lease_until)""")

FINISHED = Prepared("finished", (_NUMBERS, _TEXTS), """
    DELETE FROM outbox t USING unnest($1, $2) AS given (msisdn, op)
    WHERE t.msisdn = ANY ($1) AND t.msisdn = given.msisdn AND t.op = given.op""")

UNRESOLVED = Prepared("unresolved", (_NUMBERS, _TEXTS), f"""
    UPDATE outbox t SET state = '{LOOK_UP}' FROM unnest($1, $2) AS given (msisdn, op)
    WHERE t.msisdn = ANY ($1) AND t.msisdn = given.msisdn AND t.op = given.op""")

MESSAGES_BEGUN = Prepared(
    "messages_begun", (_NUMBERS, _TEXTS, _NUMBERS, _NUMBERS, _NUMBERS, _TEXTS, _NUMBERS), f"""
    INSERT INTO message (msisdn, op, part, parts, reference, owner, state, account, id, attempts, repeated,
        created_at, at)
    SELECT msisdn, op, part, parts, reference, owner, '{SENDING}', '', '', 1, 0, at, at
    FROM unnest($1, $2, $3, $4, $5, $6, $7) AS given (msisdn, op, part, parts, reference, owner, at)
    ON CONFLICT DO NOTHING RETURNING msisdn, op""")

MESSAGES_NOTED = Prepared(
    "messages_noted", (_NUMBERS, _TEXTS, _NUMBERS, _TEXTS, _TEXTS, _TEXTS, _NUMBERS), """
    UPDATE message t SET state = given.state, account = given.account, id = given.id, at = given.at
    FROM unnest($1, $2, $3, $4, $5, $6, $7) AS given (msisdn, op, part, state, account, id, at)
    WHERE t.msisdn = ANY ($1) AND t.msisdn = given.msisdn AND t.op = given.op AND t.part = given.part
        AND t.id = ''
    RETURNING t.msisdn""")

MESSAGES_SETTLED = Prepared("messages_settled", (_NUMBERS, _TEXTS, _NUMBERS, _TEXTS, _NUMBERS), f"""
    UPDATE message t SET state = given.state, at = given.at
    FROM unnest($1, $2, $3, $4, $5) AS given (msisdn, op, part, state, at)
    WHERE t.msisdn = ANY ($1) AND t.msisdn = given.msisdn AND t.op = given.op AND t.part = given.part
        AND t.state = '{SENT}'
    RETURNING t.msisdn, t.op, t.part""")

TICKETS = Prepared("tickets", (_NUMBERS, "text", _NUMBERS, _NUMBERS, _TEXTS, _TEXTS), """
    INSERT INTO ticket (msisdn, origin, seq, at, type, body)
    SELECT msisdn, $2, seq, at, type, body
    FROM unnest($1, $3, $4, $5, $6) AS given (msisdn, seq, at, type, body)""")

USAGE = Prepared("usage", (_TEXTS, _NUMBERS, "text", _NUMBERS, _NUMBERS), """
    INSERT INTO service_usage (service, day, origin, count, amount_minor)
    SELECT service, day, $3, count, amount_minor
    FROM unnest($1, $2, $4, $5) AS given (service, day, count, amount_minor)
    ON CONFLICT (service, day, origin) DO UPDATE SET count = service_usage.count + excluded.count,
        amount_minor = service_usage.amount_minor + excluded.amount_minor""")

ALL = (TRIGGERS, TRIGGERS_BACK, ANSWERS_OF, ANSWERS, ACCOUNTS_NEW, ACCOUNTS, ADVANCES, RECOVERIES, COMMANDS,
       FINISHED, UNRESOLVED, MESSAGES_BEGUN, MESSAGES_NOTED, MESSAGES_SETTLED, TICKETS, USAGE)

# A Citus cluster copies the rows of an INSERT that neither returns any nor may conflict, and then reports a violated
# constraint as XX000, which says nothing; with RETURNING it is 23505, and only the guilty unit fails.
ON_CLUSTER = tuple(replace(one, text=f"{one.text} RETURNING msisdn") if one in (COMMANDS, TICKETS) else one
                   for one in ALL)
