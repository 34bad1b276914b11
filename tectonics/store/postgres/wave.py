"""A wave: units of different subscribers, written together by one statement for each kind of row.

It does for many what store/unit.py does for one, in the same order: triggers first, where one exists its
unit is a Duplicate; then the compare-and-set of the accounts, who loses is a Conflict and his trigger is
taken back; then all that cannot lose.  Units of different subscribers share no row, so it does not matter
which of them comes first; units of one subscriber go in different waves, in the order they came in.

If a statement fails, the caller rolls back and writes the units one by one; if the process dies here
nothing of the transaction exists.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tectonics.domain.events import Trigger
from tectonics.domain.ticket import Ticket
from tectonics.ports import Committed, Conflict, Duplicate, TicketLine, Unit
from tectonics.store import rows
from tectonics.store.postgres import statements as sql
from tectonics.store.postgres.script import Script
from tectonics.store.unit import Ledger, add_usage


@dataclass(frozen=True, slots=True)
class Entry:
    """A unit and its place in the batch."""

    place: int
    msisdn: int
    unit: Unit

    def key(self, trigger: Trigger) -> tuple[int, str, str]:
        """Of a trigger's row."""
        return self.msisdn, trigger.channel, trigger.id


def waves(units: Iterable[tuple[int, Unit]]) -> list[list[Entry]]:
    """(place, unit) in waves: the n-th unit of a subscriber is in the n-th. ValueError for a bad number."""
    found: list[list[Entry]] = []
    seen: dict[int, int] = {}
    for place, unit in units:
        msisdn = int(unit.account.msisdn)
        turn = seen.get(msisdn, 0)
        seen[msisdn] = turn + 1
        if turn == len(found):
            found.append([])
        found[turn].append(Entry(place, msisdn, unit))
    for wave in found:
        wave.sort(key=lambda entry: entry.msisdn)
    return found


def write_wave(script: Script, ledger: Ledger, wave: Sequence[Entry]) -> dict[int, Conflict | Duplicate]:
    """Writes all but the tickets; Conflict or Duplicate by place of those that lost."""
    duplicates = _duplicates(script, wave)
    asked = [entry for entry in wave if entry.place not in duplicates]
    won = _write_accounts(script, asked)
    losers = [entry for entry in asked if entry.msisdn not in won]
    script.say(sql.TRIGGERS_BACK, [entry.key(entry.unit.trigger) for entry in losers
                                   if entry.unit.trigger is not None])
    winners = [entry for entry in asked if entry.msisdn in won]
    _write_loans(script, winners)
    _write_outbox(script, winners, ledger)
    for entry in winners:
        if entry.unit.usage is not None:
            add_usage(ledger, entry.unit.usage)
    return duplicates | {entry.place: Conflict() for entry in losers}


def number_tickets(script: Script, ledger: Ledger, groups: Iterable[Sequence[Ticket]]) -> list[Committed]:
    """Numbers and writes the tickets of each write that won, in this order; what each of them got."""
    committed, written = [], []
    for tickets in groups:
        first = ledger.next if tickets else 0
        for ticket in tickets:
            line = rows.ticket_line(ledger.origin, ledger.next, ticket)
            written.append((int(ticket.msisdn or 0), ledger.next, ticket.at, ticket.type, line))
            ledger.lines.append(TicketLine(ledger.origin, ledger.next, ticket.at, line.encode()))
            ledger.next += 1
        committed.append(Committed(first, len(tickets)))
    if written:
        numbers, seqs, times, types, lines = zip(*written, strict=True)
        script.add(sql.TICKETS.call, sql.TICKETS.values((numbers, ledger.origin, seqs, times, types, lines)))
    return committed


def write_usage(script: Script, ledger: Ledger) -> None:
    """What the units of the transaction added to the days of the services."""
    if ledger.usage:
        services, days = zip(*ledger.usage, strict=True)
        counts, amounts = zip(*ledger.usage.values(), strict=True)
        script.add(sql.USAGE.call, sql.USAGE.values((services, days, ledger.origin, counts, amounts)))


def _duplicates(script: Script, wave: Sequence[Entry]) -> dict[int, Duplicate]:
    """Inserts the triggers; Duplicate by place of those whose trigger exists."""
    triggered = [entry for entry in wave if entry.unit.trigger is not None]
    made = {msisdn for msisdn, in script.ask(sql.TRIGGERS, [
        (*entry.key(entry.unit.trigger), entry.unit.at, entry.unit.trigger_answer) for entry in triggered])}
    if len(made) == len(triggered):
        return {}
    known = [entry for entry in triggered if entry.msisdn not in made]
    answers = dict(script.ask(sql.ANSWERS_OF, [entry.key(entry.unit.trigger) for entry in known]))
    return {entry.place: Duplicate(answers.get(entry.msisdn)) for entry in known}


def _write_accounts(script: Script, entries: Sequence[Entry]) -> set[int]:
    """The numbers whose compare-and-set won."""
    new = [_account_row(entry) for entry in entries if entry.unit.expected == 0]
    old = [_account_row(entry) for entry in entries if entry.unit.expected != 0]
    return {msisdn for msisdn, in script.ask(sql.ACCOUNTS_NEW, new) + script.ask(sql.ACCOUNTS, old)}


def _account_row(entry: Entry) -> tuple:
    unit = entry.unit
    return (entry.msisdn, *rows.account_columns(unit.account), unit.expected + 1, unit.id)


def _write_loans(script: Script, entries: Sequence[Entry]) -> None:
    marks = [(*entry.key(mark), entry.unit.at, None) for entry in entries for mark in entry.unit.marks]
    answers = [(*entry.key(entry.unit.answer[0]), entry.unit.answer[1]) for entry in entries
               if entry.unit.answer is not None]
    advances = [rows.advance_row(entry.msisdn, one) for entry in entries for one in entry.unit.advances]
    recoveries = [rows.recovery_row(entry.msisdn, one) for entry in entries for one in entry.unit.recoveries]
    script.say(sql.TRIGGERS, marks)
    script.say(sql.ANSWERS, answers)
    script.say(sql.ADVANCES, advances)
    script.say(sql.RECOVERIES, recoveries)


def _write_outbox(script: Script, entries: Sequence[Entry], ledger: Ledger) -> None:
    commands = [(entry.msisdn, *rows.command_columns(command), entry.unit.at, entry.unit.at + ledger.lease_ms)
                for entry in entries for command in entry.unit.commands]
    if commands:
        columns = (*zip(*commands, strict=True), ledger.origin, ledger.epoch)
        script.add(sql.COMMANDS.call, sql.COMMANDS.values(columns))
    script.say(sql.FINISHED, [(entry.msisdn, op) for entry in entries for op in entry.unit.finished])
    script.say(sql.UNRESOLVED, [(entry.msisdn, op) for entry in entries for op in entry.unit.unresolved])
