"""One call of one phone, as its script says: what is said to the switch that rang it, and what was heard from there.

    ringing --answer--> answered --ACK--> connected --BYE of either--> over
       |--refused, cancelled--> over

Where several telephones answer (fork.py) it is the first of them that is not hung up, and over with the last one.
It keeps what a test wants to know: how often it rang, the description that it was given last, who ended it and why.
"""

from typing import Any

from tectonics.simulators.phones import media
from tectonics.simulators.phones.fork import Fork
from tectonics.simulators.phones.script import NEVER, Script
from tectonics.wire.sip.answers import answer
from tectonics.wire.sip.dialog import Dialog, OutOfOrder
from tectonics.wire.sip.layer import Serving
from tectonics.wire.sip.message import Request, Response
from tectonics.wire.sip.reason import q850_of, reason
from tectonics.wire.sip.session_timer import Expiry, expiry_of

RINGING, ANSWERED, CONNECTED, OVER = "ringing", "answered", "connected", "over"
TIME, CUT = "time", "switch"  # who has ended it: it rang for long enough; its switch knows nothing any more
EXPIRED = 102  # Q.850: recovery on timer expiry
ALLOW = ("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, UPDATE")
SDP = ("Content-Type", "application/sdp")


class Phone:
    """See above; `switch` says what it wants said."""

    def __init__(self, switch: Any, serving: Serving, script: Script, number: str, port: int) -> None:
        self.switch, self.serving, self.script, self.number, self.port = switch, serving, script, number, port
        request = serving.request
        self.call_id, self.caller = request.call_id, request.sender.uri.number
        self.invite = request
        self.asserted = request.header("P-Asserted-Identity") or ""
        self.state, self.rang, self.ended_by, self.q850 = RINGING, False, "", 0
        self.changes = 0
        self.refused_change = 0
        self.rung_at = switch.seconds()
        self.answered_at = self.connected_at = self.over_at = self.vanished_at = 0.0  # 0: not (yet)
        self.farewell_at = 0.0  # when its BYE was answered, by whoever was told
        self.sent_at = switch.sent_at  # when its INVITE was sent
        self.heard_at = 0.0  # when an ACK was sent: whoever rang it has heard a final answer; 0: not (yet)
        self.copy_of: Phone | None = None  # the call that was over when a copy of its INVITE came: nobody had heard of that yet
        self.missed = 0  # messages of this call that were lost on the way
        self.forks: dict[str, Fork] = {}  # by our tag
        self.tag = ""
        self._version, self._offered, self._glare = 1, False, script.glare
        self._calls: list[Any] = []
        self._expiry: Any = None  # of the session

    @property
    def given(self) -> bytes:
        """The newest description from the other side."""
        return self.forks[self.tag].given if self.tag else self.invite.body

    # --- being rung

    def begin(self) -> None:
        """The INVITE has come."""
        script = self.script
        if script.trying:
            self._say(100)
        if script.ring != NEVER:
            self._later(script.ring, self._ring)
        elif script.answer != NEVER or script.status:
            self._later(max(0.0, script.answer), self._answer)
        if script.rings != NEVER:
            self._later(script.rings, self._give_up)

    def _ring(self) -> None:
        self.rang = True
        self._say(180)
        if self.script.answer != NEVER:
            self._later(self.script.answer, self._answer)

    def _answer(self) -> None:
        if self.state != RINGING:
            return
        script = self.script
        if script.status:
            more = (("Retry-After", str(script.retry_after)),) if script.retry_after else ()
            more += (("Contact", f"<{script.contact}>"),) if 300 <= script.status < 400 else ()
            self._over("us")
            self._say(script.status, headers=(*reason(script.cause), *more))
            return
        self.state, self._offered, self.answered_at = ANSWERED, not self.invite.body, self.switch.seconds()
        for number in range(script.forks):
            self._later(number * 0.02, self._accept, f"{self.port}-{number}")

    def _give_up(self) -> None:
        """It has rung for long enough."""
        if self.state == RINGING:
            self._over(TIME)
            self._say(487)

    def _accept(self, tag: str) -> None:
        body = self._description(self.invite.body)
        said = answer(self.invite, 200, tag, (self._contact(), ALLOW, *self._timer(self.invite), SDP), body)
        fork = self.forks[tag] = Fork(Dialog.of_request(self.invite, said), said, self.invite.body)
        if not self.tag:
            self.tag = tag
            self.switch.respond(self.serving, said)  # which repeats it
        else:
            self._repeat(fork, self.switch.timers.t1_s)
            self._later(self.switch.timers.patience_s, self._unheard, fork)

    def _repeat(self, fork: Fork, pause_s: float) -> None:
        """Until its ACK has come (RFC 3261, section 13.3.1.4)."""
        if fork.is_unheard:
            self.switch.write(fork.said, self.serving.place)
            self._later(pause_s, self._repeat, fork, min(2 * pause_s, self.switch.timers.t2_s))

    def withdrawn(self) -> None:
        """The caller has given up."""
        if self.state == RINGING:
            self._over("them")
            self._say(487)

    # --- being connected

    def acknowledged(self, request: Request) -> None:
        """An ACK has come."""
        fork = self.forks.get(request.to.tag)
        if fork is not None:
            fork.is_acknowledged, fork.given = True, request.body or fork.given
        if self.state == ANSWERED:
            self._settle()

    def _settle(self) -> None:
        """The caller is at a telephone that he has not hung up."""
        left = {tag: fork for tag, fork in self.forks.items() if not fork.is_over}
        if not left:
            self._over("them")
        elif self.tag not in left:
            self.tag, self.state = max(left, key=lambda tag: left[tag].is_acknowledged), ANSWERED
        if self.state == ANSWERED and left[self.tag].is_acknowledged:
            self._connect()

    def _connect(self) -> None:
        self.state, script, first = CONNECTED, self.script, not self.connected_at
        self._refreshed()
        if first:
            self.connected_at = self.switch.seconds()
            for after, what in ((script.hang_up, self.hang_up), (script.change, self.change), (script.vanish, self.vanish)):
                if after != NEVER:
                    self._later(after, what)

    def unacknowledged(self) -> None:
        """No ACK has come for the first answer: nobody is there (RFC 3261, section 13.3.1.4)."""
        if self.state == ANSWERED:
            self._unheard(next(iter(self.forks.values())))

    def _unheard(self, fork: Fork) -> None:
        if fork.is_unheard and any(other is not fork and not other.is_over for other in self.forks.values()):
            self._part(fork)
            self._settle()
        elif fork.is_unheard:
            self.hang_up()

    def asked(self, serving: Serving) -> None:
        """A request in its dialog."""
        request, fork = serving.request, self.forks.get(serving.request.to.tag)
        if fork is None or (fork.is_over or self.state == OVER) and request.method != "BYE":
            self.switch.respond(serving, answer(request, 481, "x"))
            return
        try:
            fork.dialog.check(request)
        except OutOfOrder:
            self.switch.respond(serving, answer(request, 500))
            return
        challenge = self.switch.challenge(request, self.script) if self.script.proves_bye else None
        if challenge is not None:
            self.switch.respond(serving, challenge)
        elif request.method == "BYE":
            self.switch.respond(serving, answer(request, 200))
            if self.state != OVER and not fork.is_over:
                self.q850, fork.is_over = q850_of(request.lines("Reason")) or self.q850, True
                self._settle()
        elif request.method == "INVITE":
            self._changed(serving, fork)
        else:
            self._refreshed()
            self.switch.respond(serving, answer(request, 200, "", (self._contact(), *self._timer(request))))

    def _changed(self, serving: Serving, fork: Fork) -> None:
        request = serving.request
        if self._glare:
            self._glare -= 1
            self.switch.respond(serving, answer(request, 491))
        elif not self.script.media:
            self.switch.respond(serving, answer(request, 488))
        else:
            fork.dialog.refreshed(request)
            self._refreshed()
            self.changes += 1
            fork.given = request.body or fork.given
            self.switch.respond(serving, answer(request, 200, "", (self._contact(), ALLOW, *self._timer(request), SDP),
                                                self._description(request.body)))

    # --- what it wants

    def hang_up(self, q850: int = 16) -> None:
        """Hangs up."""
        if self.state in (ANSWERED, CONNECTED):
            self._over("us")
            for fork in self.forks.values():
                if not fork.is_over:
                    self._part(fork, q850)

    def _part(self, fork: Fork, q850: int = 16) -> None:
        fork.is_over = fork.is_parting = True
        self._ask(fork, "BYE", reason(q850))

    def change(self, how: str = "") -> None:
        """Wants another session."""
        if self.state != CONNECTED:
            return
        how = how or self.script.how
        self._version += 1
        direction = {"hold": "sendonly", "resume": "sendrecv"}.get(how)
        body = media.offer(self.switch.host, self.port, self._version, direction) if direction else b""
        self._ask(self.forks[self.tag], "INVITE", (self._contact(), ALLOW, *((SDP,) if body else ())), body)

    def vanish(self) -> None:
        """Says nothing any more."""
        self.vanished_at = self.switch.seconds()
        self.switch.silence(self)

    def answered(self, request: Request, response: Response) -> None:
        """An answer to what it wanted."""
        fork = self.forks[request.sender.tag]
        if request.method == "BYE" and response.final:
            fork.is_parting = False
            if self.state == OVER and not any(other.is_parting for other in self.forks.values()):
                self.farewell_at = self.farewell_at or self.switch.seconds()
        if request.method != "INVITE" or not response.final:
            return
        if response.status >= 300:
            self.refused_change = response.status
            return
        fork.dialog.refreshed(response)
        self._refreshed()
        fork.given, self.changes = response.body, self.changes + 1
        body = b"" if request.body else self._description(response.body)
        ack = fork.dialog.acknowledge(request, self.switch.via(), (SDP,) if body else (), body)
        self.switch.write(ack, self._place(fork))

    # --- saying

    def _ask(self, fork: Fork, method: str, headers: tuple = (), body: bytes = b"") -> None:
        request = fork.dialog.request(method, self.switch.via(), headers, body)
        self.switch.send(request, self._place(fork), self)

    def _place(self, fork: Fork) -> tuple[str, int]:
        return self.switch.next_hop(fork.dialog, self.serving.place)

    def _say(self, status: int, headers: tuple = ()) -> None:
        self.switch.respond(self.serving, answer(self.invite, status, f"{self.port}-0", headers))

    def _description(self, offered: bytes) -> bytes:
        host = self.switch.host
        return media.answer(offered, host, self.port, self._version) if offered else media.offer(host, self.port, self._version)

    def _contact(self) -> tuple[str, str]:
        return "Contact", f"<sip:{self.number}@{self.script.contact or self.switch.shown}>"

    def _timer(self, request: Request) -> tuple[tuple[str, str], ...]:
        asked = expiry_of(request)
        if not self.script.timer or asked is None:
            return ()
        return (("Session-Expires", str(Expiry(self.script.timer, asked.refresher or self.script.refresher))), ("Require", "timer"))

    def _refreshed(self) -> None:
        """Somebody is there: who is strict waits for so long again (RFC 4028, section 10)."""
        if self._expiry is not None and self._expiry.active():
            self._expiry.cancel()
        if self.script.strict and self.script.timer and self.state == CONNECTED:
            self._expiry = self.switch.later(self.script.timer, self.hang_up, EXPIRED)

    def _later(self, delay_s: float, what, *told) -> None:
        self._calls.append(self.switch.later(delay_s, what, *told))

    def _over(self, by: str) -> None:
        self.state, self.ended_by, self.over_at = OVER, by, self.switch.seconds()
        self.stop()
        self.switch.on_over(self)

    def cut(self) -> None:
        """It is over, and nobody is told."""
        if self.state != OVER:
            self._over(CUT)

    def stop(self) -> None:
        """No more timers."""
        for call in (*self._calls, *((self._expiry,) if self._expiry is not None else ())):
            if call.active():
                call.cancel()
        self._calls.clear()
