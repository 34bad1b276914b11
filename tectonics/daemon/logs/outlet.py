"""Where lines leave the process: standard error, which may be full, closed or on a full disk.

A daemon that waits for whoever reads its log is stopped by a pager.  So nothing is written that could wait: a pipe or a
terminal is asked first whether it has room (poll(2): then a pipe takes PIPE_BUF octets whole, pipe(7)), a socket, such as the
journal's, is sent to with MSG_DONTWAIT.  Standard error itself is not made non-blocking: the shell that started us shares it.
What finds no room waits in memory; beyond BACKLOG_BYTES_MAX lines are lost and counted, and so are those that
the other end refuses (EPIPE of a closed pipe, ENOSPC of a full disk, EIO).  Once lines pass again, one tells how many were lost.

A file on a disk that hangs is the exception: nobody can be asked whether that will wait.
"""

import os
import select
import socket
import stat
import time
from collections import deque

BACKLOG_BYTES_MAX = 1 << 18
PIECE_BYTES_MAX = 4096  # PIPE_BUF of Linux
CLOSE_S = 1.0  # how long a stop waits for room


class Outlet:
    """Writes lines to the file descriptor `fd`, each with its newline."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._socket = socket.socket(fileno=os.dup(fd)) if stat.S_ISSOCK(os.fstat(fd).st_mode) else None
        self._room = select.poll()
        self._room.register(fd, select.POLLOUT)
        self._waiting: deque[bytes] = deque()
        self.waiting_bytes = 0
        self.lost = 0  # lines, since the start
        self.lost_untold = 0  # of them, since `lost` was last told in the log

    def write(self, line: bytes) -> None:
        """Now, later or never; never fails and never waits."""
        if self.waiting_bytes + len(line) > BACKLOG_BYTES_MAX:
            self.flush()
        if self.waiting_bytes + len(line) > BACKLOG_BYTES_MAX:
            self._lose()
            return
        self._waiting.append(line)
        self.waiting_bytes += len(line)
        self.flush()

    def flush(self) -> None:
        """Writes what waits, as far as there is room."""
        while self._waiting:
            line = self._waiting[0]
            try:
                written = self._write(line[:PIECE_BYTES_MAX])
            except BlockingIOError:
                written = 0
            except OSError:
                written = len(line)
                self._lose()
            if not written:
                return
            self.waiting_bytes -= written
            if written < len(line):
                self._waiting[0] = line[written:]
            else:
                self._waiting.popleft()

    def close(self) -> None:
        """Writes what waits, for CLOSE_S at most."""
        end_s = time.monotonic() + CLOSE_S
        self.flush()
        while self._waiting and (left_s := end_s - time.monotonic()) > 0 and self._room.poll(left_s * 1000):
            self.flush()
        self.lost += len(self._waiting)
        self._waiting.clear()
        self.waiting_bytes = 0

    def _write(self, piece: bytes) -> int:
        if self._socket is not None:
            return self._socket.send(piece, socket.MSG_DONTWAIT)
        return os.write(self._fd, piece) if self._room.poll(0) else 0

    def _lose(self) -> None:
        self.lost += 1
        self.lost_untold += 1
