"""When an account may send its next PDU: a token bucket, and a pause where its peer has asked for one.

The bucket is kept as the time at which it would be full again (ITU-T I.371, the generic cell rate algorithm): nothing
has to be refilled, and no time need be stored but one.  It holds a twentieth of a second's PDUs and one more, so that
a timer that comes late costs nothing and no second sees more than a twentieth above the rate.

A peer that answers ESME_RTHROTTLED or ESME_RMSGQFUL gets a pause, twice as long each time until one PDU goes well, up
to PAUSE_TIMES_MAX times the first.  Many such answers in one pause are answers to what was sent before it, and count
as one.  Times are seconds of any clock that only rises.
"""

BURST_S = 0.05
PAUSE_TIMES_MAX = 10


class Pace:
    """The pace of one account."""

    def __init__(self, per_second: int, throttle_s: float) -> None:
        self._each_s = 1 / per_second
        self._throttle_s = throttle_s
        self._pause_s = 0.0
        self._paused_until = float("-inf")
        self._full_at = float("-inf")

    def ready_at(self) -> float:
        """From when on a PDU may be sent."""
        return max(self._full_at - BURST_S, self._paused_until)

    def spend(self, now: float) -> None:
        """A PDU is sent."""
        self._full_at = max(self._full_at, now) + self._each_s

    def throttled(self, now: float) -> None:
        """The peer wants less."""
        if now < self._paused_until:
            return
        self._pause_s = min(2 * self._pause_s or self._throttle_s, PAUSE_TIMES_MAX * self._throttle_s)
        self._paused_until = now + self._pause_s

    def went_well(self, now: float) -> None:
        """The peer has taken a PDU."""
        if now >= self._paused_until:
            self._pause_s = 0.0

    def paused(self, now: float) -> bool:
        """Whether the peer's pause goes on."""
        return now < self._paused_until
