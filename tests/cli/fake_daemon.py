"""A daemon as the command line sees it: a real control socket that answers by script."""

import contextlib
import socket
import threading
from pathlib import Path

from tectonics.wire.control import Answer, Failure, decode_request, encode_answer


class FakeDaemon:
    """Answers each method with what `answers` holds: plain data, a Failure's text, or a function of the parameters."""

    def __init__(self, state: Path) -> None:
        self.calls: list[tuple[str, dict]] = []
        self.answers: dict[str, object] = {}
        self.raw: bytes | None = None
        self._connection: socket.socket | None = None
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(state / "control.sock"))
        self._listener.listen()
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.shutdown(socket.SHUT_RDWR)
        self._thread.join(timeout=10)
        assert not self._thread.is_alive()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._connection = connection
            try:
                with connection, connection.makefile("rb") as lines:
                    for line in lines:
                        if not self._answer(connection, line):
                            break
            except OSError:
                continue

    def _answer(self, connection: socket.socket, line: bytes) -> bool:
        request = decode_request(line)
        self.calls.append((request.method, request.params))
        if self.raw is not None:
            connection.sendall(self.raw)
            return False
        answer = self.answers.get(request.method, Failure(None, f"no method {request.method}"))
        if callable(answer):
            answer = answer(request.params)
        if isinstance(answer, Failure):
            connection.sendall(encode_answer(Failure(request.id, answer.text)))
        else:
            connection.sendall(encode_answer(Answer(request.id, answer)))
        return True
