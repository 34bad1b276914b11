"""A USSD gateway as aggregators run them: subscribers dial, it POSTs each step and shows the screens.

`Gateway` is for tests, the demo and load (over real sockets, many connections), `BlockingGateway` for
a handset in a terminal.  Both speak the contract of docs/ussd-http.md.  What real gateways do wrong
can be asked for: the same POST again (`again`, `together`), the end-of-session event (`end`), a
connection dropped before the answer (`send_and_drop`), a request cut in half (`send_half`).
Session ids are drawn from a seed, so that a run can be repeated.
"""

import random
from http.client import HTTPConnection, HTTPException
from urllib.parse import quote_plus, urlencode

from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.protocol import Protocol

from tectonics.domain.errors import TheirFault
from tectonics.simulators.gateway_wire import Pool, request_bytes

STEP_PATH, END_PATH = b"/ussd", b"/ussd/end"
_FORM = {"Content-Type": "application/x-www-form-urlencoded"}


class GatewayFault(TheirFault):
    """The daemon gave no screen; `status` is 0 when it gave no answer at all."""

    def __init__(self, status: int, text: str):
        super().__init__(text)
        self.status = status


def read_screen(status: int, body: bytes) -> tuple[bool, str]:
    """(more, text) of an answer; GatewayFault when it is none."""
    text = body.decode(errors="replace")
    if status != 200 or text[:4] not in ("CON ", "END "):
        raise GatewayFault(status, text.strip())
    return text.startswith("CON "), text[4:]


class Steps:
    """One session's form fields: what the gateway sends at each step."""

    def __init__(self, msisdn: str, code: str, session: str, mode: str = "cumulative", step_field: str = ""):
        self.msisdn = msisdn
        self.code = code
        self.session = session
        self._mode = mode
        self._step_field = step_field
        self._inputs: list[str] = []
        self._step = 0
        self._who = urlencode({"sessionId": session, "phoneNumber": "+" + msisdn})
        self._fixed = self._who + "&" + urlencode({"networkCode": "20801", "serviceCode": code})

    def body(self, typed: str | None = None) -> bytes:
        """The form of the next step: the dialling, or what was typed."""
        if typed is not None:
            self._inputs.append(typed)
        text = "*".join(self._inputs) if self._mode == "cumulative" else (typed or "")
        form = f"{self._fixed}&text={quote_plus(text)}"
        if self._step_field:
            form += f"&{self._step_field}={self._step}"
        self._step += 1
        return form.encode()

    def ending(self) -> bytes:
        """The form of the end-of-session event."""
        return self._who.encode()


class Handset:
    """One session of one subscriber; `first` is the answer to the dialling."""

    def __init__(self, gateway: "Gateway", steps: Steps):
        self.session = steps.session
        self.msisdn = steps.msisdn
        self._gateway = gateway
        self._steps = steps
        self._last_body = steps.body()
        self.first: Deferred[tuple[bool, str]] = self.again()

    def send(self, typed: str) -> Deferred[tuple[bool, str]]:
        """Types an input; (more, text) of the next screen, or fails with GatewayFault."""
        self._last_body = self._steps.body(typed)
        return self.again()

    def again(self) -> Deferred[tuple[bool, str]]:
        """Repeats the last POST, exactly."""
        return self._gateway.raw(self._last_body).addCallback(lambda answer: read_screen(*answer))

    def together(self, times: int, typed: str | None = None) -> Deferred[list[tuple[int, bytes]]]:
        """Sends the same POST several times at once, over several connections; all answers."""
        if typed is not None:
            self._last_body = self._steps.body(typed)
        return gatherResults([self._gateway.raw(self._last_body) for _ in range(times)],
                             consumeErrors=True)

    def end(self) -> Deferred[tuple[int, bytes]]:
        """Tells the daemon that the session is over."""
        return self._gateway.raw(self._steps.ending(), END_PATH)

    def send_and_drop(self, typed: str) -> Deferred[None]:
        """Types an input and drops the connection before the answer; `again` may follow."""
        self._last_body = self._steps.body(typed)
        return self._gateway.cut(self._last_body)

    def send_half(self, typed: str) -> Deferred[None]:
        """Types an input, of which only half arrives; `again` sends it whole."""
        self._last_body = self._steps.body(typed)
        return self._gateway.cut(self._last_body, half=True)


