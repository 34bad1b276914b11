"""Counts committed tickets by type, for the registry.

The count starts at zero with the process, as counters do; it is fed after the commit, so a ticket
that was rolled back is never counted.
"""

from collections import Counter
from collections.abc import Sequence

import msgspec

from tectonics.ports import Metrics, TicketLine, TicketLog


class _Typed(msgspec.Struct):
    type: str = "unknown"


_DECODER = msgspec.json.Decoder(_Typed)


def count_tickets(log: TicketLog, metrics: Metrics) -> None:
    """From now on moves `tectonics_tickets_total` (type) for every ticket of this process."""

    def committed(lines: Sequence[TicketLine]) -> None:
        for kind, count in Counter(_DECODER.decode(line.line).type for line in lines).items():
            metrics.count("tectonics_tickets_total", kind, by=count)

    log.subscribe(committed)
