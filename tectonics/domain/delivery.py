"""What became of a short message, part by part.

    waiting    it is not at the message centre: it never left, or was refused for now
    sending    it is being given to the centre; found after a crash: the centre may have it, and may not
    lost       it was given to the centre, and no answer came: the centre may have it
    sent       the centre has it, under an id of its own
    delivered, expired, failed    the end, as the centre's receipt says; failed also where the centre refused it

A part that is `sent` or further is never sent again.  One that is found `sending` or `lost` may be there already;
it is sent again, because a message that says what somebody owes must arrive, and is marked as repeated.
"""

from tectonics.domain.value import value

WAITING, SENDING, LOST, SENT = "waiting", "sending", "lost", "sent"
DELIVERED, EXPIRED, FAILED = "delivered", "expired", "failed"

OPEN = frozenset({WAITING, SENDING, LOST})  # to be sent (again)
DOUBTFUL = frozenset({SENDING, LOST})  # where the centre may have it already
FINAL = frozenset({DELIVERED, EXPIRED, FAILED})


@value
class Part:
    """One part of a message; the first has number 1."""

    number: int
    state: str
    account: str = ""  # that carried it
    id: str = ""  # the centre's, in the spelling in which receipts are compared


@value
class Begun:
    """What was known of a message when it was begun; all that was open is `sending` now."""

    reference: int  # joins its parts, the same whenever it is sent
    before: tuple[Part, ...] = ()  # empty: it has never been sent
    repeated: bool = False  # something of it may be sent for the second time
    elsewhere: bool = False  # another node may be sending it at this moment, and nothing was changed


@value
class Sent:
    """A part that the centre has."""

    msisdn: str
    op: str
    number: int