class Gateway:
    """The aggregator's side of one `/ussd` port.

    At most `connections` are open; requests wait for a free one.
    """

    def __init__(self, reactor, host: str, port: int, mode: str = "cumulative", connections: int = 8,
                 step_field: str = "", seed: int = 0):
        self._clock = reactor
        self._pool = Pool(reactor, host, port, connections)
        self._mode = mode
        self._step_field = step_field
        self._random = random.Random(seed)

    def dial(self, msisdn: str, code: str = "*133#", session: str | None = None) -> Handset:
        """Begins a session."""
        return Handset(self, self._steps(msisdn, code, session))

    def raw(self, body: bytes, path: bytes = STEP_PATH) -> Deferred[tuple[int, bytes]]:
        """POSTs any body; (status, body) of the answer, or fails with GatewayFault."""
        answer: Deferred[tuple[int, bytes]] = Deferred()

        def result(status: int, text: bytes) -> None:
            if status:
                answer.callback((status, text))
            else:
                answer.errback(GatewayFault(0, text.decode(errors="replace")))

        self._pool.post(path, body, result)
        return answer

    def run_session(self, msisdn: str, inputs: tuple[str, ...] = (), code: str = "*133#",
                    ) -> Deferred[tuple[list[float], int, bytes]]:
        """A whole session, as fast as it is answered: dials, then types the inputs.

        (seconds of each step, status and body of the last answer); it stops early at an answer that
        does not ask for more.
        """
        return _Run(self._clock.seconds, self._pool, self._steps(msisdn, code, None), inputs).done

    def cut(self, body: bytes, half: bool = False) -> Deferred[None]:
        """Sends a step, or half of it, over a connection that is dropped at once."""
        request = request_bytes(self._pool.host(), STEP_PATH, body)
        cut = _Cut(request[:len(request) - (len(body) + 1) // 2] if half else request)
        self._pool.connect_alone(cut, cut.failed)
        return cut.done

    def close(self) -> None:
        """Drops all connections."""
        self._pool.close()

    def _steps(self, msisdn: str, code: str, session: str | None) -> Steps:
        return Steps(msisdn, code, session or f"S{self._random.getrandbits(96):024x}", self._mode, self._step_field)


class _Run:
    """One session of a load generator."""

    def __init__(self, now, pool: Pool, steps: Steps, inputs: tuple[str, ...]):
        self.done: Deferred[tuple[list[float], int, bytes]] = Deferred()
        self._now = now
        self._pool = pool
        self._steps = steps
        self._inputs = iter(inputs)
        self._latencies: list[float] = []
        self._post(steps.body())

    def _post(self, body: bytes) -> None:
        self._began = self._now()
        self._pool.post(STEP_PATH, body, self._answered)

    def _answered(self, status: int, body: bytes) -> None:
        self._latencies.append(self._now() - self._began)
        typed = next(self._inputs, None) if body.startswith(b"CON ") and status == 200 else None
        if typed is None:
            self.done.callback((self._latencies, status, body))
        else:
            self._post(self._steps.body(typed))


class _Cut(Protocol):
    """Sends and goes."""

    def __init__(self, request: bytes):
        self.done: Deferred[None] = Deferred()
        self._request = request

    def connectionMade(self):
        self.transport.write(self._request)
        self.transport.loseConnection()

    def connectionLost(self, reason):
        self.done.callback(None)

    def failed(self, why: bytes) -> None:
        self.done.errback(GatewayFault(0, why.decode()))


class BlockingGateway:
    """Dials from a program without a reactor (`tectonics dial`): one connection, one session at a time.

    Where no answer comes, OSError says why; where the answer is no screen, GatewayFault.
    """

    def __init__(self, host: str, port: int, mode: str = "cumulative", step_field: str = "",
                 timeout_s: float = 15.0):
        self._connection = HTTPConnection(host, port, timeout=timeout_s)
        self._mode = mode
        self._step_field = step_field
        self._random = random.SystemRandom()
        self._steps: Steps | None = None

    def dial(self, msisdn: str, code: str = "*133#", session: str | None = None) -> tuple[bool, str]:
        """Begins a session; (more, text) of its first screen."""
        session = session or f"T{self._random.getrandbits(96):024x}"
        self._steps = Steps(msisdn, code, session, self._mode, self._step_field)
        return self._screen(self._steps.body())

    def send(self, typed: str) -> tuple[bool, str]:
        """Types an input in the session that was dialled; (more, text) of the next screen."""
        return self._screen(self._steps.body(typed))

    def end(self) -> None:
        """Hangs up: tells the daemon that the session is over."""
        self._ask(END_PATH, self._steps.ending())

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()

    def _screen(self, body: bytes) -> tuple[bool, str]:
        return read_screen(*self._ask(STEP_PATH, body))

    def _ask(self, path: bytes, body: bytes) -> tuple[int, bytes]:
        try:
            self._connection.request("POST", path.decode(), body, _FORM)
            answer = self._connection.getresponse()
            return answer.status, answer.read()
        except HTTPException as error:
            self._connection.close()
            raise ConnectionError(f"not an HTTP answer: {error}") from None
        except OSError:
            self._connection.close()  # the next request opens a new one
            raise
