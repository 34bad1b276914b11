"""Clients that wait for each answer: a feed's sender, a program on the API, readers of tickets.

For the demo and for tests against a daemon in another process, where a straight line of asking and
looking is what one wants to read.  Bound: ANSWER_S for every answer; then TimeoutError.
"""

import json
import socket
import threading
from collections.abc import Mapping
from http.client import HTTPConnection

from tectonics.wire.ticket_stream import Ack, ClientSide, Hello, Ping, Pong, Record, encode

ANSWER_S = 15.0
Address = tuple[str, int]


class FeedSender:
    """A prepaid system on the recharge feed (tcp 7080): a record a line, an answer a line."""

    def __init__(self, address: Address) -> None:
        self._connection = socket.create_connection(address, timeout=ANSWER_S)
        self._answers = self._connection.makefile("rb")

    def send(self, record: Mapping | bytes) -> str:
        """Sends a record (or any line) and waits for its answer."""
        self.write(record if isinstance(record, bytes) else json.dumps(record).encode())
        return self.answer()

    def write(self, line: bytes) -> None:
        """Sends a line without waiting."""
        self._connection.sendall(line + b"\n")

    def answer(self) -> str:
        """The next answer; empty when the daemon has closed."""
        return self._answers.readline().decode().rstrip("\n")

    def close(self) -> None:
        """Hangs up."""
        self._answers.close()
        self._connection.close()


class ApiClient:
    """A program on the web port (tcp 8080), with a bearer token or without; a connection for each question."""

    def __init__(self, address: Address, token: str = "") -> None:
        self._address = address
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str) -> tuple[int, str]:
        """(status, body)."""
        return self._ask("GET", path, None)

    def send(self, method: str, path: str, document: Mapping) -> tuple[int, str]:
        """Sends a JSON document; (status, body)."""
        return self._ask(method, path, json.dumps(document).encode())

    def _ask(self, method: str, path: str, body: bytes | None) -> tuple[int, str]:
        headers = self._headers | ({"Content-Type": "application/json"} if body is not None else {})
        connection = HTTPConnection(*self._address, timeout=ANSWER_S)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()


class LiveTickets:
    """A reader of the live stream (tcp 7070); a thread collects the lines as they come."""

    def __init__(self, address: Address) -> None:
        self.lines: list[bytes] = []
        self._connection = socket.create_connection(address, timeout=ANSWER_S)
        self._connection.settimeout(None)  # it is silent as long as nothing happens
        self._thread = threading.Thread(target=self._collect, daemon=True)
        self._thread.start()

    def _collect(self) -> None:
        with self._connection.makefile("rb") as stream:
            for line in stream:
                self.lines.append(line.rstrip(b"\n"))

    def records(self) -> list[dict]:
        """The tickets so far."""
        return [json.loads(line) for line in list(self.lines)]

    def close(self) -> None:
        """Hangs up."""
        self._connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(ANSWER_S)
        self._connection.close()


class AcknowledgedTickets:
    """A consumer of the acknowledged stream (tcp 7071); `greeting` is the server's answer to HELLO."""

    def __init__(self, address: Address, name: str) -> None:
        self._connection = socket.create_connection(address, timeout=ANSWER_S)
        self._codec = ClientSide()
        self._events: list = []
        self._connection.sendall(encode(Hello(name)))
        self.greeting = self._next()

    def read(self, count: int) -> list[dict]:
        """The next `count` tickets."""
        records: list[dict] = []
        while len(records) < count:
            event = self._next()
            if isinstance(event, Record):
                records.append(json.loads(event.line))
            elif isinstance(event, Ping):
                self._connection.sendall(encode(Pong()))
        return records

    def acknowledge(self, origin: str, seq: int) -> None:
        """Everything up to `seq` is safe here."""
        self._connection.sendall(encode(Ack(origin, seq)))

    def _next(self):
        while not self._events:
            data = self._connection.recv(1 << 16)
            if not data:
                raise ConnectionError("the ticket stream was closed")
            self._events += self._codec.receive(data)
        return self._events.pop(0)

    def close(self) -> None:
        """Hangs up."""
        self._connection.close()
