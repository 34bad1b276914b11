"""How fast things are retried and how much may be at work: the engine's bounds in one place."""

from tectonics.domain.value import value


@value
class OutboxPace:
    """Leases and retries. A retry waits `first_s`, then twice as long each time, up to `longest_s`."""

    lease_s: float = 30.0
    send_deadline_s: float = 10.0
    first_s: float = 1.0
    longest_s: float = 300.0
    poll_s: float = 1.0
    poll_max: int = 500  # rows per poll; the rest waits for the next
    settle_tries_max: int = 20

    def delay_s(self, attempts: int) -> float:
        """How long to wait after so many attempts."""
        return min(self.longest_s, self.first_s * 2 ** min(attempts, 20))


@value
class Limits:
    """Under overload new advances are shed first, then call-backs, recoveries last."""

    dialogues_max: int = 600  # dials are told "busy" while so many events are being decided, or fewer:
    decide_ms_target: int = 10  # while decisions take longer on average (admission.py)
    dispatch_max: int = 4000  # further steps of a session are told "busy"
    feed_max: int = 2000  # feed records at work; feeds stop reading above it
    sessions_max: int = 200_000  # snapshots in memory; the oldest is forgotten (a redial, never money)
    calls_max: int = 2000  # call-backs under way; who asks for a further one is told "busy"
    adverts_max: int = 200  # low balances being decided; above it they are let go
