"""One leg: a dialog with a phone, from its INVITE to its BYE (RFC 3261; RFC 4028).

    inviting --2xx--> up --BYE of either, lost--> over
        |--refused, given up--> over

What concerns both legs is told to the call (`Owner`): answered, failed, ended, changed (it wants another session), redone (it
has accepted one of ours), refused.  A 2xx to our INVITE is acknowledged when the call says so, because the ACK may have to
carry an answer, and because a leg that is not acknowledged yet ends by itself, should we die before it is remembered.
Bounds: one re-INVITE at a time and one that waits; GLARES_MAX tries of it, each given REDO_S.
"""

from typing import Protocol

from tectonics.callservers.sip import naming
from tectonics.callservers.sip.acts import Act, Me, Reply, Withdraw
from tectonics.callservers.sip.causes import FAILED, INTERWORKING, NORMAL, TIMER, hung_up, is_lost
from tectonics.callservers.sip.describing import Describing, body_of
from tectonics.callservers.sip.handle import Handle
from tectonics.callservers.sip.inviting import ALLOW, Attempt, Dialled, Inviting
from tectonics.callservers.sip.inviting import ended as hang_up_stray
from tectonics.callservers.sip.redoing import Redo
from tectonics.callservers.sip.refreshing import Refreshing
from tectonics.callservers.sip.speaking import Speaking
from tectonics.callservers.sip.trunks import Trunk
from tectonics.domain.errors import BadMessage
from tectonics.wire.sip.answers import answer
from tectonics.wire.sip.dialog import Dialog, OutOfOrder
from tectonics.wire.sip.layer import Serving
from tectonics.wire.sip.message import Request, Response
from tectonics.wire.sip.reason import reason
from tectonics.wire.sip.sdp import TYPE
from tectonics.wire.sip.text import BadText

INVITING, UP, OVER = "inviting", "up", "over"
DEAD = (408, 481)  # a dialog that is answered so is no more (section 12.2.1.2)
GLARES_MAX, REDO_S = 4, 40.0


class Owner(Protocol):
    """The call that a leg belongs to."""

    def answered(self, leg: "Leg", body: bytes, now: float) -> None: ...

    def failed(self, leg: "Leg", word: str, q850: int, now: float) -> None: ...

    def ended(self, leg: "Leg", lost: bool, q850: int, now: float) -> None: ...

    def changed(self, leg: "Leg", serving: Serving, now: float) -> None: ...

    def confirmed(self, leg: "Leg", body: bytes, now: float) -> None: ...

    def redone(self, leg: "Leg", body: bytes, now: float) -> None: ...

    def refused(self, leg: "Leg", status: int, now: float) -> None: ...


