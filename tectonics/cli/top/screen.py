"""The terminal while `top` has it: the other screen, no cursor, keys without Enter; all given back at the end.

Given back whatever ends it: q, Ctrl-C, a signal, a fault of ours; and while it is stopped by Ctrl-Z.  A change of size wakes the loop.
"""

import contextlib
import os
import signal
import socket
import sys
import termios
import tty
from collections.abc import Callable, Iterator, Sequence

from rich.console import Console
from rich.text import Text

KEYS_BYTES_MAX = 64
HOME, TO_LINE_END, TO_SCREEN_END = "\x1b[H", "\x1b[K", "\x1b[J"
SYNC_BEGIN, SYNC_END = "\x1b[?2026h", "\x1b[?2026l"  # a frame at once, where the terminal knows it


class Quit(Exception):
    """A signal asks to end."""


class Screen:
    """Standard output as a screen, standard input as keys if it is a terminal too."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._keys_fd = sys.stdin.fileno() if sys.stdin.isatty() else None
        self._saved: list | None = None
        self._stopping = False
        self._woken, self._waker = socket.socketpair()
        self._handlers: dict[int, object] = {}

    @property
    def descriptors(self) -> list[int]:
        """What becomes readable when something happens here."""
        return [self._woken.fileno(), *([] if self._keys_fd is None else [self._keys_fd])]

    @contextlib.contextmanager
    def taken(self) -> Iterator["Screen"]:
        """Has the terminal."""
        for end in (self._woken, self._waker):
            end.setblocking(False)
        earlier = signal.set_wakeup_fd(self._waker.fileno(), warn_on_full_buffer=False)
        self._handle(signal.SIGWINCH, lambda *_: None)
        self._handle(signal.SIGTSTP, self._stop_soon)
        for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):  # also where whoever started it ignores one
            self._handle(ending, _quit)
        try:
            self._enter()
            yield self
        finally:
            self._leave()
            signal.set_wakeup_fd(earlier)
            for number, handler in self._handlers.items():
                signal.signal(number, handler)
            self._woken.close()
            self._waker.close()

    def keys(self, readable: set[int]) -> str:
        """What was pressed; `readable` of `descriptors`."""
        if self._woken.fileno() in readable:
            with contextlib.suppress(BlockingIOError):
                self._woken.recv(KEYS_BYTES_MAX)
        if self._stopping:
            self._stop()
        if self._keys_fd not in readable:
            return ""
        pressed = os.read(self._keys_fd, KEYS_BYTES_MAX)
        if not pressed:  # the terminal hung up
            raise Quit
        return pressed.decode(errors="replace")

    def draw(self, make: Callable[[int, int], Sequence[Text]]) -> None:
        """Shows the lines that `make` gives for the width and height of now."""
        width, height = self.console.size
        with self.console.capture() as drawn:
            for line in make(width, height)[:height]:
                self.console.print(line, no_wrap=True, overflow="crop", crop=True, end="\n")
        # Cleared before it is written: behind a line that fills its row the cursor stands on its last character.
        *above, last = drawn.get().removesuffix("\n").split("\n")
        shown = "".join(f"{TO_LINE_END}{line}\r\n" for line in above) + TO_SCREEN_END + last
        self._write(SYNC_BEGIN + HOME + shown + SYNC_END)

    def _enter(self) -> None:
        if self._keys_fd is not None:
            self._saved = termios.tcgetattr(self._keys_fd)
            tty.setcbreak(self._keys_fd)
        self.console.set_alt_screen(True)
        self.console.show_cursor(False)

    def _leave(self) -> None:
        with contextlib.suppress(OSError):  # the terminal may be gone
            self.console.show_cursor(True)
            self.console.set_alt_screen(False)
        if self._saved is not None:
            with contextlib.suppress(termios.error, OSError):
                termios.tcsetattr(self._keys_fd, termios.TCSADRAIN, self._saved)

    def _stop_soon(self, *_: object) -> None:
        self._stopping = True  # not here: the handler may interrupt a frame that is being written

    def _stop(self) -> None:
        self._stopping = False
        self._leave()
        os.kill(os.getpid(), signal.SIGSTOP)  # goes on below when the shell continues it
        self._enter()

    def _handle(self, number: int, handler: Callable) -> None:
        self._handlers[number] = signal.signal(number, handler)

    def _write(self, text: str) -> None:
        self.console.file.write(text)
        self.console.file.flush()


def _quit(*_: object) -> None:
    raise Quit
