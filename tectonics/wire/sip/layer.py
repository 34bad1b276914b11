"""The transactions of one place: which message belongs to which, and what its user is told (RFC 3261, section 17).

The owner gives every message that comes (`receive`) with the place that it came from, calls `due(now)` at `due_at`,
and writes every Write.  A `place` is whatever names the other end of a transport; nothing here looks into it.

    a request of a peer    Asked with a Serving, by which the user answers; its repetitions are answered here
    CANCEL                 answered here; the INVITE's user hears Cancelled, and answers 487 (section 9.2)
    the ACK of a 2xx       Acknowledged; it ends that answer's repetitions
    an answer to ours      Answered with the token that the request was sent with; nobody answers: Unanswered
    an answer to no more   Stray, where the answer to an INVITE has no transaction (any more): somebody has to acknowledge it, or, while
                           it rings and no CANCEL is under way, to cancel it; a 2xx behind a refusal is one, too: a proxy passes on
                           each (section 16.7)
    the same request over another way (section 8.2.2.2) is answered 482

Bounds: `transactions_max`, above which a new request is answered 503 and forgotten; what is due is kept in a heap of at
most twice as many entries.
"""

import heapq
from typing import Any

from msgspec import Struct

from tectonics.domain.errors import Busy
from tectonics.wire.sip import client, server
from tectonics.wire.sip.answers import answer
from tectonics.wire.sip.client import ClientTransaction, cancellation
from tectonics.wire.sip.events import Event, Heard, Send, TimedOut
from tectonics.wire.sip.message import Request, Response
from tectonics.wire.sip.server import ServerTransaction
from tectonics.wire.sip.timers import TIMERS, Timers
from tectonics.wire.sip.values import MAGIC

TRANSACTIONS_MAX = 20_000


class Write(Struct, frozen=True):
    """Send this there."""

    message: Request | Response
    place: Any


class Serving(Struct, eq=False):
    """A peer's request that its user answers."""

    request: Request
    place: Any
    key: tuple


class Asked(Struct, frozen=True):
    """A new request."""

    serving: Serving


class Cancelled(Struct, frozen=True):
    """A pending INVITE is no longer wanted."""

    serving: Serving


class Acknowledged(Struct, frozen=True):
    """The ACK of a 2xx of ours."""

    request: Request


class Unacknowledged(Struct, frozen=True):
    """A final answer of ours to an INVITE was never acknowledged."""

    serving: Serving


class Answered(Struct, frozen=True):
    """A response to a request of ours."""

    token: Any
    request: Request
    response: Response


class Unanswered(Struct, frozen=True):
    """A request of ours that nobody answered."""

    token: Any
    request: Request


class Stray(Struct, frozen=True):
    """A response to an INVITE of which nothing is known here: of an earlier life, or long given up."""

    response: Response
    place: Any


class _Ours(Struct, eq=False):
    transaction: ClientTransaction
    token: Any
    place: Any


class _Theirs(Struct, eq=False):
    transaction: ServerTransaction
    serving: Serving


Out = Write | Asked | Cancelled | Acknowledged | Unacknowledged | Answered | Unanswered | Stray


