"""Two families of error, told apart at every edge.

`TheirFault` is something a peer, an operator or a subscriber sent that cannot be served: it is
answered in one clear line, counted, and the connection survives.  `OurFault` is a bug or a broken
promise inside: it raises an alarm, stops the one workflow, and the daemon goes on.
The text of an error is the sentence that a person reads.
"""


class TheirFault(Exception):
    """The peer's input cannot be served; `str(error)` is what it is told."""


class OurFault(Exception):
    """Something that must not happen here did; `str(error)` is what the operator reads."""


class BadNumber(TheirFault):
    """Not an E.164 number that this network could own."""


class BadMoney(TheirFault):
    """Not an amount in the expected currency."""


class BadMessage(TheirFault):
    """Bytes that do not follow the protocol of the port they arrived on."""


class BadRecord(BadMessage):
    """A record of a feed that cannot be served; `id` is its id, or `-` when even that cannot be told."""

    def __init__(self, text: str, id: str = "-") -> None:
        super().__init__(text)
        self.id = id


class BadPolicy(TheirFault):
    """A lending policy that contradicts itself."""


class Busy(TheirFault):
    """A bound was reached; the same request may succeed later."""


class IllegalMove(OurFault):
    """A state machine was asked for a transition that its table does not list."""
