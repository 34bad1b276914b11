"""docs/tickets.md, written from the definitions: fields, types and reasons of domain.ticket.

`python -m tectonics.tickets.describe > docs/tickets.md` renews it; a test keeps the two equal.
"""

import sys

from tectonics.domain.ticket import FIELDS, REASONS, TYPES
from tectonics.tickets.file_format import CLOSURE_TEXTS
from tectonics.wire.ticket_stream import COMMAND_BYTES_MAX, TICKET_BYTES_MAX

_HEAD = """# Tickets

A ticket is one record of something that happened to money, or was refused: one JSON object a line, with the same
bytes in files and on both TCP streams. Fields that do not apply are left out; those that are there stand in the order
of the table. Times are RFC 3339 in UTC with milliseconds, amounts are text with the currency's decimals. Fields and
types may be added later; none changes its meaning.

`origin` and `seq` name a ticket for ever: each process numbers its own tickets from 1, without a hole, in the order in
which they were committed. `id` is unique over all origins.
"""

_LIVE = """## Live stream (TCP 7070)

Connect and read: one ticket a line, from now on. Nothing is kept for a client. One that reads too slowly is dropped
when its buffer is full; who must not miss a ticket uses the acknowledged stream.

    nc 127.0.0.1 7070
"""

_ACKNOWLEDGED = """## Acknowledged stream (TCP 7071)

Every ticket of an origin at least once, in order. Lines end in LF; a ticket's line begins with `{{`, every other line
is a command. A consumer's lines have at most {command_bytes} bytes, the server's {ticket_bytes}.

| who | line | meaning |
|---|---|---|
| consumer | `HELLO 1 <consumer> [after=<origin>:<seq>]` | first line; the name is 1 to 64 of `A-Z a-z 0-9 _ . -` |
| server | `OK <origin> oldest=<seq> newest=<seq>` | tickets follow; the numbers that are kept |
| server | `GAP <origin> oldest=<seq>` | tickets follow, those below are not kept any more; also between two tickets |
| consumer | `ACK <origin>:<seq>` | this ticket and all before it are safe with me |
| server | `PING` | you have been silent; answer `PONG` (any line will do) or be dropped |
| server | `ERR <why>` | one sentence, then the connection is closed |

- **Cursor.** The highest number acknowledged is kept durably for each consumer and origin, and only moves forward. A
  new connection goes on after it. A consumer that was never seen begins with the oldest ticket kept.
- **`after=<origin>:<seq>`** goes on after that number instead. A number above the cursor counts as an acknowledgement;
  one below it rewinds this connection only, so name it again after a reconnect. `after=<origin>:` (no number) means:
  that origin, from my cursor.
- **Repetitions** have `"dup":true` as their last field: tickets up to the highest number ever sent to this consumer.
  After a restart of the daemon that number is not known, so everything up to the newest ticket at the time of the
  reconnect is flagged. A ticket without `dup` was never sent to this consumer by this process; take `origin` and
  `seq` as the key, whatever the flag says.
- **Window.** Only so many tickets (1000 unless configured) are sent unacknowledged; ACK often, every hundred or so.
- **One connection** for each consumer and origin: a newer one replaces the older.
- **Fail-over.** A connection carries one origin, by default that of the process one talks to. The standby has an
  origin of its own, and serves the dead node's remaining tickets too where both share a database: open a second
  connection with `after=<dead origin>:`. Tickets of an origin that another process numbers are looked for every five
  seconds.

An example:

    HELLO 1 mediation
    OK n1 oldest=1 newest=2
    {{"origin":"n1","seq":1,...}}
    {{"origin":"n1","seq":2,...}}
    ACK n1:2
"""

_FILES = """## Files

`<state directory>/tickets/<origin>_<YYYYMMDD>_<HH>_<file number>.jsonl`, one for each hour; with `rotate: day`
`<origin>_<YYYYMMDD>_<file number>.jsonl`. Hours and days are of UTC. An hour in which nothing happened gets its file
too, and so does one in which the daemon was stopped. File numbers have no hole; a closed file is never written again.

Closed files may be moved or deleted by whoever collects them: how far the files have come is also kept in
`.<origin>.last` beside them. Leave that file where it is.

The file being written ends in `.part`; do not collect it. When it is closed it is synced, then renamed. A stop or a
crash leaves the `.part`, and the next start writes it anew from the database: its first ticket is the one after the
last closed file's. A ticket stands in the file of the hour in which it was written, so one that was decided just
before the hour may be in the next file. A very large hour is split into several files with consecutive numbers.

With `csv` among the formats each closed `.jsonl` also gets a `.csv`: a header, a column for each field in the order
below without `dup`, and the trailer behind `#trailer `. A text that a spreadsheet would run as a formula has an
apostrophe in front.

The last line is the trailer. `sha256` is of all bytes before it; an empty file has `count` 0 and `last_seq` one less
than `first_seq`.

    {"trailer":{"origin":"n1","file":"n1_20261122_08_000007.jsonl","first_seq":101,"last_seq":180,"count":80,
     "opened":"2026-11-22T08:00:00.000Z","closed":"2026-11-22T09:00:00.002Z","reason":2,
     "reason_text":"file open-time limit reached","sha256":"..."}}

(in one line). Closure reasons are the file closure trigger reasons of 3GPP TS 32.297:
"""


def describe() -> str:
    """The whole page, Markdown."""
    return "\n".join([
        _HEAD, _LIVE,
        _ACKNOWLEDGED.format(command_bytes=COMMAND_BYTES_MAX, ticket_bytes=TICKET_BYTES_MAX), _FILES,
        _table(("reason", "meaning"), [(str(int(reason)), text) for reason, text in CLOSURE_TEXTS.items()]),
        "## Fields\n", _table(("field", "meaning"), [(f"`{name}`", text) for name, text in FIELDS.items()]),
        "## Types\n", _table(("type", "outcome", "meaning"),
                             [(f"`{name}`", outcome, text) for name, (outcome, text) in TYPES.items()]),
        "## Reasons\n", _table(("reason", "meaning"), [(f"`{name}`", text) for name, text in REASONS.items()]),
    ]).rstrip("\n") + "\n"


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


if __name__ == "__main__":
    sys.stdout.write(describe())
