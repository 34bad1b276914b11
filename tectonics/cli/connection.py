"""Asking the running daemon: finding its state directory and calling it over the control socket.

A blocking client, because a command asks one thing after another.  Every wait has a bound (ANSWER_S); after
it the daemon may still do what was asked, and the sentence says so.
"""

import os
import socket
from pathlib import Path

import click

from tectonics.wire.control import (
    ANSWER_BYTES_MAX,
    BadMessage,
    Failure,
    Request,
    decode_answer,
    encode_request,
)
from tectonics.wire.lines import Lines

ANSWER_S = 120
CHECKOUT = Path(__file__).parents[2]
INSTALLED_STATE = Path("/var/lib/tectonics")


def default_state() -> Path:
    """Where the daemon of this checkout keeps its state; of an installed package, where its unit does."""
    in_checkout = (CHECKOUT / "setup.py").exists()
    return CHECKOUT / "var" if in_checkout else INSTALLED_STATE


class Daemon:
    """The daemon of one state directory, connected to when first asked."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._socket: socket.socket | None = None
        self._lines = Lines(ANSWER_BYTES_MAX)
        self._last_id = 0

    def call(self, method: str, **params: object):
        """What the daemon answers; parameters that are None are left out.

        Its refusal or its absence is a ClickException: one sentence, exit code 1.
        """
        self._last_id += 1
        given = {name: value for name, value in params.items() if value is not None}
        request = Request(self._last_id, method, given)
        try:
            answer = decode_answer(self._exchange(encode_request(request)))
        except BadMessage as error:
            raise click.ClickException(f"{error}.") from error
        except TimeoutError as error:
            raise click.ClickException(f"the daemon did not answer within {ANSWER_S} s. What you asked for may "
                                       "still be done, so look before you ask again.") from error
        except OSError as error:
            raise click.ClickException("the daemon closed the connection. What you asked for may have been "
                                       "done, so look before you ask again.") from error
        if isinstance(answer, Failure):
            raise click.ClickException(answer.text)
        return answer.result

    def close(self) -> None:
        """Hangs up."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _exchange(self, line: bytes) -> bytes:
        if self._socket is None:
            self._socket = self._connect()
        self._socket.sendall(line)
        while data := self._socket.recv(1 << 16):
            for answer in self._lines.feed(data):
                if answer is None:
                    raise BadMessage("the daemon's answer is longer than anything it should say")
                return answer
        raise ConnectionError("closed by the daemon")

    def _connect(self) -> socket.socket:
        path = self._state / "control.sock"
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(ANSWER_S)
        try:
            connection.connect(os.fspath(path))
        except PermissionError as error:
            raise click.ClickException(f"you may not open {path}; it belongs to the user that the daemon "
                                       "runs as (sudo -u tectonics tectonics ...).") from error
        except OSError as error:
            raise click.ClickException(f"no daemon is running on the state directory {self._state}; start it "
                                       "with scripts/run, or name another directory with --state.") from error
        return connection
