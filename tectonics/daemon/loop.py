"""An event loop that hears of resets as asyncio's does, made of uvloop's.

A peer that dies resets its connections, and what it said last may not have been read by then.  asyncio goes on calling
the reader until that has been told of the reset.  uvloop 0.23 calls it once and polls the descriptor no more: the reader
got octets, nobody learns that the connection is gone, and the next write to it fails with RuntimeError.
So who reads from a descriptor that is in error is called until he has read the error and left, at once.

    what is read      octets, octets, ..., ECONNRESET ──▶ he leaves
    who is called     by uvloop, by us ...

Bounds: ROUNDS_MAX calls, for more than a socket can hold.
"""

import select

ROUNDS_MAX = 1000


def hearing_resets(plain: type) -> type:
    """The class of loops `plain`, with the error read out."""

    class Loop(plain):
        """One of them."""

        def __init__(self) -> None:
            super().__init__()
            self._reads: dict[int, tuple] = {}  # who reads from a descriptor
            self._poll = select.poll()

        def add_reader(self, fd, callback, *arguments) -> None:
            """As asyncio's."""
            reads = callback, arguments
            super().add_reader(fd, self._read, fd, reads)
            self._reads[fd] = reads

        def remove_reader(self, fd) -> bool:
            """As asyncio's."""
            self._reads.pop(fd, None)
            return super().remove_reader(fd)

        def _read(self, fd, reads: tuple) -> None:
            callback, arguments = reads
            callback(*arguments)
            for _ in range(ROUNDS_MAX):
                if self._reads.get(fd) is not reads or not self._in_error(fd):
                    return
                callback(*arguments)

        def _in_error(self, fd) -> bool:
            self._poll.register(fd, 0)  # errors are told without being asked for
            told = self._poll.poll(0)
            self._poll.unregister(fd)
            return any(events & select.POLLERR for _, events in told)

    return Loop
