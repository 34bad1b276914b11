"""Tickets: one record for downstream billing of everything that happened to money or was refused.

The fields stand in the order of the outside contract; `origin` and `seq` are given by the
transaction that commits the ticket.  Money is text with the currency's decimals, times are
RFC 3339 UTC with milliseconds.  docs/tickets.md is generated from FIELDS and TYPES.
"""

from dataclasses import field
from datetime import UTC, datetime
from functools import lru_cache

from tectonics.domain import call
from tectonics.domain.trace import trace_of
from tectonics.domain.value import value

# name -> meaning, in the order in which they are written
FIELDS = {
    "origin": "the daemon process that numbered the ticket",
    "seq": "its number there: gapless, in commit order",
    "id": "unique for ever",
    "time": "when it was decided (RFC 3339, UTC, milliseconds)",
    "type": "what happened (see the types below)",
    "outcome": "done, refused, failed or unknown",
    "reason": "a stable code, where something did not go through",
    "text": "the same as a sentence for people",
    "msisdn": "the subscriber, E.164 digits",
    "channel": "how he reached us",
    "trigger": "the peer's own id of the request",
    "service": "advance",
    "advance": "the id of the advance",
    "amount": "the amount lent, taken back or concerned",
    "fee": "the fee of the advance",
    "principal_paid": "how much of this payment went to the amount lent",
    "fee_paid": "how much of this payment went to the fee",
    "outstanding": "what is still owed on this advance afterwards",
    "currency": "ISO 4217",
    "tier": "the tier",
    "segment": "the segment",
    "policy": "the version of the policy that decided",
    "node": "the prepaid node",
    "billing_ref": "the billing system's own reference, else our operation id",
    "recharge": "the feed's id of the recharge that paid",
    "a_number": "calling party of a call-back",
    "b_number": "called party of a call-back",
    "a_answered": "when A answered",
    "b_answered": "when B answered",
    "ended": "when the call ended",
    "duration_s": "seconds charged",
    "cause": "Q.850 cause",
    "charged_party": "a or b",
    "dup": "true on the acknowledged stream where the ticket may be a repetition",
    "campaign": "of advert.sent: whose message it was",
    "destination": "of a call-back: the destination of the tariff",
    "call": "of a call-back: its id",
    "trace": "under which the log tells of the request",
}

# type -> (outcome, meaning); the types of what exists
TYPES = {
    "advance.granted": ("done", "credit was given and is owed"),
    "advance.refused": ("refused", "the rules or the billing system said no"),
    "advance.failed": ("failed", "it was agreed but the credit was not given"),
    "advance.unknown": ("unknown", "the billing system's answer is missing; resolved later"),
    "recovery.full": ("done", "a recharge paid the rest of an advance"),
    "recovery.partial": ("done", "a recharge paid a part of an advance"),
    "recovery.failed": ("failed", "nothing could be taken from this recharge"),
    "recovery.unknown": ("unknown", "the debit's answer is missing; resolved later"),
    "recovery.reversed": ("done", "a recharge was taken back: its payment was returned, the debt is open again"),
    "advance.overdue": ("done", "the due date passed with debt left"),
    "advance.written_off": ("done", "the debt was given up"),
    "reconcile.resolved": ("done", "an unknown answer was cleared up"),
    "subscriber.barred": ("done", "may not borrow any more"),
    "subscriber.unbarred": ("done", "may borrow again"),
    "callback.completed": ("done", "the two talked, and it is charged"),
    "callback.refused": ("refused", "the rules or the billing system said no; nobody was rung"),
    "callback.failed": ("failed", "it was agreed, and the two were not connected or it could not be charged"),
    "callback.unknown": ("unknown", "the billing system's answer is missing; resolved later"),
    "advert.sent": ("done", "an offer was advertised to somebody out of credit"),
    "admin.change": ("done", "somebody changed something"),
}

