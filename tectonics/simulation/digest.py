"""One number for everything that a run did: equal for equal seeds, to the byte."""

import hashlib

from tectonics.simulation.books import Books
from tectonics.simulation.journal import Journal


def digest(books: Books, journal: Journal) -> str:
    """SHA-256 over every ticket, movement, screen, answer of the feed and consumed line, in order."""
    told = hashlib.sha256()

    def add(*values: object) -> None:
        told.update(repr(values).encode() + b"\n")

    for origin, tickets in sorted(books.tickets.items()):
        for ticket in tickets:
            add(origin, ticket.line)
    for movement in books.movements.values():
        add(movement.position, movement.msisdn, movement.op, movement.kind, movement.amount_minor,
            movement.balance_minor, movement.at)
    for session in journal.sessions.values():
        for step in session.steps:
            add(session.id, session.msisdn, step.at_s, step.typed, step.text, step.more, step.answered_s)
    for msisdn in journal.post.everybody():
        for entry in journal.post.entries(msisdn):
            add(msisdn, *entry)
    for entry in (*journal.switch.entries(), *journal.calls.entries(), *journal.rings.entries(), *journal.web.entries()):
        add(*entry)
    for entry in journal.mail.entries():
        add(*entry)
    for record in journal.records.values():
        add(record.id, record.msisdn, record.answer, record.answered_s)
    for consumed in journal.consumed:
        add(consumed.name, consumed.origin, consumed.acknowledged, *consumed.lines)
    return told.hexdigest()
