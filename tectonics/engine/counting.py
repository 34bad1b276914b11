"""What a decision adds to the counters of the service: they follow its tickets, so both always agree.

The time that a step of a dialogue takes is counted here for every channel, so it means the same on each.
"""

from tectonics.domain.money import parse_minor
from tectonics.domain.ticket import Ticket
from tectonics.ports import Metrics
from tectonics.workflows.decision import Decision

SERVICES = {"advance": "advance", "callback": "call_back"}  # a ticket's type begins with the first
_BY_END = {
    "granted": "tectonics_granted_total", "completed": "tectonics_granted_total",
    "failed": "tectonics_failed_total",
    "unknown": "tectonics_unknown_total",
}


def count_step(metrics: Metrics, channel: str, step: str, seconds: float) -> None:
    """One step of a dialogue on any channel, from when its request came to its answer; a clock that is set back counts as 0."""
    metrics.observe("tectonics_dialogue_step_seconds", max(0.0, seconds), channel, step)


def count_decision(metrics: Metrics, decision: Decision) -> None:
    """Counts a unit that has been written."""
    metrics.count("tectonics_units_total", "committed")
    for ticket in decision.tickets:
        _count_ticket(metrics, ticket)


def _count_ticket(metrics: Metrics, ticket: Ticket) -> None:
    kind, _, end = ticket.type.partition(".")
    if kind in SERVICES:
        _count_service(metrics, SERVICES[kind], end, ticket)
    elif ticket.type == "advert.sent":
        metrics.count("tectonics_adverts_total", "sent")
    elif ticket.type.startswith("recovery."):
        metrics.count("tectonics_recoveries_total", ticket.type.removeprefix("recovery."))
    if ticket.type in ("recovery.full", "recovery.partial"):
        metrics.count("tectonics_amount_recovered_minor_total", "advance", by=_minor(ticket))


def _count_service(metrics: Metrics, service: str, end: str, ticket: Ticket) -> None:
    if end == "refused":
        metrics.count("tectonics_refused_total", service, ticket.fields["reason"])
    elif end in _BY_END:
        metrics.count(_BY_END[end], service)
    if end == "granted":
        metrics.count("tectonics_amount_granted_minor_total", service, by=_minor(ticket))
    elif end == "completed":
        metrics.count("tectonics_amount_charged_minor_total", service, by=_minor(ticket))


def _minor(ticket: Ticket) -> int:
    return parse_minor(ticket.fields["amount"], ticket.fields["currency"])
