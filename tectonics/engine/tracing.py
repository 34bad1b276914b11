"""Giving everything that a request leads to its trace (domain/trace.py): the decision's line, its commands, its tickets.

An event that a peer sent has the peer's id.  An answer of the billing system, a timer or a person's word is about an
advance, a recovery or a call, and these know whose request they are.  A command takes its trace along into the outbox, so
that whoever carries it out, in whatever life and on whatever node, can say it without asking the database.
A decision may begin something for another request (a recharge that waited): that gets its own.
"""

from tectonics.domain.commands import Command
from tectonics.domain.events import AnswerDue, Event
from tectonics.domain.subscriber import Account
from tectonics.domain.ticket import Ticket
from tectonics.domain.trace import trace_of
from tectonics.domain.value import replace
from tectonics.engine.units import trigger_of
from tectonics.workflows.decision import Decision
from tectonics.workflows.recover import feed_channel


def trace_of_event(event: Event, account: Account) -> str:
    """The trace of the request that this event belongs to; empty where nobody asked."""
    own = event.trigger if isinstance(event, AnswerDue) else trigger_of(event)
    return trace_of(own.channel, own.id) if own is not None else _of_subject(event, account)


def traced(decision: Decision, event: Event, trace: str) -> Decision:
    """The decision, its commands and tickets with their traces; `trace` is the event's."""
    for ticket in decision.tickets:
        ticket.fields.setdefault("trace", _of_ticket(ticket, event, trace))
    if not decision.commands:
        return decision
    return replace(decision, commands=tuple([_command(one, decision.account, trace) for one in decision.commands]))


def _command(command: Command, account: Account, trace: str) -> Command:
    return replace(command, trace=_of_subject(command, account) or trace)


def _of_subject(item: Event | Command, account: Account) -> str:
    """Of the advance, recovery or call that it names, while the account knows that."""
    if name := getattr(item, "advance", ""):
        advance = account.advance(name)
        return trace_of(advance.channel, advance.trigger) if advance else ""
    if name := getattr(item, "recovery", ""):
        recovery = account.recovery(name)
        return trace_of(feed_channel(recovery.feed), recovery.recharge) if recovery else ""
    call = account.standing.call
    if call is not None and call.id == getattr(item, "call", ""):
        return trace_of(call.channel, call.trigger)
    return ""


def _of_ticket(ticket: Ticket, event: Event, trace: str) -> str:
    told = ticket.fields.get
    own = trigger_of(event)
    if own is not None and told("trigger") == own.id:
        return trace
    return trace_of(told("channel", ""), told("trigger") or told("recharge") or "") or trace
