"""Every committed ticket is counted under its type."""

from tectonics.tickets.totals import count_tickets
from tests.tickets.fakes import MemoryTicketLog, Recorder


def test_counts_by_type():
    log, recorder = MemoryTicketLog(), Recorder()
    log.commit(5, 1000)
    count_tickets(log, recorder)
    log.commit(2, 1000)
    log.commit(1, 1000, kind="recovery.full")
    log.commit(1, 1000)
    log.commit(9, 1000, origin="n2")
    assert recorder.counted == {("tectonics_tickets_total", "advance.granted"): 3,
                                ("tectonics_tickets_total", "recovery.full"): 1}
