"""Which deliveries are the same message: a centre that missed our answer delivers it again, over whichever session,
of whichever account.

SMPP gives what a subscriber writes no id.  Where his handset numbers its messages (user_message_reference, or the
reference of a long one), the same words from him to the same number under the same reference within an hour are the
same message; without one, the same words within a minute are.

The id is made of that and of the time in steps as long, so that a delivery that comes again after a restart of ours
mostly has the id of the first: always, within a life; across a restart, unless a step ended in between.

Bound: KNOWN_MAX messages, the oldest is forgotten.
"""

from collections import OrderedDict
from hashlib import blake2b

KNOWN_MAX = 50_000
NUMBERED_S, PLAIN_S = 3600, 60


class Repetitions:
    """The messages of the last while."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, tuple[float, str]] = OrderedDict()

    def id_of(self, reference: str, *said: str, now: float) -> str:
        """The id of a message; `said` is all that tells it from another, `now` in seconds since 1970."""
        window_s = NUMBERED_S if reference else PLAIN_S
        digest = blake2b("\0".join((reference, *said)).encode("utf-8", "replace"), digest_size=12).digest()
        until, id = self._known.get(digest, (0.0, ""))
        if now < until:
            return id
        id = f"{digest.hex()}-{int(now) // window_s}"
        self._known[digest] = now + window_s, id
        self._known.move_to_end(digest)
        if len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)
        return id
