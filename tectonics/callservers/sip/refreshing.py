"""When a leg's session is refreshed, and when it is held for lost (RFC 4028, sections 7 to 10).

Where the peer knows no session timer we refresh all the same, as if it had left that to us: a phone that has
vanished is found in half an interval.
"""

from tectonics.wire.sip.message import Message, Request, Response
from tectonics.wire.sip.session_timer import INTERVAL_S_MIN, OURS, THEIRS, Expiry, expiry_of, least_s

AFRESH_S = 2.0  # until a refresh that could not be made is tried again


class Refreshing:
    """Of one dialog."""

    def __init__(self, interval_s: float) -> None:
        self._interval_s = max(INTERVAL_S_MIN, int(interval_s))
        self._by = OURS
        self.by_update = False  # whether it allows UPDATE
        self.due_at: float | None = None

    def stop(self) -> None:
        """No more."""
        self.due_at = None

    def unknown(self, now: float) -> None:
        """A session that is taken over; what was agreed is not known."""
        self.due_at = now + self._interval_s / 2

    def agreed(self, response: Response, now: float) -> None:
        """A final answer to an INVITE or UPDATE of ours; the refresher `uac` is us."""
        self._read_methods(response)
        told = expiry_of(response)
        if told is not None:
            self._interval_s = told.interval_s
        self._set(THEIRS if told is not None and told.refresher == "uas" else OURS, now)

    def begun(self, now: float) -> None:
        """A refresh has gone out."""
        self.due_at = now + AFRESH_S + self._interval_s / 2

    def refused(self, response: Response, now: float) -> None:
        """It was refused, by somebody who is there."""
        wanted_s = least_s(response) if response.status == 422 else None
        if wanted_s is not None and wanted_s > self._interval_s:
            self._interval_s, self.due_at = wanted_s, now + AFRESH_S
        else:
            self._set(OURS, now)

    def asked(self, request: Request, now: float) -> None:
        """A re-INVITE or UPDATE of the peer's; `uac` is the peer."""
        self._read_methods(request)
        told = expiry_of(request)
        if told is not None:
            self._interval_s = told.interval_s
        self._set(THEIRS if told is not None and told.refresher != "uas" else OURS, now)

    def granted(self, request: Request) -> tuple[tuple[str, str], ...]:
        """The headers of our 2xx to such a request."""
        if expiry_of(request) is None:
            return ()
        told = Expiry(self._interval_s, "uac" if self._by == THEIRS else "uas")
        return ("Session-Expires", str(told)), *((("Require", "timer"),) if self._by == THEIRS else ())

    def wanted(self) -> tuple[tuple[str, str], ...]:
        """The headers of such a request of ours."""
        told = Expiry(self._interval_s, "uac" if self._by == OURS else "uas")
        return ("Supported", "timer"), ("Session-Expires", str(told)), ("Min-SE", str(INTERVAL_S_MIN))

    def due(self, now: float) -> str:
        """What is to be done: `refresh`, `end`, or nothing."""
        if self.due_at is None or now < self.due_at:
            return ""
        if self._by == OURS:
            self.due_at = now + AFRESH_S
            return "refresh"
        self.due_at = None
        return "end"

    def _set(self, by: str, now: float) -> None:
        told = Expiry(self._interval_s)
        self._by, self.due_at = by, now + (told.refresh_after_s if by == OURS else told.end_after_s)

    def _read_methods(self, message: Message) -> None:
        allowed = message.all("Allow")
        if allowed:
            self.by_update = "UPDATE" in (one.upper() for one in allowed)
