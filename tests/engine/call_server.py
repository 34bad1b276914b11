"""A call server of the tests: a process of its own that outlives the node, with two people on its telephones.

`a` and `b` say what each does when rung: (what, after how many seconds), what being `answers` or a cause; `talk` who
hangs up and when.  It keeps every leg that it ever rang, so that nobody can be rung twice without its being seen.
Where `forgets` it has no memory of legs that it is asked about again, as where signalling ends in the daemon itself.
"""

from dataclasses import dataclass, field

from twisted.internet.defer import Deferred

from tectonics.domain import call as calls
from tectonics.domain.call import Answered, Ended, NotAnswered
from tectonics.domain.outcome import Done


@dataclass
class Phone:
    """A leg: `result` when it is known, `down` when it is over."""

    number: str
    rung: int = 0
    result: object = None
    down: bool = False
    waiting: list = field(default_factory=list)


@dataclass
class Conversation:
    command: object
    ended: object = None
    waiting: list = field(default_factory=list)
    limit: object = None
    until_at: int = 0


class FakeCallServer:
    """The exchange and the two people; `line(process)` is what one life of a node has of it."""

    def __init__(self, clock, a=("answers", 5), b=("answers", 8), talk=(calls.BY_A, 60), forgets=False):
        self.clock, self.a, self.b, self.talks, self.forgets = clock, a, b, talk, forgets
        self.phones, self.conversations, self.extended, self.hung_up = {}, {}, [], []

    def now(self):
        return int(self.clock.seconds() * 1000)

    def line(self, process):
        return Line(self, process)

    def rung(self):
        """How often each leg was rung."""
        return {leg: phone.rung for leg, phone in self.phones.items()}

    def up(self):
        """Legs that ring or talk."""
        return [leg for leg, phone in self.phones.items() if not phone.down]

    # --- what happens at the exchange

    def ring(self, command, script):
        phone = self.phones.setdefault(command.op, Phone(command.number))
        phone.rung += 1
        what, after_s = script
        if after_s >= command.ring_s:
            what, after_s = calls.NO_ANSWER, command.ring_s
        self.clock.callLater(after_s, self.rung_out, command.op, what)
        return phone

    def rung_out(self, leg, what):
        phone = self.phones[leg]
        if phone.result is not None or phone.down:
            return
        answered = what == "answers"
        phone.down = not answered
        self.tell(phone, Answered(self.now(), f"handle of {leg}") if answered else NotAnswered(self.now(), what, 17))

    def tell(self, phone, result):
        phone.result, waiting = result, phone.waiting
        phone.waiting = []
        for told in waiting:
            told(result)

    def converse(self, command):
        talk = self.conversations.setdefault(command.call, Conversation(command))
        who, after_s = self.talks
        self.clock.callLater(after_s, self.end, command.call, who)
        return talk

    def end(self, call, cause):
        talk = self.conversations[call]
        if talk.ended is not None:
            return
        for leg in (talk.command.a_leg, talk.command.b_leg):
            self.phones[leg].down = True
        talk.ended = Ended(self.now(), cause, 16)
        for told in talk.waiting:
            told(talk.ended)

    def down(self, leg):
        phone = self.phones.get(leg)
        if phone is None or phone.down:
            return
        phone.down = True
        self.hung_up.append(leg)
        if phone.result is None:
            self.tell(phone, NotAnswered(self.now(), calls.CANCELLED))
        for call, talk in self.conversations.items():
            if leg in (talk.command.a_leg, talk.command.b_leg):
                self.end(call, calls.HUNG_UP)


class Line:
    """Fills ports.CallServer for one life of a node; what a dead one is told it never hears."""

    def __init__(self, server, process):
        self._server, self._process = server, process

    def ring(self, command, again=False):
        return self._leg(command, again, self._server.a)

    def connect(self, command, again=False):
        return self._leg(command, again, self._server.b)

    def _leg(self, command, again, script):
        server, answer = self._server, Deferred()
        phone = server.phones.get(command.op)
        if again and server.forgets and phone is not None:
            server.down(command.op)
            phone = None
        if phone is None and again:
            self._later(answer, NotAnswered(server.now(), calls.GONE))
            return answer
        if phone is None:
            phone = server.ring(command, script)
        if phone.result is not None:
            self._later(answer, phone.result)
        else:
            phone.waiting.append(lambda result: self._later(answer, result))
        return answer

    def talk(self, command, again=False):
        server, answer = self._server, Deferred()
        talk = server.conversations.get(command.call)
        if talk is None and again and server.phones[command.a_leg].down:
            self._later(answer, Ended(server.now(), calls.LOST))
            return answer
        talk = talk or server.converse(command)
        if talk.ended is not None:
            self._later(answer, talk.ended)
            return answer
        talk.waiting.append(lambda result: self._later(answer, result))
        self._limit(talk, command.until_at)
        return answer

    def extend(self, call, until_at):
        self._server.extended.append((call, until_at))
        self._limit(self._server.conversations[call], until_at)

    def hang_up(self, command):
        answer = Deferred()
        for leg, _ in command.legs:
            self._server.down(leg)
        self._later(answer, Done())
        return answer

    def _limit(self, talk, until_at):
        """The end of the credit is watched by who controls the call: it dies with its process."""
        if talk.limit is not None and talk.limit.active():
            talk.limit.cancel()
        talk.until_at = until_at
        left_s = max(0.0, until_at / 1000 - self._server.clock.seconds())
        talk.limit = self._process.callLater(left_s, self._server.end, talk.command.call, calls.LIMIT)

    def _later(self, answer, result):
        self._process.callLater(0, answer.callback, result)
