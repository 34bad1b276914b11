"""What the switch saw of calls, and what people had asked for: a part of the journal.

Each request names a number that nobody has asked for before, so a ticket and a telephone that rings say by their number
which request they are of.  Whose leg a telephone is tells its Call-ID.  When one rings, and when it is over, the account is
read once: what is done must have been committed before.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from tectonics.simulation.postbook import Call
from tectonics.simulation.switchbook import Switched
from tectonics.simulators.phones.phone import OVER, Phone

FOREVER_S = 1e12


@dataclass(slots=True, eq=False)
class Request:
    """Somebody asked to be connected with `b` (international digits)."""

    msisdn: str
    b: str
    at_s: float
    way: str  # ussd, sms, email
    shown: str = ""  # the screen that answered it
    session: Switched | Call | None = None  # where it was dialled over GSUP or SMPP

    @property
    def times(self) -> int:
        """How often it was asked for: a dialling that comes again is another session (docs/ussd-smpp.md, docs/ussd-gsup.md)."""
        return max(1, len(self.session.begun)) if self.session is not None else 1


@dataclass(slots=True, eq=False)
class Rung:
    """A telephone that rang, of a person of ours (`b` empty) or of whom he wanted."""

    phone: Phone
    msisdn: str  # of the person of ours
    leg: str
    b: str = ""
    call: str = ""  # the call that was committed then; empty: none that has this leg
    until_at: int = 0  # of its talk time, as it was last read
    boot_s: float = 0.0  # what the switch's clock showed when the world began
    trunk: str = ""  # by which it was asked for

    @property
    def talk_s(self) -> tuple[float, float]:
        """From and until when somebody could speak there; nobody did where both are 0."""
        phone = self.phone
        if not phone.answered_at:
            return 0.0, 0.0
        ends = [at for at in (phone.over_at, phone.vanished_at) if at]
        return phone.answered_at - self.boot_s, min(ends, default=FOREVER_S) - self.boot_s

    @property
    def is_over(self) -> bool:
        """Whether it is on its hook; one that vanished says nothing any more."""
        return self.phone.state == OVER or bool(self.phone.vanished_at)


@dataclass(slots=True)
class Callbook:
    """All of them."""

    requests: dict[str, Request] = field(default_factory=dict)  # by b
    by_subscriber: dict[str, list[Request]] = field(default_factory=lambda: defaultdict(list))
    rung: dict[str, list[Rung]] = field(default_factory=lambda: defaultdict(list))  # by the person of ours
    fixed: dict[str, str] = field(default_factory=dict)  # numbers that a ring leads to -> who may ring for them
    strangers: list[str] = field(default_factory=list)  # numbers that rang and that nobody had asked for
    session_s: int = 0

    def __bool__(self) -> bool:
        """Whether anybody asked to be called back."""
        return bool(self.requests or self.rung)

    def asked(self, msisdn: str, b: str, at_s: float, way: str) -> Request:
        """Somebody asks."""
        request = self.requests[b] = Request(msisdn, b, at_s, way)
        self.by_subscriber[msisdn].append(request)
        return request

    def rang(self, phone: Phone, leg: str, numbers: set[str], now_s: float, trunk: str = "") -> Rung | None:
        """A telephone rings; `numbers` are those of our people."""
        boot_s = phone.rung_at - now_s
        if phone.number in numbers:
            rung = Rung(phone, phone.number, leg, boot_s=boot_s)
        elif phone.number in self.fixed:
            rung = Rung(phone, self.fixed[phone.number], leg, phone.number, boot_s=boot_s)
        elif phone.number in self.requests:
            rung = Rung(phone, self.requests[phone.number].msisdn, leg, phone.number, boot_s=boot_s)
        else:
            self.strangers.append(phone.number)
            return None
        rung.trunk = trunk
        self.rung[rung.msisdn].append(rung)
        return rung

    def figures(self) -> dict[str, int]:
        """How many there were."""
        if not self:
            return {}
        return {"calls asked for": len(self.requests), "telephones rung": sum(map(len, self.rung.values()))}

    def entries(self):
        """Everything as plain values, for the digest."""
        for request in self.requests.values():
            yield request.msisdn, request.b, request.at_s, request.way, request.shown
        for rings in self.rung.values():
            for one in rings:
                phone = one.phone
                yield (one.msisdn, phone.number, phone.call_id, phone.rung_at, phone.answered_at, phone.over_at, phone.ended_by,
                       phone.q850)