class Layer:
    """All transactions, ours and our peers'."""

    def __init__(self, timers: Timers = TIMERS, transactions_max: int = TRANSACTIONS_MAX) -> None:
        self._timers, self._most = timers, transactions_max
        self._ours: dict[tuple, _Ours] = {}
        self._theirs: dict[tuple, _Theirs] = {}
        self._same: dict[tuple, tuple] = {}  # (Call-ID, From tag, CSeq) of an INVITE -> its transaction
        self._accepted: dict[tuple, tuple] = {}  # (Call-ID, our tag, CSeq number) of a 2xx -> its transaction
        self._due: list[tuple[float, int, dict, tuple]] = []
        self._numbers = 0

    def __len__(self) -> int:
        return len(self._ours) + len(self._theirs)

    # --- ours

    def send(self, request: Request, place: Any, token: Any, now: float, reliable: bool = False) -> list[Out]:
        """Sends a request, whose answers come back with `token`. Busy at the bound."""
        if len(self) >= self._most:
            raise Busy("too many transactions")
        key = (request.vias[0].branch, request.method)
        ours = self._ours[key] = _Ours(ClientTransaction(request, now, reliable, self._timers), token, place)
        return self._done_ours(key, ours, ours.transaction.begin())

    def cancel(self, request: Request, token: Any, now: float, reliable: bool = False) -> list[Out]:
        """Cancels a pending INVITE of ours; only after a provisional answer (section 9.1), else nothing."""
        ours = self._ours.get((request.vias[0].branch, "INVITE"))
        if ours is None or ours.transaction.state != client.PROCEEDING:
            return []
        ours.transaction.cancelled(now)
        self._keep(self._ours, (request.vias[0].branch, "INVITE"), ours, client.TERMINATED)
        return self.send(cancellation(request), ours.place, token, now, reliable)

    # --- theirs

    def respond(self, serving: Serving, response: Response, now: float) -> list[Out]:
        """The user's answer to a peer's request."""
        theirs = self._theirs.get(serving.key)
        if theirs is None:
            return []
        if theirs.transaction.invite and 200 <= response.status < 300:
            self._accepted[_dialog_key(response, response.to.tag)] = serving.key
        return self._done_theirs(serving.key, theirs, theirs.transaction.respond(response, now))

    # --- what comes

    def known(self, request: Request) -> bool:
        """Whether it belongs to something that has come before: a repetition, an ACK, the CANCEL of a call."""
        if request.method == "CANCEL":
            return (*_key(request)[:-1], "INVITE") in self._theirs
        return request.method == "ACK" or _key(request) in self._theirs

    def receive(self, message: Request | Response, place: Any, now: float, reliable: bool = False) -> list[Out]:
        """A message has come from a place."""
        if isinstance(message, Response):
            return self._response(message, place, now)
        key = _key(message)
        known = self._theirs.get(key)
        if message.method == "ACK":
            return self._ack(message, key, known, now)
        if known is not None:
            return self._done_theirs(key, known, known.transaction.receive(message, now))
        if len(self) >= self._most:
            return [Write(answer(message, 503, "busy", (("Retry-After", "5"),)), place)]
        return self._new(message, key, place, now, reliable)

    def _response(self, response: Response, place: Any, now: float) -> list[Out]:
        branch, method = response.vias[0].branch, response.cseq.method
        ours = self._ours.get((branch, method))
        if ours is not None and not ours.transaction.is_refused_and(response):
            return self._done_ours((branch, method), ours, ours.transaction.receive(response, now))
        cancels = not response.final and (branch, "CANCEL") in self._ours
        return [Stray(response, place)] if method == "INVITE" and not cancels else []

    def _ack(self, request: Request, key: tuple, known: _Theirs | None, now: float) -> list[Out]:
        if known is not None and known.transaction.state != server.ACCEPTED:
            self._done_theirs(key, known, known.transaction.receive(request, now))
            return []
        accepted = self._accepted.get(_dialog_key(request, request.to.tag))
        theirs = self._theirs.get(accepted) if accepted is not None else None
        if theirs is not None:
            theirs.transaction.acknowledged()
        return [Acknowledged(request)]

    def _new(self, request: Request, key: tuple, place: Any, now: float, reliable: bool) -> list[Out]:
        serving = Serving(request, place, key)
        theirs = self._theirs[key] = _Theirs(ServerTransaction(request, reliable, self._timers), serving)
        if request.method == "CANCEL":
            return self._cancelled(serving, theirs, now)
        same = _same_key(request)
        if request.method == "INVITE" and not request.to.tag and self._same.get(same, key) != key:
            return self._done_theirs(key, theirs, theirs.transaction.respond(answer(request, 482, "merged"), now))
        if request.method == "INVITE":
            self._same[same] = key
        return [Asked(serving)]

    def _cancelled(self, serving: Serving, theirs: _Theirs, now: float) -> list[Out]:
        pending = self._theirs.get((*serving.key[:-1], "INVITE"))
        status = 200 if pending is not None else 481
        done = self._done_theirs(serving.key, theirs,
                                 theirs.transaction.respond(answer(serving.request, status, "cancel"), now))
        if pending is not None and pending.transaction.state == server.PROCEEDING:
            done.append(Cancelled(pending.serving))
        return done

    # --- what time does

    @property
    def due_at(self) -> float | None:
        """When `due` must be called; None: nothing waits."""
        return self._due[0][0] if self._due else None

    def due(self, now: float) -> list[Out]:
        """Does what is due by now."""
        done: list[Out] = []
        while self._due and self._due[0][0] <= now:
            _, _, table, key = heapq.heappop(self._due)
            found = table.get(key)
            if found is None or found.transaction.due_at is None:
                continue
            events = found.transaction.due(now) if found.transaction.due_at <= now else []
            done += self._done_ours(key, found, events) if table is self._ours \
                else self._done_theirs(key, found, events)
        return done

    # --- what a transaction wants done

    def _done_ours(self, key: tuple, ours: _Ours, events: list[Event]) -> list[Out]:
        done: list[Out] = []
        for event in events:
            match event:
                case Send(message):
                    done.append(Write(message, ours.place))
                case Heard(message):
                    done.append(Answered(ours.token, ours.transaction.request, message))
                case TimedOut():
                    done.append(Unanswered(ours.token, ours.transaction.request))
        self._keep(self._ours, key, ours, client.TERMINATED)
        return done

    def _done_theirs(self, key: tuple, theirs: _Theirs, events: list[Event]) -> list[Out]:
        done: list[Out] = []
        for event in events:
            match event:
                case Send(message):
                    done.append(Write(message, theirs.serving.place))
                case TimedOut():
                    done.append(Unacknowledged(theirs.serving))
        if not self._keep(self._theirs, key, theirs, server.TERMINATED):
            self._forget(theirs)
        return done

    def _keep(self, table: dict, key: tuple, one: _Ours | _Theirs, gone: str) -> bool:
        """Whether it goes on; then it stands in the heap at its time."""
        if one.transaction.state == gone:
            table.pop(key, None)
            return False
        due_at = one.transaction.due_at
        if due_at is not None:
            self._numbers += 1
            heapq.heappush(self._due, (due_at, self._numbers, table, key))
            self._tidy()
        return True

    def _tidy(self) -> None:
        """Entries of the heap that another has replaced are thrown away when they are too many."""
        if len(self._due) <= 4 * len(self) + 64:
            return
        self._due = [(one.transaction.due_at, number, table, key)
                     for number, (table, key, one) in enumerate(
                         (table, key, one) for table in (self._ours, self._theirs) for key, one in table.items())
                     if one.transaction.due_at is not None]
        self._numbers = len(self)
        heapq.heapify(self._due)

    def _forget(self, theirs: _Theirs) -> None:
        transaction, key = theirs.transaction, theirs.serving.key
        if not transaction.invite:
            return
        if self._same.get(_same_key(transaction.request)) == key:
            del self._same[_same_key(transaction.request)]
        if transaction.answer is not None:
            self._accepted.pop(_dialog_key(transaction.answer, transaction.answer.to.tag), None)


def _key(request: Request) -> tuple:
    """Of a server transaction (section 17.2.3); an ACK has its INVITE's."""
    via, method = request.vias[0], "INVITE" if request.method == "ACK" else request.method
    if via.branch.startswith(MAGIC):
        return via.branch, via.host, via.port, method
    return str(via), request.uri, request.call_id, request.sender.tag, request.cseq.number, method


def _same_key(request: Request) -> tuple:
    return request.call_id, request.sender.tag, request.cseq.number


def _dialog_key(message: Request | Response, tag: str) -> tuple:
    return message.call_id, tag, message.cseq.number