# reason -> the sentence for people (English; subscribers read the message catalogue)
REASONS = {
    "not_prepaid": "only prepaid subscribers may borrow",
    "tenure": "not long enough on the network",
    "recharges": "too few recharges",
    "balance": "the balance is too high to borrow",
    "open_advance": "an advance is still open",
    "ceiling": "nothing more can be lent under the ceiling",
    "barred": "barred from borrowing",
    "black_list": "on the black list",
    "unknown_subscriber": "not a subscriber of this network",
    "cooling_off": "too soon after the last advance, recovery or SIM swap",
    "limit": "a daily limit is reached",
    "billing_refused": "the billing system refused",
    "busy": "too much to do at the moment",
    "stopped": "new advances are stopped by the operator",
    "rollout": "the service has not reached this number yet",
    "billing_unavailable": "the billing system did not answer in time",
    "offer_changed": "the offer that was shown no longer holds",
    "not_done": "the billing system is certain that it did not do it",
    "balance_spent": "the recharge had been spent before it could be taken",
    "recycled": "the number belongs to somebody else now",
    "reversed": "the recharge was taken back",
}

# of call-backs alone
CALL_REASONS = {
    "not_offered": "call-backs are not offered at the moment",
    "not_subscribed": "not subscribed to call-backs",
    "bad_number": "that is no telephone number",
    "own_number": "that is the caller's own number",
    "emergency": "emergency numbers are dialled, never called back",
    "destination": "call-backs to that number are not allowed",
    "call_in_progress": "another call-back is not over yet",
    "call_limit": "too many call-backs of this subscriber",
    "destination_limit": "too many call-backs to that number or its range",
    "credit": "the balance is too low for a call to that number",
    "allowance": "the allowance of this billing cycle is used up",
    "lost": "nobody saw the end; charged to what is proven",
    "not_charged": "the two talked, and the billing system would not take the money",
}

_LEG_CAUSES = {
    call.BUSY: "was busy", call.NO_ANSWER: "did not answer", call.DECLINED: "declined",
    call.UNREACHABLE: "could not be reached", call.BAD_NUMBER: "has a number that does not exist",
    call.NOT_ALLOWED: "may not be called, says the network", call.CONGESTION: "was not reached: the network is full",
    call.FAILED: "was not reached: the call server failed", call.GONE: "was given up after a restart",
    call.CANCELLED: "was not rung any longer", call.BY_A: "was not rung any longer: A hung up",
    call.BY_B: "hung up before both were connected", call.LIMIT: "was not rung any longer: time was over",
    call.HUNG_UP: "was not rung any longer: we hung up", call.LOST: "was lost",
}
CALL_REASONS |= {f"{leg}_{cause}": f"{leg.upper()} {sentence}"
                 for leg in ("a", "b") for cause, sentence in _LEG_CAUSES.items()}
REASONS |= CALL_REASONS


@value
class Ticket:
    """One ticket before it is numbered: its type, its subscriber, the other fields by name."""

    id: str
    type: str
    at: int
    msisdn: str
    fields: dict = field(default_factory=dict)

    def record(self) -> dict:
        """The fields in the contract's order, without `origin` and `seq`."""
        values = {"id": self.id, "time": rfc3339(self.at), "type": self.type,
                  "outcome": TYPES[self.type][0], "msisdn": self.msisdn, **self.fields}
        if "trace" not in values and values.get("channel"):
            values["trace"] = trace_of(values["channel"], values.get("trigger", ""))
        values.setdefault("text", REASONS.get(values.get("reason"), TYPES[self.type][1]))
        return {name: values[name] for name in FIELDS if values.get(name) not in (None, "")}


def rfc3339(at: int) -> str:
    """A time for people and programs: 2026-11-22T08:00:00.000Z."""
    seconds, milliseconds = divmod(at, 1000)
    return f"{_to_the_second(seconds)}.{milliseconds:03d}Z"


@lru_cache(maxsize=1024)  # many tickets and due dates share a second
def _to_the_second(seconds: int) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}"


def parse_rfc3339(text: str) -> int:
    """Milliseconds of an RFC 3339 time; ValueError when it is none or has no zone."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return round(moment.timestamp() * 1000)
