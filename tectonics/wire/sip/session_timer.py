"""Session timers (RFC 4028): one of the two refreshes a session, and who does not hear of it in time ends it.

Who refreshes does so at half the interval; the other waits until a third of it, or 32 s, before its end (section 10).
"""

from msgspec import Struct

from tectonics.wire.sip.message import Message
from tectonics.wire.sip.text import BadText, parameters, split

INTERVAL_S_MIN, INTERVAL_S_MAX = 90, 86_400
OURS, THEIRS = "ours", "theirs"


class Expiry(Struct, frozen=True):
    """The interval, and who refreshes: the sender of the refresh that agreed it (uac), its receiver (uas), or it is open."""

    interval_s: int
    refresher: str = ""

    @property
    def refresh_after_s(self) -> float:
        """For who refreshes."""
        return self.interval_s / 2

    @property
    def end_after_s(self) -> float:
        """For who waits."""
        return self.interval_s - min(32.0, self.interval_s / 3)

    def __str__(self) -> str:
        return f"{self.interval_s}" + (f";refresher={self.refresher}" if self.refresher else "")


def expiry_of(message: Message) -> Expiry | None:
    """What Session-Expires says; None where it is not there, or makes no sense."""
    try:
        told, *rest = split(message.header("Session-Expires") or "", ";")
        refresher = parameters(rest).get("refresher", "").lower()
    except BadText:
        return None
    interval_s = _seconds(told)
    return None if interval_s is None else Expiry(interval_s, refresher if refresher in ("uac", "uas") else "")


def least_s(message: Message) -> int | None:
    """What Min-SE of a 422 says."""
    return _seconds((message.header("Min-SE") or "").partition(";")[0].strip())


def _seconds(text: str) -> int | None:
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        return None
    return min(max(int(text), INTERVAL_S_MIN), INTERVAL_S_MAX)
