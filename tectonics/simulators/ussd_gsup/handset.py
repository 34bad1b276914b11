"""One subscriber's session with a handset at the switch: what he sees, what he types, and that he may be left waiting."""

from collections import deque

from twisted.internet.defer import Deferred, fail, succeed

from tectonics.domain import alphabet
from tectonics.domain.errors import TheirFault
from tectonics.domain.screens import Screen
from tectonics.wire.map import component as ss
from tectonics.wire.map import ussd
from tectonics.wire.map.ussd import Words

INVOKE = 1  # the handset's own number for what it dialled


class NoScreen(TheirFault):
    """The session ended, or the switch's patience did, before a screen came."""


def said(text: str) -> bytes:
    """A text as the argument or result that says it."""
    return ussd.encode(Words(*alphabet.choose(text)))


def read(argument: bytes) -> str:
    """The text of an argument or result. BadMessage."""
    words = ussd.decode(argument)
    return alphabet.decode(words.octets, words.alphabet)


class Handset:
    """A session. Screens come by `next`, in order; `type` answers the newest, and answers with the one that follows."""

    def __init__(self, register, imsi: str, code: str, number: int) -> None:
        self.imsi, self.code, self.number = imsi, code, number
        self.seen: Screen | None = None
        self.over = ""  # why
        self._register = register
        self._question: int | None = None  # that is shown and not answered
        self._screens: deque[Screen] = deque()
        self._next: Deferred[Screen] | None = None
        self._timer = None

    @property
    def waits(self) -> bool:
        """Whether a question is shown and nothing typed."""
        return self._question is not None

    def next(self) -> Deferred[Screen]:
        """The next screen; fails with NoScreen."""
        if self._screens:
            return succeed(self._screens.popleft())
        if self.over:
            return fail(NoScreen(self.over))
        self._next = Deferred()
        self._timer = self._register.clock.callLater(self._register.patience_s, self.ended, "the switch gave up waiting")
        return self._next

    def type(self, text: str) -> Deferred[Screen]:
        """Answers the question that is shown, while one is; the screen that follows."""
        if self.over or self._question is None:
            return fail(NoScreen(self.over or "nothing is asked"))
        answer, self._question = ss.ReturnResult(self._question, ss.USS_REQUEST, said(text)), None
        self._screens.clear()
        self._register.answered(self, answer)
        return self.next()

    def hang_up(self) -> None:
        """Leaves."""
        if not self.over:
            self._register.hung_up(self)
            self.ended("hung up")

    # --- for the register

    def asks(self, invoke: int, text: str) -> None:
        """A question arrives; an older one is not to be answered any more."""
        self._question = invoke
        self._show(Screen(text, more=True))

    def shows(self, text: str) -> None:
        """The last screen arrives."""
        self._show(Screen(text, more=False))
        self.ended("the last screen was shown")

    def ended(self, why: str) -> None:
        """The session is over."""
        if not self.over:
            self.over, self._question = why, None
            self._register.forget(self)
        if self._next is not None:
            self._fire(NoScreen(why))

    def _show(self, screen: Screen) -> None:
        self.seen = screen
        if self._next is None:
            self._screens.append(screen)
        else:
            self._fire(screen)

    def _fire(self, result: Screen | NoScreen) -> None:
        if self._timer.active():
            self._timer.cancel()
        waiting, self._next = self._next, None
        if isinstance(result, NoScreen):
            waiting.errback(result)
        else:
            waiting.callback(result)
