"""How a handler becomes a route: its errors become statuses, and a client that leaves stops nothing.

Klein cancels what a handler waits for when the client goes away; here that reaches only the
answer, never the work: what was asked of the administration is finished, its ticket written.
"""

from collections.abc import Callable
from dataclasses import dataclass

from klein import Klein
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure
from werkzeug.exceptions import HTTPException

from tectonics.domain.errors import Busy, TheirFault
from tectonics.oam.admin.parameters import NotThere
from tectonics.oam.web.request import WebRequest, answer_error
from tectonics.ports import Alarms

_log = Logger()
_ALWAYS = {"/health/live", "/health/ready", "/metrics"}  # are served as long as the port is open
_ENDING = ("stopping", "fenced")
_HTTP = {404: "there is nothing at this address", 405: "this address does not serve that method"}


@dataclass(frozen=True, slots=True)
class Denied(Exception):
    """The request is refused with a status of its own."""

    status: int
    text: str


class Routes:
    """The routes of one site; `alarms` hears of our own faults."""

    def __init__(self, alarms: Alarms, ready: Callable[[], str] = str) -> None:
        """`ready()` is empty, or says why the daemon does not serve."""
        self.app = Klein()
        self.app.url_map.merge_slashes = False
        self.app.handle_errors(Exception)(self._failed)
        self._alarms, self._ready = alarms, ready

    def add(self, method: str, path: str, handler: Callable) -> None:
        """Serves `method` on `path` (werkzeug's syntax) by `handler(request, **path parts)`."""

        def serve(request: WebRequest, **parts: str):
            request.route = path
            if path not in _ALWAYS and self._ready().startswith(_ENDING):
                raise Denied(503, f"the daemon does not serve any more: {self._ready()}")
            return handler(request, **parts)

        self.app.route(path, methods=[method], endpoint=f"{method} {path}")(serve)

    def _failed(self, request: WebRequest, failure: Failure) -> bytes:
        error = failure.value
        if isinstance(error, Denied):
            if error.status == 401:
                request.setHeader(b"WWW-Authenticate", b'Bearer realm="tectonics"')
            return answer_error(request, error.status, error.text)
        if isinstance(error, HTTPException):
            if error.code == 405 and error.valid_methods:
                request.setHeader(b"Allow", ", ".join(sorted(error.valid_methods)).encode())
            return answer_error(request, error.code, _HTTP.get(error.code, error.name))
        if isinstance(error, TheirFault):
            return answer_error(request, _status(error), str(error))
        _log.failure("A request to {route} failed.", failure=failure, route=request.route)
        self._alarms.raise_alarm("internal_fault", f"a request to {request.route} failed, see the log", "web")
        return answer_error(request, 500, "internal error, see the daemon's log")


def _status(fault: TheirFault) -> int:
    if isinstance(fault, NotThere):
        return 404
    return 503 if isinstance(fault, Busy) else 422


def uncancelled(asked: Deferred) -> Deferred:
    """The same answer; cancelling it leaves `asked` alone."""
    answer: Deferred = Deferred()
    asked.addBoth(answer.callback)
    return answer
