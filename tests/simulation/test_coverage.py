"""Coverage counts the moves of the machines, and only while it is asked to."""

from tectonics.simulation.coverage import Coverage, all_moves, as_text
from tectonics.workflows.advances import MACHINE
from tectonics.workflows.describe import describe
from tectonics.workflows.table import Machine


def test_a_move_is_counted_once_and_nothing_after_the_end():
    plain = Machine.move
    with Coverage() as coverage:
        assert MACHINE.move("granting", "credited") == "open"
    MACHINE.move("open", "due")
    assert coverage.taken == {("advance", "granting", "credited"): 1} and Machine.move is plain
    assert ("advance", "open", "due") in coverage.missed()


def test_every_move_of_the_document_is_to_be_taken():
    assert len(all_moves()) == sum("-->" in line and "[*]" not in line for line in describe().splitlines())
    assert as_text(("advance", "open", "paid")) == "advance: open --paid-->"
