"""How the values of the house look in an answer: plain data for JSON.

Money is text with the currency's decimals, times are RFC 3339 in UTC, both as in the tickets; what
is not known is null.
"""

import msgspec

from tectonics.domain.advance import Advance
from tectonics.domain.money import format_minor
from tectonics.domain.recharge import Recovery
from tectonics.domain.subscriber import Bar
from tectonics.domain.ticket import rfc3339
from tectonics.ports import Alarm, OutboxRow, PolicyVersion


def time(at: int | None) -> str | None:
    """A time, or null."""
    return None if at is None else rfc3339(at)


def advance(msisdn: str, item: Advance) -> dict:
    """One advance with its money and its dates."""
    offer, currency = item.offer, item.offer.currency
    return {
        "id": item.id, "msisdn": msisdn, "generation": item.generation, "state": item.state,
        "amount": format_minor(offer.amount_minor, currency), "fee": format_minor(offer.fee_minor, currency),
        "total": format_minor(offer.total_minor, currency),
        "outstanding": format_minor(item.outstanding_minor, currency),
        "principal_paid": format_minor(item.principal_paid_minor, currency),
        "fee_paid": format_minor(item.fee_paid_minor, currency), "currency": currency,
        "tier": offer.tier, "segment": offer.segment, "policy": offer.policy,
        "balance_type": offer.balance_type, "channel": item.channel, "trigger": item.trigger,
        "requested_at": time(item.requested_at), "granted_at": time(item.granted_at),
        "due_at": time(item.due_at), "credit_expires_at": time(item.credit_expires_at),
        "closed_at": time(item.closed_at), "chances": item.chances, "was_late": item.was_late,
        "op": item.op, "billing_ref": item.billing_ref,
    }


def recovery(item: Recovery, currency: str) -> dict:
    """What one recharge paid back."""
    shares = [{"advance": s.advance, "principal": format_minor(s.principal_minor, currency),
               "fee": format_minor(s.fee_minor, currency)} for s in item.shares]
    return {
        "id": item.id, "generation": item.generation, "state": item.state, "feed": item.feed,
        "recharge": item.recharge, "recharge_at": time(item.recharge_at),
        "budget": format_minor(item.budget_minor, currency),
        "amount": format_minor(item.amount_minor, currency), "shares": shares, "currency": currency,
        "created_at": time(item.created_at), "closed_at": time(item.closed_at), "op": item.op,
        "billing_ref": item.billing_ref,
    }


def bar(item: Bar | None) -> dict | None:
    """Why and since when somebody may not borrow; null when he may."""
    return item and {"reason": item.reason, "since_at": time(item.since_at), "text": item.text}


def unresolved(row: OutboxRow) -> dict:
    """A money command whose outcome is unknown."""
    command = row.command
    return {
        "op": command.op, "msisdn": command.msisdn,
        "type": type(command).__name__.lower(),
        "amount": format_minor(command.amount_minor, command.currency), "currency": command.currency,
        "advance": getattr(command, "advance", "") or None, "recovery": getattr(command, "recovery", "") or None,
        "call": getattr(command, "call", "") or None,
        "since_at": time(row.created_at), "next_at": time(row.due_at), "attempts": row.attempts,
    }


def policy(version: PolicyVersion) -> dict:
    """One numbered policy with its document."""
    return {**policy_line(version), "document": version.document}


def policy_line(version: PolicyVersion) -> dict:
    """One numbered policy without its document."""
    return {"version": version.version, "at": time(version.at), "who": version.who, "note": version.note}


def alarm(item: Alarm) -> dict:
    """One alarm; `acknowledged` is null where nobody looks after it."""
    seen = item.acknowledged
    return {"id": item.id, "severity": item.severity, "since_at": time(item.since_at), "text": item.text,
            "advice": item.advice, "cause": item.cause, "raises": item.raises, "flapping": item.flapping,
            "acknowledged": seen and {"who": seen.who, "at": time(seen.at), "note": seen.note}}


def json(value: object) -> bytes:
    """The bytes of an answer."""
    return msgspec.json.encode(value)