class Leg:
    """See above. `up_again` makes one of a handle."""

    def __init__(self, id: str, me: Me, owner: Owner, out: list[Act]) -> None:
        self.id, self.state = id, INVITING
        self.told = Describing(id, me.host.strip("[]"))  # our descriptions
        self.heard: bytes = b""  # its last
        self.trunk: Trunk | None = None
        self._me, self._owner, self._out = me, owner, out
        self._inviting: Inviting | None = None
        self._invite: Request | None = None  # that was accepted
        self._speaking: Speaking | None = None  # within its dialog
        self._redo: Redo | None = None
        self._waiting: Redo | None = None
        self._again_at: float | None = None
        self._redo_until: float | None = None
        self.is_unheard = False  # whether nobody has answered its BYE
        self.seen_s = 0.0  # when it was heard last, in the transactions' time; 0: never
        self._refreshing = Refreshing(me.session_s)

    # --- beginning

    def invite(self, dialled: Dialled, trunks: tuple[Trunk, ...], now: float) -> None:
        """Rings."""
        self._inviting = Inviting(dialled, trunks, self._me, self._out, accepted=self._accepted, failed=self._failed)
        self._inviting.begin(now)

    @classmethod
    def up_again(cls, id: str, me: Me, owner: Owner, out: list[Act], handle: Handle, trunk: Trunk, at_s: float,
                 now: float) -> "Leg":
        """A leg of an earlier life or of another node; `at_s` is the time of day, `now` the transactions'."""
        leg = cls(id, me, owner, out)
        leg.state, leg.trunk = UP, trunk
        leg._speaking = Speaking(id, trunk, handle.dialog(naming.taken_over(at_s)), me, out)
        leg.told = Describing(id, me.host.strip("[]"), int(at_s * 1000))
        leg._refreshing.unknown(now)
        return leg

    @property
    def call_id(self) -> str:
        """Of its dialog."""
        return self._speaking.dialog.call_id if self._speaking is not None else ""

    @property
    def rang(self) -> bool:
        """Whether somebody heard it ring."""
        return self._inviting is not None and self._inviting.rang

    def handle(self) -> str:
        """What finds it again. BadMessage where that is too much."""
        dialog = self._speaking.dialog
        place = self.trunk.hop(dialog)
        return Handle(self.trunk.name, place.host, place.port, dialog.call_id, str(dialog.local), str(dialog.remote),
                      str(dialog.target), tuple(dialog.routes), self._invite.cseq.number).encode()

    def _accepted(self, attempt: Attempt, response: Response, now: float) -> None:
        self.trunk, self._invite = attempt.trunk, attempt.request
        try:
            if not response.to.tag:  # a later INVITE without it would be a new call
                raise BadText("a 2xx has no tag")
            dialog = Dialog.of_response(attempt.request, response)
            self._speaking = Speaking(self.id, attempt.trunk, dialog, self._me, self._out)
            self.handle()
            self.heard = body_of(response)
        except BadMessage:
            self._speaking = None
            self.state = OVER
            hang_up_stray(self.id, attempt.trunk, attempt.request, response, self._me, self._out, True)
            self._owner.failed(self, FAILED, INTERWORKING, now)
            return
        self.state = UP
        self._refreshing.agreed(response, now)
        self._owner.answered(self, self.heard, now)

    def _failed(self, word: str, q850: int, now: float) -> None:
        self.state = OVER
        self._owner.failed(self, word, q850, now)

    # --- what the call wants

    @property
    def was_offered(self) -> bool:
        """Whether its INVITE had an offer of ours."""
        return self._invite is not None and bool(self._invite.body)

    @property
    def is_acknowledged(self) -> bool:
        """Whether its 2xx has had its ACK."""
        return self._invite is None or self._speaking.has_acknowledged(self._invite)

    def acknowledge(self, body: bytes = b"") -> None:
        """The ACK of its 2xx."""
        if self.state == UP and not self.is_acknowledged:
            self._speaking.acknowledge(self._invite, body)

    def reinvite(self, body: bytes, now: float) -> None:
        """Another session, or (empty) its own offer; `redone` or `refused` is called once, unless it ends before."""
        self._begin(Redo(body), now)

    def acknowledge_redone(self, body: bytes = b"") -> None:
        """The ACK of the 2xx to that."""
        if self._redo is not None and self._redo.tag:
            request, self._redo, self._redo_until = self._redo.request, None, None
            self._speaking.acknowledge(request, body)

    @property
    def is_busy(self) -> bool:
        """Whether an offer of ours is under way."""
        return self._redo is not None or self._waiting is not None

    def hang_up(self, q850: int = NORMAL, text: str = "") -> None:
        """Ends it, whatever it is doing."""
        state = self.state
        self._over()
        if state == OVER and self.is_unheard:
            self.is_unheard = False
            self._speaking.ask("BYE", None, reason(q850, text))
        if state == INVITING and self._inviting is not None:
            self._inviting.give_up()
        elif state == UP:
            if not self.is_acknowledged:
                self._speaking.acknowledge(self._invite, self.told.declining(self._invite.body, self.heard))
            if self._redo is not None and self._redo.tag:
                self._speaking.acknowledge(self._redo.request, self.told.declining(self._redo.body, self.heard))
            self._speaking.ask("BYE", None, reason(q850, text))

    # --- what comes

    def response(self, token: object, request: Request, response: Response, now: float) -> bool:
        """An answer to a request of this leg; `token` as it was asked with. True where a BYE is sent once more."""
        if response.status not in DEAD:
            self.seen_s = now
        if isinstance(token, Attempt):
            if self._inviting.heard(token, response, now) and self._speaking is not None:
                self._speaking.repeat(self._invite)
        elif isinstance(token, Redo):
            self._redo_answered(token, request, response, now)
        elif request.method == "UPDATE" and self.state == UP:
            self._updated(request, response, now)
        elif request.method == "BYE" and response.status in (401, 407):
            return self._speaking.prove(request, response, None) is not None
        return False

    def silence(self, token: object, request: Request, now: float) -> None:
        """Nobody answered one."""
        if isinstance(token, Attempt):
            self._inviting.unheard(token, now)
        elif request.method == "BYE":
            self.is_unheard = self._speaking is not None
        elif isinstance(token, Redo) or request.method == "UPDATE":
            self._lost(now)

    def asked(self, serving: Serving, now: float) -> None:
        """A request within the dialog."""
        request = serving.request
        lost = request.method == "BYE" and is_lost(hung_up(request))
        self.seen_s = self.seen_s if lost else now
        try:
            self._speaking.dialog.check(request)
        except OutOfOrder:
            self.reply(serving, 500)
            return
        if request.method == "BYE":
            self.reply(serving, 200)
            if self.state == UP:
                self._over()
                self._owner.ended(self, lost, hung_up(request), now)
        elif self.state != UP:
            self.reply(serving, 481)
        elif request.method in ("INVITE", "UPDATE"):
            self._asked_to_change(serving, now)
        else:
            self.reply(serving, 200)

    def is_own(self, response: Response) -> bool:
        """Whether a response is of the dialog that it was accepted with."""
        return self._speaking is not None and self._speaking.dialog.id == (response.call_id, response.sender.tag, response.to.tag)

    def is_dialog_of(self, request: Request) -> bool:
        """Whether a request is within it."""
        return self._speaking is not None and self._speaking.dialog.id == (request.call_id, request.to.tag, request.sender.tag)

    def acknowledged(self, request: Request, now: float) -> None:
        """The ACK of our 2xx to its re-INVITE."""
        if self.state == UP:
            self._owner.confirmed(self, request.body, now)

    def unacknowledged(self, now: float) -> None:
        """Our 2xx to its re-INVITE has had no ACK (RFC 3261, section 13.3.1.4)."""
        self._lost(now)

    def reply(self, serving: Serving, status: int, body: bytes = b"") -> None:
        """Answers a request of its dialog."""
        request, headers = serving.request, ()
        if status < 300 and request.method in ("INVITE", "UPDATE"):
            headers = (self._me.contact, ALLOW, ("Supported", "timer"), *self._refreshing.granted(request))
        if body:
            headers += (("Content-Type", TYPE),)
        self._out.append(Reply(serving, answer(request, status, "", headers, body)))

    # --- time

    @property
    def due_at(self) -> float | None:
        """When `due` must be called."""
        inviting = self._inviting.due_at if self._inviting is not None and self.state == INVITING else None
        return min((at for at in (inviting, self._again_at, self._redo_until, self._refreshing.due_at) if at is not None), default=None)

    def due(self, now: float) -> None:
        """Does what is due."""
        if self.state == INVITING and self._inviting is not None:
            self._inviting.due(now)
        if self.state != UP:
            return
        if self._again_at is not None and now >= self._again_at:
            self._again_at = None
            self._send(self._redo, now)
        if self._redo_until is not None and now >= self._redo_until:
            self._redo_late(now)
        what = self._refreshing.due(now)
        if what == "end":
            self._lost(now)
        elif what == "refresh":
            self._refresh(now)

    # --- re-INVITE and refresh

    def _begin(self, redo: Redo, now: float) -> None:
        if self._redo is not None:
            self._waiting = redo
            return
        self._redo = redo
        self._send(redo, now)

    def _send(self, redo: Redo, now: float) -> None:
        self._redo_until = now + REDO_S
        content = (("Content-Type", TYPE),) if redo.body else ()
        headers = (self._me.contact, *self._refreshing.wanted(), ALLOW, *content)
        redo.request = self._speaking.ask("INVITE", redo, headers, redo.body)

    def _refresh(self, now: float) -> None:
        if self._redo is not None:
            return
        self._refreshing.begun(now)
        if self._refreshing.by_update or self.told.sent is None:
            self._speaking.ask("UPDATE", None, (self._me.contact, *self._refreshing.wanted()))
        else:
            self._begin(Redo(self.told.sent.encode(), True), now)

    def _redo_answered(self, redo: Redo, request: Request, response: Response, now: float) -> None:
        if response.status < 200:
            return
        if response.status < 300:
            self._redo_accepted(redo, request, response, now)
        elif redo is not self._redo or request is not redo.request or self.state != UP:
            return
        elif response.status == 491 and redo.glares < GLARES_MAX:
            redo.glares += 1
            self._again_at = now + naming.glare_s(self.id, redo.glares)
        elif response.status in (401, 407) and redo.challenges < 2:
            redo.challenges += 1
            redo.request = self._speaking.prove(request, response, redo) or redo.request
        elif response.status in DEAD:
            self._lost(now)
        else:
            self._redo_over(now)
            if redo.ours:
                self._refreshing.refused(response, now)
            else:
                self._owner.refused(self, response.status, now)

    def _redo_accepted(self, redo: Redo, request: Request, response: Response, now: float) -> None:
        if self._speaking.repeat(request):
            return
        if redo is not self._redo or self.state != UP:
            self._speaking.acknowledge(request, self.told.declining(redo.body, body_of(response)))
        elif not redo.tag:
            redo.tag = response.to.tag
            self._speaking.dialog.refreshed(response)
            self._refreshing.agreed(response, now)
            self.heard = body_of(response)
            if redo.ours:
                self.acknowledge_redone()
            else:
                self._owner.redone(self, self.heard, now)
            if self._redo is None:
                self._redo_over(now)

    def _redo_late(self, now: float) -> None:
        """It has not come to an end, or to one that makes no sense."""
        redo = self._redo
        if redo is not None and redo.tag:
            self._speaking.acknowledge(redo.request, b"")
        elif redo is not None:
            self._out.append(Withdraw(redo.request))
        self._redo_over(now)
        if redo is not None and not redo.ours:
            self._owner.refused(self, 408, now)

    def _redo_over(self, now: float) -> None:
        self._redo_until = None
        self._redo, waiting, self._waiting = None, self._waiting, None
        if waiting is not None:
            self._begin(waiting, now)

    def _updated(self, request: Request, response: Response, now: float) -> None:
        if response.status < 200:
            return
        if response.status < 300:
            self._speaking.dialog.refreshed(response)
            self._refreshing.agreed(response, now)
        elif response.status in (401, 407):
            self._speaking.prove(request, response, None)
        elif response.status in DEAD:
            self._lost(now)
        else:
            self._refreshing.refused(response, now)  # it is there, and that is what was asked

    def _asked_to_change(self, serving: Serving, now: float) -> None:
        request = serving.request
        if self.is_busy:
            self.reply(serving, 491)
            return
        self._speaking.dialog.refreshed(request)
        self._refreshing.asked(request, now)
        if request.method == "UPDATE" and not request.body:
            self.reply(serving, 200)
        else:
            self._owner.changed(self, serving, now)

    # --- ending

    def _over(self) -> None:
        self.state = OVER
        self._waiting = self._again_at = self._redo_until = None
        self._refreshing.stop()

    def _lost(self, now: float) -> None:
        """It does not answer any more, or says that it knows nothing of this."""
        if self.state == UP:
            self.hang_up(TIMER, "lost")
            self._owner.ended(self, True, 0, now)
