"""The life of a call as a table, and what every file that moves one needs."""

from tectonics.domain import call as calls
from tectonics.domain.call import Call
from tectonics.domain.events import CallEvent
from tectonics.domain.subscriber import Account
from tectonics.domain.value import replace
from tectonics.workflows.decision import Decision
from tectonics.workflows.table import Machine

MACHINE = Machine("call-back", calls.RESERVING, {
    (calls.RESERVING, "reserved"): calls.RINGING,
    (calls.RESERVING, "nothing to reserve"): calls.RINGING,
    (calls.RESERVING, "not reserved"): calls.CLOSED,
    (calls.RESERVING, "unsure"): calls.UNRESERVED,
    (calls.RESERVING, "over"): calls.SETTLING,
    (calls.UNRESERVED, "not reserved"): calls.CLOSED,
    (calls.UNRESERVED, "reserved"): calls.SETTLING,
    (calls.UNRESERVED, "over"): calls.SETTLING,
    (calls.RINGING, "A answered"): calls.CONNECTING,
    (calls.RINGING, "over"): calls.SETTLING,
    (calls.RINGING, "over, nothing held"): calls.CLOSED,
    (calls.CONNECTING, "B answered"): calls.TALKING,
    (calls.CONNECTING, "over"): calls.SETTLING,
    (calls.CONNECTING, "over, nothing held"): calls.CLOSED,
    (calls.TALKING, "extended"): calls.TALKING,
    (calls.TALKING, "over"): calls.SETTLING,
    (calls.TALKING, "over, nothing held"): calls.CLOSED,
    (calls.SETTLING, "not settled"): calls.SETTLING,
    (calls.SETTLING, "settled"): calls.CLOSED,
    (calls.SETTLING, "given up"): calls.CLOSED,
})


def moved(call: Call, happening: str, **changes) -> Call:
    """The call after a move of the table."""
    return replace(call, state=MACHINE.move(call.state, happening), **changes)


def with_call(account: Account, call: Call | None) -> Account:
    """The account with that call, or with none."""
    return replace(account, standing=replace(account.standing, call=call))


def call_of(account: Account, event: CallEvent) -> Call | None:
    """His call that the event is about; None when that is closed, or was never his."""
    call = account.standing.call
    return call if call is not None and call.id == event.call else None


def known(account: Account, op: str) -> Decision:
    """Nothing new: the command may leave the outbox."""
    return Decision(account, "an answer that was known already", finished=(op,))
