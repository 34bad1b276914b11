"""What a decision adds to the counters of the service: they follow its tickets, so both always agree."""

from tectonics.domain.money import parse_minor
from tectonics.domain.ticket import Ticket
from tectonics.ports import Metrics
from tectonics.workflows.decision import Decision

_BY_TYPE = {
    "advance.granted": "tectonics_granted_total",
    "advance.failed": "tectonics_failed_total",
    "advance.unknown": "tectonics_unknown_total",
}


def count_decision(metrics: Metrics, decision: Decision) -> None:
    """Counts a unit that has been written."""
    metrics.count("tectonics_units_total", "committed")
    for ticket in decision.tickets:
        _count_ticket(metrics, ticket)


def _count_ticket(metrics: Metrics, ticket: Ticket) -> None:
    if ticket.type == "advance.refused":
        metrics.count("tectonics_refused_total", "advance", ticket.fields["reason"])
    elif ticket.type in _BY_TYPE:
        metrics.count(_BY_TYPE[ticket.type], "advance")
    elif ticket.type == "advert.sent":
        metrics.count("tectonics_adverts_total", "sent")
    elif ticket.type.startswith("recovery."):
        metrics.count("tectonics_recoveries_total", ticket.type.removeprefix("recovery."))
    if ticket.type == "advance.granted":
        metrics.count("tectonics_amount_granted_minor_total", "advance", by=_minor(ticket))
    elif ticket.type in ("recovery.full", "recovery.partial"):
        metrics.count("tectonics_amount_recovered_minor_total", "advance", by=_minor(ticket))


def _minor(ticket: Ticket) -> int:
    return parse_minor(ticket.fields["amount"], ticket.fields["currency"])
