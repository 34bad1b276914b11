"""What people type behind a command and what the daemon's `status` says: understood, or one sentence and no traceback."""

import click

from tectonics.cli.dial import host_and_port
from tectonics.cli.show import plain
from tectonics.cli.tickets import moment
from tectonics.domain.ticket import parse_rfc3339

TOKENS = (b"2026-11-22", b"2026-11-22T08:30", b"+05:30", b"0001-01-01T00:00+05:00", b"9999-12-31T23:59-05:00", b"0999-01-01", b"Z",
          b"tcp:8081:interface=127.0.0.1", b"[::1]:8081", b"tcp:99999", b"host:", "\u0661".encode(), b"0" * 20, b"\x1b[31m", b"\x9b")


def check(data: bytes) -> None:
    text = data.decode(errors="surrogateescape")
    assert plain(text).isprintable()
    try:
        parse_rfc3339(moment(text))
    except click.ClickException as error:
        assert error.message
    try:
        assert host_and_port(text)[1] >= 0
    except click.ClickException as error:
        assert error.message
