"""What becomes of a PDU that was given to the binds."""

from tectonics.domain.value import value


@value
class Accepted:
    """The peer has it, under this id."""

    account: str  # the name of the account that carried it
    message_id: str


@value
class Rejected:
    """The peer refused it for good (SMPP 3.4, 5.1.3); nothing of it was sent on."""

    account: str
    status: int


@value
class Unsent:
    """It never left: nobody is bound, the queue is full, or its time is over. It may be tried again."""

    why: str


@value
class Lost:
    """It was sent, and no answer came: the peer may have it or not."""

    account: str
    why: str


Submission = Accepted | Rejected | Unsent | Lost
