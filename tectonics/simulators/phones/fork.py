"""One of the telephones that a call was picked up at: its answer, its dialog, and what is heard in it.

Whoever calls keeps the one whose 2xx reaches him first, which need not be the one that was said first, and hangs up the
others (RFC 3261, section 13.2.2.4).  Here nothing is known of his choice but which of them he hangs up.
"""

from msgspec import Struct

from tectonics.wire.sip.dialog import Dialog
from tectonics.wire.sip.message import Response


class Fork(Struct, eq=False):
    """See above."""

    dialog: Dialog
    said: Response  # the 2xx
    given: bytes  # the newest description from the other side
    is_acknowledged: bool = False
    is_over: bool = False
    is_parting: bool = False  # its BYE is not answered yet

    @property
    def is_unheard(self) -> bool:
        """Whether its 2xx is to be said again."""
        return not self.is_acknowledged and not self.is_over
