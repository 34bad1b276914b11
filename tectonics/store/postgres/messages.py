"""The writes of the log of messages, each kind of a batch in one statement over arrays.

They do for many what store/messages.py does for one.  Marks that are new go first, then what became of parts,
then receipts: a mark's sender waits for it, and whoever writes the second or third of one part has submitted
it after the one before.  A message that was begun before is looked at by itself.
"""

from collections import Counter
from collections.abc import Iterator, Sequence

from tectonics.domain.delivery import Begun
from tectonics.store.messages import Begin, Note, Settle
from tectonics.store.postgres import statements as sql
from tectonics.store.postgres.script import Script

KINDS = (Begin, Note, Settle)


def write_messages(script: Script, items: Sequence) -> Iterator[tuple[int, object]]:
    """(place in the batch, answer) of each write of KINDS."""
    yield from _begin(script, [(place, item) for place, item in enumerate(items) if isinstance(item, Begin)])
    yield from _note(script, [(place, item) for place, item in enumerate(items) if isinstance(item, Note)])
    yield from _settle(script, [(place, item) for place, item in enumerate(items) if isinstance(item, Settle)])


def _begin(script: Script, begins: list[tuple[int, Begin]]) -> Iterator[tuple[int, Begun]]:
    rows = sorted({(one.msisdn, one.op, number, one.parts, one.reference, one.owner, one.now)
                   for _, one in begins for number in range(1, one.parts + 1)})
    new = Counter(script.ask(sql.MESSAGES_BEGUN, rows))
    for place, one in begins:
        fresh = new[one.msisdn, one.op] == one.parts
        yield place, Begun(one.reference) if fresh else one.again(script.session)


def _note(script: Script, notes: list[tuple[int, Note]]) -> Iterator[tuple[int, None]]:
    told = {(note.msisdn, note.op, note.part.number): (note.part.state, note.part.account, note.part.id, note.now)
            for _, note in notes}
    script.ask(sql.MESSAGES_NOTED, sorted((*key, *values) for key, values in told.items()))
    script.say(sql.FINISHED, sorted({(note.msisdn, note.op) for _, note in notes if note.finished}))
    for place, _ in notes:
        yield place, None


def _settle(script: Script, settles: list[tuple[int, Settle]]) -> Iterator[tuple[int, bool]]:
    first: dict = {}
    for place, one in settles:
        first.setdefault(one.key, (place, one))
    changed = set(script.ask(sql.MESSAGES_SETTLED, [(*one.key, one.state, one.now) for _, one in sorted(
        first.values(), key=lambda entry: entry[1].key)]))
    for place, one in settles:
        yield place, one.key in changed and first[one.key][0] == place
