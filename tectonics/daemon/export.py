"""What `tectonics tickets export` uses of the tickets' own room: the writers of CSV, JSON lines and XLSX."""

from tectonics.domain.errors import TheirFault
from tectonics.tickets.export import export

__all__ = ["TheirFault", "export"]
