"""docs/machines.md is what the tables say, and every state of the domain is in a table."""

from pathlib import Path

import pytest

from tectonics.domain import advance, call, recharge
from tectonics.workflows import advances, call_moves, recover
from tectonics.workflows.describe import MACHINES, describe

DOCUMENT = Path(__file__).parents[2] / "docs" / "machines.md"


def test_the_document_is_up_to_date():
    assert DOCUMENT.read_text() == describe()


@pytest.mark.parametrize("machine, states", [
    (advances.MACHINE, {advance.GRANTING, advance.UNKNOWN, advance.OPEN, advance.OVERDUE, advance.REPAID,
                        advance.WRITTEN_OFF, advance.FAILED}),
    (recover.MACHINE, {recharge.WAITING, recharge.DEBITING, recharge.UNKNOWN, recharge.DONE, recharge.FAILED,
                       recharge.DROPPED, recharge.REFUNDING, recharge.REFUND_UNKNOWN, recharge.REFUND_FAILED,
                       recharge.REVERSED}),
    (call_moves.MACHINE, {call.RESERVING, call.UNRESERVED, call.RINGING, call.CONNECTING, call.TALKING, call.SETTLING,
                         call.CLOSED})], ids=lambda value: getattr(value, "name", ""))
def test_the_tables_have_every_state_and_no_other(machine, states):
    assert {state for state, _ in machine.moves} | set(machine.moves.values()) == states


@pytest.mark.parametrize("machine", MACHINES, ids=lambda machine: machine.name)
def test_every_state_can_be_reached(machine):
    reached, before = {machine.first}, set()
    while reached != before:
        before = set(reached)
        reached |= {to for (state, _), to in machine.moves.items() if state in reached}
    assert reached == {state for state, _ in machine.moves} | set(machine.moves.values())
